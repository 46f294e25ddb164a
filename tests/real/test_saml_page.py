"""Signing in on an identity provider's page: a real browser that stsctl opens, and a person in it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pexpect
import pytest

from tests.browser import free_port, program
from tests.conftest import missing
from tests.federation import AWAY, READER, federation, visitor
from tests.program import STSCTL, WORK, Me, Organisation

if TYPE_CHECKING:
    from playwright.sync_api import Page, Playwright

__all__ = ["federation", "visitor"]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """What a person's hands are played by."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing("playwright")
    with sync_playwright() as found:
        yield found


class Person:
    """Somebody in front of the browsers that stsctl opens."""

    def __init__(self, me: Me, playwright: Playwright) -> None:
        self.me = me
        self._playwright = playwright
        self._port = free_port()
        self.program = program(me.home, port=self._port)

    def opened(self) -> int:
        """How many browsers came up so far."""
        file = self.me.home / "browsers"
        return len(file.read_text().splitlines()) if file.exists() else 0

    @contextmanager
    def page(self, *, number: int = 1) -> Iterator[Page]:
        """The page that is shown, once that many browsers came up."""
        until(lambda: self.opened() == number)
        ends = time.monotonic() + 30
        while True:
            try:
                browser = self._playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{self._port}")
                break
            except Exception:  # noqa: BLE001 - it is not there yet
                assert time.monotonic() < ends
                time.sleep(0.1)
        page = browser.contexts[0].pages[0]
        page.wait_for_url("**/idp/**", timeout=30_000)
        yield page
        browser.close()

    def sign_in(self, name: str, *, number: int = 1) -> None:
        """Signs in as somebody, and goes to AWS."""
        with self.page(number=number) as page:
            page.get_by_role("button", name=name).click()
            page.get_by_role("button", name="Continue to AWS").click(no_wait_after=True)


@pytest.fixture
def person(visitor: Me, playwright: Playwright, federation: Organisation) -> Person:
    """Somebody with a source whose page is the identity provider's."""
    found = Person(visitor, playwright)
    visitor.environ["DISPLAY"] = ":none"  # there is a screen, as far as stsctl can see
    configure(found, federation)
    return found


def configure(person: Person, organisation: Organisation, idp: str = "corp") -> None:
    """Writes the source, and a role of it."""
    person.me.configure(f"""
[source.page]
type = "saml"
sign_in_url = "{organisation.running.url}/idp/{idp}/saml"
browser = "{person.program}"

[role.reader]
role_arn = "{READER}"
from = "page"
duration = "30m"
""")


def until(came: Callable[[], bool]) -> None:
    """Waits for something."""
    ends = time.monotonic() + 30
    while not came():
        assert time.monotonic() < ends
        time.sleep(0.05)


def at_terminal(me: Me, *words: str) -> pexpect.spawn:
    """stsctl on a terminal."""
    environ = {**me.environ, "TERM": "dumb"}
    return pexpect.spawn(str(STSCTL), list(words), env=environ, cwd=str(me.home), encoding="utf-8", timeout=60)


def test_the_response_is_taken_out_of_the_browser(person: Person) -> None:
    """Alice signs in, and her response becomes a session; AWS's sign-in, the emulator's here, never sees it."""
    terminal = at_terminal(person.me, "assume", "reader")
    person.sign_in("alice")
    terminal.expect(f"arn:aws:sts::{WORK}:assumed-role/Reader/alice")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert person.me.calls() == ["AssumeRoleWithSAML"]
    assert "signin:saml" not in {entry.get("action") for entry in person.me.organisation.journal()}
    assert person.me.key_id("reader").startswith("ASIA")
    assert person.opened() == 1


def test_awss_own_address_is_never_asked(person: Person, federation: Organisation) -> None:
    """A provider that leads to AWS: what the browser would post to https://signin.aws.amazon.com is taken from it."""
    configure(person, federation, "away")
    process = person.me.start(str(STSCTL), "assume", "reader", "--json")
    person.sign_in("carol")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "assumed-role/Reader/carol" in out
    assert person.me.calls() == ["AssumeRoleWithSAML"]
    assert AWAY.endswith("away")


