"""Makes moto do the same again: what it draws by chance, and the time it takes for now, come from the emulator."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from typing import Any

from stsctl.emulator.world import chance


def draw_from_chance() -> None:
    """Ids, keys and versions are drawn where the emulator's own are."""
    from moto.moto_api._internal import mock_random

    moto_random: Any = mock_random
    moto_random.getrandbits = lambda bits: chance.source().getrandbits(bits)
    moto_random.random = lambda: chance.source().random()


def go_by(wall: Callable[[], datetime]) -> None:
    """What moto makes is made at `wall`, so that it keeps its dates when it is made again."""
    from moto.core import utils as core_utils
    from moto.s3 import models as s3_models

    utils: Any = core_utils
    models: Any = s3_models

    # Every module has `utcnow` by its name, so it is the function itself that has to change.
    utils.stsctl_present = lambda: wall().replace(tzinfo=None)
    utils.utcnow.__code__ = _utcnow.__code__
    models.os = _Os()
    if not hasattr(models.FakeBucket, "stsctl_dated"):
        models.FakeBucket.stsctl_dated = True
        models.FakeBucket.__init__ = _dated(models.FakeBucket.__init__)
    models.FakeBucket.stsctl_wall = staticmethod(wall)


def _utcnow() -> Any:
    return stsctl_present()  # type: ignore[name-defined]  # noqa: F821 - a name in moto's module, where this runs


class _Os:
    """`os`, for moto's S3: it draws the ids of uploads from `urandom`."""

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    @staticmethod
    def urandom(size: int) -> bytes:
        """Bytes from where everything else is drawn."""
        return chance.source().randbytes(size)


def _dated(init: Any) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - it replaces moto's
        init(self, *args, **kwargs)
        self.creation_date = self.stsctl_wall()

    return __init__
