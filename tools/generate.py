"""Everything that is made from the command tree: completions, the manual, the table of commands.

`python -m tools.generate --write` makes it anew, `--check` says what is out of date and ends with status 1.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from stsctl.cli import completions, stsctl
from tools import manual
from tools.tree import groups

ROOT = Path(__file__).parent.parent

_SHELLS = {
    "completions/stsctl.bash": "bash",
    "completions/_stsctl": "zsh",
    "completions/stsctl.fish": "fish",
    "completions/stsctl.ps1": "powershell",
    "completions/stsctl.nu": "nu",
}
_IN_SHELL_INIT = {
    # Bash before version 4 does not know what click's script asks of it, and zsh can complete only after compinit.
    "bash": ("complete.bash", 'if [ "${BASH_VERSINFO-0}" -ge 4 ]; then\n', "fi\n"),
    "zsh": ("complete.zsh", "if (( $+functions[compdef] )); then\n", "fi\n"),
    "fish": ("complete.fish", "", ""),
    "powershell": ("complete.ps1", "", ""),
}
_BEGIN, _END = "<!-- made by tools/generate.py -->", "<!-- end -->"


def files() -> dict[Path, str]:
    """The content that each generated file should have."""
    found = {ROOT / name: completions.script(shell, stsctl) for name, shell in _SHELLS.items()}
    for shell, (name, begin, end) in _IN_SHELL_INIT.items():
        found[ROOT / "stsctl" / "shells" / name] = begin + completions.script(shell, stsctl) + end
    found |= {ROOT / "man" / name: text for name, text in manual.pages().items()}
    commands = ROOT / "docs" / "commands.md"
    return found | {commands: with_table(commands.read_text(encoding="utf-8"))}


def with_table(page: str) -> str:
    """The page with its table of commands as the tree has it."""
    rows = ["| command | what it does |", "|---|---|"]
    leaves = (leaf for _, nodes in groups() for node in nodes for leaf in node.all() if not leaf.children)
    rows += [f"| `{leaf.path}` | {leaf.summary.replace('|', '/')} |" for leaf in leaves]
    table = "\n".join((_BEGIN, *rows, _END))
    return re.sub(rf"{_BEGIN}.*?{_END}", lambda _: table, page, flags=re.DOTALL)


def stale() -> list[str]:
    """What is not as it should be: files to write, and pages of commands that are gone."""
    wanted = files()
    found = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    found += [path for path in (ROOT / "man").glob("*.1") if path not in wanted]
    return sorted(str(path.relative_to(ROOT)) for path in found)


def main() -> int:
    """Does as the arguments say; the status."""
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true")
    what.add_argument("--check", action="store_true")
    changed = stale()
    if parser.parse_args().check:
        sys.stderr.writelines(f"{name} is out of date: make generate\n" for name in changed)
        return 1 if changed else 0
    wanted = files()
    for name in changed:
        path = ROOT / name
        if path in wanted:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        else:
            path.unlink()
        sys.stdout.write(f"{name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
