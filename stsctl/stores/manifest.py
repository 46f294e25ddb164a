"""The manifest of a store: the list of all its items, kept in the store itself, so that nothing else need know of them.

Whoever adds an item lists it first, and whoever removes one unlists it last: at least what is there is listed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from stsctl.host.lock import Lock
from stsctl.stores import codec
from stsctl.stores.interface import DamagedError, Item, Kind, Store

_LOCK_LIMIT = timedelta(seconds=90)
"""Longer than a store's own limit, so that a wait ends with the store's error where the store is what hangs."""
_KEY = "manifest"

Items = frozenset[tuple[Kind, str]]


class Manifest:
    """The list of what `store` has; where it is lost or damaged, what `otherwise` gives.

    `locks` is the folder of locks that keeps its writers apart; None where the store is this process's own.
    """

    def __init__(self, store: Store, locks: Path | None, otherwise: Callable[[], Items]) -> None:
        self._store = store
        self._locks = locks
        self._otherwise = otherwise

    @contextlib.contextmanager
    def changed(self) -> Iterator[Items]:
        """What is listed, while no other process changes it."""
        with contextlib.ExitStack() as stack:
            if self._locks is not None:
                lock = Lock(self._locks, f"manifest of {self._store.name}", "stsctl is writing to the store")
                lock.acquire(_LOCK_LIMIT)
                stack.enter_context(lock)
            yield self._items()

    def write(self, old: Items, new: Items) -> None:
        """Lists `new`, where `old` was listed."""
        if new != old:
            self._store.put(Item(kind=Kind.MANIFEST, key=_KEY, value=codec.manifest_text(new)))

    def delete(self) -> None:
        """Takes the list itself away, on which nothing is."""
        self._store.delete(Kind.MANIFEST, _KEY)

    def _items(self) -> Items:
        try:
            text = self._store.get(Kind.MANIFEST, _KEY)
        except DamagedError:
            text = None
        items = None if text is None else codec.parse_manifest(text)
        if items is None:
            items = self._otherwise()
            self.write(frozenset(), items)
        return items
