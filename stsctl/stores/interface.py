"""The contract of a store: where long-term keys and sessions rest.

A store keeps small secret texts by kind and key. It knows nothing of what they mean: `codec.py` turns sessions and keys
into texts and back, `held.py` keeps the index beside them.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Protocol

from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.errors import StoreError


class Kind(Enum):
    """What an item is."""

    SESSION = "session"
    KEYS = "keys"
    MANIFEST = "manifest"
    """The list of all other items in the store: kind and key of each."""
    DATA_KEY = "data-key"
    """What sealed files are sealed with."""
    TOKEN = "token"  # noqa: S105 - the name of a kind
    """A sign-in: its token, and the one that renews it."""
    REGISTRATION = "registration"
    """What an authority knows stsctl by: a client's id and secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One secret as a store keeps it; `(kind, key)` finds it again.

    From `ends_at` on it is worth nothing: a store that can forgets it then by itself.
    """

    kind: Kind
    key: str
    value: Secret
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """What a store can take; None is no limit that matters.

    `item_bytes` is the most that one item has, `items` how many there can be, `total_bytes` what all of them may have
    together, `kinds` what it takes at all.
    """

    item_bytes: int | None
    items: int | None
    outlives_reboot: bool
    total_bytes: int | None = None
    kinds: frozenset[Kind] = frozenset(Kind)


class DamagedError(StoreError):
    """An item is there and is not what was put: changed, cut off, or another one's.

    It is left where it is, so that nothing is lost before somebody has looked; `put` moves it aside.
    """


class Store(Protocol):
    """Keeps items; every method raises StoreError, with a hint, when the store cannot be reached or trusted.

    A key is any text of up to 1,000 characters; a value any text within the capacity. Two writers of one item at a
    time are kept apart by whoever calls (a lock); where they are not, one of them wins or the item is gone.
    """

    @property
    def name(self) -> str:
        """As the configuration and `list` write it."""

    @property
    def capacity(self) -> Capacity:
        """What it can take."""

    def get(self, kind: Kind, key: str) -> Secret | None:
        """The value of an item, None where there is none (or only the remains of a half-written one)."""

    def put(self, item: Item) -> None:
        """Keeps `item`, in place of what had its kind and key; whole or not at all."""

    def delete(self, kind: Kind, key: str) -> bool:
        """Forgets an item; False where there was none."""
