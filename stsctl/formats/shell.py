"""A session's variables as statements of a shell, for `eval` and its relatives.

People type `eval $(stsctl env)` without quotes. What the shell then evaluates is the text after word splitting (runs
of blanks and line ends become one space) and after globbing (a word with `*`, `?`, `[` or, in some versions, `\\` can
turn into the names of files, or vanish). So the text uses none of these, and reads the same with line ends as spaces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from stsctl.errors import UsageError
from stsctl.formats.interface import Changes, Format

_ORDINARY = re.compile(r"(?:[\w./+=,@%:-]+(?: [\w./+=,@%:-]+)*)?", re.ASCII)
"""What survives splitting and globbing as it is; one blank between other characters stays one blank."""

_STAYS = "stsctl: $stsctl_name is a universal variable and stays in the way; to remove it: set -eU $stsctl_name"


class Posix:
    """sh, dash, bash, zsh, ksh.

    An ordinary value stands in single quotes. One with anything that would not survive is spelled out by awk, which
    needs no backslash for it (bash 5.0 globs words that have one); a final dot keeps its line ends from being dropped.
    """

    failure = "false;\n"

    def render(self, changes: Changes) -> str:
        """One list of commands joined by `&&`, so that the status of the `eval` is that of all of them.

        What can fail, to spell out a value, comes first.
        """
        spelled, cleared, exported = [], [], []
        for name, value in changes.items():
            if value is None:
                cleared.append(name)
            elif _ORDINARY.fullmatch(value.reveal()):
                exported.append(f"export {name}='{value.reveal()}'")
            else:
                spelled.append(f'{name}="`{self._spell(value.reveal())}`"')
                exported.append(f'export {name}="${{{name}%.}}"')
        statements = [*spelled, *([f"unset {' '.join(cleared)}"] if cleared else []), *exported]
        return " &&\n".join(statements) + ";\n" if statements else ""

    def _spell(self, value: str) -> str:
        # "%c" of a number is a byte below 128 and differs between awks above it: other characters stay as they are.
        text = re.sub(r"[^\w./+=,@:\x80-\U0010ffff-]", lambda odd: f'%c", {ord(odd[0])};printf"', value, flags=re.ASCII)
        # By stdin: a program's arguments are for every user of the machine to see.
        return f"""echo 'BEGIN{{printf"{text}."}}' | awk -f -"""


class Fish:
    """fish: `stsctl env | source`, `eval (stsctl env)`, where only line ends split and nothing is globbed."""

    failure = "false;\n"

    def render(self, changes: Changes) -> str:
        """Statements with a `;` each; the last one is true, because to erase what is not there is no success.

        A universal variable is the person's own, for every shell and for good, and nothing but erasing it would keep
        it from a child: that is left to the person.
        """
        cleared = " ".join(name for name, value in changes.items() if value is None)
        lines = []
        if cleared:
            lines = [
                f"for stsctl_name in {cleared};",
                "set -eg $stsctl_name;",
                f'set -qU $stsctl_name; and echo "{_STAYS}" >&2;',
                "end;",
                "set -e stsctl_name;",
            ]
        sets = [
            f"set -gx {name} {self._quote(value.reveal())};" for name, value in changes.items() if value is not None
        ]
        return "\n".join([*lines, *sets, "true;", ""])

    def _quote(self, value: str) -> str:
        quoted = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
        return re.sub(r"[\x00-\x1f\x7f]", lambda control: f"'\\x{ord(control[0]):02x}'", quoted)


class PowerShell:
    """PowerShell: `stsctl env | Invoke-Expression`, which takes each line by itself."""

    failure = "throw 'stsctl: there is no session to export';\n"

    def render(self, changes: Changes) -> str:
        """One statement a line. `$null` removes a variable, also where it never was."""
        lines = []
        for name, value in changes.items():
            lines.append(f"$Env:{name} = {'$null' if value is None else self._quote(value.reveal())};\n")
        return "".join(lines)

    def _quote(self, value: str) -> str:
        # Only ASCII leaves: the console's code page could change the rest on its way, and PowerShell takes the
        # typographic quotes for plain ones (about_Quoting_Rules).
        return "'" + re.sub(r"[^ -~]|'", self._escape, value) + "'"

    def _escape(self, character: re.Match[str]) -> str:
        if character[0] == "'":
            return "''"
        units = memoryview(character[0].encode("utf-16-le")).cast("H")
        return "'" + "".join(f"+[char]{unit}" for unit in units) + "+'"


class Cmd:
    """cmd: `for /f "delims=" %i in ('stsctl env --shell cmd') do @%i`."""

    failure = "cmd /d /c exit 1\n"

    def render(self, changes: Changes) -> str:
        """One statement a line, clearing first: to clear what is not there leaves an error level behind."""
        cleared = [f'set "{name}="\n' for name, value in changes.items() if value is None]
        return "".join([*cleared, *self._sets(changes)])

    def _sets(self, changes: Changes) -> Iterator[str]:
        for name, value in changes.items():
            if value is None:
                continue
            text = value.reveal()
            # Nothing escapes these for both the prompt and a batch file, with delayed expansion on or off.
            if not text.isprintable() or set(text) & set('"%!^'):
                raise UsageError(
                    f"cmd cannot be given the value of {name}: it has characters that cmd would change",
                    hint="use stsctl exec, or --shell powershell",
                )
            yield f'set "{name}={text}"\n'


class Nu:
    """nu: `stsctl env --shell nu | from json | load-env`."""

    failure = "false\n"

    def render(self, changes: Changes) -> str:
        """A record as JSON; nu does not hand a variable that is null to what it starts."""
        plain = {name: None if value is None else value.reveal() for name, value in changes.items()}
        return json.dumps(plain, separators=(",", ":")) + "\n"


SHELLS: Mapping[str, Format] = {
    "bash": Posix(),
    "zsh": Posix(),
    "sh": Posix(),
    "fish": Fish(),
    "powershell": PowerShell(),
    "cmd": Cmd(),
    "nu": Nu(),
}
"""By the names that `--shell` takes."""
