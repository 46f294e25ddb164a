"""Where random ids, keys and seeds come from: the machine, or a known origin, so that they come out the same again."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Iterator

_machine = random.SystemRandom()


class _Drawn(threading.local):
    source: random.Random | None = None


_drawn = _Drawn()


def source() -> random.Random:
    """What this thread draws from."""
    return _drawn.source or _machine


@contextlib.contextmanager
def drawn_from(origin: str) -> Iterator[None]:
    """Meanwhile this thread draws from `origin`: the same things in the same order, whenever it is done."""
    before = _drawn.source
    _drawn.source = random.Random(origin)  # noqa: S311 - an origin is 256 bits of the machine's
    try:
        yield
    finally:
        _drawn.source = before
