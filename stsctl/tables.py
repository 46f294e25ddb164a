"""A TOML text as tables that are read key by key, strictly: whatever is wrong is said with its line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Protocol, TypeVar

from stsctl import limits
from stsctl.argv import command
from stsctl.arn import Arn
from stsctl.duration import parse_duration
from stsctl.errors import ConfigurationError, UsageError
from stsctl.nearest import suggestion
from stsctl.origin import Origin
from stsctl.session_policy import compact_policy

if TYPE_CHECKING:
    from stsctl import toml_lines

_Choice = TypeVar("_Choice", bound=Enum)
_KINDS = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text in quotes",
    list: "a list",
    dict: "a table",
}


class TableError(ConfigurationError):
    """Something in a text that cannot stand there: at `place`, the key or the table of `path`."""

    def __init__(self, message: str, *, hint: str | None, place: str, path: toml_lines.Path) -> None:
        super().__init__(message, hint=hint)
        self.place = place
        self.path = path


def misplaced(key: str) -> str | None:
    """A hint about a key that belongs before all tables, and that TOML takes for one of the table before it."""
    return f"{key} is written on the first line, before any [table]" if key == "include" else None


class Lines(Protocol):
    """On which line each key of a text stands, by its path."""

    def get(self, path: toml_lines.Path, /) -> int | None:
        """The line; None for what the text does not say."""


class _Places(Protocol):
    """Where the keys of a table are written."""

    def origin(self, path: toml_lines.Path) -> Origin: ...


class Table:
    """One table of a text, with its place; every method raises ConfigurationError with the line."""

    def __init__(self, values: Mapping[str, object], path: toml_lines.Path, text: _Places) -> None:
        self.path = path
        self._values = values
        self._text = text

    @property
    def title(self) -> str:
        """As its header writes it."""
        return f"[{'.'.join(_written(part) for part in self.path)}]"

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def at(self, *keys: str) -> Origin:
        """Where a key of this table is written; without a key, where the table begins."""
        return self._text.origin((*self.path, *keys))

    def origins(self) -> Mapping[str, Origin]:
        """Where each of its keys is written."""
        return {key: self.at(key) for key in self._values}

    def problem(self, key: str | None, what: str, *, hint: str | None = None) -> TableError:
        """An error about a key of it, or about all of it."""
        origin = self.at() if key is None else self.at(key)
        path = (*self.path, key) if key in self._values and key is not None else self.path
        return TableError(f"{origin}: {what}", hint=hint, place=origin.place, path=path)

    def only(self, known: Iterable[str]) -> None:
        """Refuses every key that is not known."""
        known = tuple(known)
        for key in self._values:
            if key not in known:
                where = f" in {self.title}" if self.path else ""
                hint = misplaced(key) if self.path else None
                hint = hint or suggestion(key, known) or f"known are {', '.join(known)}"
                raise self.problem(key, f'unknown key "{key}"{where}', hint=hint)

    def _get(self, key: str, *kinds: type) -> object:
        value = self._values.get(key)
        # To Python, true is a number.
        if value is None or (isinstance(value, kinds) and not (isinstance(value, bool) and bool not in kinds)):
            return value
        expected = " or ".join(dict.fromkeys(_KINDS[kind] for kind in kinds))
        hint = f'{key} = ["…"]' if isinstance(value, str) and list in kinds else None
        raise self.problem(key, f"{key} is {_KINDS.get(type(value), 'a date or time')}, it takes {expected}", hint=hint)

    def text(self, key: str) -> str | None:
        """A text that says something."""
        value = self._get(key, str)
        if value == "":
            raise self.problem(key, f"{key} is empty", hint="leave the line out")
        return None if value is None else str(value)

    def flag(self, key: str) -> bool | None:
        """True or false."""
        value = self._get(key, bool)
        return None if value is None else bool(value)

    def checked(self, key: str, field: str) -> str | None:
        """A text that STS takes as `field` of `limits.problem_with`."""
        text = self.text(key)
        problem = None if text is None else limits.problem_with(field, text)
        if problem:
            raise self.problem(key, f'{key} "{text}" {problem}')
        return text

    def matching(self, key: str, pattern: str, what: str) -> str | None:
        """A text that matches `pattern`; the error does not repeat it, for it may be a secret."""
        text = self.text(key)
        if text is not None and not re.fullmatch(pattern, text, re.ASCII):
            raise self.problem(key, f"{key} is not {what}")
        return text

    def check_name(self, name: str, pattern: str, what: str) -> None:
        """Refuses a name that this table is written under unless it matches `pattern`."""
        if not re.fullmatch(pattern, name, re.ASCII):
            raise self.problem(None, f'"{name}" is not {what}')

    def number(self, key: str, least: int, most: int) -> int | None:
        """A whole number within limits."""
        value = self._get(key, int)
        if not isinstance(value, int):
            return None
        if not least <= value <= most:
            raise self.problem(key, f"{key} is from {least} to {most}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts."""
        value = self._get(key, list)
        if not isinstance(value, list):
            return ()
        if not all(isinstance(item, str) for item in value):
            raise self.problem(key, f'{key} takes a list of texts, as ["one", "two"]')
        return tuple(value)

    def command(self, key: str) -> tuple[str, ...]:
        """A program and its arguments: a list, or a text that is parted as a shell would."""
        value = self._get(key, list, str)
        if isinstance(value, str):
            try:
                return command(value)
            except UsageError as error:
                raise self.problem(key, f"{key}: {error.message}", hint=error.hint) from error
        words = self.texts(key)
        if value is not None and (not words or not words[0]):
            raise self.problem(key, f"{key} names no program")
        return words

    def pairs(self, key: str) -> tuple[tuple[str, str], ...]:
        """A table of texts."""
        value = self._get(key, dict)
        if not isinstance(value, dict):
            return ()
        for name, text in value.items():
            if not isinstance(text, str):
                what = f'the value of "{name}" in {key} is a text in quotes'
                raise Table(value, (*self.path, key), self._text).problem(name, what)
        return tuple(value.items())

    def duration(self, key: str) -> timedelta | None:
        """A length of time: `"1h30m"`, or a number of seconds."""
        value = self._get(key, str, int)
        if value is None:
            return None
        try:
            return parse_duration(str(value))
        except UsageError as error:
            raise self.problem(key, f"{key}: {error.message}", hint=error.hint) from error

    def choice(self, key: str, kind: type[_Choice]) -> _Choice | None:
        """One of the values of `kind`."""
        text = self.text(key)
        if text is None:
            return None
        known = [member.value for member in kind]
        if text not in known:
            hint = suggestion(text, known)
            raise self.problem(key, f'{key} "{text}" is none of {", ".join(known)}', hint=hint)
        return kind(text)

    def needed(self, key: str, example: str) -> str:
        """A text that must be there."""
        text = self.text(key)
        if text is None:
            raise self.problem(None, f"{self.title} has no {key}", hint=f'add {key} = "{example}"')
        return text

    def role_arn(self, key: str) -> Arn:
        """The ARN of a role; it must be there."""
        text = self.needed(key, "arn:aws:iam::…:role/…")
        try:
            return Arn.parse_role(text)
        except UsageError as error:
            raise self.problem(key, error.message, hint=error.hint) from error

    def document(self, key: str) -> str | None:
        """A JSON document, given as a text or as a table; unchecked, as a text."""
        value = self._get(key, str, dict)
        if value is None or isinstance(value, str):
            return value
        try:
            return json.dumps(value)
        except TypeError as error:  # a date, which TOML has and JSON has not
            raise self.problem(key, f"{key} holds a date; write it in quotes") from error

    def policy(self, key: str) -> str | None:
        """A session policy, given as JSON in a text or as a table; compact JSON."""
        document = self.document(key)
        try:
            return None if document is None else compact_policy(document)
        except UsageError as error:
            raise self.problem(key, f"{key} {error.message}") from error

    def written(self, key: str) -> str:
        """A key with its value, on one line and whole."""
        return f"{_written(key)} = {json.dumps(self._values[key], ensure_ascii=False, default=str)}"

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def having(self, key: str) -> Iterator[str]:
        """The names of the tables in it that have a key."""
        return (name for name, value in self._values.items() if isinstance(value, dict) and key in value)

    def table(self, key: str) -> Table:
        """The table under `key`, empty where there is none."""
        value = self._get(key, dict)
        return Table(value if isinstance(value, dict) else {}, (*self.path, key), self._text)

    def tables(self, key: str) -> Mapping[str, Table]:
        """The tables under `key`, by name."""
        parent = self.table(key)
        return {name: parent.table(name) for name in parent._values}


