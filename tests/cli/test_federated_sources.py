"""Chains that begin with a token or an assertion, as whole processes against the emulator's own identity providers."""

from __future__ import annotations

import base64
import json
import re
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pexpect
import pytest

from stsctl.emulator import control
from tests.emulator_fixture import client
from tests.federation import (
    DEPLOY,
    READER,
    SAML,
    SHIP,
    SHORT,
    STS,
    assertion,
    changed,
    configuration,
    federation,
    token,
    visitor,
)
from tests.program import PRODUCTION, STSCTL, WORK, Me, Organisation

__all__ = ["federation", "visitor"]


@pytest.fixture
def me(visitor: Me) -> Me:
    """Somebody without keys, and with a token in a file."""
    return visitor


def test_a_token_becomes_a_role_and_that_one_another(me: Me) -> None:
    """The first role is taken with the token, the next with the first one's session, and nobody has any keys."""
    session = me.session("ship")
    assert me.calls() == ["AssumeRoleWithWebIdentity", "AssumeRole"]
    whoami = me.ok("whoami", "--json", **{k: str(session[v]) for k, v in _VARIABLES.items()})
    assert "assumed-role/Ship/" in whoami
    me.session("deploy")
    assert me.calls() == ["GetCallerIdentity"]


_VARIABLES = {
    "AWS_ACCESS_KEY_ID": "AccessKeyId",
    "AWS_SECRET_ACCESS_KEY": "SecretAccessKey",
    "AWS_SESSION_TOKEN": "SessionToken",
}


def test_a_new_token_of_the_same_subject_finds_the_session(me: Me, federation: Organisation) -> None:
    """The file is read at each call, and the bytes in it are no part of who asks."""
    first = me.key_id("deploy")
    renewed = token(federation)
    assert renewed != (me.home / "token").read_text().strip()
    (me.home / "token").write_text(renewed)
    assert me.key_id("deploy") == first
    assert me.calls() == ["AssumeRoleWithWebIdentity"]


@pytest.mark.parametrize("other", ["red", "fork"])
def test_two_subjects_never_share_a_session(me: Me, federation: Organisation, other: str) -> None:
    """Another subject in the same file, or the same one in another repository, gets a session of its own."""
    first, chained = me.key_id("deploy"), me.key_id("ship")
    (me.home / "token").write_text(token(federation, other))
    assert me.key_id("deploy") != first
    assert me.key_id("ship") != chained
    assert me.calls() == ["AssumeRoleWithWebIdentity", "AssumeRole"] * 2
    (me.home / "token").write_text(token(federation))
    assert (me.key_id("deploy"), me.key_id("ship")) == (first, chained)


def test_a_token_from_a_program_a_variable_and_standard_input(me: Me, federation: Organisation) -> None:
    """Wherever it comes from it is the same subject's, and finds the same session."""
    first = me.key_id("deploy")
    text = token(federation)
    (me.home / "other").write_text(text)
    me.configure(configuration(f'token_process = ["cat", "{me.home}/other"]'))
    assert me.key_id("deploy") == first
    me.configure(configuration('token_variable = "MY_TOKEN"'))
    assert me.key_id("deploy", MY_TOKEN=text) == first
    assert "MY_TOKEN" in me.run("credential-process", "deploy").err
    me.configure(configuration(""))
    assert me.key_id("deploy", "--token-stdin", given=text) == first
    (me.home / "binary").write_bytes(b"\xff\xfe")
    with (me.home / "binary").open() as binary:
        process = me.start(str(STSCTL), "credential-process", "deploy", "--token-stdin", stdin=binary)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, "is no text" in err) == (2, True), err
    assert me.calls() == ["AssumeRoleWithWebIdentity"]


