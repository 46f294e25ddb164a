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


class Posix:
    """sh, dash, bash, zsh, ksh.

    An ordinary value stands in single quotes. One with anything that would not survive is spelled out by awk, which
    needs no backslash for it (bash 5.0 globs words that have one); a final dot keeps its line ends from being dropped.
    """

    failure = "false;\n"

    def render(self, changes: Changes) -> str:
        """One list of commands joined by `&&`, so that the status of the `eval` is that of all of them."""
        cleared = [name for name, value in changes.items() if value is None]
        statements = [f"unset {' '.join(cleared)}"] if cleared else []
        for name, value in changes.items():
            if value is not None:
                statements += self._export(name, value.reveal())
        return " &&\n".join(statements) + ";\n" if statements else ""

    def _export(self, name: str, value: str) -> list[str]:
        if re.fullmatch(r"(?:[\w./+=,@%:-]+(?: [\w./+=,@%:-]+)*)?", value, re.ASCII):
            return [f"export {name}='{value}'"]
        # "%c" of a number is a byte below 128 and differs between awks above it: other characters stay as they are.
        program = re.sub(
            r"[^\w./+=,@:\x80-\U0010ffff-]",
            lambda odd: f'%c", {ord(odd[0])};printf"',
            value,
            flags=re.ASCII,
        )
        spelled = f"""echo 'BEGIN{{printf"{program}."}}' | awk -f -"""  # no argument of awk: those are for all to see
        return [f'{name}="`{spelled}`"', f'export {name}="${{{name}%.}}"']


class Fish:
    """fish: `stsctl env | source`, `eval (stsctl env)`. Only line ends split, and nothing is globbed."""

    failure = "false;\n"

    def render(self, changes: Changes) -> str:
        """One statement a line; the last one is true, because erasing what is not there is no failure."""
        lines = []
        for name, value in changes.items():
            if value is None:
                # A universal variable is the person's own and kept for ever: it is hidden, not erased.
                lines.append(f"set -eg {name}; set -qU {name}; and set -gu {name};")
            else:
                lines.append(f"set -gx {name} {self._quote(value.reveal())};")
        return "\n".join([*lines, "true;", ""])

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