class _Text:
    """The place of a text, and the lines of its keys."""

    def __init__(self, lines: Lines, place: str) -> None:
        self._lines = lines
        self._place = place

    def origin(self, path: toml_lines.Path) -> Origin:
        """Where `path` is written; keys inside a value are found at the value."""
        for length in range(len(path), 0, -1):
            line = self._lines.get(path[:length])
            if line is not None:
                return Origin(place=self._place, line=line)
        return Origin(place=self._place)


class _Typed:
    """The flags by which the keys of one table are typed."""

    def __init__(self, table: toml_lines.Path, flags: Mapping[str, str], command: str) -> None:
        self._depth = len(table)
        self._flags = flags
        self._command = command

    def origin(self, path: toml_lines.Path) -> Origin:
        """The flag of the key in a path; the command where there is none."""
        return Origin(place=self._flags.get("".join(path[self._depth : self._depth + 1]), self._command))


def typed(values: Mapping[str, object], path: toml_lines.Path, flags: Mapping[str, str], command: str) -> Table:
    """A table that is typed as flags of a command, in place of written; `flags` has that of each key."""
    return Table(values, path, _Typed(path, flags, command))


def outermost(values: Mapping[str, object], lines: Lines, place: str) -> Table:
    """The outermost table of a text that has been parsed."""
    return Table(values, (), _Text(lines, place))


def _written(part: str) -> str:
    return part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else json.dumps(part, ensure_ascii=False)
