"""AWS's REST-JSON protocol, as the services speak it that nobody signs: bodies read, results and refusals written."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.world.faults import Faults

_LONGEST = 256 * 1024
_LONGEST_TEXT = 16 * 1024


class Fields:
    """The members of a JSON body; each is checked where it is read. `malformed` is the service's code for one amiss."""

    def __init__(self, values: Mapping[str, Any], malformed: str) -> None:
        self._values = values
        self._malformed = malformed

    def text(self, name: str) -> str:
        """A text that has to be there."""
        value = self.optional(name)
        if not value:
            raise self.problem(f"Missing required parameter: {name}")
        return value

    def optional(self, name: str) -> str | None:
        """A text."""
        value = self._values.get(name)
        if value is not None and not (isinstance(value, str) and len(value) <= _LONGEST_TEXT):
            raise self.problem(f"Invalid parameter: {name}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts, empty where there is none."""
        values = self._values.get(name)
        if values is None:
            return ()
        if not isinstance(values, list) or len(values) > 100 or not all(isinstance(value, str) for value in values):
            raise self.problem(f"Invalid parameter: {name}")
        return tuple(values)

    def number(self, name: str, least: int, most: int) -> int | None:
        """A whole number within limits."""
        value = self._values.get(name)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most):
            raise self.problem(f"Invalid parameter: {name}")
        return value

    def problem(self, message: str) -> Refusal:
        """The refusal of a body that something is wrong with."""
        return Refusal(self._malformed, message, 400)


def fields(asked: Request, malformed: str) -> Fields:
    """The body's members; raises Refusal with the code `malformed` for what is no JSON object."""
    found = Fields({}, malformed)
    if len(asked.body) > _LONGEST:
        raise found.problem("The request is too long")
    try:
        values = json.loads(asked.body)
    except (ValueError, RecursionError) as error:
        raise found.problem("Invalid request") from error
    if not isinstance(values, dict):
        raise found.problem("Invalid request")
    return Fields(values, malformed)


def meet(faults: Faults, action: str, throttled: str, status: int) -> None:
    """Lets a call meet the faults that a person asked for; `throttled` is the service's code for too many calls.

    Raises Refusal.
    """
    try:
        faults.meet(action)
    except Refusal as refusal:
        code, found = (throttled, status) if refusal.code == "Throttling" else ("ServiceUnavailableException", 503)
        raise Refusal(code, refusal.message, found, because=refusal.because) from refusal


def succeed(result: Mapping[str, object], *, status: int = 200) -> Answer:
    """A result; members that are None are left out."""
    return _answer(status, {name: value for name, value in result.items() if value is not None})


def refuse(refusal: Refusal, content: Mapping[str, object]) -> Answer:
    """A refusal; `content` is how the service words it."""
    return _answer(refusal.status, content, ("x-amzn-ErrorType", refusal.code))


def _answer(status: int, content: Mapping[str, object], *more: tuple[str, str]) -> Answer:
    headers = (
        ("Content-Type", "application/json"),
        ("x-amzn-RequestId", str(uuid.uuid4())),
        ("Cache-Control", "no-store"),
        *more,
    )
    return Answer(status=status, headers=headers, body=json.dumps(content).encode())
