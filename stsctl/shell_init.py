"""What shells evaluate when they start: files as they lie here, put together. Every new terminal waits for it.

A program cannot set variables of the shell that started it; a function of its name can.
"""

import os
import sys

_FILES = {
    "bash": ("init.sh", "init.bash", "complete.bash"),
    "zsh": ("init.sh", "init.zsh", "complete.zsh"),
    "sh": ("init.sh",),
    "fish": ("init.fish", "complete.fish"),
    "powershell": ("init.ps1", "complete.ps1"),
    "nu": ("complete.nu", "init.nu"),
}
_SET = {"fish": "set -g {} 1", "powershell": "$global:{} = 1", "nu": "$env.{} = true"}
FLAGS = {"--renew": "_stsctl_renews", "--prompt": "_stsctl_prompts", "--title": "_stsctl_titles"}
"""What a shell is asked to do beside, and the variable that says so in the files."""
SHELLS = tuple(_FILES)
"""The shells that have such a function; cmd has none."""
PLAIN = "sh"
"""The one that has nothing for the flags: nothing of it runs before a command."""


def text(shell: str, flags: list[str]) -> str:
    """What `shell` evaluates."""
    wanted = [_SET.get(shell, "{}=1").format(FLAGS[flag]) for flag in flags]
    return "\n".join([*wanted, *[_read(name) for name in _FILES[shell]]]).replace("@SHELL@", shell)


def _read(name: str) -> str:
    # pathlib would take as long to load as all the rest.
    place = os.path.join(os.path.dirname(__file__), "shells", name)  # noqa: PTH118, PTH120
    with open(place, encoding="utf-8") as file:  # noqa: PTH123
        return file.read()


def serve(words: list[str]) -> None:
    """Prints it and ends the process; does nothing where that is the whole program's. `words` follow the command."""
    shell, flags = words[0] if words else "", words[1:]
    if shell not in SHELLS or not FLAGS.keys() >= set(flags) or (flags and shell == PLAIN):
        return
    try:
        sys.stdout.write(text(shell, flags))
        sys.stdout.flush()
    except OSError:
        return
    os._exit(0)
