"""Dataclasses that cost next to nothing to define.

The standard library writes six methods for every class and compiles them: half a millisecond to a whole one, for each
of the hundred classes that a command begins with. Here the methods are written once, and go by the fields of the class
at hand. All else is the standard library's own: `field`, `fields`, `replace`.
"""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:
    from collections.abc import Callable, Mapping
    from operator import attrgetter
    from typing import Literal, NamedTuple

    def dataclass(*, slots: Literal[True], kw_only: Literal[True], frozen: bool = False) -> Callable[[type], type]:
        """`dataclasses.dataclass` with just these; `__post_init__` and fields with `init=False` are not known."""
        assert slots
        assert kw_only
        return functools.partial(_define, methods=_METHODS + _FROZEN if frozen else _METHODS)

    def _define(cls: type, methods: tuple[str, ...]) -> type:
        assert not hasattr(cls, "__post_init__")
        for name in methods:
            if cls.__dict__.get(name) is None:
                setattr(cls, name, _Methods.__dict__[name])
        return dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=True)(cls)

    class _Shape(NamedTuple):
        """What the methods have to know of a class."""

        writers: Mapping[str, Callable[[object, object], None]]
        defaults: Mapping[str, object]
        factories: Mapping[str, Callable[[], object]]
        shown: tuple[str, ...]
        compared: Callable[[object], object]

    @functools.cache
    def _shape(cls: type) -> _Shape:
        fields, missing = dataclasses.fields(cls), dataclasses.MISSING
        compared = [each.name for each in fields if each.compare]
        return _Shape(
            writers={each.name: getattr(cls, each.name).__set__ for each in fields},
            defaults={each.name: each.default for each in fields if each.default is not missing},
            factories={each.name: each.default_factory for each in fields if each.default_factory is not missing},
            shown=tuple(each.name for each in fields if each.repr),
            compared=attrgetter(*compared) if compared else lambda _value: (),
        )

    class _Methods:
        """What the standard library writes anew for every class."""

        def __init__(self, /, **given: object) -> None:
            shape = _shape(type(self))
            values = shape.defaults | given
            for name, make in shape.factories.items():
                if name not in values:
                    values[name] = make()
            if values.keys() != shape.writers.keys():
                missing, unknown = shape.writers.keys() - values.keys(), given.keys() - shape.writers.keys()
                raise TypeError(f"{type(self).__qualname__} needs {sorted(missing)} and takes no {sorted(unknown)}")
            for name, write in shape.writers.items():
                write(self, values[name])

        def __repr__(self) -> str:
            shown = (f"{name}={getattr(self, name)!r}" for name in _shape(type(self)).shown)
            return f"{type(self).__qualname__}({', '.join(shown)})"

        def __eq__(self, other: object) -> bool:
            if type(other) is not type(self):
                return NotImplemented
            compared = _shape(type(self)).compared
            return compared(self) == compared(other)

        def __hash__(self) -> int:
            return hash(_shape(type(self)).compared(self))

        def __setattr__(self, name: str, value: object) -> None:
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

        def __delattr__(self, name: str) -> None:
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    _METHODS = ("__init__", "__repr__", "__eq__")
    _FROZEN = ("__hash__", "__setattr__", "__delattr__")
