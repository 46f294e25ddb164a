"""`config.toml`, which is the person's: with lines that they agreed to, and every other byte as it was."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping

from stsctl import toml_lines
from stsctl.errors import ConfigurationError

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_HEADER = """\
# Yours: stsctl writes here only what you agreed to in "stsctl init".
"""


def with_values(content: bytes, tables: Mapping[str, Mapping[str, str]], *, place: str = "config.toml") -> bytes:
    """The file saying each value too; raises ConfigurationError where that cannot be put in without touching the rest.

    A key goes below the header of its table, which is added at the end where there is none.
    """
    text = content.decode()
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = _LINE.findall(text or _HEADER)
    for table, values in tables.items():
        said = [f"{key} = {json.dumps(value)}{ending}" for key, value in values.items()]
        header = toml_lines.locate("".join(lines)).get((table,))
        if header is not None:
            _end(lines, header - 1, ending)
            lines[header:header] = said
        else:
            _end(lines, len(lines) - 1, ending)
            lines += [ending, f"[{table}]{ending}", *said]
    after = "".join(lines)
    _check(text, after, tables, place)
    return after.encode()


def _check(before: str, after: str, tables: Mapping[str, Mapping[str, str]], place: str) -> None:
    wanted = tomllib.loads(before)
    try:
        for table, values in tables.items():
            wanted[table] = {
                **values,
                **wanted.get(table, {}),
            }  # what is said already would be said twice, which is none
        is_right = tomllib.loads(after) == wanted
    except (tomllib.TOMLDecodeError, TypeError):
        is_right = False
    if not is_right:
        raise ConfigurationError(f"{place} is written in a way that leaves no place for more lines")


def _end(lines: list[str], at: int, ending: str) -> None:
    if not lines[at].endswith("\n"):
        lines[at] += ending
