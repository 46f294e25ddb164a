"""`stsctl access`: what the policies at hand say, whether they come from a file, the emulator or a live account."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.program import ADMIN, BIN, EXTERNAL_ID, HUB, LOCKED, WORK, Me


def test_why_a_user_may_not_and_what_would_change_it(me: Me, folder: str) -> None:
    """The statement that comes nearest, the condition that fails with both values, and the change that would do."""
    done = me.run("access", "can", f"{WORK}:{me.user}", "sts:AssumeRole", HUB, "--policies", folder)
    assert done.status == 8, done
    assert done.out.startswith(f"no: arn:aws:iam::{WORK}:user/{me.user}, sts:AssumeRole on {HUB}\n")
    assert 'Bool aws:MultiFactorAuthPresent: wanted "true", request has none' in done.out
    mfa = ("--context", "aws:MultiFactorAuthPresent=true")
    done = me.run("access", "can", f"{WORK}:{me.user}", "sts:AssumeRole", HUB, "--policies", folder, *mfa)
    assert (done.status, done.out.startswith("yes: ")) == (0, True), done


def test_a_configured_role_is_asked_as_its_session_would_be(me: Me) -> None:
    """With the tags and the session policy that the configuration gives it."""
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
    me.configure_as_usual(more=f'[role.narrow]\nrole_arn = "{HUB}"\nfrom = "work"\npolicy = \'{policy}\'\n')
    narrow = ("--policies", "live", "--as", "work")
    assert me.run("access", "can", "narrow", "s3:ListAllMyBuckets", *narrow).status == 0
    done = me.run("access", "can", "narrow", "iam:ListUsers", *narrow)
    assert (done.status, "session polic" in done.out) == (8, True), done
    answer = json.loads(me.run("access", "can", "narrow", "iam:ListUsers", "--json", *narrow).out)
    assert (answer["effect"], answer["decided_by"]) == ("ImplicitlyDenied", "session")


def test_who_can(me: Me, folder: str) -> None:
    """Everybody whom the trust lets in; the external id is what the chain's last role still wants."""
    asked = ("access", "who-can", "sts:AssumeRole", ADMIN, "--policies", folder)
    done = me.run(*asked)
    assert (done.status, "nobody may sts:AssumeRole" in done.err) == (8, True), done
    assert f"stsctl access paths WHO {ADMIN}" in done.err
    answer = json.loads(me.ok(*asked, "--context", f"sts:ExternalId={EXTERNAL_ID}", "--json"))
    assert [found["principal"] for found in answer["allowed"]] == [HUB]
    done = me.run("access", "who-can", "sts:AssumeRole", LOCKED, "--policies", folder)
    assert done.status == 8, done


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "there is no file"),
        ("{", "is no JSON"),
        ("[]", "holds neither the details of an account nor an organization"),
        ('{"UserDetailList": [{}]}', "this is no answer of get-account-authorization-details"),
        ('{"UserDetailList": []}', "there is no user and no role"),
    ],
)
def test_files_that_hold_no_policies(me: Me, content: str | None, says: str) -> None:
    """What is wrong with a file is said with its name."""
    path = me.home / "policies.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    done = me.run("access", "can", f"{WORK}:x", "s3:GetObject", "--policies", str(path))
    assert (done.status in (2, 3), says in done.err) == (True, True), done


def test_the_emulators_own_policies(home: Path) -> None:
    """In a shell that is set up for this user's emulator nothing need be said: its accounts are what is asked."""
    environ = {"HOME": str(home), "PATH": f"{BIN}:{os.environ['PATH']}"}
    script = """
        set -e
        stsctl emulator start; trap 'stsctl emulator stop' EXIT
        eval "$(stsctl emulator env --shell sh)"
        stsctl access can 111111111111:alice iam:CreateUser
        stsctl access who-can sts:AssumeRole arn:aws:iam::222222222222:role/Admin --context sts:ExternalId=x && exit 1
        stsctl access who-can iam:CreateUser
    """
    done = subprocess.run(["/bin/sh", "-c", script], env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, "no: arn:aws:iam::111111111111:user/alice" in done.stdout) == (8, True), done


def test_an_emulator_with_an_organization(home: Path) -> None:
    """Only the management account sees the organization: the others' refusals keep nobody from the answers."""
    environ = {"HOME": str(home), "PATH": f"{BIN}:{os.environ['PATH']}"}
    script = """
        stsctl emulator seed --example > org.toml && stsctl emulator start --seed org.toml || exit
        trap 'stsctl emulator stop' EXIT
        eval "$(stsctl emulator env --shell sh)"
        stsctl access can 111111111111:alice organizations:LeaveOrganization --json
        stsctl access paths 111111111111:alice arn:aws:iam::222222222222:role/Admin
    """
    done = subprocess.run(["/bin/sh", "-c", script], env=environ, cwd=home, capture_output=True, text=True, check=False)
    assert (done.returncode, "assume arn:aws:iam::222222222222:role/Admin" in done.stdout) == (0, True), done
    assert '"gaps": []' in done.stdout
