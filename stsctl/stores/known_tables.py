"""The tables of the configuration, as they were when its texts were last read and found right.

Thousands of roles take a third of a second to read and check. Where a text has not changed, neither have its tables.
"""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stsctl import __version__, hook, tables, toml_text
from stsctl.dataclass import dataclass
from stsctl.host import files
from stsctl.host.files import FileError
from stsctl.tables import Table

if TYPE_CHECKING:
    from stsctl.toml_lines import Path as Keys

_FORM = 1
_MANY = 200
"""From how many roles on it is worth a file."""
_ROLES = "role"
"""The key whose tables are too many to be read where nobody asks for one."""


class KnownTables:
    """One file, which may be lost. It holds the texts themselves, so that no other text is taken for one of them.

    It is read without a witness (`host.witness`), for it has no say in what the texts mean.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read: list[_Text] = []

    def read(self, content: bytes, place: str) -> Table:
        """The outermost table of a text; raises ConfigurationError."""
        text = next((each for each in self._known if (each.place, each.content) == (place, content)), None)
        if text is None:
            values, lines = toml_text.parse(content, place)
            text = _Text(place=place, content=content, values=values, lines=_Lines(_tree(lines)))
        self._read.append(text)
        return tables.outermost(text.values, text.lines, place)

    @property
    def checked(self) -> bool:
        """Whether just the texts that were read are known: they are kept together, once all of them are right."""
        return [id(each) for each in self._read] == [id(each) for each in self._known]

    @cached_property
    def _known(self) -> Sequence[_Text]:
        try:
            return tuple(_parse(self._file.read_bytes()))
        except (OSError, ValueError, TypeError):
            return ()

    def keep(self) -> None:
        """Keeps what was read, all of which turned out to be right; where that is much, and news."""
        if self.checked or sum(len(_roles(each.values)) for each in self._read) < _MANY:
            return
        with contextlib.suppress(FileError):
            files.replace(self._file, _render(self._read), lasting=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    place: str
    content: bytes
    values: Mapping[str, Any]
    lines: _Lines


class _Lines:
    """The line of each key, with those of the keys in it, as JSON has them: `{key: [line, {key: [line, {}]}]}`."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self.tree = tree

    def get(self, path: Keys) -> int | None:
        """The line of a key, by its path; None for one that is not there."""
        line, tree = None, self.tree
        for key in path:
            if key not in tree:
                return None
            line, tree = tree[key]
        return line


class _Later(Mapping[str, Any]):
    """A mapping whose roles are read when somebody asks for them."""

    def __init__(self, rest: Mapping[str, Any], roles: Callable[[], Any]) -> None:
        self._rest = rest
        self._roles = roles

    def __getitem__(self, key: str) -> Any:
        here = self._rest[key]
        return self._roles() if key == _ROLES else here

    def __iter__(self) -> Iterator[str]:
        return iter(self._rest)

    def __len__(self) -> int:
        return len(self._rest)


def _tree(lines: Mapping[Keys, int]) -> Mapping[str, Any]:
    """The lines as `_Lines` takes them: whatever is in a key comes after it."""
    root: dict[str, Any] = {}
    for path, line in lines.items():
        tree = root
        for key in path[:-1]:
            tree = tree[key][1]
        tree[path[-1]] = [line, {}]
    return root


def _roles(values: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = values.get(_ROLES, {})
    return found


def _render(texts: Sequence[_Text]) -> bytes:
    """The texts, behind a line that says where each begins, and what all are read as: first all but the roles."""
    both = [(dict(each.values), dict(each.lines.tree)) for each in texts]
    roles = [[part.get(_ROLES) for part in parts] for parts in both]
    rest = [[part | {_ROLES: None} if _ROLES in part else part for part in parts] for parts in both]
    read = (json.dumps(rest).encode(), json.dumps(roles).encode())
    places = [(each.place, len(each.content)) for each in texts]
    head = json.dumps((_FORM, __version__, hook.digest(b"".join(read)).decode(), len(read[0]), places))
    return b"".join((head.encode(), b"\n", *(each.content for each in texts), *read))


def _parse(kept: bytes) -> Iterator[_Text]:
    at = kept.index(b"\n") + 1
    form, version, digest, length, places = json.loads(kept[:at])
    contents = []
    for _, size in places:
        contents.append(kept[at : at + size])
        at += size
    if (form, version, digest) != (_FORM, __version__, hook.digest(kept[at:]).decode()):
        return
    roles = functools.cache(lambda: json.loads(kept[at + length :]))
    read = zip(places, contents, json.loads(kept[at : at + length]), strict=True)
    for number, ((place, _), content, (values, tree)) in enumerate(read):
        later = functools.partial(_nth, roles, number)
        yield _Text(
            place=place,
            content=content,
            values=_Later(values, functools.partial(later, 0)),
            lines=_Lines(_Later(tree, functools.partial(later, 1))),
        )


def _nth(roles: Callable[[], Any], number: int, part: int) -> Any:
    return roles()[number][part]
