"""Values as JSON objects and back: strictly, so that whatever is foreign, cut off or changed is no value at all.

A field that has its default is left out. So the texts are short, and a value that an older version wrote is still
understood when a field with a default has come since; a field that this version does not know makes it foreign.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from stsctl.arn import Arn
from stsctl.credentials import Secret
from stsctl.errors import StsctlError

_Value = TypeVar("_Value")


class _ForeignError(ValueError):
    """The data is not of the type that is looked for."""


def render(value: object) -> str:
    """A dataclass as one line of ASCII. Secrets in it are written out: the text is for a store only."""
    return json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=True)


def parse(wanted: type[_Value], text: str | bytes) -> _Value | None:
    """The dataclass that `render` wrote; None for anything else."""
    try:
        value: _Value = _typed(wanted, json.loads(text))
    except (ValueError, OverflowError, RecursionError, StsctlError):
        return None
    return value


def _plain(value: object) -> object:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, Arn):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        pairs = ((field, getattr(value, field.name)) for field in fields(value))
        return {field.name: _plain(item) for field, item in pairs if item != field.default}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int):
        return value
    raise TypeError(f"a record cannot hold a {type(value).__name__}")


def _typed(wanted: Any, data: Any) -> Any:
    """`data` as a value of the type `wanted`."""
    origin = get_origin(wanted)
    if origin in (Union, UnionType):
        return _one_of(get_args(wanted), data)
    if origin is tuple:
        return _tuple(get_args(wanted), data)
    if wanted in (str, bool, int, NoneType):
        # `type`, because True is an int too.
        return data if type(data) is wanted else _foreign()
    if is_dataclass(wanted) and wanted is not Arn:
        return _dataclass(wanted, data)
    if issubclass(wanted, Enum):
        return wanted(data)
    if wanted is timedelta:
        return timedelta(seconds=data) if type(data) in (int, float) else _foreign()
    if type(data) is not str:
        return _foreign()
    if wanted is datetime:
        return _instant(data)
    return Arn.parse(data) if wanted is Arn else Secret(data)


def _one_of(choices: tuple[Any, ...], data: Any) -> Any:
    """A value of the one type that may also be None."""
    (wanted,) = (choice for choice in choices if choice is not NoneType)
    return None if data is None else _typed(wanted, data)


def _tuple(arguments: tuple[Any, ...], data: Any) -> tuple[Any, ...]:
    if type(data) is not list:
        raise _ForeignError
    if arguments[-1] is Ellipsis:
        return tuple(_typed(arguments[0], item) for item in data)
    return tuple(_typed(wanted, item) for wanted, item in zip(arguments, data, strict=True))


def _dataclass(wanted: Any, data: Any) -> Any:
    types = _types(wanted)
    if type(data) is not dict or not data.keys() <= types.keys():
        return _foreign()
    if any(field.name not in data and field.default is MISSING for field in fields(wanted)):
        return _foreign()
    return wanted(**{name: _typed(types[name], item) for name, item in data.items()})


@cache
def _types(wanted: Any) -> dict[str, Any]:
    return get_type_hints(wanted)


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo is not None else _foreign()


def _foreign() -> Any:
    raise _ForeignError
