"""What an emulator starts with: a TOML file becomes accounts, users, groups, policies and roles, as values.

Mistakes are reported with the file, the place in it and the reason. Nothing here knows how the emulator keeps them.
"""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn

from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError

BUILT_IN = "built-in"
"""The name of the seed that comes with stsctl."""

Policies = tuple[tuple[str, str], ...]
Tags = tuple[tuple[str, str], ...]


class SeedError(ConfigurationError):
    """A seed that cannot be used; the message says which file, where in it, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedKey:
    """A pair of long-term keys; what is None is made at the start."""

    id: str | None = None
    secret: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedDevice:
    """A virtual MFA device: its name (the user's when None) and its base32 seed (made at the start when None)."""

    name: str | None = None
    seed: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedUser:
    """An IAM user. `managed` and `boundary` are policy ARNs, or names of the account's own policies."""

    name: str
    path: str = "/"
    keys: tuple[SeedKey, ...] = ()
    mfa: SeedDevice | None = None
    tags: Tags = ()
    groups: tuple[str, ...] = ()
    policies: Policies = ()
    managed: tuple[str, ...] = ()
    boundary: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedGroup:
    """A group of users, for its policies."""

    name: str
    path: str = "/"
    policies: Policies = ()
    managed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedRole:
    """An IAM role; `max_duration` is its MaxSessionDuration."""

    name: str
    trust: str
    path: str = "/"
    description: str = ""
    max_duration: timedelta = timedelta(hours=1)
    tags: Tags = ()
    policies: Policies = ()
    managed: tuple[str, ...] = ()
    boundary: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedAccount:
    """An account with all that is in it. `policies` are its customer-managed policies."""

    id: str
    name: str = ""
    users: tuple[SeedUser, ...] = ()
    groups: tuple[SeedGroup, ...] = ()
    policies: Policies = ()
    roles: tuple[SeedRole, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seed:
    """The accounts that an emulator starts with; `name` says where they were written."""

    name: str
    accounts: tuple[SeedAccount, ...]


def built_in_text() -> str:
    """The built-in seed as TOML, to be copied and changed."""
    return resources.files(__package__).joinpath("built_in.toml").read_text(encoding="utf-8")


def built_in() -> Seed:
    """The seed that comes with stsctl."""
    return parse(built_in_text(), name=BUILT_IN)


def read(path: Path) -> Seed:
    """The seed that a file holds; raises SeedError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SeedError(f'cannot read the seed "{path}": {(error.strerror or "failed").lower()}') from error
    except UnicodeDecodeError as error:
        raise SeedError(f'cannot read the seed "{path}": it is not UTF-8') from error
    return parse(text, name=str(path))


def parse(text: str, *, name: str) -> Seed:
    """The seed that `text` spells; raises SeedError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SeedError(f'seed "{name}": {str(error).lower()}') from error
    table = _Table(name, "", document)
    accounts = tuple(_account(place) for place in table.tables("account"))
    table.finish()
    if not accounts:
        table.fail("account", "there is none; write at least one [account.111111111111]")
    _check_unique_keys(table, accounts)
    return Seed(name=name, accounts=accounts)


def _account(table: _Table) -> SeedAccount:
    if not re.fullmatch(r"[0-9]{12}", table.name):
        table.fail("", f'an account has 12 digits, this is "{table.name}"')
    account = SeedAccount(
        id=table.name,
        name=table.text("name") or "",
        users=tuple(_user(place) for place in table.tables("user")),
        groups=tuple(_group(place) for place in table.tables("group")),
        policies=table.documents("policy"),
        roles=tuple(_role(place) for place in table.tables("role")),
    )
    table.finish()
    _check_references(table, account)
    return account


def _user(table: _Table) -> SeedUser:
    mfa = table.table("mfa")
    user = SeedUser(
        name=table.entity_name(r"[\w+=,.@-]{1,64}"),
        path=table.path(),
        keys=tuple(_key(place) for place in table.list_of_tables("keys")),
        mfa=_device(mfa) if mfa else None,
        tags=table.tags(),
        groups=table.texts("groups"),
        policies=table.documents("policies"),
        managed=table.texts("managed"),
        boundary=table.text("boundary"),
    )
    if len(user.keys) > 2:
        table.fail("keys", f"a user has two at most, these are {len(user.keys)}")
    table.finish()
    return user


def _key(table: _Table) -> SeedKey:
    identifier = table.text("id", pattern=r"A[A-Z0-9]{15,127}", what="an access key id, as AKIA and 16 more")
    secret = table.text("secret", pattern=r"[!-~]{16,128}", what="a secret access key")
    table.finish()
    return SeedKey(id=identifier, secret=Secret(secret) if secret else None)


def _device(table: _Table) -> SeedDevice:
    seed = table.text("seed", pattern=r"[A-Za-z2-7]{16,128}=*", what="base32 text")
    device = SeedDevice(
        name=table.text("name", pattern=r"[\w+=,.@-]{1,128}", what="the name of a device"),
        seed=Secret(seed.upper()) if seed else None,
    )
    table.finish()
    return device


def _group(table: _Table) -> SeedGroup:
    group = SeedGroup(
        name=table.entity_name(r"[\w+=,.@-]{1,128}"),
        path=table.path(),
        policies=table.documents("policies"),
        managed=table.texts("managed"),
    )
    table.finish()
    return group


def _role(table: _Table) -> SeedRole:
    trust = table.document("trust")
    if trust is None:
        table.fail("trust", "a role needs its trust policy")
    role = SeedRole(
        name=table.entity_name(r"[\w+=,.@-]{1,64}"),
        trust=trust,
        path=table.path(),
        description=table.text("description") or "",
        max_duration=table.duration("max_duration", timedelta(hours=1), timedelta(hours=12)) or timedelta(hours=1),
        tags=table.tags(),
        policies=table.documents("policies"),
        managed=table.texts("managed"),
        boundary=table.text("boundary"),
    )
    table.finish()
    return role


def _check_references(table: _Table, account: SeedAccount) -> None:
    """Groups and policies that are named are there."""
    groups = {group.name for group in account.groups}
    policies = {name for name, _ in account.policies}
    for user in account.users:
        for name in user.groups:
            if name not in groups:
                table.fail(f"user.{user.name}.groups", f'this account has no group "{name}"')
    holders = [(f"user.{user.name}", user.managed, user.boundary) for user in account.users]
    holders += [(f"role.{role.name}", role.managed, role.boundary) for role in account.roles]
    holders += [(f"group.{group.name}", group.managed, None) for group in account.groups]
    for place, managed, boundary in holders:
        for name in (*managed, *([boundary] if boundary else [])):
            if not name.startswith("arn:") and name not in policies:
                table.fail(place, f'this account has no policy "{name}"; AWS\'s own are written as ARNs')


def _check_unique_keys(table: _Table, accounts: tuple[SeedAccount, ...]) -> None:
    seen: set[str] = set()
    for account in accounts:
        for user in account.users:
            for key in user.keys:
                if key.id in seen:
                    table.fail(f"account.{account.id}.user.{user.name}.keys", "another user has this access key id")
                seen.update([key.id] if key.id else [])


class _Table:
    """One table of the file: what is taken from it is checked, what is left at the end is an error."""

    def __init__(self, file: str, place: str, content: dict[str, Any]) -> None:
        self.file = file
        self.place = place
        self.name = place.rsplit(".", 1)[-1]
        self._left = dict(content)
        self._known: list[str] = []

    def fail(self, key: str, reason: str) -> NoReturn:
        place = ".".join(part for part in (self.place, key) if part)
        raise SeedError(f'seed "{self.file}": {place}: {reason}', hint="stsctl emulator seed --example")

    def finish(self) -> None:
        for key in self._left:
            nearest = difflib.get_close_matches(key, self._known, n=1)
            self.fail(key, "unknown" + (f', did you mean "{nearest[0]}"?' if nearest else ""))

    def _take(self, key: str, kind: type | tuple[type, ...], what: str) -> Any:
        self._known.append(key)
        value = self._left.pop(key, None)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            self.fail(key, f"this should be {what}")
        return value

    def text(self, key: str, *, pattern: str | None = None, what: str = "a text") -> str | None:
        value: str | None = self._take(key, str, what)
        if value is not None and pattern and not re.fullmatch(pattern, value, re.ASCII):
            self.fail(key, f"this should be {what}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        values = self._take(key, list, "a list of texts") or []
        if not all(isinstance(value, str) for value in values):
            self.fail(key, "this should be a list of texts")
        return tuple(values)

    def entity_name(self, pattern: str) -> str:
        if not re.fullmatch(pattern, self.name, re.ASCII):
            self.fail("", f'"{self.name}" is no name that IAM takes')
        return self.name

    def path(self) -> str:
        return self.text("path", pattern=r"/([!-~]+/)*", what="a path that begins and ends with a slash") or "/"

    def tags(self) -> Tags:
        values = self._take("tags", dict, "a table of texts") or {}
        if not all(isinstance(value, str) for value in values.values()):
            self.fail("tags", "this should be a table of texts")
        return tuple(values.items())

    def table(self, key: str) -> _Table | None:
        value = self._take(key, dict, "a table")
        return None if value is None else self._below(key, value)

    def tables(self, key: str) -> list[_Table]:
        """The tables in the table `key`, each named by its own key."""
        values = self._take(key, dict, "a table of tables") or {}
        for name, value in values.items():
            if not isinstance(value, dict):
                self.fail(f"{key}.{name}", "this should be a table")
        return [self._below(f"{key}.{name}", value) for name, value in values.items()]

    def list_of_tables(self, key: str) -> list[_Table]:
        values = self._take(key, list, "a list of tables") or []
        if not all(isinstance(value, dict) for value in values):
            self.fail(key, "this should be a list of tables")
        return [self._below(f"{key}.{index}", value) for index, value in enumerate(values, 1)]

    def document(self, key: str) -> str | None:
        """A policy: JSON text, or a table that spells the same."""
        value = self._take(key, (str, dict), "a policy: a table, or JSON text")
        return None if value is None else self._policy(key, value)

    def documents(self, key: str) -> Policies:
        values = self._take(key, dict, "a table of policies") or {}
        return tuple((name, self._policy(f"{key}.{name}", value)) for name, value in values.items())

    def duration(self, key: str, least: timedelta, most: timedelta) -> timedelta | None:
        """Seconds, or a text like "4h" or "90m"."""
        what = 'seconds or a text like "4h" or "90m"'
        value = self._take(key, (int, str), what)
        if value is None:
            return None
        match = re.fullmatch(r"([0-9]{1,6})([hms]?)", str(value), re.ASCII)
        if not match:
            self.fail(key, f"this should be {what}")
        length = timedelta(seconds=int(match[1]) * {"h": 3600, "m": 60}.get(match[2], 1))
        if not least <= length <= most:
            self.fail(key, f"this should be from {least} to {most}, hours first")
        return length

    def _policy(self, key: str, value: object) -> str:
        if isinstance(value, dict):
            return json.dumps(value, separators=(",", ":"), default=str)
        if not isinstance(value, str):
            self.fail(key, "this should be a policy: a table, or JSON text")
        try:
            json.loads(value)
        except json.JSONDecodeError as error:
            self.fail(key, f"this is no JSON: {error.msg.lower()} at line {error.lineno}, column {error.colno}")
        return value

    def _below(self, key: str, value: dict[str, Any]) -> _Table:
        return _Table(self.file, ".".join(part for part in (self.place, key) if part), value)
