"""`stsctl config add` and `remove`: what they write, and what they refuse before anything is written."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import click
import pytest

from stsctl import role_table
from stsctl.cli.config_add import role
from stsctl.formats import environment
from stsctl.target import HopKind
from tests.program import ADMIN, READ_ONLY, WORK, Me

NEW = ("config", "add", "role", "new", "--role-arn", READ_ONLY, "--from", "work")


def added(me: Me) -> Path:
    """The file that stsctl writes; under an emulator that is one beside the usual."""
    return me.config.parent / "emulator" / "added.toml"


def said(me: Me) -> dict[str, Any]:
    """What it says."""
    return tomllib.loads(added(me).read_text()) if added(me).exists() else {}


def test_every_key_of_a_role_can_be_typed() -> None:
    """A key that is known in the file alone would have to be written by hand."""
    typed = {param.name for param in role.params if isinstance(param, click.Option)}
    assert typed == {key for kind in HopKind for key in role_table.keys_of(kind)}


def test_what_is_typed_is_written_shown_and_obtained(me: Me) -> None:
    """The plan comes at once, on stderr; the session has what was typed; the person's file stays as it was."""
    before = me.config.read_bytes()
    done = me.run(
        *NEW, "-d", "30m", "--tag", "team=a b", "--tag", "x=y", "--transitive", "x", "--warn", "--description", 'a "b"'
    )
    assert (done.status, done.out) == (0, ""), done
    assert "1. sts:AssumeRole  " + READ_ONLY in done.err
    assert "lasts           30m" in done.err
    assert "written in      ~/.config/stsctl/emulator/added.toml" in done.err
    assert said(me)["role"]["new"] == {
        "role_arn": READ_ONLY,
        "from": "work",
        "duration": "30m",
        "tags": {"team": "a b", "x": "y"},
        "transitive": ["x"],
        "warn": True,
        "description": 'a "b"',
    }
    assert me.calls() == []
    assert me.session("new")["Version"] == 1
    assert me.config.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ((*NEW, "--duration", "13h"), 2, "--duration: this duration is refused by AWS"),
        ((*NEW, "--external-id", "x"), 2, '--external-id: external_id "x" has 1 characters'),
        ((*NEW, "--tag", "a=1", "--tag", "A=2"), 2, '--tag: tag key "A" is there twice'),
        ((*NEW, "--transitive", "b"), 2, 'transitive key "b" is not among the tags'),
        ((*NEW, "--policy", "{}", "--policy-file", "p"), 2, "both policy and policy_file"),
        ((*NEW, "--type", "root"), 2, '--role-arn: unknown key "role_arn"'),
        ((*NEW[:4], "--role-arn", READ_ONLY), 2, "a role needs --from"),
        ((*NEW[:4], "--from", "work"), 2, "a role needs --role-arn"),
        (("config", "add", "role", "arn:aws", *NEW[4:]), 2, '"arn:aws" cannot be a name'),
        (("config", "add", "role", "region", *NEW[4:-1], "wrok"), 3, "error: --from: there is no role"),
        ((*NEW[:-1], "wrok"), 3, '--from: there is no role, source or AWS profile "wrok"'),
        ((*NEW[:-1], "new"), 3, "--from: the roles go round: new → new"),
        ((*NEW, "--policy-file", "nowhere.json"), 3, "--policy-file: there is no file"),
        (("config", "add", "role", "hub", *NEW[4:]), 3, 'config.toml:11: "hub" is a role already'),
        (("config", "add", "role", "work", *NEW[4:]), 3, '"work" is a source already'),
        ((*NEW, "--alias", "hub"), 3, 'config.toml:11: "hub" is a role already'),
        (("config", "add", "role", "al", *NEW[4:]), 3, '"al" is an alias of "called" already'),
        ((*NEW, "--alias", "al"), 3, '"al" is an alias of "called" already'),
        (("config", "add", "role", "theirs", *NEW[4:]), 3, '~/.aws/config:1: "theirs" is a profile already'),
    ],
)
def test_what_is_wrong_is_refused_and_nothing_is_written(
    me: Me, words: tuple[str, ...], status: int, message: str
) -> None:
    """With the flag that it is about, or with the place of the name that is taken."""
    me.aws_config(f"[profile theirs]\nrole_arn = {ADMIN}\nsource_profile = default\n")
    me.configure_as_usual(more=f'\n[role.called]\nrole_arn = "{ADMIN}"\nfrom = "hub"\naliases = ["al"]\n')
    done = me.run(*words)
    assert (done.status, done.out) == (status, ""), done
    assert message in done.err
    assert not added(me).exists()


def test_a_name_near_the_one_that_is_not_there_is_offered(me: Me) -> None:
    """Of a source as of what is to be removed."""
    assert 'did you mean "work"?' in me.run(*NEW[:-1], "wrok").err
    assert me.run(*NEW).status == 0
    assert 'did you mean "new"?' in me.run("config", "remove", "mew").err


def test_what_was_added_is_removed(me: Me) -> None:
    """And only that: the other one stays, and so does the file of the person."""
    me.ok(*NEW)
    me.ok(*NEW[:3], "other", *NEW[4:])
    taken = me.run(*NEW)
    assert (taken.status, "stsctl config remove new" in taken.err) == (3, True)
    me.ok("config", "remove", "new")
    assert set(said(me)["role"]) == {"other"}
    assert me.run("config", "remove", "new").status == 3


def test_what_others_need_stays(me: Me) -> None:
    """A role, a group, a hook and a session that name it are each said, with their place; --force goes on."""
    me.configure_as_usual(more='\n[group.all]\nroles = ["new", "n*"]\n')
    me.ok(*NEW)
    me.ok("config", "add", "role", "last", "--role-arn", READ_ONLY, "--from", "new")
    me.aws_config("[profile by-hand]\ncredential_process = stsctl credential-process new\n")
    me.ok("profile", "hook", "new")
    me.key_id("new")
    before = added(me).read_bytes()
    done = me.run("config", "remove", "new")
    assert done.status == 3, done
    for place in (
        'added.toml:10: the role "last" starts from it',
        'the group "all" names it',
        '~/.aws/config:6: the profile "new" asks for it',
        '~/.aws/config:2: the profile "by-hand" asks for it',
        'a session of "new" is held: stsctl logout new',
        '"new" is still in use, 5 times',
    ):
        assert place in done.err, place
    assert added(me).read_bytes() == before
    me.ok("config", "remove", "new", "--force")
    assert set(said(me)["role"]) == {"last"}


def test_what_stsctl_did_not_add_is_not_its_to_remove(me: Me) -> None:
    """It says whose it is: the person's file with its line, the AWS file, or the keys in the store."""
    me.aws_config(f"[profile theirs]\nrole_arn = {ADMIN}\nsource_profile = default\n")
    me.ok("keys", "add", "kept", "--stdin", given=environment.pair(me.keys))
    for name, message in (
        ("hub", 'config.toml:11: stsctl did not add the role "hub"'),
        ("theirs", '~/.aws/config:1: stsctl did not add the profile "theirs"'),
        ("kept", "hint: stsctl keys remove kept"),
    ):
        done = me.run("config", "remove", name, "--force")
        assert (done.status, message in done.err) == (3, True), done
    assert WORK in me.ok("keys", "list")
