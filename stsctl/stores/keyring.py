"""The operating system's keyring, through the `keyring` package's own back-ends.

The package is imported when it is first needed, which a Secret Service that is plainly meant does not do. Each call has
a time limit, because a keyring whose daemon stands still, or whose dialogue nobody answers, never returns.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from stsctl.credentials import Secret
from stsctl.errors import StoreError
from stsctl.hook import UnusualError
from stsctl.host import deadline
from stsctl.stores import parts, secret_service
from stsctl.stores.interface import Capacity, Item, Kind
from stsctl.stores.secret_service import Items
from stsctl.stores.spelling import place as _place

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

_Answer = TypeVar("_Answer")

_WINDOWS = "keyring.backends.Windows"
_TRUSTED = frozenset(
    {
        "keyring.backends.SecretService",
        "keyring.backends.libsecret",
        "keyring.backends.kwallet",
        "keyring.backends.macOS",
        _WINDOWS,
    }
)
_NONE = "keyring.backends.fail"
_WINDOWS_LONGEST = 1000
"""Characters to an item of the Windows Credential Manager, which takes 2,560 bytes of UTF-16."""

_ATTEMPTS = 3
"""How often a call is made in which another process was faster."""
_VANISHED = "ItemNotFoundException"
"""Another process took an item away between the search for it and its use: the next search finds what is there."""

_OTHER_STORE = (
    'put store = "sealed-file" under [defaults] and key_file = "~/.config/stsctl/key" under [sealed_file] '
    'in config.toml ("stsctl config path" says where it is)'
)


def time_limit(environ: Mapping[str, str], platform: str = sys.platform) -> timedelta:
    """How long a call may take: a minute where the keyring can show a dialogue, else five seconds."""
    if platform == "darwin":
        dialogue = "SSH_CONNECTION" not in environ
    else:
        dialogue = any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    return timedelta(seconds=60 if dialogue else 5)


class KeyringStore:
    """Keeps each item as one password of the keyring, or as several where the keyring takes only short ones.

    `service` is what the keyring files them under. `limit` is how long one call may take. `backend` is used in place of
    the one that the `keyring` package chooses, and `longest` in place of what that one is known to take (characters).
    """

    def __init__(
        self,
        *,
        limit: timedelta,
        service: str = "stsctl",
        name: str = "keyring",
        backend: KeyringBackend | None = None,
        longest: int | None = None,
    ) -> None:
        self._limit = limit
        self._service = service
        self._name = name
        self._chosen = backend
        self._longest = longest

    @property
    def name(self) -> str:
        """As the configuration and `list` write it."""
        return self._name

    @property
    def capacity(self) -> Capacity:
        """What it can take: divided values have no limit that matters."""
        return Capacity(item_bytes=None, items=None, outlives_reboot=True)

    @property
    def backend(self) -> str:
        """The module of the back-end that keeps it all; raises StoreError where there is none that can be trusted."""
        return self._call(lambda backend: type(backend).__module__)

    def attributes(self, kind: Kind, key: str) -> dict[str, str]:
        """By what the system's own keyring finds an item."""
        service, username = _filed(self._service, _place(kind, key), windows=sys.platform == "win32")
        return {"service": service, "username": username}

    def get(self, kind: Kind, key: str) -> Secret | None:
        """The value of an item; None where there is none, or parts of it are missing."""
        place = _place(kind, key)
        # Another process may put the item anew, and clear the parts away that the head named a moment ago.
        for _ in range(_ATTEMPTS):
            text = self._read(place)
            if text is None:
                return None
            head = parts.parse_head(text)
            if head is not None:
                text = self._united(place, head)
            if text is not None:
                value = parts.unpack(text)
                return None if value is None else Secret(value)
        return None

    def put(self, item: Item) -> None:
        """Keeps `item`; the password that names the parts of a divided value is written last."""
        place = _place(item.kind, item.key)
        text = parts.pack(item.value.reveal())
        longest = self._longest_value()
        if longest is None:
            self._write(place, text)
            return
        old = parts.parse_head(self._read(place) or "")
        keep: dict[str, int] = {}
        if len(text) > longest:
            free = next(at for at in parts.PLACES if old is None or at != old.place)
            head, pieces = parts.divide(text, longest, free)
            for number, piece in enumerate(pieces):
                self._write(_part(place, free, number), piece)
            text, keep = str(head), {free: head.count}
        self._write(place, text)
        self._clear(place, old, keep)

    def delete(self, kind: Kind, key: str) -> bool:
        """Forgets an item; False where there was none."""
        place = _place(kind, key)
        if self._longest_value() is None:
            return self._remove(place)
        old = parts.parse_head(self._read(place) or "")
        deleted = self._remove(place)
        self._clear(place, old, {})
        return deleted

    def _united(self, place: str, head: parts.Head) -> str | None:
        return parts.unite(head, lambda number: self._read(_part(place, head.place, number)))

    def _clear(self, place: str, old: parts.Head | None, keep: Mapping[str, int]) -> None:
        """Removes the parts that no head names any more.

        The last go first: what is left when the process is killed begins with the first, so the next time finds it all.
        """
        for at in parts.PLACES:
            first = end = keep.get(at, 0)
            if old is not None and old.place == at:
                end = max(first, old.count)
            while self._read(_part(place, at, end)) is not None:
                end += 1
            for number in reversed(range(first, end)):
                self._remove(_part(place, at, number))

    def _read(self, place: str) -> str | None:
        return self._quickly(
            lambda items: items.get(self._service, place),
            lambda backend: backend.get_password(*self._address(backend, place)),
        )

    def _write(self, place: str, text: str) -> None:
        self._quickly(
            lambda items: items.put(self._service, place, text),
            lambda backend: backend.set_password(*self._address(backend, place), text),
        )

    def _remove(self, place: str) -> bool:
        def remove(backend: KeyringBackend, attempts: int = _ATTEMPTS) -> bool:
            from keyring.errors import PasswordDeleteError

            try:
                backend.delete_password(*self._address(backend, place))
            except PasswordDeleteError:
                # Some back-ends raise it for any failure, so that a second look has to tell.
                if backend.get_password(*self._address(backend, place)) is None:
                    return False
                if attempts == 1:
                    raise
                return remove(backend, attempts - 1)  # another process may have removed it, and put it anew
            return True

        return self._quickly(lambda items: items.delete(self._service, place), remove)

    def _address(self, backend: KeyringBackend, place: str) -> tuple[str, str]:
        return _filed(self._service, place, windows=type(backend).__module__ == _WINDOWS)

    def _longest_value(self) -> int | None:
        if self._longest is not None:
            return self._longest
        if self._chosen is None and sys.platform != "win32":
            return None
        return _WINDOWS_LONGEST if self.backend == _WINDOWS else None

    def _quickly(self, quick: Callable[[Items], _Answer], action: Callable[[KeyringBackend], _Answer]) -> _Answer:
        """What `quick` does where the Secret Service is plainly what is meant, else what `action` does."""
        if self._chosen is None and secret_service.is_chosen(os.environ):
            try:
                return quick(Items(self._limit))
            except TimeoutError as error:
                raise self._late() from error
            except (UnusualError, OSError):
                pass  # the package knows what to do, or to say
        return self._call(action)

    def _late(self) -> StoreError:
        return StoreError(
            f"the keyring did not answer in {self._limit.total_seconds():g} seconds",
            hint=f"answer its dialogue or restart its daemon, or {_OTHER_STORE}",
        )

    def _call(self, action: Callable[[KeyringBackend], _Answer]) -> _Answer:
        """What `action` does with the back-end, in time, its errors in stsctl's words."""

        def act(attempts: int = _ATTEMPTS) -> _Answer:
            if self._chosen is None:
                self._chosen = _choose()
            try:
                return action(self._chosen)
            except Exception as error:
                if type(error).__name__ != _VANISHED or attempts == 1:
                    raise
                return act(attempts - 1)

        try:
            return deadline.call(act, self._limit)
        except StoreError:
            raise
        except TimeoutError as error:
            raise self._late() from error
        except Exception as error:
            raise _explained(error) from error