def test_a_profile_as_the_sdks_have_it(me: Me) -> None:
    """web_identity_token_file and role_arn in a profile, alone and as the source_profile of another."""
    me.configure("")
    me.aws_config(
        f"[profile deploy]\nrole_arn = {DEPLOY}\nweb_identity_token_file = {me.home}/token\n"
        "role_session_name = nightly\n"
        f"[profile ship]\nrole_arn = {SHIP}\nsource_profile = deploy\n"
    )
    me.session("ship")
    me.session("deploy")
    assert me.calls() == ["AssumeRoleWithWebIdentity", "AssumeRole"]
    assert "assumed-role/Deploy/nightly" in me.ok("list", "--json")
    (me.home / "token").write_text((me.home / "token").read_text().strip())  # botocore sends it to the last line end
    theirs = "import botocore.session; print(botocore.session.Session(profile='ship').get_credentials().access_key)"
    done = me.program(sys.executable, "-c", theirs)
    assert done.out.startswith("ASIA"), done
    assert me.calls() == ["AssumeRoleWithWebIdentity", "AssumeRole"]


def test_what_would_be_refused_is_told_apart_before_it_is_sent(me: Me, federation: Organisation) -> None:
    """Expired, for another audience, too large, no ID token, no file: each in its own words, and STS is not asked."""
    good = token(federation)
    for text, said in (
        (changed(good, exp=1_700_000_000), "expired"),
        (changed(good, filler="x" * 20_000), "AWS takes 20000"),
        ("an-opaque-access-token", "no ID token"),
        (changed(good, sub=None), '"sub"'),
        ("a.!!!.b", "no ID token"),
        ("", "no ID token"),
    ):
        (me.home / "token").write_text(text)
        done = me.run("--debug", "credential-process", "deploy")
        assert (done.status, done.out) == (3, ""), done
        assert said in done.err, done
        assert not text or text not in done.err
        assert "Traceback" not in done.err
    (me.home / "token").write_text(good)
    me.configure(configuration('web_identity_token_file = "~/token"\naudience = "https://elsewhere.example"'))
    done = me.run("credential-process", "deploy")
    assert 'not for "https://elsewhere.example"' in done.err
    assert f'"{STS}"' in done.err
    (me.home / "token").unlink()
    assert "there is no file" in me.run("credential-process", "deploy").err
    assert me.calls() == []


def test_no_token_is_kept_or_said(me: Me, federation: Organisation) -> None:
    """Neither a token nor an assertion is on stderr with --debug, nor in any file that stsctl writes."""
    secret = (me.home / "token").read_text().strip()
    errors = me.run("--debug", "assume", "ship").err
    me.configure(configuration("", kind="saml"))
    response = assertion(federation)
    errors += me.run("--debug", "assume", "deploy", "--token-stdin", given=response).err
    assert me.calls() == ["AssumeRoleWithWebIdentity", "AssumeRole", "AssumeRoleWithSAML"]
    for part in (secret, secret.rpartition(".")[2][:40], response[1000:1100]):
        assert part not in errors
        for path in me.home.rglob("*"):
            assert path.name == "token" or not path.is_file() or part.encode() not in path.read_bytes(), path


def test_a_session_outlives_its_token(me: Me, federation: Organisation) -> None:
    """A token that has expired still says who asks, and what is held for them is given."""
    first = me.key_id("deploy")
    (me.home / "token").write_text(changed(token(federation), exp=1_700_000_000))
    assert me.key_id("deploy") == first


def test_a_first_role_lasts_as_long_as_it_may_and_the_next_an_hour(me: Me) -> None:
    """What a token becomes is no chained role; what comes behind it is."""
    me.configure(configuration('web_identity_token_file = "~/token"', more='duration = "3h"'))
    steps = json.loads(me.ok("plan", "ship", "-d", "1h", "--json"))["steps"]
    assert [step["operation"] for step in steps] == ["sts:AssumeRoleWithWebIdentity", "sts:AssumeRole"]
    assert [step["duration_seconds"] for step in steps] == [3 * 3600, 3600]
    assert me.run("plan", "ship", "-d", "2h").status == 2
    me.session("deploy")
    assert me.calls() == ["AssumeRoleWithWebIdentity"]


def test_what_only_assume_role_takes_is_refused(me: Me) -> None:
    """An external id, tags or a source identity cannot go with a token, and are not left out in silence."""
    for flag in (("--external-id", "x-1"), ("--tag", "a=b"), ("--source-identity", "me")):
        done = me.run("credential-process", "deploy", *flag)
        assert done.status == 2, done
        assert "AssumeRoleWithWebIdentity takes none" in done.err
    done = me.run("credential-process", "ci")
    assert (done.status, "stsctl assume ROLE_ARN --from ci" in done.err) == (3, True), done
    me.configure('[source.work]\ntype = "environment"\n')
    done = me.run("credential-process", READER, "--from", "work", "--token-stdin", given="x")
    assert (done.status, "--token-stdin is for sources of type oidc, saml or file" in done.err) == (2, True), done
    assert me.calls() == []


