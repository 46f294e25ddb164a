"""Sessions that are no role's: users' own, federated users', root users'; held and used like any other."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from stsctl.emulator import control
from tests.program import HUB, PRODUCTION, WORK, Me, Organisation, somebody, start

READ = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}'
AUDIT = "IAMAuditRootUserCredentials"
ORGANIZATION = f"""
[organization]
management_account = "{WORK}"
accounts = ["{PRODUCTION}"]
features = ["RootSessions"]
"""
ROLES = f"""
[role.session]
type = "session-token"
from = "work"
duration = "24h"

[role.guest]
type = "federation-token"
from = "work"
session_name = "guest-of-{{user}}"
policy = '{READ}'

[role.root]
type = "root"
from = "read-only"
account_id = "{PRODUCTION}"
task_policy_arn = "{AUDIT}"
"""


@pytest.fixture(scope="module")
def organization(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """The organisation's accounts in an AWS organization, whose root users can be acted as."""
    found = start(tmp_path_factory.mktemp("organization"), more=ORGANIZATION)
    yield found
    control.stop(found.folder, found.running)


@pytest.fixture
def me(home: Path, organization: Organisation) -> Me:
    """Somebody in it, who has configured such sessions."""
    found = somebody(home, organization)
    found.configure_as_usual(more=ROLES)
    return found


def who(me: Me, *words: str) -> str:
    """Whom AWS takes the bearer of a session for."""
    done = me.program("aws", "sts", "get-caller-identity", "--query", "Arn", "--output", "text", **exported(me, *words))
    assert done.status == 0, done
    return done.out.strip()


def exported(me: Me, *words: str) -> dict[str, str]:
    """The variables of a session."""
    found = me.session(*words)
    return {
        "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
        "AWS_SESSION_TOKEN": found["SessionToken"],
    }


def test_a_users_own_session(me: Me) -> None:
    """GetSessionToken answers once, for the length that is said; the user stays who they are."""
    assert who(me, "session") == f"arn:aws:iam::{WORK}:user/{me.user}"
    assert who(me, "session") == f"arn:aws:iam::{WORK}:user/{me.user}"
    assert me.calls().count("GetSessionToken") == 1
    held = json.loads(me.ok("list", "--json"))[0]
    assert (held["name"], held["chain"]) == ("session", ["work", "session"])
    plan = json.loads(me.ok("plan", "session", "--json"))
    assert [step["operation"] for step in plan["steps"]] == ["sts:GetSessionToken"]
    assert plan["steps"][0]["duration_seconds"] == 24 * 3600


def test_a_users_session_with_a_code(me: Me) -> None:
    """The code goes into the call itself, and what wants MFA lets the session in."""
    me.configure_as_usual(
        more=f"""
[role.strong]
type = "session-token"
from = "work"
mfa_serial = "{me.mfa_serial}"
{me.code_process()}

[role.hub-by-it]
role_arn = "{HUB}"
from = "strong"
"""
    )
    assert "assumed-role/Hub/" in who(me, "hub-by-it")
    assert (me.calls()[:2], me.prompts()) == (["GetSessionToken", "AssumeRole"], 1)
    assert who(me, "strong") == f"arn:aws:iam::{WORK}:user/{me.user}"
    assert me.prompts() == 1


def test_a_federated_user(me: Me) -> None:
    """It is called as the template says, may do what the policy lets it, and no more."""
    arn = who(me, "guest")
    assert arn.startswith(f"arn:aws:sts::{WORK}:federated-user/guest-of-")
    assert me.program("aws", "s3", "ls", **exported(me, "guest")).status == 0
    denied = me.program("aws", "s3", "mb", "s3://guests", **exported(me, "guest"))
    assert (denied.status != 0, "AccessDenied" in denied.err) == (True, True), denied
    assert me.calls().count("GetFederationToken") == 1


def test_a_root_user(me: Me) -> None:
    """A role of the management account opens the member's root, for its task and nothing else."""
    assert who(me, "root") == f"arn:aws:iam::{PRODUCTION}:root"
    assert [call for call in me.calls() if call != "GetCallerIdentity"] == ["AssumeRole", "AssumeRoot"]
    session = exported(me, "root")
    assert me.program("aws", "iam", "get-account-summary", **session).status == 0
    assert "AccessDenied" in me.program("aws", "iam", "create-user", "--user-name", "x", **session).err


