"""Moving in from another tool at a terminal: what is shown, asked and taken, and that its roles are assumed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pexpect
import pytest

from tests.other_keyrings import item, pair, sealed
from tests.program import READ_ONLY, STSCTL, Me, Organisation, somebody
from tests.program import organisation as shared_organisation

organisation = shared_organisation

PROFILES = f"""\
[profile work]
region = eu-west-1

[profile reader]
role_arn = {READ_ONLY}
source_profile = work

[profile odd[bold]]
role_arn = {READ_ONLY}
source_profile = work
"""
PASSPHRASE = "the passphrase of aws-vault"


@pytest.fixture
def me(home: Path, organisation: Organisation) -> Me:
    """Somebody whose keys aws-vault has, in sealed files; nothing is in the environment."""
    person = somebody(home, organisation)
    person.configure("")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del person.environ[name]
    (home / ".aws").mkdir(exist_ok=True)
    (home / ".aws" / "config").write_text(PROFILES)
    keys = home / ".awsvault" / "keys"
    keys.mkdir(parents=True)
    (keys / "work").write_text(sealed(item("work", pair(person.keys)), PASSPHRASE))
    (keys / "spare").write_text(sealed(item("spare", pair(person.keys)), PASSPHRASE))
    (keys / "sts.GetSessionToken,d29yaw,,1700000000").write_text("sealed")
    person.environ["AWS_VAULT_BACKEND"] = "file"
    return person


def at_terminal(me: Me, *words: str, columns: int = 110) -> pexpect.spawn:
    """`stsctl` at a terminal."""
    terminal = pexpect.spawn(
        str(STSCTL), list(words), env={**me.environ, "TERM": "xterm-256color"}, encoding="utf-8", timeout=100,
        dimensions=(60, columns), cwd=str(me.home),
    )  # fmt: skip
    terminal.delaybeforesend = None
    return terminal


def test_keys_are_taken_that_the_person_gives_and_the_roles_that_begin_there_are_assumed(me: Me) -> None:
    """One pair is given, another is not; what aws-vault has is as it was, and a second time there is less to ask."""
    before = {path: path.read_bytes() for path in (me.home / ".awsvault" / "keys").iterdir()}
    assert "has no credentials" in me.run("assume", "reader").err
    importing = at_terminal(me, "config", "import", "--from", "aws-vault")
    importing.expect_exact('keys "spare" of ~/.awsvault/keys: keep them in stsctl\'s store too? [y/N] ')
    shown = re.sub(r"\x1b\[[0-9;]*m", "", importing.before)
    assert re.search(r'keys "work" +~/\.awsvault/keys +asked for', shown)
    assert re.search(r'profile "reader" +~/\.aws/config:4 +as it is +"work" → ' + re.escape(READ_ONLY), shown)
    assert "GetSessionToken" not in shown
    assert 'profile "odd[bold]"' in shown  # what they call things is no markup
    importing.sendline("yesterday")
    importing.expect_exact('keys "work" of ~/.awsvault/keys: keep them in stsctl\'s store too? [y/N] ')
    importing.sendline("y")
    importing.expect_exact("Passphrase of aws-vault's keys (not shown): ")
    importing.waitnoecho()
    importing.sendline(PASSPHRASE)
    importing.expect(pexpect.EOF)
    assert f'user/{me.user} are kept as "work"' in importing.before
    assert me.keys.secret_access_key.reveal() not in shown + importing.before
    importing.close()
    assert importing.exitstatus == 0
    assert [each["name"] for each in json.loads(me.ok("keys", "list", "--json"))] == ["work"]
    assert "assumed-role/ReadOnly/" in me.run("assume", "reader", "--mfa-token", me.code()).err
    assert {path: path.read_bytes() for path in before} == before
    again = {
        each["what"]: each["outcome"] for each in json.loads(me.ok("config", "import", "--from", "aws-vault", "--json"))
    }
    assert (again['keys "work"'], again['keys "spare"']) == ("there", "keys")


def test_a_passphrase_that_is_not_the_one_is_told(me: Me) -> None:
    """Nothing is kept of them, and the status says so. On 80 columns no table is squeezed."""
    importing = at_terminal(me, "config", "import", "--from", "aws-vault", columns=80)
    importing.expect_exact("[y/N] ")
    shown = re.sub(r"\x1b\[[0-9;]*m", "", importing.before)
    assert re.search(
        r'profile "odd\[bold\]"  as it is *\r\n    ~/\.aws/config:8  "work" → ' + re.escape(READ_ONLY), shown
    )
    importing.sendline("y")
    importing.expect_exact("(not shown): ")
    importing.waitnoecho()
    importing.sendline("another")
    importing.expect_exact('keys "spare" stay where they are: that is not the passphrase that the file was sealed with')
    importing.expect_exact("[y/N] ")
    importing.sendline("n")
    importing.expect(pexpect.EOF)
    importing.close()
    assert importing.exitstatus == 1
    assert json.loads(me.ok("keys", "list", "--json")) == []


def test_where_nobody_can_be_asked_no_keys_are_taken_and_no_passphrase_is_used(me: Me) -> None:
    """There is no flag for it."""
    done = me.run("config", "import", "--from", "aws-vault", AWS_VAULT_FILE_PASSPHRASE=PASSPHRASE)
    assert done.status == 0, done
    assert 'keys "work" stay where they are: ' in done.err
    assert json.loads(me.ok("keys", "list", "--json")) == []
