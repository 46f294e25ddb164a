"""`[group.NAME]` of a configuration: roles that are meant together, and names that patterns stand for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from stsctl.dataclass import dataclass
from stsctl.errors import UsageError
from stsctl.nearest import suggestion
from stsctl.origin import Origin, Shared
from stsctl.tables import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """`[group.NAME]`: `roles` are names, or patterns of names with `*`, `?` and `[…]`."""

    name: str
    roles: tuple[str, ...]
    origin: Origin
    shared: Shared | None = None


def entry(name: str, table: Table) -> Group:
    """What a table says; raises ConfigurationError with its line."""
    table.only(("roles",))
    roles = table.texts("roles")
    if not roles or not all(roles):
        hint = 'write roles = ["*-prod"]'
        raise table.problem("roles" if "roles" in table else None, f"{table.title} names no roles", hint=hint)
    return Group(name=name, roles=roles, origin=table.at())


def patterns_of(names: Iterable[str], groups: Mapping[str, Group]) -> list[str]:
    """What the groups of these names say, all together; raises UsageError where there is no such group."""
    said: list[str] = []
    for name in names:
        if name not in groups:
            hint = suggestion(name, groups) or f'write [group.{name}] roles = ["*-prod"]'
            raise UsageError(f'there is no group "{name}"', hint=hint)
        said += groups[name].roles
    return said


def matching(patterns: Iterable[str], names: Iterable[str]) -> tuple[list[str], list[str]]:
    """The names that the patterns stand for, each once and in the order of the names, and the patterns for none.

    A name is also meant where it is written as it is, whatever letters are in it.
    """
    patterns, names = list(patterns), list(names)
    found = [name for name in names if any(_means(pattern, name) for pattern in patterns)]
    idle = [pattern for pattern in patterns if not any(_means(pattern, name) for name in names)]
    return found, idle


def _means(pattern: str, name: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)
