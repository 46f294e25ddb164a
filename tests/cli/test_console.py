"""`stsctl console`: the console of the emulator, signed in with a session; its address is seen by nobody."""

from __future__ import annotations

import http.cookiejar
import re
import urllib.request
from urllib.parse import parse_qs, urlsplit

import pytest

from stsctl.console_table import Color
from tests.program import READ_ONLY, Me


@pytest.fixture(autouse=True)
def with_codes(me: Me) -> None:
    """Codes come from a program, so that nobody is asked."""
    me.configure_as_usual(hub=me.code_process())


def page(address: str) -> str:
    """What a browser shows at an address, at the end of where that leads."""
    cookies = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
    with urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies).open(address, timeout=20) as answer:
        return str(answer.read().decode())


def test_the_address_signs_in_as_the_role(me: Me) -> None:
    """Who opens it is the chained role, on the way to the page that was wanted."""
    address = me.ok("console", "prod-admin", "--print", "--service", "s3", "--region", "eu-west-1").strip()
    assert parse_qs(urlsplit(address).query)["Destination"] == [
        "https://console.aws.amazon.com/s3/home?region=eu-west-1"
    ]
    shown = page(address)
    assert "assumed-role/Admin/" in shown
    assert "222222222222" in shown


def test_a_role_of_long_term_keys_may_stay_as_long_as_it_says(me: Me) -> None:
    """AWS takes a SessionDuration for such a role and no other: six hours, not the first one only."""
    shown = page(me.ok("console", "long", "--duration", "6h", "--print").strip())
    assert re.search(r"\((6 h 0|5 h 59) min left\)", shown), shown


def test_signing_out_first_leads_on(me: Me) -> None:
    """The first address signs out, and leads to the one that signs in."""
    address = me.ok("console", "read-only", "--print", "--sign-out-first").strip()
    assert urlsplit(address).path == "/oauth"
    assert "assumed-role/ReadOnly/" in page(address)


def test_what_the_browser_is_given_tells_nothing_and_leads_there_once(me: Me) -> None:
    """Its command line is seen by everybody: it holds an address of this machine, good for one visit."""
    browser = me.script("browser", f'echo "$1" >> {me.home}/seen; curl -sS -o /dev/null -D {me.home}/head "$1"')
    done = me.run("console", "read-only", BROWSER=f"{browser} %s")
    assert done.status == 0, done
    assert (done.out, "the console is open as" in done.err) == ("", True)
    (seen,) = (me.home / "seen").read_text().splitlines()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{32}", seen)
    head = (me.home / "head").read_text()
    (location,) = re.findall(r"(?im)^location: (.*?)\r?$", head)
    assert "SigninToken=" in location
    assert "assumed-role/ReadOnly/" in page(location)


def browser_called(me: Me, name: str) -> None:
    """Puts a browser of that name on the person's PATH; it notes what it is started with, and fetches its last word."""
    folder = me.home / "bin"
    folder.mkdir(exist_ok=True)
    program = me.script(
        f"bin/{name}",
        f'for word; do echo "$word" >> {me.home}/words; done\n'
        'curl -sS -o /dev/null "$(echo "$word" | sed "s/%3A/:/g; s,%2F,/,g" | grep -o "http://.*")"',
    )
    assert program.exists()
    me.environ["PATH"] = f"{folder}:{me.environ['PATH']}"


def words(me: Me) -> list[str]:
    """What the browser was started with; its address, which is another one each time, is written URL."""
    text = (me.home / "words").read_text()
    (me.home / "words").unlink()
    for address in (r"http://127\.0\.0\.1:\d+/[\w-]{32}", r"http%3A%2F%2F127\.0\.0\.1%3A\d+%2F[\w-]{32}"):
        text = re.sub(address, "URL", text)
    return text.splitlines()


def test_a_container_for_each_account(me: Me) -> None:
    """By a template; its colour is the role's own or always the same, and the command line counts more."""
    browser_called(me, "firefox")
    prod = 'color = "red"\nicon = "briefcase"\n\n[role.audit]'
    me.configure_as_usual(hub=me.code_process(), more='\n[console]\ncontainer = "{account_id}/{role_name}"\n')
    me.config.write_text(me.config.read_text().replace("[role.audit]", prod, 1))
    me.ok("console", "prod-admin")
    assert words(me) == ["ext+container:name=222222222222%2FAdmin&color=red&icon=briefcase&url=URL"]
    me.ok("console", "read-only")
    colour = Color.of("111111111111/ReadOnly").value
    assert words(me) == [f"ext+container:name=111111111111%2FReadOnly&color={colour}&url=URL"]
    me.ok("console", "read-only", "--container", "a & b")
    assert words(me) == [f"ext+container:name=a%20%26%20b&color={Color.of('a & b').value}&url=URL"]


