"""One-time codes of MFA devices: asked for once however many ask, given to AWS once, asked again when they were wrong.

AWS takes each code of a device only once, so a code that any process has given is never given again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from shlex import quote
from typing import Protocol, TypeVar

from stsctl.dataclass import dataclass
from stsctl.errors import PersonNeededError, RefusedError
from stsctl.locks import Locks
from stsctl.request import Endpoint

ATTEMPTS = 3
"""How often a code is asked for before a wrong one is final."""

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """An MFA device as its endpoint knows it; `process` is the program that reads its codes, if a person needs not."""

    serial: str
    endpoint: Endpoint
    process: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a person is asked: the code that their device shows now. `complaint` says what was wrong with the last."""

    serial: str
    name: str
    process: tuple[str, ...]
    complaint: str | None = None


class SpentCodes(Protocol):
    """The codes that AWS was given, by any process."""

    def used(self, serial: str, endpoint: Endpoint, code: str, now: datetime) -> bool:
        """Whether a code was given to AWS already."""

    def spend(self, serial: str, endpoint: Endpoint, code: str, now: datetime) -> None:
        """Remembers that a code was given to AWS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """Asks for codes, one process at a time for each device."""

    prompt: Callable[[Question], str]
    spent: SpentCodes
    locks: Locks
    now: Callable[[], datetime]

    def give(self, name: str, device: Device, call: Callable[[str], _Answer]) -> _Answer:
        """What `call` answers to a code of `device`, asked for on behalf of `name`.

        Raises RefusedError where AWS takes none of them, PersonNeededError where nobody tells one.
        """
        lock = f"{device.serial} {device.endpoint.url} {device.endpoint.instance}"
        with self.locks.hold(lock, f"the MFA device {device.serial}"):
            return self._give(name, device, call)

    def _give(self, name: str, device: Device, call: Callable[[str], _Answer]) -> _Answer:
        complaint: str | None = None
        refusal: RefusedError | None = None
        for _ in range(ATTEMPTS):
            question = Question(serial=device.serial, name=name, process=device.process, complaint=complaint)
            try:
                code = self.prompt(question)
            except PersonNeededError as error:
                if refusal is None or error.asked:
                    raise
                # There is no other code than the one that AWS refused.
                raise refusal from error
            if self.spent.used(device.serial, device.endpoint, code, self.now()):
                complaint = "that code was used already, and AWS takes each only once: wait for the next"
                continue
            try:
                answer = call(code)
            except RefusedError as error:
                if "invalid MFA one time pass code" not in error.reason:
                    raise
                self.spent.spend(device.serial, device.endpoint, code, self.now())
                complaint, refusal = "AWS did not take that code", error
                continue
            self.spent.spend(device.serial, device.endpoint, code, self.now())
            return answer
        raise refusal or PersonNeededError(
            f"no MFA code was taken: {complaint}", hint=f"stsctl assume {quote(name)}", asked=True
        )
