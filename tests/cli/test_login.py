"""Chains that begin with a session of `aws login`, as whole processes against the emulator's AWS Sign-In."""

from __future__ import annotations

import base64
import json
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pexpect
import pytest

from stsctl.arn import Arn
from stsctl.emulator import control, remote
from stsctl.sources.login_cache import key_of
from tests.browser import chromium, page
from tests.cli.test_other_sources import who
from tests.conftest import missing
from tests.console_browser import browser, code_on, let_in
from tests.crowd import Crowd, sessions
from tests.program import STSCTL, Me, Organisation, somebody
from tests.signing_in import opened, seed
from tests.unit.emulator.center import WORK

__all__ = ["chromium", "page"]

ZOE = f"arn:aws:iam::{WORK}:user/zoe"
READER = f"arn:aws:iam::{WORK}:role/Reader"
ROLE = f"""
[account.{WORK}.role.Reader]
max_duration = "4h"
trust = {{ Version = "2012-10-17", Statement = [
    {{ Effect = "Allow", Principal = {{ AWS = "{ZOE}" }}, Action = "sts:AssumeRole" }} ] }}
"""
LOGIN = f"""
[source.dev]
type = "login"
login_session = "{ZOE}"
[role.reader]
role_arn = "{READER}"
from = "dev"
"""


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """An organisation whose users may sign in for programs."""
    try:
        import awscrt  # noqa: F401
        import moto  # noqa: F401
    except ImportError:
        missing("awscrt and moto")
    folder = tmp_path_factory.mktemp("sign-in")
    (folder / "seed.toml").write_text(seed(60) + ROLE, encoding="utf-8")
    running = control.start(folder / "state", seed=folder / "seed.toml")
    yield Organisation(running=running, folder=folder / "state", people=(f"p{number:03}" for number in range(60)))
    control.stop(folder / "state", running)


@pytest.fixture
def me(home: Path, organisation: Organisation) -> Me:
    """Somebody with a browser, in which zoe is the one who signs in."""
    person = somebody(home, organisation)
    person.configure(LOGIN)
    person.environ["BROWSER"] = browser(person, f"{WORK}:zoe")
    return person


def file(me: Me) -> Path:
    """Where SDKs keep the session."""
    return me.home / ".aws" / "login" / "cache" / f"{key_of(Arn.parse(ZOE))}.json"


def age(me: Me, *, left: timedelta) -> dict[str, Any]:
    """Makes the session in the file as old as it is when so much is left of its keys; gives it as it was."""
    token: dict[str, Any] = json.loads(file(me).read_text())
    token["accessToken"]["expiresAt"] = (datetime.now(UTC) + left).strftime("%Y-%m-%dT%H:%M:%SZ")
    file(me).write_text(json.dumps(token))
    return token


def test_signing_in_starts_by_itself(me: Me) -> None:
    """The browser opens once; the session is zoe's own, in the file of the SDKs, and roles go on from it."""
    done = me.run("assume", "dev")
    assert done.status == 0, done
    assert f"you are {ZOE}" in done.err
    assert who(me.organisation.running, me.session("dev")) == ZOE
    assert "/Reader/" in who(me.organisation.running, me.session("reader"))
    assert me.session("reader") == me.session("reader")
    assert len(opened(me)) == 1
    assert stat.S_IMODE(file(me).stat().st_mode) == 0o600
    (listed,) = [one for one in json.loads(me.ok("list", "--json")) if one["name"] == "dev"]
    assert listed["identity"] == ZOE


