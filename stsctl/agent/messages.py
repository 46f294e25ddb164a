"""What the agent and the commands say to each other: one line of JSON each way, then the connection ends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any

from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.errors import StsctlError, UsageError

EVERY = "*"
"""In place of the keys of sessions: all of them."""
LONGEST_REQUEST = 64 * 1024
LONGEST_ANSWER = 4 * 1024 * 1024


class Ask(Enum):
    """What the agent can be asked."""

    STATUS = "status"
    """With a "glance" it is asked every moment, by somebody who wants nothing done."""
    STOP = "stop"
    LOCK = "lock"
    UNLOCK = "unlock"
    GET_KEY = "get-key"
    PUT_KEY = "put-key"
    SERVE = "serve"
    """Where a role's session is fetched, and with which token."""
    FORGET = "forget"
    """Sessions that somebody logged out of."""


class AgentError(StsctlError):
    """The agent answered that it cannot, or gave no answer that can be understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A question, with texts by name."""

    ask: Ask
    given: Mapping[str, str]

    def text(self, name: str) -> str:
        """One of the texts; raises UsageError where it was not given."""
        if name not in self.given:
            raise UsageError(f'"{self.ask.value}" needs "{name}"')
        return self.given[name]


def request_line(ask: Ask, given: Mapping[str, str | Secret]) -> bytes:
    """A question as it is sent."""
    texts = {name: value.reveal() if isinstance(value, Secret) else value for name, value in given.items()}
    return json.dumps({"ask": ask.value, "given": texts}).encode() + b"\n"


def parse_request(line: bytes) -> Request:
    """The question in a line; raises UsageError for anything else, and repeats nothing of it."""
    message = _object(line)
    given = message.get("given") if message is not None else None
    if message is None or not isinstance(given, dict) or not message.keys() <= {"ask", "given"}:
        raise UsageError("that is no question to the agent")
    try:
        ask = Ask(message.get("ask"))
    except ValueError:
        raise UsageError("the agent does not know that question", hint="stsctl agent stop") from None
    if not all(isinstance(value, str) for value in given.values()):
        raise UsageError("that is no question to the agent")
    return Request(ask=ask, given=given)


def answer_line(answer: Mapping[str, Any]) -> bytes:
    """An answer as it is sent."""
    return json.dumps({"answer": dict(answer)}).encode() + b"\n"


def failure_line(error: StsctlError) -> bytes:
    """A failure as it is sent."""
    return json.dumps({"failure": error.message, "hint": error.hint}).encode() + b"\n"


def parse_answer(line: bytes) -> dict[str, Any]:
    """The answer in a line; raises AgentError for a failure, and for what is none."""
    message = _object(line)
    if message is not None and isinstance(message.get("answer"), dict):
        answer: dict[str, Any] = message["answer"]
        return answer
    failure, hint = (message or {}).get("failure"), (message or {}).get("hint")
    if isinstance(failure, str):
        raise AgentError(failure, hint=hint if isinstance(hint, str) else None)
    raise AgentError("the agent's answer cannot be understood", hint="stsctl agent stop")


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) else None
