"""Pairs of keys that another tool keeps in the Secret Service: looked at by name, read one by one, never written.

Its own collection and its own attributes are where the keyring package does not look, so what that stands on is used.
Source: libsecret.go and keyring.go of https://github.com/99designs/keyring, which files an item under its name.
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
from stsctl.sources.kept_pair import pair_of_item

if TYPE_CHECKING:
    from secretstorage import Collection
    from secretstorage.item import Item

_Answer = TypeVar("_Answer")
_ESCAPE = re.compile(r"_([0-9a-f]{2})")
"""How a collection's name is spelled in its path on the bus."""
_PATH = "/org/freedesktop/secrets/collection/"


class OtherKeyring:
    """The collection `name` of the Secret Service; each call ends after `limit`."""

    def __init__(self, name: str, limit: timedelta) -> None:
        self._name = name
        self._limit = limit

    @property
    def place(self) -> str:
        """As people speak of it."""
        return f'keyring "{self._name}"'

    def names(self) -> tuple[str, ...] | None:
        """What is filed in it; None where there is no such collection. Raises StoreError, for a locked one too."""

        def names(collection: Collection | None) -> tuple[str, ...] | None:
            if collection is None:
                return None
            if collection.is_locked():
                raise StoreError("it is locked", hint=f"unlock the {self.place}, and run it again")
            return tuple(item.get_label() for item in collection.get_all_items())

        return self._with_collection(names)

    def pair(self, name: str) -> Credentials:
        """The keys filed under `name`; raises StoreError."""

        def read(collection: Collection | None) -> bytes | None:
            found: Iterator[Item] = iter(collection.search_items({"profile": name})) if collection else iter(())
            item = next(found, None)
            return None if item is None else item.get_secret()

        secret = self._with_collection(read)
        if secret is None:
            raise StoreError(f'the {self.place} has nothing under "{name}"')
        return pair_of_item(secret, name)

    def _with_collection(self, use: Callable[[Collection | None], _Answer]) -> _Answer:
        import secretstorage

        def act() -> _Answer:
            connection = secretstorage.dbus_init()
            try:
                every = secretstorage.get_all_collections(connection)
                return use(next((one for one in every if _name_in(one.collection_path) == self._name), None))
            finally:
                connection.close()

        with _explained(self.place):
            return deadline.call(act, self._limit)


def _name_in(path: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 16)), path.removeprefix(_PATH))


@contextmanager
def _explained(place: str) -> Iterator[None]:
    """Errors of the keyring and of the bus, in stsctl's words."""
    try:
        yield
    except StsctlError:
        raise
    except TimeoutError as error:
        raise StoreError(f"the {place} did not answer") from error
    except Exception as error:
        name = type(error).__name__
        if name == "LockedException":
            raise StoreError("it is locked", hint=f"unlock the {place}, and run it again") from error
        raise StoreError("there is no Secret Service here") from error
