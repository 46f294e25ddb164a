"""Signing in at an OAuth authority: by a browser that comes back, else by a code to type."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import urlopen

import pytest

from stsctl import pkce
from stsctl.credentials import Secret
from stsctl.device_code import DeviceCode
from stsctl.errors import PersonNeededError, RefusedError
from stsctl.sign_in import SignIn, new_id
from stsctl.sources import oauth
from tests.unit.scripted_sts import Clock

CLOCK = Clock()


@dataclass
class Issuer:
    """An authority that knows what it was shown."""

    codes: dict[str, str] = field(default_factory=dict)
    pending: int = 2
    lasts: timedelta = timedelta(minutes=10)

    def page(self, *, redirect_uri: str, state: str, challenge: str) -> str:
        """Where a browser goes."""
        query = urlencode({"redirect_uri": redirect_uri, "state": state, "challenge": challenge})
        return f"https://issuer.example/authorize?{query}"

    def redeem(self, code: Secret, *, redirect_uri: str, verifier: Secret) -> SignIn:
        """For who can prove that they asked."""
        if self.codes[code.reveal()] != f"{redirect_uri} {pkce.challenge_of(verifier.reveal())}":
            raise RefusedError("", code="invalid_grant")
        return _signed_in("browser")

    def start_device(self) -> DeviceCode:
        """A code."""
        return DeviceCode(
            code=Secret("canary"),
            user_code="ABCD",
            page="https://issuer.example/device",
            ends_at=CLOCK() + self.lasts,
        )

    def poll(self, device: DeviceCode) -> SignIn:
        """After some questions."""
        assert device.code.reveal() == "canary"
        self.pending -= 1
        if self.pending >= 0:
            raise RefusedError("", code="authorization_pending")
        return _signed_in("device")


def _signed_in(token: str) -> SignIn:
    return SignIn(authority="a", id=new_id(), token=Secret(token), ends_at=CLOCK() + timedelta(1), signed_in_at=CLOCK())


@dataclass
class Person:
    """Somebody with or without a browser, who approves at once."""

    issuer: Issuer
    has_browser: bool = True
    comes_back: bool = True
    limit: timedelta = timedelta(seconds=5)
    shown: list[DeviceCode] = field(default_factory=list)

    def open(self, page: str) -> bool:
        """The browser goes there and comes back with a code."""
        if not self.has_browser:
            return False
        asked = {name: values[0] for name, values in parse_qs(urlsplit(page).query).items()}
        self.issuer.codes["c0de"] = f"{asked['redirect_uri']} {asked['challenge']}"
        if self.comes_back:
            with urlopen(f"{asked['redirect_uri']}?{urlencode({'code': 'c0de', 'state': asked['state']})}") as answer:
                assert answer.status == 200
        return True

    def show(self, device: DeviceCode) -> None:
        """Sees a code."""
        self.shown.append(device)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Nothing to see."""
        yield


def sign_in(issuer: Issuer, person: Person) -> SignIn:
    """What comes of it."""
    return oauth.sign_in(issuer, person, sleep=lambda seconds: CLOCK.move(seconds=seconds), now=CLOCK)


def test_by_browser() -> None:
    """The code that a browser brings is redeemed with the proof of who asked for it."""
    issuer = Issuer()
    person = Person(issuer)
    assert sign_in(issuer, person).token == Secret("browser")
    assert person.shown == []


def test_without_a_browser() -> None:
    """Where there is none, a code is shown and waited for."""
    issuer = Issuer()
    person = Person(issuer, has_browser=False, limit=timedelta(minutes=5))
    assert sign_in(issuer, person).token == Secret("device")
    assert [one.user_code for one in person.shown] == ["ABCD"]


@pytest.mark.parametrize("has_browser", [True, False])
def test_a_person_who_does_not_come(has_browser: bool) -> None:
    """Both ways have the same limit, however long the authority would wait."""
    issuer = Issuer(pending=10**6)
    person = Person(issuer, has_browser=has_browser, comes_back=False, limit=timedelta(seconds=0.2))
    started = CLOCK()
    with pytest.raises(PersonNeededError) as error:
        sign_in(issuer, person)
    assert error.value.asked
    assert CLOCK() - started < timedelta(minutes=1)
