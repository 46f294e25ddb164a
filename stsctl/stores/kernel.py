"""The kernel's keyrings: sessions on Linux machines without a desktop, where nothing else has to run.

Each item is a key in the user keyring, which all sessions of a user share, through SSH too, and which is gone after a
reboot (before Linux 5.3 with the user's last process). A key ends with what it holds: the kernel itself forgets it.

Possession is what opens a key (keyrings(7)), and a login whose session keyring does not lead to the user keyring does
not possess what is in it. So the user keyring is linked into that of this process, which ends with it: the person's own
session keyring is left as it is.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path

from stsctl.credentials import Secret
from stsctl.errors import StoreError
from stsctl.host import keyctl
from stsctl.stores.interface import Capacity, DamagedError, Item, Kind
from stsctl.stores.spelling import place

_KINDS = frozenset(Kind) - {Kind.KEYS, Kind.DATA_KEY}
"""What can be had anew, and may therefore go with a reboot."""
_BIG, _SMALL = "big_key", "user"
_LONGEST = {_BIG: 2**20 - 1, _SMALL: 32767 - 1}
"""Bytes to a key (add_key(2)), but for the mark."""
_MARK = b"="
"""Before each value: no key is empty."""
_GONE = (errno.ENOKEY, errno.EKEYEXPIRED, errno.EKEYREVOKED)
_OTHER_STORE = 'put session_store = "sealed-file" under [defaults] in config.toml'
_ATTEMPTS = 10
"""How often a key is looked for that another process replaces meanwhile."""
_PAUSES = (0.02, 0.1, 0.4)
"""Seconds to wait for room."""
_LIMITS = Path("/proc/sys/kernel/keys")


class KernelStore:
    """Keeps each item as a key that this user alone can read, until it ends.

    `service` is what the keys' descriptions begin with; `now` the time that `Item.ends_at` goes by.
    """

    def __init__(self, *, now: Callable[[], datetime], service: str = "stsctl", name: str = "kernel") -> None:
        self._now = now
        self._service = service
        self._name = name

    @property
    def name(self) -> str:
        """As the configuration and `list` write it."""
        return self._name

    @property
    def capacity(self) -> Capacity:
        """What it can take: by the kinds of keys that this kernel has, and the quota of this user."""
        most_keys, most_bytes = _quota()
        with _in_store_errors():
            kind = self._kind
        return Capacity(
            item_bytes=_LONGEST[kind],
            items=most_keys,
            outlives_reboot=False,
            # Of a big key the kernel counts a few bytes only.
            total_bytes=most_bytes if kind == _SMALL else None,
            kinds=_KINDS,
        )

    def get(self, kind: Kind, key: str) -> Secret | None:
        """The value of an item, None where there is none, or none any more."""
        with _in_store_errors():
            payload = self._read(self._description(kind, key))
        if payload is None:
            return None
        if not payload.startswith(_MARK):
            raise DamagedError("the key in the kernel's keyring is not one that stsctl put there")
        try:
            return Secret(payload[len(_MARK) :].decode(errors="surrogatepass"))
        except UnicodeDecodeError:
            raise DamagedError("the key in the kernel's keyring is no text") from None

    def put(self, item: Item) -> None:
        """Keeps `item`: a key of its own first, with its end, then in the other's place."""
        if item.kind not in _KINDS:
            raise StoreError(
                "the kernel's keyring keeps nothing that has to last: long-term keys rest elsewhere",
                hint='put session_store = "kernel" under [defaults], and another store = "…" beside it',
            )
        payload = _MARK + item.value.reveal().encode(errors="surrogatepass")
        seconds = None if item.ends_at is None else int((item.ends_at - self._now()).total_seconds())
        with _in_store_errors():
            if len(payload) - len(_MARK) > _LONGEST[self._kind]:
                raise StoreError(
                    f"an item of {len(payload)} bytes is more than a key of the kernel takes ({_LONGEST[self._kind]})"
                )
            _with_room(lambda: self._add(self._description(item.kind, item.key), payload, seconds))

    def delete(self, kind: Kind, key: str) -> bool:
        """Forgets an item; False where there was none."""
        with _in_store_errors():
            serial = self._find(self._description(kind, key))
            if serial is None:
                return False
            try:
                keyctl.unlink(serial, keyctl.USER)
            except OSError as error:
                if error.errno not in (errno.ENOENT, *_GONE):
                    raise
                return False  # another process was faster
        return True

    @cached_property
    def _kind(self) -> str:
        """The kind of key that values are kept in: big ones, of which few bytes count, where the kernel has them."""
        try:
            probe = keyctl.add(_BIG, f"{self._service}:probe", _MARK, keyctl.PROCESS)
        except OSError as error:
            if error.errno != errno.ENODEV:
                raise
            return _SMALL
        keyctl.unlink(probe, keyctl.PROCESS)
        return _BIG

    def _description(self, kind: Kind, key: str) -> str:
        return f"{self._service}:{place(kind, key)}"

    def _add(self, description: str, payload: bytes, seconds: int | None) -> None:
        serial = keyctl.add(self._kind, description, payload, keyctl.PROCESS)
        try:
            if seconds is not None:
                keyctl.set_timeout(serial, max(seconds, 1))  # 0 would be no end at all
            keyctl.link(serial, keyctl.USER)
        finally:
            keyctl.unlink(serial, keyctl.PROCESS)

    def _find(self, description: str) -> int | None:
        try:
            return keyctl.search(keyctl.USER, self._kind, description)
        except OSError as error:
            if error.errno not in _GONE:
                raise
            return None

    def _read(self, description: str) -> bytes | None:
        for attempt in range(_ATTEMPTS):
            # For each time: what is possessed is a thread's own matter.
            keyctl.link(keyctl.USER, keyctl.PROCESS)
            serial = self._find(description)
            if serial is None:
                return None
            try:
                return keyctl.read(serial)
            except OSError as error:
                # Replaced or removed since it was found: it is in no ring any more, and nobody's to read.
                if error.errno not in (errno.EACCES, *_GONE) or attempt == _ATTEMPTS - 1:
                    raise
        return None


