"""What a person will have to do for a session, and from when on, as its plan and what is held say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from stsctl.dataclass import dataclass
from stsctl.plan import Asks, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """From `at` on another session takes `what` of a person; None where it is not known what."""

    what: Asks | None
    at: datetime


def need(steps: Sequence[Step], ends: Mapping[str, datetime | None], due_at: datetime) -> Need | None:
    """What the last of these steps will need once its session is due; None where it goes on without a person.

    `ends` says of the sessions that are held when they end (None: never), by their keys. As long as there is one of a
    step that asks, or of one behind it, whoever renews begins from there.
    """
    asking = [place for place, step in enumerate(steps) if asks(step) is not Asks.NOTHING]
    if not asking:
        return None
    keys = [step.request.cache_key() for step in steps[asking[-1] : -1]]
    moments = [ends[key] for key in keys if key in ends]
    known = [moment for moment in moments if moment is not None]
    if len(known) < len(moments):
        return None
    return Need(what=steps[asking[-1]].asks, at=max(due_at, *known) if known else due_at)


def asks(step: Step) -> Asks:
    """What a step asks of a person, rather than of a program."""
    return Asks.NOTHING if step.mfa_process else step.asks
