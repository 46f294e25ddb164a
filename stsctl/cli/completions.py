"""The scripts by which shells complete stsctl's words; the names they offer come from stsctl itself."""

from __future__ import annotations

from click import Command
from click.shell_completion import BashComplete, FishComplete, ShellComplete, ZshComplete

_SHELLS: dict[str, type[ShellComplete]] = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}


def script(shell: str, tree: Command) -> str:
    """The script for one of bash, zsh and fish; empty for any other shell."""
    kind = _SHELLS.get(shell)
    if kind is None:
        return ""
    # The source without `source()`, which for bash asks the bash of this machine for its version.
    complete = kind(tree, {}, "stsctl", "_STSCTL_COMPLETE")
    text = complete.source_template % complete.source_vars()
    if shell == "bash":
        # Click's own puts what is offered on the command line as it is, where the next Enter has bash evaluate it.
        text = text.replace("read type value", "read -r type value")
        text = text.replace("COMPREPLY+=($value)", 'COMPREPLY+=("$(printf \'%q\' "$value")")')
    if shell == "fish":
        # Click's own splits at every comma, those of descriptions too.
        text = text.replace('string split ","', 'string split -m 1 ","')
    return "\n".join(line.rstrip() for line in text.strip().split("\n")) + "\n"