def test_a_refusal_names_the_hop(me: Me, federation: Organisation) -> None:
    """A token that its issuer did not sign is for STS to refuse; which hop it was is said."""
    (me.home / "token").write_text(changed(token(federation), sub="repo:org/blue:admin"))
    done = me.run("credential-process", "ship")
    assert done.status == 5, done
    assert f"hop 1 of 2, sts:AssumeRoleWithWebIdentity on {DEPLOY}" in done.err


def test_a_subject_that_the_trust_policy_does_not_know(me: Me, federation: Organisation) -> None:
    """Where the role does not let it in, the subject is named as the trust policy would have to name it."""
    _with_assertion(me, assertion(federation))
    done = me.run("credential-process", SHORT, "--from", "ci")
    assert (done.status, "try --duration 1h" in done.err) == (5, True), done
    me.session(SHORT, "--from", "ci", "-d", "1h")
    me.configure(configuration('web_identity_token_file = "~/token"'))
    done = me.run("credential-process", READER, "--from", "ci")
    assert done.status == 5, done
    issuer = f"{federation.running.url}/idp/corp/oidc"
    assert f'"repo:org/blue:ref:main" of "{issuer}", by sts:AssumeRoleWithWebIdentity' in done.err


# ── found where this runs ──


@dataclass
class _Actions(ThreadingHTTPServer):
    """GitHub's side of a job: gives a token to whoever has the job's secret."""

    token: str
    asked: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answering)


class _Answering(BaseHTTPRequestHandler):
    server: _Actions

    def do_GET(self) -> None:
        secret = self.headers.get("Authorization", "")
        self.server.asked.append((parse_qs(urlsplit(self.path).query)["audience"][0], secret))
        known = secret == "Bearer job-secret"
        body = json.dumps({"value": self.server.token} if known else {"message": "no"}).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def actions(federation: Organisation) -> Iterator[_Actions]:
    """GitHub, as a job sees it."""
    found = _Actions(token(federation))
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield found
    found.shutdown()
    found.server_close()