def test_one_of_the_roles_is_chosen(person: Person) -> None:
    """Where only the source is named, the roles of the assertion are listed, and one is chosen by number or name."""
    terminal = at_terminal(person.me, "assume", "page")
    person.sign_in("alice")
    terminal.expect_exact('"page" offers 3 roles:')
    terminal.expect(rf"1\s+{WORK}  Deploy\s+2\s+{WORK}  Reader  \(reader\)\s+3\s+{WORK}  Short")
    terminal.expect_exact("Role (1-3): ")
    terminal.sendline("4")
    terminal.expect_exact("type a number from 1 to 3")
    terminal.sendline("2")
    terminal.expect(f"arn:aws:sts::{WORK}:assumed-role/Reader/alice")
    terminal.expect(pexpect.EOF)
    # It is the configured role, with what is said of it, and held: another time nobody signs in.
    person.me.key_id("reader")
    terminal = at_terminal(person.me, "assume", "page")
    terminal.expect_exact("Role (1-3): ")
    terminal.sendline("reader")
    terminal.expect(f"arn:aws:sts::{WORK}:assumed-role/Reader/alice")
    terminal.expect(pexpect.EOF)
    assert person.me.calls() == ["AssumeRoleWithSAML"]
    assert person.opened() == 1


def test_parallel_callers_open_one_browser(person: Person) -> None:
    """However many start at once, one browser comes up, and all have the session."""
    started = [person.me.start(str(STSCTL), "assume", "reader", "--json") for _ in range(5)]
    person.sign_in("alice")
    answers = [process.communicate(timeout=60) for process in started]
    assert [process.returncode for process in started] == [0] * 5, answers
    assert len({out for out, _ in answers}) == 1
    assert person.opened() == 1
    assert person.me.calls() == ["AssumeRoleWithSAML"]


def test_somebody_else_signs_in(person: Person) -> None:
    """What --refresh gives is of who signs in then, and their session is held from then on, never the first one's."""
    process = person.me.start(str(STSCTL), "assume", "reader", "--json")
    person.sign_in("alice")
    first, _ = process.communicate(timeout=60)
    assert "assumed-role/Reader/alice" in first
    process = person.me.start(str(STSCTL), "assume", "reader", "--json", "--refresh")
    person.sign_in("bob", number=2)
    second, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "assumed-role/Reader/bob" in second
    assert person.me.key_id("reader") == json.loads(second)["Credentials"]["AccessKeyId"]
    assert person.me.calls() == ["AssumeRoleWithSAML"] * 2
    assert person.opened() == 2


def test_ctrl_c_closes_the_browser(person: Person) -> None:
    """Who gives up has no browser left, no session and no lock."""
    terminal = at_terminal(person.me, "assume", "reader")
    with person.page() as page:
        assert page.get_by_role("button", name="alice").is_visible()
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 130
    assert "Traceback" not in (terminal.before or "")
    assert person.me.ok("list", "--json").strip() == "[]"
    process = person.me.start(str(STSCTL), "assume", "reader", "--json")
    with person.page(number=2) as page:
        page.get_by_role("button", name="alice").click()
        page.get_by_role("button", name="Continue to AWS").click(no_wait_after=True)
    assert process.wait(timeout=60) == 0
    for stream in (process.stdout, process.stderr):
        assert stream is not None
        stream.close()


def test_no_browser_where_nobody_asked_for_one(person: Person) -> None:
    """Neither an SDK nor --no-prompt opens one; each is told what to type."""
    for words in (("credential-process", "reader"), ("assume", "reader", "--no-prompt")):
        done = person.me.run(*words)
        assert (done.status, "stsctl: hint: stsctl assume page\n" in done.err) == (4, True), done
    assert person.opened() == 0


def test_nothing_of_the_response_stays(person: Person) -> None:
    """The assertion is in no file and on no stderr, and what the browser keeps is the person's alone."""
    process = person.me.start(str(STSCTL), "--debug", "assume", "reader", "--json")
    person.sign_in("alice")
    _, err = process.communicate(timeout=60)
    assert "SAMLResponse" not in err
    assert "PHNhbWxw" not in err
    for path in person.me.state.rglob("*"):
        kept = path.is_file() and "browser" not in path.parts
        assert not kept or b"PHNhbWxw" not in path.read_bytes(), path
    (profile,) = (person.me.state / "browser" / "emulator").iterdir()
    assert profile.stat().st_mode & 0o077 == 0
