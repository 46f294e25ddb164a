"""The keys that passphrases became, so that each is typed once: in memory only, until somebody may sit there who has
no right to them.
"""

from __future__ import annotations

import threading

from stsctl.credentials import Secret

_MOST = 16


class HeldKeys:
    """Keys by what they open. While it is locked there are none."""

    def __init__(self) -> None:
        self._keys: dict[str, Secret] = {}
        self._locked = False
        self._changing = threading.Lock()

    @property
    def locked(self) -> bool:
        """Whether somebody locked it."""
        return self._locked

    def __len__(self) -> int:
        return len(self._keys)

    def get(self, of: str) -> Secret | None:
        """The key of `of`."""
        return self._keys.get(of)

    def put(self, of: str, key: Secret) -> bool:
        """Holds a key; False where it is locked, or has too many."""
        with self._changing:
            if self._locked or (len(self._keys) >= _MOST and of not in self._keys):
                return False
            self._keys[of] = key
            return True

    def forget(self) -> bool:
        """Forgets every key; False where there was none."""
        with self._changing:
            had = bool(self._keys)
            self._keys.clear()
            return had

    def lock(self) -> None:
        """Forgets every key, and holds no other until `unlock`."""
        self._locked = True
        self.forget()

    def unlock(self) -> None:
        """Keys are held again."""
        self._locked = False