def _with_room(add: Callable[[], None]) -> None:
    """Adds a key; where the quota is used up, again once what has ended is out of the way.

    The kernel clears that away a few minutes later only, and counts it until then; and it counts for a moment what has
    just been removed.
    """
    for pause in _PAUSES:
        try:
            return add()
        except OSError as error:
            if error.errno != errno.EDQUOT:
                raise
        _sweep()
        time.sleep(pause)
    return add()


def _sweep() -> None:
    """Takes what has ended out of the user keyring."""
    for serial in keyctl.members(keyctl.USER):
        try:
            keyctl.description(serial)
        except OSError as error:
            if error.errno == errno.EKEYEXPIRED:
                with suppress(OSError):
                    keyctl.unlink(serial, keyctl.USER)


def _quota() -> tuple[int | None, int | None]:
    """How many keys this user may have, and how many bytes in them; None where the kernel does not say."""
    whose = "root_max" if os.geteuid() == 0 else "max"
    found: list[int | None] = []
    for what in ("keys", "bytes"):
        try:
            found.append(int((_LIMITS / f"{whose}{what}").read_text()))
        except (OSError, ValueError):
            found.append(None)
    return found[0], found[1]


@contextmanager
def _in_store_errors() -> Iterator[None]:
    """The kernel's refusals in stsctl's words."""
    try:
        yield
    except OSError as error:
        raise _explained(error) from error


def _explained(error: OSError) -> StoreError:
    code = errno.errorcode.get(error.errno or 0, "EIO")
    if error.errno == errno.EDQUOT:
        most_keys, most_bytes = _quota()
        return StoreError(
            f"the kernel's keyring is full: a user has {most_keys} keys and {most_bytes} bytes there",
            hint='"stsctl logout --all" makes room; an administrator gives more by sysctl kernel.keys.maxbytes',
        )
    if error.errno in (errno.ENOSYS, errno.EPERM, errno.EOPNOTSUPP):
        return StoreError(
            f"the kernel's keyrings are not to be had here ({code}), as in many containers",
            hint=_OTHER_STORE,
        )
    return StoreError(f"the kernel's keyring failed ({code})", hint=_OTHER_STORE)
