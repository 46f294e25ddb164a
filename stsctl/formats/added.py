"""`added.toml`: the sources that stsctl itself adds, beside what a person writes in `config.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping

from stsctl.errors import ConfigurationError

_HEADER = """\
# stsctl writes this file ("stsctl keys add" and its like), whole, at every change.
# What you write yourself belongs into config.toml beside it.

"""


def with_source(text: bytes, name: str, values: Mapping[str, str | list[str]], *, place: str = "added.toml") -> bytes:
    """The file with `[source.NAME]` saying `values`, in place of what it said of it; raises ConfigurationError."""
    tables = _read(text, place)
    return _write({**tables, "source": {**tables["source"], name: dict(values)}})


def without_source(text: bytes, name: str, *, place: str = "added.toml") -> bytes:
    """The file without `[source.NAME]`; raises ConfigurationError where it has none."""
    tables = _read(text, place)
    if name not in tables["source"]:
        raise ConfigurationError(f'{place} has no source "{name}"', hint='run "stsctl keys list"')
    return _write({**tables, "source": {key: table for key, table in tables["source"].items() if key != name}})


def with_import(
    text: bytes,
    source: tuple[str, Mapping[str, str]] | None,
    roles: Mapping[str, Mapping[str, str]],
    gone: Collection[str],
    *,
    place: str = "added.toml",
) -> bytes:
    """The file with each `[role.NAME]` of `roles`, without those that are `gone`; `source` is one that they come from,
    where it is to be said here. Raises ConfigurationError.
    """
    tables = _read(text, place)
    kept = {name: table for name, table in tables.get("role", {}).items() if name not in gone}
    named = {source[0]: dict(source[1])} if source else {}
    changed = {"source": tables["source"] | named, "role": kept | {name: dict(table) for name, table in roles.items()}}
    return _write(tables | changed)


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
