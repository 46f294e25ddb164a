"""A store that lives as long as the process: for `--no-cache`, and for tests."""

from __future__ import annotations

from stsctl.credentials import Secret
from stsctl.stores.interface import Capacity, Item, Kind


class MemoryStore:
    """Keeps items in a dictionary."""

    name = "memory"
    capacity = Capacity(item_bytes=None, items=None, outlives_reboot=False)

    def __init__(self) -> None:
        self._items: dict[tuple[Kind, str], Secret] = {}

    def get(self, kind: Kind, key: str) -> Secret | None:
        """The value of an item, None where there is none."""
        return self._items.get((kind, key))

    def put(self, item: Item) -> None:
        """Keeps `item`."""
        self._items[item.kind, item.key] = item.value

    def delete(self, kind: Kind, key: str) -> bool:
        """Forgets an item; False where there was none."""
        return self._items.pop((kind, key), None) is not None
