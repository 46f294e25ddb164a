"""`stsctl profile write-all`: a profile for each role, between markers in ~/.aws/config."""

from __future__ import annotations

from pathlib import Path

import pytest

from stsctl.formats.hook_block import BEGIN, END
from tests.program import Me

THEIRS = "# mine\n[profile audit]\nregion = eu-west-3\n"


@pytest.fixture
def config(me: Me) -> Path:
    """A file with a profile that is called as one of the roles, and with a group of roles."""
    me.configure_as_usual(hub=me.code_process(), more='[group.readers]\nroles = ["read-*", "long"]\n')
    place = me.home / ".aws" / "config"
    place.parent.mkdir(exist_ok=True)
    place.write_text(THEIRS)
    return place


def profiles(text: str) -> list[str]:
    """Those between the markers."""
    lines = text[text.index(BEGIN) : text.index(END)].splitlines()
    return [line.removeprefix("[profile ").removesuffix("]") for line in lines if line.startswith("[")]


def test_every_role_has_a_profile(me: Me, config: Path) -> None:
    """A profile that is there already is left alone, and so is the whole file next time."""
    done = me.run("profile", "write-all")
    assert done.status == 0, done
    assert 'no profile for "audit": ~/.aws/config has one called "audit"' in done.err
    text = config.read_text()
    assert text.startswith(THEIRS)
    found = profiles(text)
    assert {"read-only", "hub", "prod-admin"} <= set(found)
    assert "audit" not in found
    assert f"{len(found)} profiles with hooks" in done.err
    assert "as they were" in me.run("profile", "write-all").err
    assert config.read_text() == text
    listed = [line.split() for line in me.run("profile", "list").out.splitlines()]
    assert ["read-only", "read-only", "hook"] in listed


def test_a_group_by_a_template(me: Me, config: Path) -> None:
    """What an earlier run wrote stays, unless it is pruned; --diff changes nothing."""
    assert me.run("profile", "write-all", "--group", "readers").status == 0
    assert profiles(config.read_text()) == ["read-only", "long"]
    other = ("profile", "write-all", "--group", "readers", "--template", "{account}.{role}-{name}")
    done = me.run(*other)
    assert done.status == 0, done
    assert "2 of an earlier run stay; --prune takes them out: read-only, long" in done.err
    new = profiles(config.read_text())[:2]
    assert [name.rpartition("-")[2] for name in new] == ["only", "long"]
    assert all(name[:12].isdigit() for name in new)
    before = config.read_text()
    shown = me.run(*other, "--prune", "--diff")
    assert "-[profile long]" in shown.out
    assert config.read_text() == before
    assert me.run(*other, "--prune").status == 0
    assert profiles(config.read_text()) == new


def test_two_roles_are_not_called_alike(me: Me, config: Path) -> None:
    """It is an error that names both, and so is a word that stands for nothing; nothing is written."""
    done = me.run("profile", "write-all", "--template", "same")
    assert (done.status, "would both be called" in done.err) == (2, True), done
    done = me.run("profile", "write-all", "--template", "{name.__class__}")
    assert (done.status, "stands for {name.__class__}" in done.err) == (2, True), done
    assert config.read_text() == THEIRS
