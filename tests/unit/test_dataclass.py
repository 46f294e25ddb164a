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


def _made(make: Callable[..., Any], *, frozen: bool = True) -> Any:
    """The same class, made by one or the other."""

    @make(frozen=frozen, slots=True, kw_only=True)
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


def _tried(call: Callable[[], object]) -> object:
    try:
        return call()
    except (AttributeError, TypeError) as error:
        return type(error).__name__


def _set(value: Any, name: str) -> Callable[[], None]:
    return lambda: setattr(value, name, "b")


def _behaviour(role: Any) -> dict[str, object]:
    one, other = role(name="a"), role(name="a", seen=3)
    last = role(name="a")
    hashable = [role(name=name, tags=()) for name in ("a", "b", "a")]
    return {
        "repr": repr(role(name="a", tags={"k": "v"}, hops=("x",))).rpartition(".")[2],
        "fields": [(each.name, each.repr, each.compare, each.kw_only) for each in fields(role)],
        "values": (one.name, one.hops, one.tags, one.token, one.seen, one.called()),
        "its own default": one.tags is other.tags,
        "equal": (one == other, one != other, one == role(name="b"), one == "a", one == _made(dataclass)(name="a")),
        "hashed": _tried(lambda: len(set(hashable))),
        "unhashable": _tried(lambda: hash(one)),
        "changed": (replace(one, name="b").name, one.name),
        "slots": (role.__slots__, hasattr(one, "__dict__")),
        "matched": role.__match_args__,
        "positional": _tried(lambda: role("a")),
        "missing": _tried(role),
        "unknown": _tried(lambda: role(name="a", colour="red")),
        "set": (_tried(_set(last, "name")), last.name),
        "deleted": (_tried(lambda: delattr(last, "name")), hasattr(last, "name")),
        "is one": dataclasses.is_dataclass(one),
        "as a dict": dataclasses.asdict(one),
    }


@pytest.mark.parametrize("frozen", [True, False])
def test_it_is_the_dataclass_of_the_standard_library(frozen: bool) -> None:
    """Fields, equality, hash, text, replacement and every refusal are the same for the same class."""
    ours, theirs = (_made(make, frozen=frozen) for make in (dataclass, dataclasses.dataclass))
    assert _behaviour(ours) == _behaviour(theirs)


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
    assert _tried(_set(_made(dataclass)(name="a"), "colour")) == "FrozenInstanceError"


def test_what_is_not_known_is_tried() -> None:
    """A `__post_init__`, which nobody would call, is an error where the class is written."""
    with pytest.raises(AssertionError):

        @dataclass(frozen=True, slots=True, kw_only=True)
        class Late:
            """One that wants to be called."""

            def __post_init__(self) -> None:
                """Never called."""
