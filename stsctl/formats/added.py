"""`added.toml`: the sources and roles that stsctl itself adds, beside what a person writes in `config.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping

from stsctl.errors import ConfigurationError

_HEADER = """\
# stsctl writes this file ("stsctl keys add" and its like), whole, at every change.
# What you write yourself belongs into config.toml beside it.

"""


Value = str | int | bool | list[str] | dict[str, str]
"""What a key can be given: what `tables.Table` reads."""


def with_source(text: bytes, name: str, values: Mapping[str, Value], *, place: str = "added.toml") -> bytes:
    """The file with `[source.NAME]` saying `values`, in place of what it said of it; raises ConfigurationError."""
    return _with(text, "source", name, values, place)


def without_source(text: bytes, name: str, *, place: str = "added.toml") -> bytes:
    """The file without `[source.NAME]`; raises ConfigurationError where it has none."""
    return _without(text, "source", name, place, hint="stsctl keys list")


def with_role(text: bytes, name: str, values: Mapping[str, Value], *, place: str = "added.toml") -> bytes:
    """The file with `[role.NAME]` saying `values`, in place of what it said of it; raises ConfigurationError."""
    return _with(text, "role", name, values, place)


def without_role(text: bytes, name: str, *, place: str = "added.toml") -> bytes:
    """The file without `[role.NAME]`; raises ConfigurationError where it has none."""
    return _without(text, "role", name, place, hint="stsctl config show")


def with_import(
    text: bytes,
    source: tuple[str, Mapping[str, str]] | None,
    roles: Mapping[str, Mapping[str, str]],
    gone: Collection[str],
    *,
    accounts: Mapping[str, str] | None = None,
    place: str = "added.toml",
) -> bytes:
    """The file with each `[role.NAME]` of `roles`, without those that are `gone`; `source` is one that they come from,
    where it is to be said here; `accounts` are the names of accounts, by their ids. Raises ConfigurationError.
    """
    tables = _read(text, place)
    kept = {name: table for name, table in tables.get("role", {}).items() if name not in gone}
    named = {source[0]: dict(source[1])} if source else {}
    changed = {"source": tables["source"] | named, "role": kept | {name: dict(table) for name, table in roles.items()}}
    known = tables.get("accounts", {}) | dict(accounts or {})
    return _write(tables | {"accounts": known} | changed)


def _with(text: bytes, kind: str, name: str, values: Mapping[str, Value], place: str) -> bytes:
    tables = _read(text, place)
    return _write({**tables, kind: {**tables.get(kind, {}), name: dict(values)}})


def _without(text: bytes, kind: str, name: str, place: str, *, hint: str) -> bytes:
    tables = _read(text, place)
    kept = dict(tables.get(kind, {}))
    if kept.pop(name, None) is None:
        raise ConfigurationError(f'{place} has no {kind} "{name}"', hint=hint)
    return _write({**tables, kind: kept})


def _read(text: bytes, place: str) -> dict[str, dict[str, object]]:
    try:
        tables = {"source": {}, **tomllib.loads(text.decode())}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{place} is no TOML: {error}", hint="mend it, or move it away") from error
    if not all(isinstance(table, dict) for table in tables.values()):
        raise ConfigurationError(f"{place} holds more than tables", hint="mend it, or move it away")
    return tables


def _write(tables: Mapping[str, dict[str, object]]) -> bytes:
    import tomli_w

    said = {kind: table for kind, table in tables.items() if table}
    return (_HEADER + tomli_w.dumps(said)).encode()