def test_sdks_go_on_with_it(me: Me) -> None:
    """botocore's own provider takes the session that stsctl left, renews it, and stsctl goes on with that."""
    me.ok("assume", "dev", "--json")
    me.aws_config(f"[profile dev2]\nlogin_session = {ZOE}\nregion = us-east-1\n")
    old = age(me, left=timedelta(minutes=-1))
    code = (
        "import boto3; s = boto3.Session(profile_name='dev2'); "
        "print(s.get_credentials().method, s.client('sts').get_caller_identity()['Arn'])"
    )
    theirs = me.program(sys.executable, "-c", code, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert theirs.out.split() == ["login", ZOE], theirs
    renewed = json.loads(file(me).read_text())
    assert renewed["refreshToken"] != old["refreshToken"]
    assert me.key_id("dev2", "--refresh") == renewed["accessToken"]["accessKeyId"]
    assert len(opened(me)) == 1


def test_a_profile_says_the_same(me: Me) -> None:
    """A profile with login_session is the same way in, and roles by source_profile go on from it."""
    me.aws_config(
        f"[profile mine]\nlogin_session = {ZOE}\n[profile role]\nrole_arn = {READER}\nsource_profile = mine\n"
    )
    assert me.run("assume", "role").status == 0
    assert "/Reader/" in who(me.organisation.running, me.session("role"))
    assert me.key_id("mine") == me.key_id("dev")
    assert len(opened(me)) == 1


def test_renewed_without_a_person(me: Me) -> None:
    """Keys that end soon are renewed as SDKs renew them, once for all who ask; nobody is asked, not even by an SDK."""
    first = me.run("assume", "dev", "--json")
    assert first.status == 0, first
    old = age(me, left=timedelta(minutes=4))
    me.ok("logout", "dev")
    found = me.key_id("dev")
    renewed = json.loads(file(me).read_text())
    assert found == renewed["accessToken"]["accessKeyId"] != old["accessToken"]["accessKeyId"]
    assert (renewed["refreshToken"] != old["refreshToken"], len(opened(me))) == (True, 1)
    assert stat.S_IMODE(file(me).stat().st_mode) == 0o600


def test_twenty_who_ask_at_once(me: Me, tmp_path: Path) -> None:
    """Twenty who find keys that end soon renew them once: the refresh token is good for one."""
    me.ok("assume", "dev", "--json")
    age(me, left=timedelta(minutes=1))
    me.ok("logout", "dev")
    before = len(me.organisation.journal())
    with Crowd(me, tmp_path / "crowd") as crowd:
        for _ in range(20):
            crowd.start("credential-process", "dev")
        assert len(sessions(crowd.done())) == 1
    new = me.organisation.journal()[before:]
    assert [one["action"] for one in new].count("signin:CreateOAuth2Token") == 1


def test_parallel_callers_open_one_browser(me: Me) -> None:
    """However many start at once, one page comes up, and all have their session."""
    slow = me.script("slow", f'sleep 3\n{me.environ["BROWSER"].partition(" ")[0]} "$1"')
    me.environ |= {"BROWSER": f"{slow} %s &", "STSCTL_LOCK_TIMEOUT": "1s"}  # a sign-in takes longer than a call
    started = [me.start(str(STSCTL), "assume", name, "--json") for name in ("dev", "reader", "dev", "reader", "dev")]
    for process in started:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert '"AccessKeyId"' in out
    assert len(opened(me)) == 1


def test_an_ended_session_is_signed_in_for_again(me: Me) -> None:
    """Where the refresh token is over, `assume` asks again, and an SDK is told what to type."""
    me.ok("assume", "dev", "--json")
    token = age(me, left=timedelta(minutes=-1))
    file(me).write_text(json.dumps(token | {"refreshToken": "over"}))
    me.ok("logout", "dev")
    done = me.run("credential-process", "dev")
    assert done.status == 4, done
    assert 'the session "dev" of "aws login" has ended' in done.err
    assert done.err.endswith("stsctl: hint: stsctl sso login dev\n")
    assert me.run("assume", "dev").status == 0
    assert len(opened(me)) == 2


def test_nobody_is_asked_unasked(me: Me) -> None:
    """No browser opens for an SDK, with --no-prompt, or for a plan."""
    for words in (["credential-process", "dev"], ["credential-process", "reader"], ["assume", "dev", "--no-prompt"]):
        done = me.run(*words)
        assert (done.status, done.out) == (4, "")
    assert 'login "dev"' in (plan := me.ok("plan", "reader"))
    assert f", as {ZOE}" in plan
    assert "asked of you" in plan
    assert "sign in first: stsctl sso login dev" in me.ok("plan", "dev")
    assert opened(me) == []
    assert not file(me).exists()


def test_a_login_is_a_session(me: Me) -> None:
    """Its keys are temporary: a role beyond is chained, and ends after an hour."""
    done = me.run("assume", "reader", "--duration", "2h")
    assert done.status == 2
    assert "ends after an hour" in done.err
    assert opened(me) == []


def test_somebody_else_signs_in(me: Me) -> None:
    """Who signs in as somebody else leaves nothing behind, and is told whose session it is."""
    me.environ["BROWSER"] = browser(me, f"{WORK}:root")
    done = me.run("assume", "dev")
    assert done.status == 3
    assert f'you signed in as "arn:aws:iam::{WORK}:root", and source "dev" is the session of "{ZOE}"' in done.err
    assert not file(me).exists()
    assert json.loads(me.ok("list", "--json")) == []


def test_who_denies(me: Me) -> None:
    """Who denies is told so, and nothing is held."""
    me.environ["BROWSER"] = browser(me, f"{WORK}:zoe", "deny")
    done = me.run("assume", "dev")
    assert done.status == 5
    assert "the sign-in was denied" in done.err
    assert not file(me).exists()


def test_nobody_comes(me: Me) -> None:
    """A sign-in ends by itself, and leaves nothing."""
    me.environ["BROWSER"] = "true %s"
    done = me.run("assume", "dev", STSCTL_SIGN_IN_TIMEOUT="1s")
    assert done.status == 4
    assert "nobody signed in within 1 seconds" in done.err
    assert not file(me).exists()


def test_by_the_emulators_clock(home: Path, organisation: Organisation) -> None:
    """When the emulator's clock is ahead, the session lasts as long as the emulator thinks."""
    me = somebody(home, organisation)
    me.configure(LOGIN)
    me.environ["BROWSER"] = browser(me, f"{WORK}:zoe")
    remote.move_clock(organisation.running, timedelta(minutes=40))
    try:
        assert me.run("assume", "dev").status == 0
        assert who(organisation.running, me.session("dev")) == ZOE
        assert len(opened(me)) == 1
    finally:
        remote.move_clock(organisation.running, None)


def test_nothing_leaks(me: Me) -> None:
    """Neither the output nor anything but the SDKs' file shows a secret, with debugging on."""
    said = []
    for words in (["assume", "dev"], ["plan", "reader"], ["list", "--json"], ["credential-process", "nobody"]):
        done = me.run(*words, STSCTL_DEBUG="1")
        said.append(done.out + done.err)
    token = json.loads(file(me).read_text())
    access = token["accessToken"]
    secrets = [
        access["secretAccessKey"],
        access["sessionToken"],
        token["refreshToken"],
        token["dpopKey"].split("\n")[1],
    ]
    files = [path for path in me.home.rglob("*") if path.is_file() and path != file(me)]
    held = [path.read_bytes() for path in files] + [text.encode() for text in said]
    for secret in secrets:
        assert not any(secret.encode() in content for content in held)
        assert not any(base64.b64encode(secret.encode())[:-4] in content for content in held)


def test_in_a_real_browser(me: Me, page: Any) -> None:
    """In Chromium: sign in to the console, let the program in, read that the page can be closed."""
    noted = me.script("browser", f'echo "$1" > {me.home}/address; sleep 3')  # one that is gone at once is none
    me.environ["BROWSER"] = f"{noted} %s &"
    with me.start(str(STSCTL), "assume", "dev", "--json") as process:
        place = me.home / "address"
        while not place.exists() or not place.read_text().endswith("\n"):
            assert process.poll() is None
            page.wait_for_timeout(50)
        page.goto(place.read_text().strip())
        page.locator(f'[value="{WORK}:zoe"]').first.click()
        page.get_by_role("button", name="Allow").click()
        page.get_by_text("You can close this page").wait_for()
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    assert (
        json.loads(out)["Credentials"]["AccessKeyId"] == json.loads(file(me).read_text())["accessToken"]["accessKeyId"]
    )


def test_one_who_has_no_browser_here(me: Me) -> None:
    """Where no browser is, and no terminal to type a code into, nobody is asked."""
    done = me.run("assume", "dev", BROWSER=None)
    assert done.status == 4
    assert done.err.endswith("stsctl: hint: stsctl sso login dev\n")


def test_signing_in_by_hand(me: Me) -> None:
    """`sso login` signs in anew, for SDKs too; `sso logout` forgets the session and what was got by it."""
    done = me.run("sso", "login", "dev")
    assert done.status == 0, done
    assert f'you are signed in to "dev" as {ZOE}' in done.err
    first = json.loads(file(me).read_text())["accessToken"]["accessKeyId"]
    assert me.key_id("dev") == first
    me.ok("sso", "login", "reader")
    assert len(opened(me)) == 2
    assert me.key_id("dev") == json.loads(file(me).read_text())["accessToken"]["accessKeyId"] != first
    assert me.key_id("reader")
    out = me.run("sso", "logout", "dev")
    assert 'you are signed out of "dev" here; 2 sessions forgotten' in out.err
    assert not file(me).exists()
    assert json.loads(me.ok("list", "--json")) == []
    assert "nobody is signed in" in me.run("sso", "logout", "dev").err
    me.ok("sso", "login", "dev")
    assert 'you are signed out of "dev" here' in me.run("sso", "logout", "--all").err
    assert not file(me).exists()
    assert "nobody is signed in" in me.run("sso", "logout", "--all").err


def test_a_code_that_is_typed_back(me: Me) -> None:
    """Without a browser here the page is shown, and the code that it gives is typed at the terminal."""
    argv = ["sso", "login", "dev", "--device"]
    environ = {**me.environ, "TERM": "xterm"}
    terminal = pexpect.spawn(str(STSCTL), argv, env=environ, encoding="utf-8", timeout=60, dimensions=(40, 2000))
    try:
        terminal.expect(r"(http://127\.0\.0\.1:\d+/v1/authorize\S+)")
        code = code_on(let_in(terminal.match[1], f"{WORK}:zoe"))
        terminal.expect_exact("Code: ")
        terminal.sendline(code)
        terminal.expect_exact(f'you are signed in to "dev" as {ZOE}')
        terminal.expect(pexpect.EOF)
    finally:
        terminal.close(force=True)
    assert terminal.exitstatus == 0
    assert json.loads(file(me).read_text())["clientId"] == "arn:aws:signin:::devtools/cross-device"
    age(me, left=timedelta(minutes=1))
    assert who(me.organisation.running, me.session("dev")) == ZOE
    assert opened(me) == []


def test_a_wrong_code_that_is_typed_back(me: Me) -> None:
    """A code of another sign-in, or what is none, is not sent anywhere; nothing is held."""
    before = len(me.organisation.journal())
    other = base64.b64encode(b"state=other&code=canary").decode()
    for typed in (other, "canary", "=", "a" * 3000):
        argv = ["sso", "login", "dev", "--device"]
        terminal = pexpect.spawn(str(STSCTL), argv, env={**me.environ, "TERM": "xterm"}, encoding="utf-8", timeout=60)
        try:
            terminal.expect_exact("Code: ")
            terminal.sendline(typed)
            terminal.expect_exact("that is not the code of this sign-in")
            terminal.expect(pexpect.EOF)
        finally:
            terminal.close(force=True)
        assert terminal.exitstatus == 3
    assert not file(me).exists()
    assert "signin:CreateOAuth2Token" not in [one.get("action") for one in me.organisation.journal()[before:]]


def test_ctrl_c_leaves_nothing(me: Me) -> None:
    """Who gives up while the browser is open is out at once, and nothing is held."""
    me.environ["BROWSER"] = f"{me.script('waiting', 'sleep 10')} %s &"
    terminal = pexpect.spawn(str(STSCTL), ["assume", "dev"], env={**me.environ, "TERM": "xterm"}, encoding="utf-8")
    try:
        terminal.expect_exact("in your browser")
        terminal.sendintr()
        terminal.expect(pexpect.EOF, timeout=20)
    finally:
        terminal.close(force=True)
    assert terminal.exitstatus == 130
    assert not file(me).exists()


def test_without_awscrt(me: Me, tmp_path: Path) -> None:
    """What is missing is named, with what to type, before anybody is asked."""
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, importlib.util as u\nfound = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'awscrt' else found(name, *more)\n"
    )
    done = me.run("assume", "dev", PYTHONPATH=tmp_path)
    assert done.status == 3
    assert "stsctl: hint: pip install 'stsctl[login]'" in done.err
    assert opened(me) == []