@pytest.mark.parametrize(
    ("words", "whose"),
    [
        (("session-token", "--from", "work"), "user/"),
        (("federate", "bob", "--from", "work", "--policy", READ), "federated-user/bob"),
        (("root", PRODUCTION, "--task-policy", AUDIT, "--from", "read-only"), f"{PRODUCTION}:root"),
    ],
    ids=["session-token", "federate", "root"],
)
def test_by_the_command_line_alone(me: Me, words: tuple[str, ...], whose: str) -> None:
    """Each is made this terminal's current session, and is what env and exec without a name then hand on."""
    asks = "aws sts get-caller-identity --query Arn --output text"
    script = me.script(
        "session",
        f"set -e; stsctl {shlex.join(['sts', *words])}\nstsctl exec -- {asks}; stsctl whoami\n"
        f'eval "$(stsctl env --shell sh)"; {asks}',
    )
    done = me.program("script", "-qec", str(script), "/dev/null")
    assert done.status == 0, done
    assert done.out.count(whose) >= 2, done  # without MFA a user's own session is no other than the user
    again = me.run("sts", *words, "--json")
    assert json.loads(again.out)["Credentials"]["AccessKeyId"].startswith("ASIA")
    assert sum(call in ("GetSessionToken", "GetFederationToken", "AssumeRoot") for call in me.calls()) == 1


def test_a_policy_in_a_file(me: Me) -> None:
    """It is read as it is for a role, and one that is not there is named."""
    (me.home / "read.json").write_text(READ, encoding="utf-8")
    by_text = json.loads(me.ok("sts", "federate", "bob", "--from", "work", "--policy", READ, "--json"))
    by_file = json.loads(me.ok("sts", "federate", "bob", "--from", "work", "--policy-file", "read.json", "--json"))
    assert by_file == by_text
    done = me.run("sts", "federate", "bob", "--from", "work", "--policy-file", "absent.json")
    assert (done.status, 'cannot read "absent.json"' in done.err) == (2, True), done


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("federate", "bob", "--from", "work"), 0, "can do nothing"),
        (("federate", "b", "--from", "work"), 2, "it takes 2 to 32"),
        (("federate", "bob", "--from", "read-only"), 2, "GetFederationToken takes a user's long-term keys"),
        (("session-token", "--from", "work", "-d", "37h"), 2, "lasts 15m to 36h"),
        (("root", PRODUCTION, "--from", "work", "--task-policy", AUDIT, "-d", "1h"), 2, "lasts at most 15m"),
        (("root", "22", "--from", "work", "--task-policy", AUDIT), 2, "has not the 12 digits"),
        (("root", PRODUCTION, "--from", "work", "--task-policy", "Admin/x"), 2, "is no policy of a root user's task"),
        (("root", "333333333333", "--from", "work", "--task-policy", AUDIT), 5, "sts:AssumeRoot"),
    ],
)
def test_what_cannot_be_is_said(me: Me, words: tuple[str, ...], status: int, says: str) -> None:
    """What AWS would refuse is refused before it is sent, with AWS's own limits; a powerless session is told."""
    done = me.run("sts", *words)
    assert (done.status, says in done.err) == (status, True), done


def test_a_provided_context_is_sent_and_told_apart(me: Me) -> None:
    """The assertion in the file goes along; another one is another request, and a missing file is said before."""
    provider = "arn:aws:iam::aws:contextProvider/IdentityCenter"
    (me.home / "context").write_text("about-alice\n", encoding="utf-8")
    done = me.run("assume", "read-only", "--provided-context", f"{provider}={me.home / 'context'}")
    assert (done.status, "The provided context assertion is invalid" in done.err) == (5, True), done
    done = me.run("assume", "read-only", "--provided-context", f"{provider}={me.home / 'none'}")
    assert (done.status, "there is no file" in done.err) == (3, True), done
    me.configure_as_usual(
        more=f"""
[role.enhanced]
role_arn = "{HUB}"
from = "work"
provided_contexts = {{ "{provider}" = "{me.home / "context"}" }}
"""
    )
    assert provider in me.ok("plan", "enhanced")
    assert "about-alice" not in me.ok("plan", "enhanced", "--json")


def test_a_tag_that_came_down_the_chain_is_warned_of(me: Me) -> None:
    """AWS refuses a tag whose key was handed on; the plan says so before, with both roles' names."""
    me.configure_as_usual(
        hub='tags = { team = "blue" }\ntransitive = ["team"]', more=f'[role.next]\nrole_arn = "{HUB}"\nfrom = "hub"\n'
    )
    assert 'note: AWS refuses the tag "Team" of "next": "hub" hands on' in me.ok("plan", "next", "--tag", "Team=red")
