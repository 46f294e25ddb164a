"""Files of others as people use them: their roles are roles, and it is said where they are written."""

from __future__ import annotations

import json

import pytest

from tests.program import READ_ONLY, Me


@pytest.fixture(autouse=True)
def team(me: Me) -> None:
    """A team's file that is included, with a role, a group, and what takes trust."""
    me.config.write_text('include = ["~/team/*.toml"]\n' + me.config.read_text())
    file = me.home / "team" / "roles.toml"
    file.parent.mkdir(mode=0o755)
    file.write_text(
        f'[role.theirs]\nrole_arn = "{READ_ONLY}"\nfrom = "work"\n'
        '[group.team]\nroles = ["their*"]\n'
        f'[role.coded]\nrole_arn = "{READ_ONLY}"\nfrom = "work"\nmfa_process = "code"\n'
    )
    file.chmod(0o644)


def test_the_place_of_a_role_is_said_wherever_it_appears(me: Me) -> None:
    """In plans, explanations, listings of names, and errors."""
    place = "~/team/roles.toml:1"
    assert f"written in      {place}" in me.ok("plan", "theirs")
    assert json.loads(me.ok("plan", "theirs", "--json"))["steps"][-1]["origin"] == place
    assert f"     written in {place}" in me.ok("explain", "theirs")
    assert json.loads(me.ok("explain", "theirs", "--json"))["hops"][-1]["origin"] == place
    names = json.loads(me.ok("config", "show", "--json"))["names"]
    assert {each["name"]: each["origin"] for each in names if each["kind"] == "role"}["theirs"] == place
    (refused,) = [each for each in names if each["kind"] == "refused"]
    assert (refused["name"], refused["origin"]) == ("coded", "~/team/roles.toml:6")
    assert "~/team/roles.toml:9: [role.coded] mfa_process" in refused["description"]


def test_a_role_of_theirs_is_used_like_ones_own(me: Me) -> None:
    """By name, by group, by an SDK; no file of theirs is written."""
    before = (me.home / "team" / "roles.toml").read_bytes()
    key_id = me.key_id("theirs")
    assert key_id in me.ok("env", "theirs", "--format", "json")
    assert "theirs" in me.ok("list", "--names").split()
    held = {each["name"]: each["origin"] for each in json.loads(me.ok("list", "--json"))}
    assert held["theirs"] == "~/team/roles.toml:1"
    done = me.run("each", "--group", "team", "--json", "--", "true")
    assert [json.loads(line)["name"] for line in done.out.splitlines()] == ["theirs"], done
    assert me.run("config", "remove", "theirs").status == 3
    assert me.run("keys", "add", "theirs", "--stdin", given="x").status == 3
    assert (me.home / "team" / "roles.toml").read_bytes() == before


def test_config_check_says_what_is_wrong_with_files_of_others(me: Me) -> None:
    """With their lines; what waits for trust weighs little."""

    def found(status: int) -> dict[int | None, str]:
        done = me.run("config", "check", "--json")
        assert done.status == status, done
        theirs = [each for each in json.loads(done.out) if (each["file"] or "").endswith("team/roles.toml")]
        return {each["line"]: each["severity"] for each in theirs}

    assert found(0) == {9: "low"}
    with (me.home / "team" / "roles.toml").open("a") as file:
        file.write(
            f'[role.bad]\nrole_arn = "arn:x"\nfrom = "work"\n[role.lost]\nrole_arn = "{READ_ONLY}"\nfrom = "no"\n'
        )
    assert found(8) == {9: "low", 11: "high", 15: "high"}


def test_no_hook_is_written_for_a_name_of_a_project(me: Me) -> None:
    """Whoever asks by it from another folder would get another role, or none."""
    folder = me.home / "app"
    folder.mkdir(mode=0o755)
    (folder / ".stsctl.toml").write_text(f'[role.deploy]\nrole_arn = "{READ_ONLY}"\nfrom = "work"\n')

    def here(*words: str) -> str:
        done = me.program("/usr/bin/env", "-C", str(folder), "stsctl", *words)
        return done.out + done.err

    digest = me.program("sha256sum", str(folder / ".stsctl.toml")).out.split()[0]
    assert "is trusted as it is now" in here("config", "trust", "--sha256", digest)
    assert READ_ONLY in here("plan", "deploy")
    assert "is a name of" in here("profile", "hook", "deploy")
    assert 'no profile for "deploy"' in here("profile", "write-all", "--diff")
    assert "AccessKeyId" in here("credential-process", "deploy")
    assert "assumed-role/ReadOnly" in here("exec", "deploy", "--", "stsctl", "whoami")
    assert "deploy" not in me.ok("list", "--names").split()
