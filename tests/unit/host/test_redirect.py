"""The address that a browser comes back to: once, with the right state, from this machine."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlencode, urlsplit

import pytest

from stsctl.errors import PersonNeededError, RefusedError
from stsctl.host.redirect import Redirect, RedirectError

SOON = timedelta(seconds=5)
NEVER = timedelta(seconds=0.1)


@pytest.fixture
def redirect() -> Iterator[Redirect]:
    """One that waits."""
    with Redirect() as waiting:
        yield waiting


def ask(redirect: Redirect, target: str, *, method: str = "GET", **headers: str) -> tuple[HTTPResponse, str]:
    """What is answered to `target`."""
    connection = HTTPConnection(redirect.authority, timeout=5)
    connection.request(method, target, headers=headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer, text


def back(redirect: Redirect, **query: str) -> str:
    """The target of a browser that comes back."""
    return f"{urlsplit(redirect.uri).path}?{urlencode({'state': redirect.state} | query)}"


def test_a_browser_that_comes_back(redirect: Redirect) -> None:
    """Its code is what was waited for; the page says what to do, loads nothing, and is kept nowhere."""
    answer, page = ask(redirect, back(redirect, code="c0de+/="))
    assert answer.status == 200
    assert "close this page" in page
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "c0de" not in page
    assert redirect.wait(SOON) == "c0de+/="


def test_it_is_on_loopback_alone(redirect: Redirect) -> None:
    """It is not to be reached by any other address of this machine."""
    assert redirect.uri.startswith("http://127.0.0.1:")
    port = int(redirect.authority.rpartition(":")[2])
    for other in ("127.0.0.2", "::1"):
        with (
            socket.socket(socket.AF_INET6 if ":" in other else socket.AF_INET) as found,
            pytest.raises(OSError, match=r"."),
        ):
            found.connect((other, port))


def test_only_the_first_is_heard(redirect: Redirect) -> None:
    """A second one, right as it may be, is not found."""
    assert ask(redirect, back(redirect, code="first"))[0].status == 200
    assert ask(redirect, back(redirect, code="second"))[0].status == 404
    assert redirect.wait(SOON) == "first"


def test_many_at_once_are_one(redirect: Redirect) -> None:
    """Of requests at the same moment one is heard, and that one's code is taken."""
    heard: list[int] = []

    def come(number: int) -> None:
        if ask(redirect, back(redirect, code=str(number)))[0].status == 200:
            heard.append(number)

    threads = [threading.Thread(target=come, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [redirect.wait(SOON)] == [str(number) for number in heard]


@pytest.mark.parametrize(
    "target",
    [
        "/favicon.ico",
        "/",
        "/oauth/callback",
        "/oauth/callback?code=c",
        "/oauth/callback?code=c&state=wrong",
        "/oauth/callback?code=c&state=",
        "/oauth/callback?state={state}",
        "/oauth/callback?code=c&code=d&state={state}",
        "/oauth/callback?code=c&state={state}&state={state}",
        "/oauth/callback/?code=c&state={state}",
        "/oauth/callback?code=%ff&state={state}",
        "/oauth/callback?code=c&state={state}" + "&a=b" * 50,
        "/oauth/callback?code=c&state=%C3%BC",
    ],
)
def test_others_are_not_found(redirect: Redirect, target: str) -> None:
    """Whatever else comes by is not heard, and the browser still is."""
    assert ask(redirect, target.replace("{state}", redirect.state))[0].status == 404
    with pytest.raises(PersonNeededError):
        redirect.wait(NEVER)
    assert ask(redirect, back(redirect, code="right"))[0].status == 200
    assert redirect.wait(SOON) == "right"


@pytest.mark.parametrize("host", ["evil.example", "localhost", "127.0.0.1", ""])
def test_another_host(redirect: Redirect, host: str) -> None:
    """A name that somebody let lead to this machine is none of ours (DNS rebinding)."""
    assert ask(redirect, back(redirect, code="c"), Host=host)[0].status == 404
    with pytest.raises(PersonNeededError):
        redirect.wait(NEVER)


def test_another_method(redirect: Redirect) -> None:
    """A browser comes back by GET."""
    assert ask(redirect, back(redirect, code="c"), method="POST")[0].status == 501
    with pytest.raises(PersonNeededError):
        redirect.wait(NEVER)


def test_an_idle_connection_is_in_nobodys_way(redirect: Redirect) -> None:
    """Browsers open connections ahead and send nothing by them: the one that does is heard all the same."""
    host, _, port = redirect.authority.rpartition(":")
    with socket.create_connection((host, int(port))):
        assert ask(redirect, back(redirect, code="c"))[0].status == 200
        assert redirect.wait(SOON) == "c"


def test_an_error_comes_back(redirect: Redirect) -> None:
    """A person who says no, or an authority that does, is told as a refusal, and the page does not claim otherwise."""
    answer, page = ask(redirect, back(redirect, error="access_denied", error_description="the user said no"))
    assert answer.status == 200
    assert "not signed in" in page
    with pytest.raises(RefusedError, match="denied") as error:
        redirect.wait(SOON)
    assert (error.value.code, error.value.reason) == ("access_denied", "the user said no")


def test_control_characters_reach_no_terminal(redirect: Redirect) -> None:
    """What is not for printing is left out of what is told."""
    ask(redirect, back(redirect, error="invalid_request", error_description="\x1b[2J"))
    with pytest.raises(RefusedError, match="refused") as error:
        redirect.wait(SOON)
    assert error.value.reason == ""


def test_nobody_comes(redirect: Redirect) -> None:
    """The wait has a limit, and those who wait for the same need not ask again."""
    with pytest.raises(PersonNeededError, match="nobody signed in") as error:
        redirect.wait(NEVER)
    assert error.value.asked


def test_it_closes() -> None:
    """Afterwards nobody listens there; also where Ctrl-C ended the wait."""
    with pytest.raises(KeyboardInterrupt), Redirect() as redirect:
        raise KeyboardInterrupt
    with pytest.raises(ConnectionRefusedError):
        ask(redirect, "/")


def test_a_given_port() -> None:
    """Where the authority takes one port only it is that one, or an error that says so."""
    with Redirect() as taken:
        port = int(taken.authority.rpartition(":")[2])
        with pytest.raises(RedirectError, match=str(port)):
            Redirect(port=port)
    with Redirect(port=port) as redirect:
        assert ask(redirect, back(redirect, code="c"))[0].status == 200
