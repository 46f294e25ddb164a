"""On which line each key of a TOML text stands: what tomllib does not tell.

It walks over a text that tomllib has accepted, so it may believe what it sees.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

Path = tuple[str, ...]

_KEY = re.compile(r"""[ \t]*(?:"(?P<basic>(?:\\.|[^"\\])*)"|'(?P<literal>[^']*)'|(?P<bare>[A-Za-z0-9_-]+))[ \t]*\.?""")
_SPACE = re.compile(r"[ \t\r\n]*(?:#[^\n]*)?")
_PLAIN = re.compile(r"""[^"'\[\]{}#\n]+""")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}(?!")' + r"|'''.*?'{3,5}(?!')" + r'|"(?:\\.|[^"\\\n])*"' + r"|'[^'\n]*'",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.))", re.DOTALL)
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


def locate(text: str) -> Mapping[Path, int]:
    """The line (counted from 1) of every table and key of `text`, by its path; of arrays only the first is told."""
    return _Walk(text).lines()


class _Walk:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line, self._counted = 1, 0
        self._found: dict[Path, int] = {}

    def lines(self) -> Mapping[Path, int]:
        table: Path = ()
        while self._skip_space():
            line = self._count()
            if self._text[self._at] == "[":
                self._at += 2 if self._text.startswith("[[", self._at) else 1
                table = self._key()
                self._note(table, line)
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            else:
                path = (*table, *self._key())
                self._note(path, line)
                self._value()
        return self._found

    def _count(self) -> int:
        """The line that the walk has come to."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _note(self, path: Path, line: int) -> None:
        for length in range(1, len(path) + 1):
            self._found.setdefault(path[:length], line)

    def _skip_space(self) -> bool:
        """Moves to the next thing that is said; False at the end."""
        while self._at < len(self._text):
            match = _SPACE.match(self._text, self._at)
            if match is None or match.end() == self._at:
                return True
            self._at = match.end()
        return False

    def _key(self) -> Path:
        parts = []
        while match := _KEY.match(self._text, self._at):
            self._at = match.end()
            basic, literal, bare = match.group("basic", "literal", "bare")
            parts.append(_unescape(basic) if basic is not None else literal if literal is not None else bare)
        return tuple(parts)

    def _value(self) -> None:
        """Moves to the end of the value that begins at the equals sign here."""
        depth = 0
        while self._at < len(self._text):
            whole = _PLAIN.match(self._text, self._at) or _STRING.match(self._text, self._at)
            if whole:
                self._at = whole.end()
                continue
            character = self._text[self._at]
            if character == "\n" and depth == 0:
                return
            if character == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
                continue
            depth += (character in "[{") - (character in "]}")
            self._at += 1


def _unescape(text: str) -> str:
    def meant(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        return chr(int(code, 16)) if code else _ESCAPED.get(match[3], match[3])

    return _ESCAPE.sub(meant, text)