def _choose() -> KeyringBackend:
    """The back-end that the `keyring` package chooses, if it is one of its own that keeps secrets safe."""
    import keyring.core

    try:
        keyring.core.init_backend()
    except (RuntimeError, OSError) as error:
        raise StoreError("there is no keyring here", hint=_OTHER_STORE) from error
    except (ImportError, AttributeError, ValueError) as error:
        raise StoreError("the keyring back-end that is configured cannot be loaded", hint=_OTHER_STORE) from error
    chosen = keyring.core.get_keyring()
    # Where several are to be had the package chains them, and a write could end in any.
    for candidate in getattr(chosen, "backends", [chosen]):
        if type(candidate).__module__ in _TRUSTED:
            backend: KeyringBackend = candidate
            return backend
    kind = type(chosen)
    if kind.__module__ == _NONE:
        raise StoreError("there is no keyring here", hint=_OTHER_STORE)
    raise StoreError(
        f'the keyring back-end "{kind.__module__}.{kind.__qualname__}" is not one that stsctl trusts with secrets',
        hint=f"let the keyring package choose the system's own (unset PYTHON_KEYRING_BACKEND), or {_OTHER_STORE}",
    )


def _explained(error: Exception) -> StoreError:
    """What an error of the keyring package, or of what it stands on, means to the person."""
    name = type(error).__name__
    if name in ("KeyringLocked", "LockedException", "PromptDismissedException"):
        return StoreError("the keyring is locked", hint=f"unlock it where you are logged in, or {_OTHER_STORE}")
    if name in ("NoKeyringError", "SecretServiceNotAvailableException"):
        return StoreError("there is no keyring here", hint=_OTHER_STORE)
    if name == "InitError":
        return StoreError(
            "the keyring cannot be opened", hint=f"log in where it can ask for its password, or {_OTHER_STORE}"
        )
    return StoreError(f"the keyring failed ({name})", hint=_OTHER_STORE)


def _filed(service: str, place: str, *, windows: bool) -> tuple[str, str]:
    """Service and user name. On Windows a service takes one user name only; a second one moves the first."""
    return (f"{service} {place}" if windows else service), place


def _part(place: str, at: str, number: int) -> str:
    return f"{place}#{at}{number}"