def test_a_profile_for_each_account(me: Me) -> None:
    """In whichever browser with profiles there is, or in the one that the configuration names; no shell is involved."""
    browser_called(me, "google-chrome")
    me.configure_as_usual(hub=me.code_process(), more='\n[console]\nbrowser_profile = "{account_id} {name}"\n')
    me.ok("console", "read-only")
    assert words(me) == ["--profile-directory=111111111111 read-only", "URL"]
    browser_called(me, "my browser")
    command = '["my browser", "--new-window", "--profile-directory={profile}", "$(id); {url}"]'
    me.configure_as_usual(hub=me.code_process(), more=f"\n[console]\nbrowser = {command}\n")
    me.ok("console", "read-only", "--browser-profile", "{url} $HOME")
    assert words(me) == ["--new-window", "--profile-directory={url} $HOME", "$(id); URL"]


def test_a_browser_of_ones_own(me: Me) -> None:
    """Found by the PATH; a word for a profile is left out where there is none."""
    browser_called(me, "librewolf")
    command = '["librewolf", "-P", "work", "--profile={profile}", "{url}"]'
    me.configure_as_usual(hub=me.code_process(), more=f"\n[console]\nbrowser = {command}\n")
    me.ok("console", "read-only")
    assert words(me) == ["-P", "work", "URL"]
    done = me.run("console", "read-only", PATH="/nowhere")
    assert (done.status, "there is no librewolf here" in done.err) == (1, True), done


SESSIONS = """
[role.guest]
type = "federation-token"
from = "work"
session_name = "guest"
duration = "12h"
policy = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}'

[role.mine]
type = "session-token"
from = "work"
"""


def test_a_federated_user_comes_in(me: Me) -> None:
    """For as long as its credentials last: AWS takes no other length for it."""
    me.configure_as_usual(more=SESSIONS)
    shown = page(me.ok("console", "guest", "--print").strip())
    assert "federated-user/guest" in shown


def test_a_role_of_a_session_is_chained(me: Me) -> None:
    """AWS takes no length for it either; it comes in for as long as its credentials last."""
    more = SESSIONS + f'\n[role.behind]\nrole_arn = "{READ_ONLY}"\nfrom = "mine"\n'
    me.configure_as_usual(more=more)
    assert "assumed-role/ReadOnly/" in page(me.ok("console", "behind", "--print").strip())


def test_credentials_that_somebody_else_got_are_tried(me: Me) -> None:
    """A saved answer may be a role's session: AWS tells."""
    saved = me.home / "answer.json"
    me.configure_as_usual(more=f'{SESSIONS}\n[source.saved]\ntype = "file"\npath = "{saved}"\n')
    saved.touch(0o600)
    saved.write_text(me.ok("assume", "read-only", "--json"))
    assert "assumed-role/ReadOnly" in page(me.ok("console", "saved", "--print").strip())
    saved.write_text(me.ok("assume", "mine", "--json"))
    done = me.run("console", "saved", "--print")
    assert (done.status, "does not take this session" in done.err) == (5, True), done


def test_a_users_own_session_does_not_come_in(me: Me) -> None:
    """AWS refuses it, as it does root users' sessions, and that is said before any call is made."""
    root = '[role.root]\ntype = "root"\nfrom = "work"\naccount_id = "222222222222"\n'
    task = 'task_policy_arn = "IAMAuditRootUserCredentials"\n'
    me.configure_as_usual(more=f"{SESSIONS}\n{root}{task}")
    me.calls()
    for name, operation in (("mine", "GetSessionToken"), ("root", "AssumeRoot")):
        done = me.run("console", name, "--print")
        assert (done.status, f'"{name}" is a session of {operation}, and the console' in done.err) == (2, True), done
    assert me.calls() == []


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["work"], 2, "is a user, and the console takes sessions of roles and of federated users only"),
        (["read-only", "--browser-profile", "a", "--container", "b"], 2, "exclude each other"),
        (["read-only", "--service", "S3; rm"], 2, "is no service of the console"),
        (["read-only"], 1, "there is no browser here"),
    ],
)
def test_what_cannot_be_is_said(me: Me, words: list[str], status: int, says: str) -> None:
    """Who is no role, flags that contradict, a service that is none, a machine without a screen."""
    done = me.run("console", *words)
    assert (done.status, says in done.err) == (status, True), done
    assert done.out == ""
