"""The commands of every day: what they answer, and that those which only read touch nothing."""

from __future__ import annotations

import json
import re

import pytest

from tests.program import ADMIN, HUB, READ_ONLY, Me


@pytest.fixture(autouse=True)
def with_codes(me: Me) -> None:
    """Codes come from a program, so that nobody is asked."""
    me.configure_as_usual(hub=me.code_process())


def test_assume_takes_every_hop_once_and_says_who_you_are(me: Me) -> None:
    """A chain of two roles with a code is three calls, and the answer on stderr is who you are."""
    done = me.run("assume", "prod-admin", "--mfa-token", me.code())
    assert done.status == 0, done
    assert done.out == ""
    assert "assumed-role/Admin/" in done.err
    assert me.calls() == ["GetSessionToken", "AssumeRole", "AssumeRole"]
    assert me.prompts() == 0


def test_assume_json_has_the_shape_of_sts(me: Me) -> None:
    """What AssumeRole itself answers, as JSON."""
    answer = json.loads(me.ok("assume", "prod-admin", "--json"))
    assert set(answer) >= {"Credentials", "AssumedRoleUser"}
    assert set(answer["Credentials"]) == {"AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
    assert answer["AssumedRoleUser"]["Arn"].startswith("arn:aws:sts::222222222222:assumed-role/Admin/")


def test_env_as_json_and_dotenv(me: Me) -> None:
    """Files' forms of the same session."""
    key_id = me.key_id("prod-admin")
    changes = json.loads(me.ok("env", "prod-admin", "--format", "json"))
    assert changes["AWS_ACCESS_KEY_ID"] == key_id
    assert changes["AWS_PROFILE"] is None
    assert f"AWS_ACCESS_KEY_ID={key_id}" in me.ok("env", "prod-admin", "--format", "dotenv").replace('"', "").replace(
        "'", ""
    )


def test_a_variable_names_the_current_session_where_there_is_no_terminal(me: Me) -> None:
    """STSCTL_ROLE stands for a NAME, in each command that takes one."""
    assert me.ok("exec", "--", "sh", "-c", "echo $STSCTL_ROLE", STSCTL_ROLE="read-only").strip() == "read-only"
    assert json.loads(me.ok("env", "--format", "json", STSCTL_ROLE="read-only"))["STSCTL_ROLE"] == "read-only"


def test_plan_says_each_step_with_its_reason_and_touches_nothing(me: Me) -> None:
    """No call, no prompt, no file; with a keyring that would fail it works as well."""
    plan = me.ok("plan", "prod-admin", STSCTL_STORE="keyring")
    steps = re.findall(r"^(\d)\. (sts:\w+)  (\S.*)$", plan, re.MULTILINE)
    assert steps == [
        ("1", "sts:GetSessionToken", f"for {me.mfa_serial}"),
        ("2", "sts:AssumeRole", HUB),
        ("3", "sts:AssumeRole", ADMIN),
    ]
    assert plan.count("\n     why ") == 3
    assert json.loads(me.ok("plan", "prod-admin", "--json"))["steps"][2]["role_arn"] == ADMIN
    assert (me.calls(), me.prompts(), me.state.exists()) == ([], 0, False)


def test_what_only_reads_makes_no_call(me: Me) -> None:
    """list, config and the help are answered from what is here."""
    me.key_id("prod-admin")
    me.calls()
    for words in (("list",), ("list", "--json"), ("config", "show"), ("config", "path"), ("--help",), ("keys", "list")):
        me.ok(*words)
    assert me.calls() == []


def test_list_tells_each_session_with_its_chain(me: Me) -> None:
    """The whole chain is there, by name, with who it makes you and when it ends."""
    me.key_id("prod-admin")
    held = {each["name"]: each for each in json.loads(me.ok("list", "--json"))}
    assert set(held) == {"work with MFA", "hub", "prod-admin"}
    assert held["prod-admin"]["chain"] == ["work", "hub", "prod-admin"]
    assert held["prod-admin"]["account_id"] == "222222222222"
    assert held["hub"]["identity"].startswith("arn:aws:sts::111111111111:assumed-role/Hub/")
    assert held["prod-admin"]["store"] == "sealed-file (emulator)"


def test_whoami_asks_aws_about_credentials_of_somebody_elses(me: Me) -> None:
    """Keys in the environment that stsctl did not export are asked about, and said to be so."""
    done = me.run("whoami")
    assert done.out.strip() == f"arn:aws:iam::111111111111:user/{me.user}"
    assert "stsctl did not put into this shell" in done.err
    assert me.calls() == ["GetCallerIdentity"]


def test_config_show_says_where_each_value_comes_from(me: Me) -> None:
    """A flag, a variable, a file with its line, or a default: beside short values, however long another one is."""
    shown = {
        each["name"]: each for each in json.loads(me.ok("config", "show", "--json", STSCTL_DURATION="2h"))["settings"]
    }
    assert shown["duration"]["origin"] == "STSCTL_DURATION"
    assert re.fullmatch(r"~/\.config/stsctl/config\.toml:\d+", shown["store"]["origin"])
    assert shown["prompt_timeout"]["origin"] == "default"
    lines = me.ok("--store", "memory", "config", "show").splitlines()
    assert re.fullmatch(r"store {2,50}memory {2,50}--store", lines[0])
    assert max(map(len, lines)) > 300


def test_tags_and_source_identity_reach_sts(me: Me) -> None:
    """What is typed is what is asked for: the emulator's roles allow tagging, and it is done."""
    words = ("assume", "audit", "--tag", "project=blue", "--transitive", "project", "--source-identity", "somebody")
    assert me.run(*words, "--session-name", "nightly").err.count("assumed-role/Audit/nightly") == 1


def test_session_names_are_filled_in(me: Me) -> None:
    """Templates know the user and the host."""
    me.configure_as_usual(
        more=f'\n[role.named]\nrole_arn = "{HUB}"\nfrom = "hub"\nsession_name = "{{user}}-at-{{host}}"\n'
    )
    plan = json.loads(me.ok("plan", "named", "--json"))
    assert re.fullmatch(r"[\w+=,.@-]+-at-[\w+=,.@-]+", plan["steps"][-1]["session_name"])


def test_keys_from_a_profile_come_into_the_store(me: Me) -> None:
    """--from-profile takes the pair, checks it, and says that the profile still has it."""
    key_id, secret = me.keys.access_key_id, me.keys.secret_access_key.reveal()
    me.aws_config(f"[profile old]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n")
    done = me.run("keys", "add", "mine", "--from-profile", "old")
    assert done.status == 0, done
    assert "still has them in plain text" in done.err
    listed = json.loads(me.ok("keys", "list", "--json"))
    assert [each["name"] for each in listed] == ["mine"]
    assert listed[0]["identity"] == f"arn:aws:iam::111111111111:user/{me.user}"
    added = (me.config.parent / "emulator" / "added.toml").read_text()
    assert "[source.mine]" in added
    assert secret not in added
    config = me.config.read_bytes()
    me.ok("keys", "remove", "mine")
    assert "[source.mine]" not in (me.config.parent / "emulator" / "added.toml").read_text()
    assert me.config.read_bytes() == config


def test_keys_that_aws_does_not_take_are_not_kept(me: Me) -> None:
    """They are checked before anything is written."""
    done = me.run("keys", "add", "wrong", "--stdin", given=f"{me.keys.access_key_id}\n{'w' * 40}\n")
    assert done.status == 5, done
    assert "error: sts:GetCallerIdentity refused\n" in done.err
    assert not (me.config.parent / "emulator" / "added.toml").exists()
    assert json.loads(me.ok("keys", "list", "--json")) == []


def test_completions_of_names_need_no_store(me: Me) -> None:
    """Every name that can be typed, with a keyring that would fail."""
    names = me.ok("list", "--names", STSCTL_STORE="keyring").split()
    assert {"hub", "prod-admin", "audit", "read-only", "locked", "work"} <= set(names)


def test_an_alias_is_the_role(me: Me) -> None:
    """Whatever takes a name takes it, and the session is listed once, by the role's name."""
    role = f'[role.reader]\nrole_arn = "{READ_ONLY}"\nfrom = "work"\naliases = ["ro", "r"]\n'
    me.configure_as_usual(hub=me.code_process(), more=role)
    key_id = me.key_id("reader")
    for name in ("ro", "r"):
        assert me.key_id(name) == key_id
        assert me.ok("exec", name, "--", "sh", "-c", "echo $STSCTL_ROLE").strip() == "reader"
        assert me.ok("env", "--format", "json", STSCTL_ROLE=name) == me.ok("env", "reader", "--format", "json")
    assert me.ok("each", "r", "--", "echo", "here").split()[0] == "reader"
    assert [each["name"] for each in json.loads(me.ok("list", "--json"))].count("reader") == 1
    assert {"reader", "ro", "r"} <= {*me.ok("list", "--names").split("\n")}
    assert me.run("logout", "ro").status == 0
    assert "reader" not in me.ok("list")


def test_a_preview_tells_of_a_name_in_colours(me: Me) -> None:
    """For programs that pick: what a name gives, whether it is held, how it is reached; NO_COLOR is heeded."""
    before = me.ok("list", "--preview", "prod-admin")
    assert before.startswith("\033[1mprod-admin\033[0m")
    plain = me.ok("list", "--preview", "prod-admin", NO_COLOR="1").split("\n")
    assert plain[0] == "prod-admin  role, ~/.config/stsctl/config.toml:18"
    assert plain[1] == ADMIN
    assert plain[2] == "not held, asks nobody"
    assert plain[3] == "work → hub → prod-admin"
    assert plain[6].startswith("3. sts:AssumeRole prod-admin, 1h  ")
    me.key_id("prod-admin")
    assert re.fullmatch("held, .* left", me.ok("list", "--preview", "prod-admin", NO_COLOR="1").split("\n")[2])
    assert me.run("list", "--preview", "nobody").status == 3
