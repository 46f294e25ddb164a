"""Moving in from another tool, as a whole process: what is written, what is not, and that it is assumed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from stsctl.host import machine_id
from tests.conftest import missing
from tests.program import ADMIN, READ_ONLY, Me
from tests.unit.other_tools.texts import AWS_SSO, AWS_SSO_PROFILES, GRANTED, GRANTED_SETTINGS, LEAPP, SAML2AWS
from tests.unit.sources.test_leapp_file import sealed


@pytest.fixture(autouse=True)
def empty(me: Me) -> None:
    """A configuration that says nothing."""
    me.configure("")


def put(me: Me, place: str, text: str | bytes) -> Path:
    """A file in the person's home."""
    path = me.home / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def outcomes(me: Me, tool: str, *more: str) -> dict[str, str]:
    """What becomes of each thing."""
    table = json.loads(me.ok("config", "import", "--from", tool, "--json", *more))
    return {each["what"]: each["outcome"] for each in table}


def added(me: Me) -> str | None:
    """What stsctl added."""
    found = list((me.home / ".config" / "stsctl").rglob("added.toml"))
    return found[0].read_text() if found else None


def test_a_role_that_was_imported_is_assumed(me: Me) -> None:
    """A role of awsume's that starts from a program's keys; twice is once, and a dry run is nothing."""
    keys = {
        "Version": 1,
        "AccessKeyId": me.keys.access_key_id,
        "SecretAccessKey": me.keys.secret_access_key.reveal(),
    }
    program = put(me, "bin/my-tool", f"#!/bin/sh\necho '{json.dumps(keys)}'\n")
    program.chmod(0o700)
    theirs = put(
        me,
        ".aws/config",
        f"[profile reader]\nrole_arn = {READ_ONLY}\ncredential_process = {program}\nduration_seconds = 1800\n",
    )
    before = theirs.read_bytes()
    assert me.run("assume", "reader").status == 3
    assert outcomes(me, "awsume", "--dry-run") == {f'program "{program}"': "becomes", 'profile "reader"': "becomes"}
    assert added(me) is None
    done = me.run("config", "import", "--from", "awsume")
    assert "1 source and 1 role written to " in done.err
    assert done.out.splitlines()[1].split("\t")[::2] == ['profile "reader"', 'role "reader"']
    assert "assumed-role/ReadOnly/" in me.run("assume", "reader").err
    first = added(me)
    assert set(outcomes(me, "awsume").values()) == {"there"}
    assert (added(me), theirs.read_bytes()) == (first, before)


def test_each_tool_has_its_files_where_it_keeps_them(me: Me) -> None:
    """Read where they are, and left as they are."""
    put(me, ".aws/config", f"{GRANTED}\n{AWS_SSO_PROFILES}")
    put(me, ".granted/config", GRANTED_SETTINGS)
    put(me, ".config/aws-sso/config.yaml", AWS_SSO)
    put(me, ".saml2aws", SAML2AWS)
    put(me, ".awsume/config.yaml", "region: eu-west-1\n")
    before = {path: path.read_bytes() for path in me.home.rglob("*") if path.is_file()}
    for tool, what in (
        ("granted", 'profile "testing/DevRole"'),
        ("aws-sso-cli", 'role "logs"'),
        ("saml2aws", 'role of "default"'),
    ):
        assert outcomes(me, tool)[what] == "becomes", tool
    assert outcomes(me, "awsume")['setting "region"'] == "stays"
    assert {path: path.read_bytes() for path in before} == before
    names = me.ok("list", "--names").splitlines()
    assert {"acme", "logs", "testing/DevRole", "okta", "saml"} <= set(names)
    plan = me.ok("plan", "Log archive/Deep")
    assert "sts:AssumeRole  arn:aws:iam::012345670123:role/Deep" in plan


def test_what_leapp_sealed_on_this_machine_is_read(me: Me) -> None:
    """And what it sealed on another is told."""
    ids = machine_id.candidates()
    if not ids or shutil.which("openssl") is None:
        missing("a machine id and openssl")
    put(me, ".Leapp/Leapp-lock.json", sealed(LEAPP.encode(), ids[0]))
    assert outcomes(me, "leapp")['session "prod"'] == "becomes"
    put(me, ".Leapp/Leapp-lock.json", sealed(LEAPP.encode(), "another"))
    done = me.run("config", "import", "--from", "leapp")
    assert (done.status, "~/.Leapp/Leapp-lock.json: it is sealed with the id of another machine" in done.err) == (
        3,
        True,
    )


def test_where_a_tool_has_nothing_that_is_told_with_where_it_was_looked_for(me: Me) -> None:
    """Nothing is made either."""
    done = me.run("config", "import", "--from", "granted")
    assert done.status == 3
    assert "there is nothing of granted here" in done.err
    assert "~/.granted/config" in done.err
    assert added(me) is None


def test_names_that_are_taken_stay_what_they_are(me: Me) -> None:
    """Those that the person wrote, and those of an earlier import that say something else."""
    me.configure(f'[source.work]\ntype = "environment"\n[role.ops]\nrole_arn = "{ADMIN}"\nfrom = "work"\n')
    put(me, ".saml2aws", SAML2AWS.replace("= dev", "= ops"))
    done = me.run("config", "import", "--from", "saml2aws")
    assert 'the name "ops" is taken: ~/.config/stsctl/config.toml:' in done.out
    assert "[role.ops]" not in (added(me) or "")
    put(me, ".saml2aws", SAML2AWS.replace("role/Admin", "role/Other"))
    assert 'the name "saml" is taken: ~/.config/stsctl/' in me.run("config", "import", "--from", "saml2aws").out


def test_a_file_that_is_too_large_or_others_or_none_is_told(me: Me) -> None:
    """It is not read to its end; what others could have written says where people sign in."""
    put(me, ".saml2aws", b"x" * 1_000_001)
    done = me.run("config", "import", "--from", "saml2aws")
    assert (done.status, "larger than any configuration of saml2aws" in done.err) == (3, True)
    put(me, ".saml2aws", SAML2AWS).chmod(0o666)
    assert "others can change" in me.run("config", "import", "--from", "saml2aws").err
    (me.home / ".saml2aws").unlink()
    (me.home / ".saml2aws").mkdir()
    assert "there is nothing of saml2aws here" in me.run("config", "import", "--from", "saml2aws").err
