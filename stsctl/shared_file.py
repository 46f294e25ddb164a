"""A file that others write, and what of it takes the person's trust.

It may say roles and groups: where somebody gets to from what is their own. What a chain begins with, programs that are
run, files that lie elsewhere and what holds in general takes the person's trust in the file as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import Enum

from stsctl.dataclass import dataclass
from stsctl.origin import Origin, Shared
from stsctl.tables import Table
from stsctl.toml_text import Reader


class Trust(Enum):
    """How far a file is gone by that others wrote."""

    NONE = "not trusted"
    LAPSED = "changed since it was trusted"
    GIVEN = "trusted"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFile:
    """Its bytes; `path` is where it really is, which is what is trusted, and `place` what people call that."""

    content: bytes
    path: str
    place: str
    trust: Trust
    shared: Shared = Shared.INCLUDED

    @property
    def folder(self) -> str:
        """Where its paths begin."""
        return self.path.rpartition("/")[0] or "/"

    @property
    def to_trust(self) -> str:
        """What is typed to see what it wants, and to trust it."""
        import shlex

        return f"stsctl config trust {shlex.quote(self.path)}"

    def read(self, reader: Reader) -> Table:
        """Its outermost table; raises ConfigurationError for what is no TOML, or no such file's to say."""
        table = reader.read(self.content, self.place)
        known = _TABLES[self.shared]
        for key in table:
            if key not in known:
                whose = "a project's file" if self.shared is Shared.PROJECT else "an included file"
                hint = f"{whose} says {', '.join(known)}; the rest belongs into your own config.toml"
                raise table.problem(key, f'"{key}" is not for {whose} to say', hint=hint)
        return table


_TABLES = {
    Shared.INCLUDED: ("role", "source", "group", "defaults", "accounts"),
    Shared.PROJECT: ("role", "source", "group"),
}
"""What such files may say. Where a project lies must not change what holds in general."""
FREE = frozenset({
    "type", "from", "aliases", "region", "description", "color", "icon", "warn", "role_arn", "duration", "session_name",
    "external_id", "mfa_serial", "mfa", "source_identity", "tags", "transitive", "policy", "policy_file", "policy_arns",
    "provided_contexts", "account_id", "role_name", "task_policy_arn",
})  # fmt: skip
"""The keys of a role that take nobody's trust; of its files, those that lie beside the file that names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a file says that takes trust, as it says it."""

    text: str
    origin: Origin


def wishes(table: Table) -> Iterator[Wish]:
    """All that takes trust of what a whole file says."""
    yield from all_of(table.table("defaults"))
    for source in table.tables("source").values():
        yield from all_of(source)
    for role in table.tables("role").values():
        yield from of_role(role)


def all_of(table: Table) -> Iterator[Wish]:
    """Every key of a table."""
    for key in table:
        yield Wish(text=f"{table.title} {table.written(key)}", origin=table.at(key))


def of_role(table: Table) -> Iterator[Wish]:
    """The keys of a role that are not known to be harmless."""
    for key in table:
        if key not in FREE or (key in ("policy_file", "provided_contexts") and any(map(leads_out, _paths(table, key)))):
            yield Wish(text=f"{table.title} {table.written(key)}", origin=table.at(key))


def _paths(table: Table, key: str) -> Iterable[str]:
    if key == "provided_contexts":
        return [path for _, path in table.pairs(key)]
    return (table.text(key) or "",)


def leads_out(path: str) -> bool:
    """Whether a path leads out of the folder that it begins at, as it is written; links are for who opens it to see."""
    depth = 0
    for part in path.replace("\\", "/").split("/"):
        depth += -1 if part == ".." else part not in ("", ".")
        if depth < 0:
            return True
    return begins_elsewhere(path)


def begins_elsewhere(path: str) -> bool:
    """Whether a path does not begin at the folder of who writes it."""
    return path.startswith(("/", "\\", "~", "pkcs11:")) or path == "-" or path[1:2] == ":"
