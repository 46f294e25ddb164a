"""A device's wait for a person: how often it asks, and what ends it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from stsctl import device_code
from stsctl.credentials import Secret
from stsctl.device_code import DeviceCode
from stsctl.errors import PersonNeededError, RefusedError, UnavailableError

START = datetime(2026, 1, 2, tzinfo=UTC)


@dataclass
class Waiting:
    """A device, and an authority that gives `answers` to it, one after the other, and the last one for ever."""

    answers: list[str | Exception]
    interval: int = 5
    lasts: int = 600
    waits: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        """The time, which only waiting passes."""
        return START + timedelta(seconds=sum(self.waits))

    def poll(self) -> str:
        """The next answer."""
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def result(self) -> str:
        """What comes of it."""
        device = DeviceCode(
            code=Secret("canary"),
            user_code="ABCD-EFGH",
            page="https://device.example/",
            ends_at=START + timedelta(seconds=self.lasts),
            interval=timedelta(seconds=self.interval),
        )
        return device_code.wait(device, self.poll, sleep=self.waits.append, now=self.now)


def refused(code: str) -> RefusedError:
    """A refusal on the wire."""
    return RefusedError("", code=code, reason="no", operation="sso-oidc:CreateToken")


def test_it_waits_as_long_as_it_is_told_to() -> None:
    """Before every question, the first too, and as often as the person has not decided."""
    waiting = Waiting([refused("AuthorizationPendingException"), refused("authorization_pending"), "token"])
    assert waiting.result() == "token"
    assert waiting.waits == [5, 5, 5]


def test_it_slows_down_for_good() -> None:
    """Each slow_down adds five seconds to every wait from then on."""
    slow, pending = refused("SlowDownException"), refused("authorization_pending")
    waiting = Waiting([slow, pending, refused("slow_down"), "token"])
    assert waiting.result() == "token"
    assert waiting.waits == [5, 10, 10, 15]


def test_an_interval_of_nothing_is_a_second() -> None:
    """An authority that says no sensible interval is not asked without a pause."""
    waiting = Waiting([refused("authorization_pending"), "token"], interval=0)
    assert waiting.result() == "token"
    assert waiting.waits == [1, 1]


@pytest.mark.parametrize("code", ["ExpiredTokenException", "expired_token"])
def test_an_ended_code(code: str) -> None:
    """A code whose time is over was shown, and nobody came."""
    with pytest.raises(PersonNeededError) as error:
        Waiting([refused(code)]).result()
    assert error.value.asked


def test_its_own_end() -> None:
    """A device stops asking by itself when the code's time is over."""
    waiting = Waiting([refused("authorization_pending")], lasts=60)
    with pytest.raises(PersonNeededError):
        waiting.result()
    assert sum(waiting.waits) < 60


@pytest.mark.parametrize("code", ["AccessDeniedException", "access_denied"])
def test_denied(code: str) -> None:
    """The person said no."""
    with pytest.raises(RefusedError, match="denied") as error:
        Waiting([refused(code)]).result()
    assert error.value.code == code


def test_any_other_refusal_ends_it() -> None:
    """What is no matter of waiting is told at once."""
    waiting = Waiting([refused("InvalidGrantException")])
    with pytest.raises(RefusedError):
        waiting.result()
    assert len(waiting.waits) == 1


def test_a_lost_network_is_waited_for() -> None:
    """While nobody answers, it asks ever less often; when the code ends meanwhile, that is why."""

    def gone() -> UnavailableError:
        return UnavailableError("no connection")

    waiting = Waiting([gone(), gone(), "token"])
    assert waiting.result() == "token"
    assert waiting.waits == [5, 10, 20]
    with pytest.raises(UnavailableError):
        Waiting([gone()], lasts=100).result()


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("SlowDownException", "slow_down"),
        ("InvalidGrantException", "invalid_grant"),
        ("invalid_grant", "invalid_grant"),
        ("", ""),
    ],
)
def test_oauths_words(code: str, error: str) -> None:
    """AWS's exceptions are OAuth's errors."""
    assert device_code.oauth_error(code) == error
