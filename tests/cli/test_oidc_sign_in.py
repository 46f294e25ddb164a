"""Chains that begin by signing in at an OIDC issuer, as whole processes against the emulator's."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pexpect
import pytest

from stsctl.emulator import control, remote
from tests.federation import DEPLOY, browser, federation, opened, seed, sign_in, visitor
from tests.program import SEALED, STSCTL, Me, Organisation, somebody

__all__ = ["federation", "visitor"]


def at(organisation: Organisation, *, scopes: str = "", more: str = "") -> str:
    """A source at which people sign in, the role that it becomes and one behind that."""
    return f"""
[source.corp]
type = "oidc"
issuer = "{organisation.running.url}/idp/corp/oidc"
client_id = "app"
{f"scopes = [{scopes}]" if scopes else ""}

[role.deploy]
role_arn = "{DEPLOY}"
from = "corp"
{more}

[role.named]
role_arn = "{DEPLOY}"
from = "corp"
session_name = "named"
"""


@pytest.fixture
def me(visitor: Me, federation: Organisation) -> Me:
    """Somebody with a browser, in which alice signs in."""
    visitor.configure(at(federation))
    visitor.environ["BROWSER"] = browser(visitor)
    return visitor


def test_one_sign_in_for_all_roles(me: Me) -> None:
    """The browser opens once, each role's session is had with the token, and nobody is asked while it is held."""
    first = json.loads(me.ok("assume", "deploy", "--json"))
    assert "assumed-role/Deploy/" in first["AssumedRoleUser"]["Arn"]
    assert "assumed-role/Deploy/named" in me.ok("assume", "named", "--json")
    (page,) = opened(me)
    assert "code_challenge_method=S256" in page
    assert me.key_id("deploy") == first["Credentials"]["AccessKeyId"]
    assert me.calls() == ["AssumeRoleWithWebIdentity"] * 2


def test_credential_process_opens_no_browser(me: Me) -> None:
    """An SDK that asks before anybody signed in is told what to type; afterwards it has its session."""
    for words in (("credential-process", "deploy"), ("assume", "deploy", "--no-prompt")):
        done = me.run(*words)
        assert (done.status, "stsctl: hint: stsctl sso login corp\n" in done.err) == (4, True), done
    assert opened(me) == []
    me.ok("assume", "named", "--json")
    assert me.key_id("deploy").startswith("ASIA")
    assert len(opened(me)) == 1


def test_parallel_callers_open_one_browser(me: Me) -> None:
    """However many start at once, one page comes up, and all have their session."""
    started = [me.start(str(STSCTL), "assume", name, "--json") for name in ("deploy", "named") * 3]
    for process in started:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert '"AccessKeyId"' in out
    assert len(opened(me)) == 1
    assert me.calls() == ["AssumeRoleWithWebIdentity"] * 2


def test_a_browser_that_brings_another_state(me: Me, federation: Organisation) -> None:
    """What was not asked for here is not heard; in the end nobody has signed in, and nothing is held."""
    me.environ["BROWSER"] = browser(me, first="page=$(echo \"$page\" | sed 's/state=[^&]*/state=of-another/')")
    me.configure(at(federation), store=SEALED.replace("[defaults]", '[defaults]\nsign_in_timeout = "2s"'))
    done = me.run("assume", "deploy")
    assert (done.status, "nobody signed in within 2 seconds" in done.err) == (4, True), done
    assert me.run("credential-process", "deploy").status == 4
    assert me.ok("list", "--json").strip() == "[]"


def test_by_a_code(me: Me) -> None:
    """Where no browser comes back to this machine, a code is shown, and whoever types it elsewhere is signed in."""
    environ = {**me.environ, "SSH_CONNECTION": "1 2 3 4", "TERM": "dumb"}
    terminal = pexpect.spawn(
        str(STSCTL), ["assume", "deploy"], env=environ, cwd=str(me.home), encoding="utf-8", timeout=60
    )
    terminal.setwinsize(40, 200)
    terminal.expect(r"open (http\S+) and type the code\s+(\S+)")
    assert terminal.match is not None
    sign_in(f"{terminal.match[1]}?user_code={terminal.match[2]}", "alice", "decision=allow")
    terminal.expect("assumed-role/Deploy")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert opened(me) == []
    assert me.key_id("deploy").startswith("ASIA")
    assert me.calls() == ["AssumeRoleWithWebIdentity"]


