"""The contract of what the emulator serves besides signed calls: pages for browsers, and APIs that bear tokens."""

from __future__ import annotations

from typing import Protocol

from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.world.journal import Entry


class Site(Protocol):
    """Some paths of the emulator, whose requests nobody signs."""

    def answer(self, asked: Request, entry: Entry) -> Answer | None:
        """The answer, None where the path is not one of the site's; raises Refusal.

        `entry.at` is the emulator's present; what is asked, and by whom, is noted in `entry`.
        """
