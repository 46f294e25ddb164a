"""The text of `~/.aws/config` and `~/.aws/credentials`: sections and keys with their lines, nothing lost.

It is read as botocore reads it, which is as Python's RawConfigParser does: full-line comments, values that go on in
deeper indented lines, `=` or `:`, lower-cased keys, `[DEFAULT]` for every section, duplicates refused; and one level of
sub-properties. Two differences, both kinder: a byte order mark at the start is no part of the first line (editors on
Windows write one, and botocore then refuses the file), and the text is UTF-8 whatever the locale says.
Source: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field

from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError

MARKER = "# managed by stsctl"
"""The comment below the header of a section that stsctl wrote."""

BYTE_ORDER_MARK = "\ufeff"

_MARKER = re.compile(re.escape(MARKER) + r"(?:: *(?P<name>.*))?")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_HEADER = re.compile(r"\[(?P<name>.+)\]")
_DELIMITER = re.compile(r"[=:]")
_DEFAULTS = "DEFAULT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A key of a section. `nested` holds its sub-properties, where the value is a block of them."""

    name: str
    value: str = field(repr=False)
    line: int
    nested: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section, from its header on `line` (counted from 1) to `last`, its last line that is no comment and not empty.

    `written_for` is what the marker says that stands between the header and the first key, where stsctl wrote the
    section; else it is None.
    """

    name: str
    line: int
    last: int
    written_for: str | None
    entries: Mapping[str, Entry] = field(repr=False)

    @property
    def managed(self) -> bool:
        """Whether stsctl wrote it."""
        return self.written_for is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file as its lines, each with its own ending, and as its sections by name."""

    place: str
    lines: tuple[str, ...] = field(repr=False)
    sections: Mapping[str, Section]

    def render(self) -> bytes:
        """The bytes that were read."""
        return encode("".join(self.lines))


def decode(content: bytes, place: str) -> str:
    """The text of a file; raises ConfigurationError, with the line, where it is not UTF-8."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = len(split(content[: error.start].decode() + "."))
        raise ConfigurationError(f"{place}:{line}: this line is not UTF-8 text") from error


def encode(text: str) -> bytes:
    """The bytes of a file."""
    return text.encode()


def split(text: str) -> tuple[str, ...]:
    """`text` in lines, each with the ending it has: LF, CRLF or CR, as Python's universal newlines know them."""
    return tuple(_LINE.findall(text))


def parse(content: bytes, place: str) -> Document:
    """Reads a file; `place` is its name in messages. Raises ConfigurationError with the line that SDKs would refuse."""
    lines = split(decode(content, place))
    reader = _Reader(place)
    for number, line in enumerate(lines, start=1):
        reader.take(number, line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line)
    return Document(place=place, lines=lines, sections=reader.sections())


def problems(content: bytes, place: str) -> list[ConfigurationError]:
    """Everything for which SDKs would refuse a file, where `parse` stops at the first."""
    reader, found = _Reader(place), []
    try:
        lines = split(decode(content, place))
    except ConfigurationError as error:
        return [error]
    for number, line in enumerate(lines, start=1):
        try:
            reader.take(number, line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line)
        except ConfigurationError as error:
            found.append(error)
    try:
        reader.sections()
    except ConfigurationError as error:
        found.append(error)
    return found


class _Open:
    """A section while it is read."""

    def __init__(self, name: str, line: int) -> None:
        self.name = name
        self.line = line
        self.last = line
        self.written_for: str | None = None
        self.parts: dict[str, list[str]] = {}
        self.lines: dict[str, int] = {}


class _Reader:
    """Takes the lines one by one, keeping the state that RawConfigParser keeps."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._open: dict[str, _Open] = {}
        self._section: _Open | None = None
        self._key = ""
        self._indent = 0

    def take(self, number: int, line: str) -> None:
        text = line.strip()
        if not text:
            self._go_on("")
        elif text[0] in "#;":
            self._comment(text, number)
        else:
            indent = len(line) - len(line.lstrip())
            if self._key and indent > self._indent:
                self._go_on(text)
            else:
                self._indent = indent
                header = _HEADER.match(text)
                if header:
                    self._start_section(header["name"], number)
                else:
                    self._start_key(text, number)
            if self._section is not None:
                self._section.last = number

    def _go_on(self, text: str) -> None:
        if self._section is not None and self._key:
            self._section.parts[self._key].append(text)

    def _comment(self, text: str, number: int) -> None:
        section, marker = self._section, _MARKER.fullmatch(text)
        if section is not None and not section.parts and marker:
            section.written_for = marker["name"] or ""
            section.last = number

    def _start_section(self, name: str, number: int) -> None:
        before = self._open.get(name)
        if before is not None and name != _DEFAULTS:
            raise self._problem(number, f'section "{name}" is already at line {before.line}')
        self._section = before or _Open(name, number)
        self._open[name] = self._section
        self._key = ""

    def _start_key(self, text: str, number: int) -> None:
        if self._section is None:
            raise self._problem(number, "a key stands before the first [section]")
        delimiter = _DELIMITER.search(text)
        key = text[: delimiter.start()].rstrip().lower() if delimiter else ""
        if delimiter is None or not key:
            raise self._problem(number, "this line is no section, no comment and no key = value")
        if key in self._section.parts:
            first = self._section.lines[key]
            raise self._problem(number, f'"{key}" is already at line {first} of section "{self._section.name}"')
        self._key = key
        self._section.parts[key] = [text[delimiter.end() :].strip()]
        self._section.lines[key] = number

    def sections(self) -> dict[str, Section]:
        """What was read."""
        defaults = self._entries(self._open[_DEFAULTS]) if _DEFAULTS in self._open else {}
        return {
            name: Section(
                name=name,
                line=section.line,
                last=section.last,
                written_for=section.written_for,
                entries={**self._entries(section), **{k: e for k, e in defaults.items() if k not in section.parts}},
            )
            for name, section in self._open.items()
            if name != _DEFAULTS
        }

    def _entries(self, section: _Open) -> dict[str, Entry]:
        return {key: self._entry(key, parts, section.lines[key]) for key, parts in section.parts.items()}

    def _entry(self, key: str, parts: list[str], line: int) -> Entry:
        value = "\n".join(parts).rstrip()
        nested = self._nested(value, line) if value.startswith("\n") else None
        return Entry(name=key, value=value, line=line, nested=nested)

    def _nested(self, value: str, line: int) -> dict[str, str]:
        found = {}
        for text in filter(None, map(str.strip, value.splitlines())):
            key, equals, rest = text.partition("=")
            if not equals:
                raise self._problem(line, "a line of the block below it is no key = value")
            found[key.strip()] = rest.strip()
        return found

    def _problem(self, line: int, what: str) -> ConfigurationError:
        return ConfigurationError(f"{self._place}:{line}: {what}")
