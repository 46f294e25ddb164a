"""Signing in to the emulator's pages, and the tickets that stand for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stsctl.credentials import Secret
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.sign_in.sign_in import SignIn, Visitor
from stsctl.emulator.web import tickets
from stsctl.emulator.web.tickets import Tickets
from tests.conftest import missing

try:
    import jinja2  # noqa: F401
except ImportError:
    missing("jinja2")

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FORM = ("content-type", "application/x-www-form-urlencoded")


@pytest.fixture
def door() -> SignIn:
    """Where alice comes in by her password, and bob by his name."""
    return SignIn("Corp", path="/idp/corp", cookie="c", passwords={"alice": Secret("s3cret"), "bob": None})


def asked(body: str | None = None, cookie: str = "") -> Request:
    """A request for a page, or with a form."""
    return Request(
        method="GET" if body is None else "POST",
        path="/idp/corp/x",
        query="a=b",
        headers=(FORM, ("host", "localhost"), ("cookie", cookie)),
        body=(body or "").encode(),
        source_ip="",
    )


def cookie_of(visitor: Visitor | Answer) -> str:
    """The cookie that an answer gives."""
    return dict(visitor.headers)["Set-Cookie"].partition(";")[0]


@pytest.mark.parametrize("body", ["username=alice&password=s3cret", "username=bob", "username=bob&password=any"])
def test_signing_in(door: SignIn, body: str) -> None:
    """The right name and password sign in; the browser's cookie then does, for eight hours of the emulator's clock."""
    entered = door.visitor(asked(body), NOW)
    assert isinstance(entered, Visitor)
    assert entered.name in body
    again = door.visitor(asked(cookie=cookie_of(entered)), NOW + timedelta(hours=7, minutes=59))
    assert again == Visitor(name=entered.name, since=NOW)
    assert isinstance(door.visitor(asked(cookie=cookie_of(entered)), NOW + timedelta(hours=8)), Answer)


@pytest.mark.parametrize("body", ["username=alice&password=wrong", "username=alice", "username=", "username=<eve>"])
def test_wrong_names_and_passwords(door: SignIn, body: str) -> None:
    """What is wrong is not said, and nobody is signed in."""
    answer = door.visitor(asked(body), NOW)
    assert isinstance(answer, Answer)
    assert answer.status == 403
    assert b"The name or the password is wrong." in answer.body
    assert "Set-Cookie" not in dict(answer.headers)
    assert b"s3cret" not in answer.body
    assert b'wrong"' not in answer.body
    assert b"<eve>" not in answer.body


@pytest.mark.parametrize("cookie", ["", "c=", "c=forged", "d=x"])
def test_nobody_yet(door: SignIn, cookie: str) -> None:
    """Without a cookie that was given there is the page to sign in with."""
    answer = door.visitor(asked(cookie=cookie), NOW)
    assert isinstance(answer, Answer)
    assert answer.status == 200
    assert b'name="password"' in answer.body


def test_signing_out(door: SignIn) -> None:
    """The cookie is worth nothing afterwards, even where the browser keeps it."""
    cookie = cookie_of(door.visitor(asked("username=bob"), NOW))
    name, value = door.leave(asked(cookie=cookie), NOW)
    assert name == "Set-Cookie"
    assert "Max-Age=0" in value
    assert isinstance(door.visitor(asked(cookie=cookie), NOW), Answer)


def test_signing_in_afresh(door: SignIn) -> None:
    """Who has to sign in again does not come in by the cookie."""
    entered = door.visitor(asked("username=bob"), NOW, afresh=True)
    assert isinstance(entered, Visitor)
    assert isinstance(door.visitor(asked(cookie=cookie_of(entered)), NOW, afresh=True), Answer)


def test_another_form_of_somebody_signed_in(door: SignIn) -> None:
    """A form that signs nobody in is its page's own."""
    cookie = cookie_of(door.visitor(asked("username=bob"), NOW))
    assert door.visitor(asked("answer=yes", cookie), NOW) == Visitor(name="bob", since=NOW)


def test_tickets_are_taken_once() -> None:
    """A ticket stands for its value until its time, and when it is taken, for nothing."""
    held: Tickets[str] = Tickets()
    ticket = held.give("x", until=NOW + timedelta(minutes=1))
    assert held.find(ticket, NOW) == "x"
    assert held.find(ticket, NOW + timedelta(minutes=1)) is None
    assert held.take(ticket, NOW) == "x"
    assert held.take(ticket, NOW) is None
    assert held.find("\udcff", NOW) is None


def test_a_ticket_can_be_given_again() -> None:
    """What a ticket stands for is replaced whole."""
    held: Tickets[str] = Tickets()
    ticket = held.give("x", until=NOW + timedelta(minutes=1), ticket="CODE")
    held.give("y", until=NOW + timedelta(minutes=1), ticket=ticket)
    assert held.take("CODE", NOW) == "y"


def test_tickets_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the most, the oldest is forgotten."""
    monkeypatch.setattr(tickets, "_MOST", 2)
    held: Tickets[int] = Tickets()
    given = [held.give(number, until=NOW + timedelta(minutes=1)) for number in range(3)]
    assert [held.find(ticket, NOW) for ticket in given] == [None, 1, 2]