def test_github_actions(me: Me, actions: _Actions) -> None:
    """The token is asked for with the job's own secret, for AWS's audience; without leave it is said what to add."""
    me.configure(configuration(""))
    job: dict[str, Any] = {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"http://127.0.0.1:{actions.server_port}/token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job-secret",
    }
    me.session("deploy", **job)
    assert actions.asked == [(STS, "Bearer job-secret")]
    done = me.run("--debug", "credential-process", "deploy", **{**job, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job-wrong"})
    assert "HTTP status 401" in done.err
    assert "job-wrong" not in done.err
    done = me.run("credential-process", "deploy", **{**job, "ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:1/"})
    assert (done.status, "no answer came from GitHub Actions" in done.err) == (6, True), done
    done = me.run("credential-process", "deploy", GITHUB_ACTIONS="true", AWS_WEB_IDENTITY_TOKEN_FILE=f"{me.home}/token")
    assert (done.status, "id-token: write" in done.err) == (3, True), done
    assert me.calls() == ["AssumeRoleWithWebIdentity"]


@pytest.mark.parametrize(
    ("here", "variable", "hint"),
    [
        ({"GITLAB_CI": "true"}, "GITLAB_OIDC_TOKEN", "id_tokens"),
        ({"BITBUCKET_BUILD_NUMBER": "7"}, "BITBUCKET_STEP_OIDC_TOKEN", "oidc: true"),
        ({"CIRCLECI": "true"}, "CIRCLE_OIDC_TOKEN_V2", "context"),
    ],
)
def test_ci_systems_with_a_variable(me: Me, here: dict[str, Any], variable: str, hint: str) -> None:
    """The token is in the variable that the system has for it; without one it is said how a job gets it."""
    text = (me.home / "token").read_text()
    me.configure(configuration(""))
    done = me.run("credential-process", "deploy", **here)
    assert (done.status, hint in done.err) == (3, True), done
    me.session("deploy", **here, **{variable: text})
    assert "there is no token" in me.run("credential-process", "deploy", **{variable: text}).err
    assert me.calls() == ["AssumeRoleWithWebIdentity"]


def test_buildkite_and_kubernetes(me: Me) -> None:
    """Buildkite's agent is run for it; a pod has it in the file that the SDKs' variable names."""
    me.configure(configuration(""))
    (me.home / "bin").mkdir()
    agent = me.script("bin/buildkite-agent", f'echo "$*" > {me.home}/asked\ncat {me.home}/token')
    path = f"{agent.parent}:{me.environ['PATH']}"
    first = me.key_id("deploy", BUILDKITE="true", PATH=path)
    assert (me.home / "asked").read_text() == f"oidc request-token --audience {STS}\n"
    done = me.run("credential-process", "deploy", BUILDKITE="true")
    assert (done.status, "Buildkite has no ID token" in done.err) == (3, True), done
    assert me.key_id("deploy", AWS_WEB_IDENTITY_TOKEN_FILE=f"{me.home}/token") == first
    assert me.calls() == ["AssumeRoleWithWebIdentity"]


# ── SAML ──


def _with_assertion(me: Me, text: str, more: str = "") -> None:
    (me.home / "response").write_text(text)
    me.configure(configuration(f'assertion_file = "~/response"\n{more}', kind="saml"))


def test_an_assertion_becomes_one_of_its_roles(me: Me, federation: Organisation) -> None:
    """Name, source identity and length of the session are the assertion's; a role behind it chains."""
    _with_assertion(me, assertion(federation))
    me.session("ship", "-d", "30m")
    assert me.calls() == ["AssumeRoleWithSAML", "AssumeRole"]
    held = {entry["name"]: entry for entry in json.loads(me.ok("list", "--json"))}
    assert held["deploy"]["identity"] == f"arn:aws:sts::{WORK}:assumed-role/Deploy/alice"
    assert "lasts           as long as the assertion says, else 1h" in me.ok("plan", "deploy")
    session = me.session("deploy")
    assert me.calls() == []
    assert 119 < _minutes(session) <= 120


def _minutes(session: dict[str, Any]) -> float:
    return (datetime.fromisoformat(session["Expiration"]) - datetime.now(UTC)).total_seconds() / 60


def test_a_new_assertion_finds_the_session_and_another_persons_does_not(me: Me, federation: Organisation) -> None:
    """Who asks is issuer, subject and attributes; the response's own id, times and signature are not."""
    reader = (READER, "--from", "ci")
    first_text = assertion(federation)
    _with_assertion(me, first_text)
    first = me.key_id(*reader)
    again = assertion(federation)
    assert again != first_text
    me.configure(configuration(f'assertion_process = ["cat", "{me.home}/response"]', kind="saml"))
    (me.home / "response").write_text(again)
    assert me.key_id(*reader) == first
    me.configure(configuration("", kind="saml"))
    assert me.key_id(*reader, "--token-stdin", given=base64.b64decode(again).decode()) == first
    assert me.key_id(*reader, "--token-stdin", given=assertion(federation, "bob")) != first
    assert me.calls() == ["AssumeRoleWithSAML"] * 2


def test_an_assertion_gives_only_the_roles_that_it_lists(me: Me, federation: Organisation) -> None:
    """A role that is not among them is refused before STS is asked, and those that are there are named."""
    _with_assertion(me, assertion(federation, "bob"))
    done = me.run("credential-process", "deploy")
    assert (done.status, f'does not offer "{DEPLOY}": it offers {READER}' in done.err) == (3, True), done
    done = me.run("credential-process", "ci")
    assert (done.status, f"it offers {READER}" in done.err) == (3, True), done
    _with_assertion(me, assertion(federation), f'provider_arn = "{SAML}-other"')
    assert f'by "{SAML}-other"' in me.run("credential-process", "deploy").err
    assert me.calls() == []


def test_assertions_that_would_be_refused_are_told_apart(me: Me, federation: Organisation) -> None:
    """Expired, for somebody else, too large, encrypted, no XML, with entities: each in its own words."""
    good = base64.b64decode(assertion(federation)).decode()
    encrypted = re.sub(r"(</?(?:\w+:)?)Assertion\b", r"\1EncryptedAssertion", good)
    for text, said in (
        (re.sub(r'NotOnOrAfter="[^"]+"', 'NotOnOrAfter="2024-01-01T00:00:00Z"', good), "expired"),
        (good.replace("urn:amazon:webservices", "urn:example:other"), 'is for "urn:example:other", not for AWS'),
        (good.replace("RoleSessionName", "RoleSessionNome"), "no RoleSessionName"),
        (good.replace("alice", "a" * 100_000), "AWS takes 100000"),
        (encrypted, "is encrypted"),
        (
            "<!DOCTYPE x [<!ENTITY a 'b'>]>" + good[good.index("<", 1) if good.startswith("<?") else 0 :],
            "no SAML response",
        ),
        ("no base64!", "no SAML response"),
        ("<unclosed", "no SAML response"),
    ):
        _with_assertion(me, text)
        done = me.run("--debug", "credential-process", "deploy")
        assert (done.status, done.out) == (3, ""), (said, done)
        assert said in done.err, (said, done)
        assert "Traceback" not in done.err
        assert text[:200] not in done.err
    assert me.calls() == []


def test_the_roles_of_an_assertion_are_listed(me: Me, federation: Organisation) -> None:
    """By account, with the name that the configuration has for one; nothing is assumed for it."""
    _with_assertion(me, assertion(federation))
    assert me.ok("sso", "roles", "ci").splitlines() == [
        f"{WORK}\tDeploy\tdeploy",
        f"{WORK}\tReader\t{READER}",
        f"{WORK}\tShort\t{SHORT}",
    ]
    offered = json.loads(me.ok("sso", "roles", "ci", "--json"))
    assert offered[0] == {"account_id": WORK, "role_name": "Deploy", "role_arn": DEPLOY, "name": "deploy"}
    assert me.ok("sso", "roles", "ci", "--account", PRODUCTION, "--json").strip() == "[]"
    assert me.calls() == []


def test_one_is_chosen_of_an_assertion_that_is_piped_in(me: Me, federation: Organisation) -> None:
    """The question is put to the terminal, and standard input is the assertion's."""
    me.configure(configuration("", kind="saml"))
    (me.home / "response").write_text(assertion(federation))
    words = f"{STSCTL} assume ci --token-stdin < {me.home}/response"
    environ = {**me.environ, "TERM": "dumb"}
    terminal = pexpect.spawn("sh", ["-c", words], env=environ, cwd=str(me.home), encoding="utf-8", timeout=60)
    terminal.expect_exact("Role (1-3): ")
    terminal.sendline("Reader")
    terminal.expect("assumed-role/Reader/alice")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0
    assert me.calls() == ["AssumeRoleWithSAML"]


# ── who a program's answer is about ──


def _program(me: Me, *, before: str = "") -> None:
    """A source whose program notes each of its runs."""
    script = me.script("give", f"echo run >> {me.home}/runs\n{before}\ncat {me.home}/token")
    me.configure(configuration(f'token_process = ["{script}"]'))


def _runs(me: Me) -> int:
    file = me.home / "runs"
    return len(file.read_text().splitlines()) if file.exists() else 0


def test_a_program_is_run_only_where_no_session_is_held(me: Me) -> None:
    """Who asked last is remembered: what is held is given without another run, and the next role is run for."""
    _program(me)
    first = me.key_id("deploy")
    assert (me.key_id("deploy"), _runs(me)) == (first, 1)
    me.session("ship")
    assert _runs(me) == 1
    me.session(DEPLOY, "--from", "ci", "--session-name", "another")
    assert _runs(me) == 2
    assert me.key_id("deploy", "--refresh") != first
    assert _runs(me) == 3


def test_a_program_that_could_say_another_is_asked(me: Me, federation: Organisation) -> None:
    """In another folder or another environment it may be about somebody else: each has its own, and never another's."""
    _program(me)
    first = me.key_id("deploy", JOB="1")
    (me.home / "token").write_text(token(federation, "fork"))
    second = me.key_id("deploy", JOB="2")
    assert second != first
    assert (me.key_id("deploy", JOB="1"), me.key_id("deploy", JOB="2"), _runs(me)) == (first, second, 2)
    (me.home / "elsewhere").mkdir()
    done = me.program("sh", "-c", f"cd elsewhere && {STSCTL} credential-process deploy", JOB="1")
    assert json.loads(done.out)["AccessKeyId"] == second
    assert _runs(me) == 3


def test_an_answer_about_somebody_else_counts_from_then_on(me: Me, federation: Organisation) -> None:
    """When a session has to be had anew and the program speaks of another, theirs is given, and theirs is held."""
    _program(me)
    first, chained = me.key_id("deploy"), me.key_id("ship")
    (me.home / "token").write_text(token(federation, "red"))
    assert me.key_id("deploy") == first, "what is promised: the last answer's subject"
    second = me.key_id("deploy", "--refresh")
    assert second != first
    assert me.key_id("deploy") == second
    assert me.key_id("ship") != chained
    assert _runs(me) == 2
    assert me.calls() == ["AssumeRoleWithWebIdentity", "AssumeRole"] * 2


def test_parallel_callers_run_the_program_once(me: Me) -> None:
    """However many start at once: one runs it, and the others have the session that came of it."""
    _program(me, before="sleep 1")
    started = [me.start(str(STSCTL), "credential-process", "deploy") for _ in range(6)]
    answers = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0] * 6, answers
    assert len({out for out, _ in answers}) == 1
    assert _runs(me) == 1
    assert me.calls() == ["AssumeRoleWithWebIdentity"]


def test_parallel_callers_after_a_change_run_it_once(me: Me, federation: Organisation) -> None:
    """All of them remember somebody; the program speaks of another: one finds out, and all get that one's session."""
    _program(me, before="sleep 1")
    first = me.key_id("deploy")
    me.ok("logout", "deploy")
    (me.home / "token").write_text(token(federation, "red"))
    started = [me.start(str(STSCTL), "credential-process", "deploy") for _ in range(4)]
    answers = [process.communicate(timeout=120) for process in started]
    assert [process.returncode for process in started] == [0] * 4, answers
    (out,) = {out for out, _ in answers}
    assert json.loads(out)["AccessKeyId"] != first
    assert _runs(me) == 2
    assert me.calls() == ["AssumeRoleWithWebIdentity"] * 2


def test_logout_forgets_who_asked(me: Me) -> None:
    """After `logout --all` nothing tells any more who it was."""
    _program(me)
    me.session("deploy")
    assert any((me.state / "askers").rglob("*.json"))
    me.ok("logout", "--all")
    assert not any((me.state / "askers").rglob("*.json"))
    me.session("deploy")
    assert _runs(me) == 2


def test_explain_evaluates_what_a_token_at_hand_says(me: Me, federation: Organisation) -> None:
    """By the trust policy and the claims, allowed and refused; nobody is asked, and without one nothing is known."""

    details = me.home / "details.json"
    root = control.principal(federation.running, f"{WORK}:root").credentials
    found = client(federation.running, "iam", root).get_account_authorization_details(MaxItems=1000)
    (role,) = (each for each in found["RoleDetailList"] if each["Arn"] == DEPLOY)
    statement = role["AssumeRolePolicyDocument"]["Statement"][0]
    issuer = statement["Principal"]["Federated"][0].partition("/")[2]
    statement["Condition"] = {"StringLike": {f"{issuer}:sub": "repo:org/blue:*"}}
    details.write_text(json.dumps(found, default=str), encoding="utf-8")

    def first_hop(status: int) -> dict[str, Any]:
        done = me.run("explain", "deploy", "--policies", str(details), "--json")
        assert done.status == status, done
        hop: dict[str, Any] = json.loads(done.out)["hops"][0]
        return hop

    hop = first_hop(0)
    assert (hop["answer"], hop["causes"]) == ("allowed", []), hop
    assert "it is about " in hop["evidence"][0]
    assert "among its client ids" in str(hop["assumed"])
    (me.home / "token").write_text(changed(token(federation), sub="repo:somebody/else"))
    assert first_hop(8)["answer"] == "refused"
    (me.home / "token").unlink()
    hop = first_hop(0)
    assert (hop["answer"], hop["assumed"]) == ("not known", ["not at hand: a token or an assertion"])
    assert me.calls() == []
