"""Pairs of keys that another tool keeps in the Secret Service: looked at by name, read one by one, never written.

Its own collection and its own attributes are where the keyring package does not look, so what that stands on is used.
Source: libsecret.go of https://github.com/99designs/keyring, which files an item under its name;
src/keytar_posix.cc of https://github.com/atom/node-keytar, which files passwords by service and account.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from stsctl.credentials import Credentials
from stsctl.errors import StoreError, StsctlError
from stsctl.host import deadline
from stsctl.sources.kept_pair import pair_of, pair_of_item

if TYPE_CHECKING:
    from jeepney.io.blocking import DBusConnection
    from secretstorage import Collection, Item

_Answer = TypeVar("_Answer")
_ESCAPE = re.compile(r"_([0-9a-f]{2})")
"""How a collection's name is spelled in its path on the bus."""
_PATH = "/org/freedesktop/secrets/collection/"
_ID, _SECRET = "-iam-user-aws-session-access-key-id", "-iam-user-aws-session-secret-access-key"
"""How Leapp calls the two halves of a pair, after the id of their session."""


class OtherKeyring:
    """The collection `name`; each call ends after `limit`."""

    def __init__(self, name: str, limit: timedelta) -> None:
        self._name = name
        self._limit = limit

    @property
    def place(self) -> str:
        """As people speak of it."""
        return f'keyring "{self._name}"'

    def names(self) -> tuple[str, ...] | None:
        """What is filed in it; None where there is no such collection. Raises StoreError, for a locked one too."""

        def names(connection: DBusConnection) -> tuple[str, ...] | None:
            collection = self._collection(connection)
            if collection is None:
                return None
            if collection.is_locked():
                raise StoreError(f"the {self.place} is locked")
            return tuple(item.get_label() for item in collection.get_all_items())

        return _asked(names, self._limit)

    def pair(self, name: str) -> Credentials:
        """The keys filed under `name`; raises StoreError."""

        def read(connection: DBusConnection) -> bytes | None:
            collection = self._collection(connection)
            found = collection.search_items({"profile": name}) if collection is not None else ()
            return next((item.get_secret() for item in found), None)

        secret = _asked(read, self._limit)
        if secret is None:
            raise StoreError(f'the {self.place} has nothing under "{name}"')
        return pair_of_item(secret, name)

    def _collection(self, connection: DBusConnection) -> Collection | None:
        import secretstorage

        every = secretstorage.get_all_collections(connection)
        return next((one for one in every if _name_in(one.collection_path) == self._name), None)


class OtherPasswords:
    """The passwords of `service`, in whichever collection; two are a pair."""

    def __init__(self, service: str, limit: timedelta) -> None:
        self._service = service
        self._limit = limit

    @property
    def place(self) -> str:
        """As people speak of it."""
        return f'keyring, service "{self._service}"'

    def names(self) -> tuple[str, ...]:
        """The ids of the sessions that there are pairs of; raises StoreError."""
        accounts = _asked(lambda connection: [name for name, _ in self._found(connection)], self._limit)
        return tuple(name.removesuffix(_ID) for name in accounts if name.endswith(_ID))

    def pair(self, name: str) -> Credentials:
        """The pair of a session; raises StoreError."""

        def read(connection: DBusConnection) -> dict[str, str]:
            wanted = {f"{name}{_ID}": "AccessKeyID", f"{name}{_SECRET}": "SecretAccessKey"}
            found = self._found(connection)
            return {wanted[one]: item.get_secret().decode() for one, item in found if one in wanted}

        try:
            return pair_of(_asked(read, self._limit))
        except ValueError:
            raise StoreError(f"what {self._service} keeps of it is no pair of access keys") from None

    def _found(self, connection: DBusConnection) -> Iterator[tuple[str, Item]]:
        import secretstorage

        for item in secretstorage.search_items(connection, {"service": self._service}):
            yield item.get_attributes().get("account", ""), item


def _asked(use: Callable[[DBusConnection], _Answer], limit: timedelta) -> _Answer:
    """What the Secret Service answers, in time, its errors in stsctl's words."""
    import secretstorage

    def act() -> _Answer:
        connection = secretstorage.dbus_init()
        try:
            return use(connection)
        finally:
            connection.close()

    with _explained():
        return deadline.call(act, limit)


def _name_in(path: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), path.removeprefix(_PATH))


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except (StsctlError, ValueError):
        raise
    except TimeoutError as error:
        raise StoreError("its keyring did not answer") from error
    except Exception as error:
        locked = type(error).__name__ in ("LockedException", "PromptDismissedException")
        raise StoreError("its keyring is locked" if locked else "there is no Secret Service here") from error