def test_signing_in_and_out(me: Me) -> None:
    """`sso login` signs in anew, `sso logout` forgets the sign-in and the sessions that came of it."""
    me.ok("sso", "login", "corp")
    first = me.key_id("deploy")
    me.ok("sso", "login")
    assert len(opened(me)) == 2
    assert me.key_id("deploy") == first, "it is alice again"
    done = me.run("sso", "logout", "corp")
    assert (done.status, '"corp"; 1 session forgotten' in done.err) == (0, True), done
    assert me.run("credential-process", "deploy").status == 4
    assert "nobody is signed in" in me.run("sso", "logout", "--all").err
    done = me.run("sso", "roles", "corp")
    assert (done.status, '"corp" is no Identity Center' in done.err) == (2, True), done


def test_ctrl_c_leaves_nothing(me: Me) -> None:
    """Who gives up has no sign-in, no session and no lock: the next one is asked at once."""
    me.environ["BROWSER"] = f"{me.script('slow', f'echo $1 >> {me.home}/opened')} %s &"
    process = me.start(str(STSCTL), "assume", "deploy")
    _until(lambda: bool(opened(me)))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, "Traceback" in err) == (130, "", False), err
    assert me.ok("list", "--json").strip() == "[]"
    me.environ["BROWSER"] = browser(me)
    me.ok("assume", "deploy", "--json")
    assert len(opened(me)) == 2


def _until(came: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not came():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_no_token_is_said_or_kept_in_the_open(me: Me) -> None:
    """Neither the code, the tokens nor the verifier are on stderr with --debug, nor in a file that can be read."""
    done = me.run("--debug", "assume", "deploy", "--json")
    assert done.status == 0, done
    for part in ("eyJ", "code_verifier", "id_token"):
        assert part not in done.err
        for path in me.state.rglob("*"):
            assert not path.is_file() or part.encode() not in path.read_bytes(), path
    for path in me.state.rglob("*.json"):
        assert path.stat().st_mode & 0o077 == 0, path


# ── as time goes by ──


@pytest.fixture
def own(home: Path, tmp_path: Path) -> Iterator[Me]:
    """Somebody with an emulator of their own, whose clock may be moved."""
    (tmp_path / "seed.toml").write_text(seed(), encoding="utf-8")
    folder = home / ".local" / "state" / "stsctl" / "emulator"  # where stsctl looks for its clock
    running = control.start(folder, seed=tmp_path / "seed.toml")
    people = (f"p{number:03}" for number in range(9))
    organisation = Organisation(running=running, folder=folder, people=people)
    person = somebody(home, organisation)
    person.environ["BROWSER"] = browser(person)
    yield person
    control.stop(folder, running)


def test_a_refresh_token_asks_nobody(own: Me) -> None:
    """When the token has ended another is had without a browser, until the issuer gives none."""
    own.configure(at(own.organisation, scopes='"openid", "offline_access"'))
    own.ok("assume", "deploy", "--json")
    remote.move_clock(own.organisation.running, timedelta(hours=2))
    assert own.key_id("deploy").startswith("ASIA")
    assert own.calls() == ["AssumeRoleWithWebIdentity"] * 2
    assert len(opened(own)) == 1


def test_somebody_else_signs_in(own: Me) -> None:
    """When the token has ended and another person signs in, the session is theirs, and never the first one's."""
    own.configure(at(own.organisation, more='duration = "4h"'))
    first = json.loads(own.ok("assume", "deploy", "--json"))["Credentials"]["AccessKeyId"]
    remote.move_clock(own.organisation.running, timedelta(hours=2))
    own.environ["BROWSER"] = browser(own, "bob")
    assert own.key_id("deploy") == first, "what is held is alice's, who signed in last"
    assert "named" in own.ok("assume", "named", "--json")
    assert len(opened(own)) == 2
    second = own.key_id("deploy")
    assert second != first
    assert own.calls() == ["AssumeRoleWithWebIdentity"] * 3
