"""stsctl signs a person in: a real browser at the emulator's Identity Center, and a terminal that waits for it."""

from __future__ import annotations

import re
import signal
import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pexpect
import pytest

from stsctl.emulator import control, remote
from tests.browser import chromium, least_contrast, page
from tests.cli.test_identity_center import CENTER
from tests.program import STSCTL, Me, Organisation, somebody
from tests.signing_in import browser, opened, seed
from tests.unit.emulator.portal import PASSWORDS

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["chromium", "page"]

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """An organisation with an Identity Center."""
    folder = tmp_path_factory.mktemp("center")
    (folder / "seed.toml").write_text(seed(), encoding="utf-8")
    running = control.start(folder / "state", seed=folder / "seed.toml")
    yield Organisation(running=running, folder=folder / "state", people=(f"p{number:03}" for number in range(40)))
    control.stop(folder / "state", running)


@pytest.fixture
def me(home: Path, organisation: Organisation) -> Me:
    """Somebody whose BROWSER notes where it was sent to, and leaves the rest to the test."""
    person = somebody(home, organisation)
    person.configure(CENTER)
    script = person.script("browser", f'echo noise; echo "$1" >> {home}/opened')
    person.environ["BROWSER"] = f"{script} %s &"
    return person


@pytest.fixture
def terminal(me: Me) -> Iterator[Callable[..., pexpect.spawn]]:
    """Runs stsctl on a terminal of that person's."""
    started: list[pexpect.spawn] = []

    def run(*words: str, **variables: str) -> pexpect.spawn:
        environ = {**me.environ, "TERM": "xterm-256color", **variables}
        child = pexpect.spawn(
            str(STSCTL), list(words), env=environ, cwd=str(me.home), encoding="utf-8", timeout=60, dimensions=(40, 250)
        )
        started.append(child)
        return child

    yield run
    for child in started:
        child.close(force=True)


def page_opened(me: Me, number: int = 1) -> str:
    """Where the browser was sent to, as soon as it is."""
    deadline = time.monotonic() + 30
    while len(opened(me)) < number:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return opened(me)[number - 1]


def callback_of(address: str) -> tuple[str, int]:
    """The host and the port that a browser is to come back to."""
    target = urlsplit(parse_qs(urlsplit(address).query)["redirect_uri"][0])
    assert target.hostname is not None
    assert target.port is not None
    return target.hostname, target.port


def sign_in(page: Page) -> None:
    """Signs in as dora, on whatever page asks for it."""
    page.get_by_label("Name").fill("dora")
    page.get_by_label("Password").fill(PASSWORDS["dora"])
    page.get_by_role("button", name="Sign in").click()


def said(child: pexpect.spawn) -> str:
    """All that is shown until the end."""
    child.expect(pexpect.EOF)
    child.close()
    return _ANSI.sub("", child.before).replace("\r", "")


def test_assume_in_a_browser(me: Me, terminal: Callable[..., pexpect.spawn], page: Page) -> None:
    """The browser opens, dora signs in and allows, the page says to close it, and the role's session is there."""
    child = terminal("assume", "list")
    child.expect_exact('sign in to "acme" in your browser')
    address = page_opened(me)
    page.goto(address)
    sign_in(page)
    assert "stsctl" in page.content()
    page.get_by_role("button", name="Allow").click()
    page.get_by_role("heading", name="You can close this page").wait_for()
    assert page.url.startswith("http://127.0.0.1:")
    assert least_contrast(page) >= 4.5
    text = said(child)
    assert child.exitstatus == 0, text
    assert "ListBuckets" in text
    assert "noise" not in text
    with pytest.raises(ConnectionRefusedError), socket.create_connection(callback_of(address)):
        pass


def test_login_by_device_code(me: Me, terminal: Callable[..., pexpect.spawn], page: Page) -> None:
    """The code that the terminal shows is typed in a browser elsewhere; none is opened here."""
    child = terminal("sso", "login", "--device")
    child.expect(r"open (http://\S+) and type the code")
    address = _ANSI.sub("", child.match[1])
    child.expect(r"([A-Z0-9]{4}-[A-Z0-9]{4})")
    page.goto(address)
    page.get_by_label("Code").fill(child.match[1])
    page.keyboard.press("Enter")
    sign_in(page)
    page.get_by_role("button", name="Allow").click()
    page.get_by_role("status").wait_for()
    text = said(child)
    assert child.exitstatus == 0, text
    assert 'you are signed in to "acme"' in text
    assert opened(me) == []


@pytest.mark.parametrize("words", [("sso", "login"), ("assume", "list")])
def test_denied_in_the_browser(
    me: Me, terminal: Callable[..., pexpect.spawn], page: Page, words: tuple[str, ...]
) -> None:
    """A person who does not let it in is told so on the page and in the terminal."""
    child = terminal(*words)
    page.goto(page_opened(me))
    sign_in(page)
    page.get_by_role("button", name="Deny").click()
    page.get_by_role("heading", name="You are not signed in").wait_for()
    text = said(child)
    assert child.exitstatus == 5, text
    assert "the sign-in was denied" in text
    assert "nobody is signed in" in me.run("sso", "logout").err


