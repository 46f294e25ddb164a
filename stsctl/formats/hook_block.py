"""A block of `~/.aws/config` that is all stsctl's: a profile with a hook for each of many roles, between two markers.

What stands around the block stays, byte for byte. What stands in it is written anew each time, so whatever a person
has changed there is refused rather than lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stsctl import ini
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError
from stsctl.formats.hooks import line_ending, own_section
from stsctl.profile import kind_of

BEGIN = "# >>> stsctl: what follows is written by `stsctl profile write-all` >>>"
END = "# <<< stsctl <<<"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A profile of the block: whom its hook asks for, by which `process`."""

    name: str
    target: str
    process: str
    region: str | None

    def lines(self) -> list[str]:
        """Its section."""
        return own_section(self.name, self.target, self.process, region=self.region)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The file's lines `before` and `after` the block, and the profiles in it."""

    place: str
    document: ini.Document
    before: tuple[str, ...]
    after: tuple[str, ...]
    profiles: tuple[Profile, ...]

    @property
    def names_outside(self) -> frozenset[str]:
        """The profiles that stand in the file, but not in the block."""
        inside = {each.name for each in self.profiles}
        found = (kind_of(name) for name in self.document.sections)
        return frozenset(name for kind, name in found if kind == "profile" and name not in inside)

    def saying(self, profiles: Sequence[Profile]) -> bytes:
        """The file with a block of these profiles, without one where there are none; their names are all different.

        Raises ConfigurationError where lines around the block would then be read otherwise.
        """
        ending = line_ending(self.document)
        before, lines = list(self.before), [f"{line}{ending}" for line in _block(profiles)] if profiles else []
        if lines and before:
            if not before[-1].endswith(("\n", "\r")):
                before[-1] += ending
            before.append(ending)
        content = ini.encode("".join((*before, *lines, *self.after)))
        self._check(content, profiles)
        return content

    def _check(self, content: bytes, profiles: Sequence[Profile]) -> None:
        after = read(content, place=self.place)
        if after.profiles != tuple(profiles) or _outside(after) != _outside(self):
            raise ConfigurationError(
                f"the profiles of stsctl would change how the rest of {self.place} is read",
                hint="take the indentation off the headers and keys around them",
            )


def read(config: bytes, *, place: str = "~/.aws/config") -> Block:
    """The block, empty and at the end where the file has none; raises ConfigurationError, with the line, where
    somebody has changed it.
    """
    document = ini.parse(config, place)
    lines = document.lines
    begins, ends = (_lines_of(marker, lines) for marker in (BEGIN, END))
    if not begins and not ends:
        return Block(place=place, document=document, before=lines, after=(), profiles=())
    if len(begins) != 1 or len(ends) != 1 or begins > ends:
        line = min((*begins, *ends)) + 1
        raise ConfigurationError(
            f"{place}:{line}: the markers of stsctl's profiles are not one beginning and one end",
            hint="take both lines out, and what is between them that is not yours",
        )
    begin, end = begins[0], ends[0]
    profiles = tuple(_profiles(document, begin, end))
    _check_own(document, begin, end, profiles)
    before = lines[:begin]
    if before and not before[-1].strip():
        before = before[:-1]  # the empty line above was written with the block
    return Block(place=place, document=document, before=before, after=lines[end + 1 :], profiles=profiles)


def merged(before: Iterable[Profile], now: Iterable[Profile], *, prune: bool) -> list[Profile]:
    """The profiles that the block is to have: those of `now`; behind them, unless to `prune`, the others it had."""
    new = {each.name: each for each in now}
    kept = [] if prune else [each for each in before if each.name not in new]
    return [*new.values(), *kept]


def _lines_of(marker: str, lines: Sequence[str]) -> list[int]:
    return [number for number, line in enumerate(lines) if line.strip() == marker]


def _block(profiles: Iterable[Profile]) -> Iterator[str]:
    yield BEGIN
    for number, each in enumerate(profiles):
        if number:
            yield ""
        yield from each.lines()
    yield END


def _profiles(document: ini.Document, begin: int, end: int) -> Iterator[Profile]:
    for section in document.sections.values():
        said = {key: entry.value for key, entry in section.entries.items()}
        if begin < section.line - 1 < end:
            yield Profile(
                name=kind_of(section.name)[1],
                target=section.written_for or "",
                process=said.get("credential_process", ""),
                region=said.get("region"),
            )


def _check_own(document: ini.Document, begin: int, end: int, profiles: Sequence[Profile]) -> None:
    """Raises ConfigurationError where a line between the markers, or one below that belongs there, is not stsctl's."""
    own = filter(None, _block(profiles))
    changed = [each.last for each in document.sections.values() if begin < each.line - 1 < end < each.last - 1]
    for number, line in enumerate(document.lines[begin : end + 1], begin + 1):  # the second marker ends both
        if line.strip() and line.rstrip("\r\n") != next(own, None):
            changed.append(number)
            break
    if changed:
        raise ConfigurationError(
            f"{document.place}:{min(changed)}: somebody changed what stsctl wrote between its two markers",
            hint="move it above the first of them; what is between them is written anew",
        )


def _outside(block: Block) -> dict[str, object]:
    """What the file says besides the block."""
    inside = {("profile", each.name) for each in block.profiles}
    return {
        name: {key: (entry.value, entry.nested) for key, entry in section.entries.items()}
        for name, section in block.document.sections.items()
        if kind_of(name) not in inside
    }
