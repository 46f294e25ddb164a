"""The Secret Service without the keyring package, whose loading takes ten times as long as the keyring itself.

It finds the items that the package has written, and writes items that the package finds. Whatever is not plain (another
back-end, a locked collection, a question to the person) is unusual: for that the package is there.

Source: https://specifications.freedesktop.org/secret-service/latest/
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

from stsctl import hook
from stsctl.hook import UnusualError

_Answer = TypeVar("_Answer")

_BACKEND = "keyring.backends.SecretService.Keyring"
_SERVICE, _SERVICE_PATH = b"org.freedesktop.Secret.Service", b"/org/freedesktop/secrets"
_COLLECTION, _ITEM = b"org.freedesktop.Secret.Collection", b"org.freedesktop.Secret.Item"
_PROPERTIES = b"org.freedesktop.DBus.Properties"
_NOTHING = b"/"


def is_chosen(environ: Mapping[str, str], platform: str = sys.platform) -> bool:
    """Whether it is what the keyring package would choose, as far as that can be told without loading it."""
    if platform in ("win32", "darwin") or environ.get("PYTHON_KEYRING_BACKEND", _BACKEND) != _BACKEND:
        return False
    # KWallet comes first on its own desktop; properties of the back-end may name another collection.
    if "KDE" in environ.get("XDG_CURRENT_DESKTOP", "") or any(name.startswith("KEYRING_PROPERTY") for name in environ):
        return False
    home = Path(environ.get("HOME") or "~").expanduser()
    folders = (Path(environ.get("XDG_CONFIG_HOME") or home / ".config"), home / ".local" / "share")
    return not any((folder / "python_keyring" / "keyringrc.cfg").exists() for folder in folders)


class Items:
    """The passwords in the default collection. Methods raise UnusualError, OSError, or TimeoutError after `limit`."""

    def __init__(self, limit: timedelta) -> None:
        self._limit = limit.total_seconds()

    def get(self, service: str, username: str) -> str | None:
        """A password; None where there is none."""

        def get(collection: _Collection) -> str | None:
            found = collection.items(_attributes(service, username))
            return collection.secret(found[0]).decode() if found else None

        return self._in(get)

    def put(self, service: str, username: str, text: str) -> None:
        """Keeps a password, in place of the one that was there."""
        label = f"Password for '{username}' on '{service}'"
        attributes = {b"application": b"Python keyring library"} | _attributes(service, username)
        self._in(lambda collection: collection.create(label.encode(), attributes, text.encode()))

    def delete(self, service: str, username: str) -> bool:
        """Forgets a password; False where there was none."""

        def delete(collection: _Collection) -> bool:
            found = collection.items(_attributes(service, username))
            for item in found[:1]:
                collection.delete(item)
            return bool(found)

        return self._in(delete)

    def _in(self, act: Callable[[_Collection], _Answer]) -> _Answer:
        ends = time.monotonic() + self._limit
        try:
            collection = _Collection(dict(os.environb), self._limit)
            try:
                return act(collection)
            finally:
                collection.close()
        except (OSError, ValueError, UnusualError) as error:
            if time.monotonic() >= ends:
                raise TimeoutError from error
            if isinstance(error, ValueError):
                raise UnusualError from error
            raise


class _Collection(hook.SecretService):
    """The default collection, if it is open; raises UnusualError where it is locked.

    It is asked by its own path: that of its alias gnome-keyring (42) sometimes mistakes, where calls follow closely.
    """

    def items(self, attributes: Mapping[bytes, bytes]) -> list[bytes]:
        """The items that have these attributes."""
        path, asked = self._find(), _Body().text(_COLLECTION).text(b"Locked").data
        locked = self._call(hook.SERVICE, path, _PROPERTIES, b"Get", b"ss", asked)
        body = _Body().pairs(attributes).data
        searched = self._call(hook.SERVICE, path, _COLLECTION, b"SearchItems", b"a{ss}", body)
        said = self._reply(locked, b"v")
        if said.signature() != b"b" or said.number():
            raise UnusualError
        return self._reply(searched, b"ao").paths()

    def create(self, label: bytes, attributes: Mapping[bytes, bytes], secret: bytes) -> None:
        """Puts an item in, in place of the one that has the same attributes; a locked collection takes none."""
        path, body = self._find(), _Body().properties(label, attributes)
        body.align(8).text(self._path_of_session()).array(b"").array(secret).text(b"text/plain").number(1)
        said = self._reply(
            self._call(hook.SERVICE, path, _COLLECTION, b"CreateItem", b"a{sv}(oayays)b", body.data), b"oo"
        )
        said.text()
        said.align(4)
        if said.text() != _NOTHING:  # a prompt
            raise UnusualError

    def _find(self) -> bytes:
        """The path of the collection."""
        alias = _Body().text(b"default").data
        path = self._reply(self._call(hook.SERVICE, _SERVICE_PATH, _SERVICE, b"ReadAlias", b"s", alias), b"o").text()
        if path == _NOTHING:
            raise UnusualError
        return path

    def delete(self, item: bytes) -> None:
        """Takes an item out."""
        if self._reply(self._call(hook.SERVICE, item, _ITEM, b"Delete"), b"o").text() != _NOTHING:  # a prompt
            raise UnusualError


class _Body:
    """The values of a message, one after the other, each at its boundary."""

    def __init__(self) -> None:
        self.data = b""

    def align(self, boundary: int) -> _Body:
        """Fills up to the next boundary."""
        self.data += b"\0" * (-len(self.data) % boundary)
        return self

    def number(self, value: int) -> _Body:
        """An unsigned number of 32 bits, or a truth."""
        self.align(4).data += value.to_bytes(4, "little")
        return self

    def array(self, value: bytes) -> _Body:
        """An array of bytes."""
        self.number(len(value)).data += value
        return self

    def text(self, value: bytes) -> _Body:
        """A string, or the path of an object."""
        self.array(value).data += b"\0"
        return self

    def signature(self, value: bytes) -> _Body:
        """The type of what comes."""
        self.data += bytes((len(value),)) + value + b"\0"
        return self

    def pairs(self, pairs: Mapping[bytes, bytes]) -> _Body:
        """A dictionary of strings."""

        def write() -> None:
            for name, value in pairs.items():
                self.align(8).text(name).text(value)

        return self._dictionary(write)

    def properties(self, label: bytes, attributes: Mapping[bytes, bytes]) -> _Body:
        """What an item is called and found by, as a dictionary of values of any type."""

        def write() -> None:
            self.align(8).text(_ITEM + b".Label").signature(b"s").text(label)
            self.align(8).text(_ITEM + b".Attributes").signature(b"a{ss}").pairs(attributes)

        return self._dictionary(write)

    def _dictionary(self, write: Callable[[], None]) -> _Body:
        """What `write` adds, after its length, which does not count the bytes up to its first boundary."""
        at = len(self.number(0).data) - 4
        begin = len(self.align(8).data)
        write()
        self.data = self.data[:at] + (len(self.data) - begin).to_bytes(4, "little") + self.data[at + 4 :]
        return self


def _attributes(service: str, username: str) -> dict[bytes, bytes]:
    return {b"username": username.encode(), b"service": service.encode()}