@pytest.mark.parametrize("by_device", [False, True])
def test_ctrl_c(me: Me, terminal: Callable[..., pexpect.spawn], by_device: bool) -> None:
    """It ends the wait at once, with nothing held, nothing listening and nothing in the way of the next."""
    child = terminal("sso", "login", *(["--device"] if by_device else []))
    child.expect_exact("sign in to")
    address = None if by_device else page_opened(me)
    child.expect_exact("waiting for you")
    child.sendintr()
    text = said(child)
    assert child.exitstatus == 130, text
    assert "Traceback" not in text
    if address is not None:
        with pytest.raises(ConnectionRefusedError), socket.create_connection(callback_of(address)):
            pass
    assert "nobody is signed in" in me.run("sso", "logout").err
    me.ok("sso", "login", BROWSER=browser(me))


@pytest.mark.parametrize("more", [{}, {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}])
def test_time_limit(me: Me, more: dict[str, str]) -> None:
    """Nobody who comes is waited for no longer than was said, by browser as by code; nothing is held then."""
    done = me.run("sso", "login", STSCTL_SIGN_IN_TIMEOUT="2", **more)
    assert done.status == 4, done
    assert "nobody signed in" in done.err
    assert "nobody is signed in" in me.run("sso", "logout").err


def test_a_browser_that_stays_in_front(me: Me, terminal: Callable[..., pexpect.spawn]) -> None:
    """One that runs until it is closed is not waited for: Ctrl-C and the time limit are as ever."""
    slow = me.script("slow", f'echo "$1" >> {me.home}/opened; exec sleep 30')
    done = me.run("sso", "login", BROWSER=f"{slow} %s", STSCTL_SIGN_IN_TIMEOUT="1", timeout=20)
    assert done.status == 4, done
    assert len(opened(me)) == 1


def test_parallel_callers_open_one_page(me: Me, terminal: Callable[..., pexpect.spawn], page: Page) -> None:
    """Four terminals want four roles: one page comes up, one person signs in, and all four go on."""
    children = [terminal("assume", name) for name in ("list", "work", "admin", "list")]
    page.goto(page_opened(me))
    sign_in(page)
    page.get_by_role("button", name="Allow").click()
    page.get_by_role("heading", name="You can close this page").wait_for()
    for child in children:
        text = said(child)
        assert child.exitstatus == 0, text
    assert len(opened(me)) == 1


def test_a_killed_one_is_in_nobodys_way(me: Me) -> None:
    """A process that is killed while it waits for a person frees the next, which asks anew."""
    waiting = me.start(str(STSCTL), "assume", "list")
    page_opened(me)
    waiting.send_signal(signal.SIGKILL)
    waiting.communicate()
    me.ok("assume", "list", BROWSER=browser(me))


def test_what_is_evaluated_is_not_the_browsers(me: Me) -> None:
    """What a browser prints when it is started does not become a command of the shell."""
    noisy = me.script("noisy", f'echo "rm -rf noise"; exec {browser(me).removesuffix(" %s &")} "$1"')
    out = me.ok("env", "list", "--shell", "bash", BROWSER=f"{noisy} %s &")
    assert "AWS_ACCESS_KEY_ID" in out
    assert "noise" not in out


@pytest.fixture
def later(me: Me, organisation: Organisation) -> Iterator[Callable[..., None]]:
    """Moves the emulator's clock ahead, which stsctl follows, and puts it back afterwards."""
    me.state.mkdir(parents=True, exist_ok=True)
    (me.state / "emulator").symlink_to(organisation.folder)

    def move(**length: float) -> None:
        remote.move_clock(organisation.running, timedelta(**length))

    yield move
    remote.move_clock(organisation.running, None)


def tokens_asked_for(me: Me) -> int:
    """How often a token was asked for so far."""
    asked = [one["action"] for one in me.organisation.journal() if one.get("action") == "sso-oauth:CreateToken"]
    return len(asked)


def test_a_session_outlasts_its_sign_in(me: Me, later: Callable[..., None]) -> None:
    """Hours later the role's session is handed out as it was, and a token that has ended is refreshed by itself."""
    me.ok("assume", "admin", BROWSER=browser(me))
    before = me.key_id("admin")
    later(hours=1, minutes=10)
    asked = tokens_asked_for(me)
    assert me.key_id("admin") == before
    assert tokens_asked_for(me) == asked
    assert me.key_id("list").startswith("ASIA")
    assert tokens_asked_for(me) == asked + 1
    assert len(opened(me)) == 1


def test_an_expired_registration(me: Me, later: Callable[..., None]) -> None:
    """After ninety days client, token and session are over: stsctl registers anew, and the person signs in again."""
    me.ok("assume", "list", BROWSER=browser(me))
    later(days=91)
    done = me.run("credential-process", "list")
    assert done.status == 4, done
    assert done.err.endswith("stsctl: hint: stsctl sso login acme\n")
    me.ok("assume", "list", BROWSER=browser(me))
    assert len(opened(me)) == 2
