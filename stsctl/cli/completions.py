"""The scripts by which shells complete stsctl's words; the names they offer come from stsctl itself."""

from __future__ import annotations

import pkgutil

from click import Command
from click.shell_completion import BashComplete, FishComplete, PowerShellComplete, ShellComplete, ZshComplete

_SHELLS: dict[str, type[ShellComplete]] = {
    "bash": BashComplete,
    "zsh": ZshComplete,
    "fish": FishComplete,
    "powershell": PowerShellComplete,
}
# PowerShell takes the typographic quotes for plain ones (about_Quoting_Rules).
_PLAIN, _QUOTED = r"$value -match '^[\w./:=+-]+$'", r'''"'$($value -replace '[\x27\u2018-\u201B]', '$&$&')'"'''
OURS: dict[str, list[tuple[str, str]]] = {
    # Click's own puts what is offered on the command line as it is, where the next Enter has the shell evaluate it.
    "bash": [
        ("read type value", "read -r type value"),
        ("COMPREPLY+=($value)", 'COMPREPLY+=("$(printf \'%q\' "$value")")'),
    ],
    "powershell": [
        ("$tip = if", f"$written = if ({_PLAIN}) {{ $value }} else {{ {_QUOTED} }}\n            $tip = if"),
        ("$value, $value, 'ParameterValue'", "$written, $value, 'ParameterValue'"),
    ],
    # Click's own splits at every comma, those of descriptions too.
    "fish": [('string split ","', 'string split -m 1 ","')],
}  # fmt: skip
"""What of click's scripts has to be otherwise, and how."""
_NU_EXTERN = "\nextern stsctl [...words: string@_stsctl_complete]\n"


def script(shell: str, tree: Command) -> str:
    """The script for one of bash, zsh, fish, PowerShell and nu, as a file by itself."""
    if shell == "nu":
        return (pkgutil.get_data("stsctl", "shells/complete.nu") or b"").decode() + _NU_EXTERN
    # The source without `source()`, which for bash asks the bash of this machine for its version.
    complete = _SHELLS[shell](tree, {}, "stsctl", "_STSCTL_COMPLETE")
    text = complete.source_template % complete.source_vars()
    for theirs, ours in OURS.get(shell, []):
        text = text.replace(theirs, ours)
    return "\n".join(line.rstrip() for line in text.strip().split("\n")) + "\n"
