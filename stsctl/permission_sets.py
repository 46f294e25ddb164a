"""The permission sets that a sign-in has, as roles of the configuration: under names made of theirs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from string import Formatter

from stsctl.dataclass import dataclass
from stsctl.errors import UsageError

TEMPLATE = "{account_name}-{role_name}"
_FIELDS = ("account_name", "account_id", "role_name")
_NOT_IN_A_NAME = re.compile(r"-*(?:[^\w.+=,@/-]+-*)+")
"""What is no trouble on any command line stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account that somebody has a role in."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionSet:
    """A permission set in an account; `role_name` is what Identity Center calls it."""

    account: Account
    role_name: str

    @property
    def values(self) -> dict[str, str]:
        """What a template is filled with."""
        return {"account_name": self.account.name, "account_id": self.account.id, "role_name": self.role_name}


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """What an import changes: the roles by name, and the names of those that are no more."""

    wanted: Mapping[str, PermissionSet]
    added: tuple[str, ...]
    changed: tuple[str, ...]
    gone: tuple[str, ...]


def check_template(template: str) -> None:
    """Raises UsageError for a template that could not be filled."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise UsageError(f'"{template}" is no template', hint=f"--template '{TEMPLATE}'") from error
    for _, name, spec, conversion in parts:
        if name is not None and (name not in _FIELDS or spec or conversion):
            names = ", ".join(f"{{{each}}}" for each in _FIELDS)
            raise UsageError(f'the template "{template}" holds more than {names}', hint=f"--template '{TEMPLATE}'")


def name_all(found: Sequence[PermissionSet], template: str, taken: Collection[str]) -> dict[str, PermissionSet]:
    """Each permission set under a name of its own, none of which is `taken`.

    Where two would have the same one, or it is taken, the account's id makes the difference, and a number where that
    does not. The same permission sets have the same names every time.
    """
    ordered = sorted(found, key=lambda one: (one.account.id, one.role_name))
    plain = [_plain(template.format_map(one.values)) for one in ordered]
    used = set(taken)
    names: dict[str, PermissionSet] = {}
    for one, name in zip(ordered, plain, strict=True):
        unique = plain.count(name) == 1
        fitting = next(each for each in _variants(name, one, unique=unique) if each not in used)
        used.add(fitting)
        names[fitting] = one
    return dict(sorted(names.items()))


def changes(wanted: Mapping[str, PermissionSet], before: Mapping[str, tuple[str, str]]) -> Import:
    """What changes where `before` (account id and role name, by name) is what an import wrote last."""
    same = {name: (one.account.id, one.role_name) for name, one in wanted.items()}
    return Import(
        wanted=wanted,
        added=tuple(name for name in wanted if name not in before),
        changed=tuple(name for name in wanted if name in before and before[name] != same[name]),
        gone=tuple(sorted(name for name in before if name not in wanted)),
    )


def _variants(name: str, one: PermissionSet, *, unique: bool) -> Iterator[str]:
    if unique:
        yield name
    longer = f"{name}-{one.account.id}"
    yield longer
    number = 2
    while True:
        yield f"{longer}-{number}"
        number += 1


def _plain(text: str) -> str:
    """`text` as a name that can be typed."""
    name = _NOT_IN_A_NAME.sub("-", text).strip("-")
    return f"role-{name}" if not name or name.startswith("arn:") else name
