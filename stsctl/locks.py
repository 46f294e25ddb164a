"""What locks between processes promise to those who wait at them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol


class Locks(Protocol):
    """Locks between processes, which end with their holder."""

    def hold(self, name: str, label: str, *, settled: Callable[[], bool] | None = None) -> AbstractContextManager[bool]:
        """Waits for the lock `name`, held as `label`; False when `settled` said meanwhile that nobody need hold it.

        Raises UnavailableError when it is not to be had in time.
        """
