"""Our dataclasses do what the standard library's do."""

from __future__ import annotations

import abc
import dataclasses
from collections.abc import Callable
from dataclasses import field, fields, replace
from typing import Any, Generic, TypeVar

import pytest

from stsctl.dataclass import dataclass

Value = TypeVar("Value")


class _Named(abc.ABC, Generic[Value]):
    """What both kinds are derived from."""

    __slots__ = ()

    @abc.abstractmethod
    def called(self) -> str:
        """Its name."""


def _made(make: Callable[..., Any]) -> Any:
    """The same class, made by one or the other."""

    @make(frozen=True, slots=True, kw_only=True)
    class Role(_Named[int]):
        """A class with every kind of field that is in use."""

        name: str
        hops: tuple[str, ...] = ()
        tags: dict[str, str] = field(default_factory=dict)
        token: str = field(default="hidden", repr=False)
        seen: int = field(default=0, compare=False)

        def called(self) -> str:
            """Its name."""
            return self.name

    return Role


def _refused(call: Callable[[], object]) -> str:
    with pytest.raises((AttributeError, TypeError)) as caught:
        call()
    return type(caught.value).__name__


def _set(value: Any, name: str) -> Callable[[], None]:
    return lambda: setattr(value, name, "b")


def _behaviour(role: Any) -> dict[str, object]:
    one, other = role(name="a"), role(name="a", seen=3)
    hashable = {role(name=name, tags=(), hops=("x",)) for name in ("a", "b", "a")}
    return {
        "repr": repr(role(name="a", tags={"k": "v"}, hops=("x",))).rpartition(".")[2],
        "fields": [(each.name, each.repr, each.compare, each.kw_only) for each in fields(role)],
        "values": (one.name, one.hops, one.tags, one.token, one.seen, one.called()),
        "its own default": one.tags is other.tags,
        "equal": (one == other, one != other, one == role(name="b"), one == "a", one == _made(dataclass)(name="a")),
        "hashed": len(hashable),
        "unhashable": _refused(lambda: hash(one)),
        "changed": (replace(one, name="b").name, one.name),
        "slots": (role.__slots__, hasattr(one, "__dict__")),
        "matched": role.__match_args__,
        "positional": _refused(lambda: role("a")),
        "missing": _refused(role),
        "unknown": _refused(lambda: role(name="a", colour="red")),
        "set": _refused(_set(one, "name")),
        "deleted": _refused(lambda: delattr(one, "name")),
        "is one": dataclasses.is_dataclass(one),
        "as a dict": dataclasses.asdict(one),
    }


def test_it_is_the_dataclass_of_the_standard_library() -> None:
    """Fields, equality, hash, text, replacement and every refusal are the same for the same class."""
    assert _behaviour(_made(dataclass)) == _behaviour(_made(dataclasses.dataclass))


def test_what_is_wrong_is_named_and_no_value_is() -> None:
    """Who forgets a field, or gives one that is none, reads which; values may be secret."""
    with pytest.raises(TypeError) as caught:
        _made(dataclass)(nmae="s3cr3t")
    assert str(caught.value).endswith("Role needs ['name'] and takes no ['nmae']")


def test_own_methods_stay() -> None:
    """A class that says itself how it is shown is shown so."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Shown:
        """One with a text of its own."""

        name: str

        def __repr__(self) -> str:
            return "shown"

    assert repr(Shown(name="a")) == "shown"
    assert Shown(name="a") == Shown(name="a")


def test_nothing_is_added() -> None:
    """What is no field cannot be set either, and that is said in the same way."""
    assert _refused(_set(_made(dataclass)(name="a"), "colour")) == "FrozenInstanceError"


def test_what_is_not_known_is_refused() -> None:
    """A `__post_init__`, which nobody would call, is an error where the class is written."""
    with pytest.raises(AssertionError):

        @dataclass(frozen=True, slots=True, kw_only=True)
        class Late:
            """One that wants to be called."""

            def __post_init__(self) -> None:
                """Never called."""
