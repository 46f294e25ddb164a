"""`stsctl config check`: all that is wrong, with its place, on the files as they are in a home."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.program import ADMIN, HUB, Me

WRONG = f"""
[role.first]
role_arn = "{HUB}"
from = "wrok"
duration = "99h"

[role.second]
role_arn = "{HUB}"
from = "third"

[role.third]
role_arn = "{HUB}"
from = "second"
colour = "red"

[role.fourth]
role_arn = "arn:aws:iam::1:role/X"
from = "work"

[role.fifth]
role_arn = "{ADMIN}"
from = "work"
policy_file = "nowhere.json"

[role.sixth]
role_arn = "{ADMIN}"
from = "fourth"

[group.none]
roles = ["nothing-*", "h*"]
"""


def problems(me: Me, *words: str, status: int = 8) -> list[dict[str, Any]]:
    """What is found, as JSON."""
    done = me.run("config", "check", "--json", *words)
    assert done.status == status, done
    found: list[dict[str, Any]] = json.loads(done.out)
    return found


def test_all_problems_are_told_at_once_with_file_and_line(me: Me) -> None:
    """Of values, of keys, of names that lead nowhere or round; nothing twice, nothing that only follows."""
    me.configure_as_usual(more=WRONG)
    first = me.config.read_text().splitlines().index("[role.first]") + 1
    found = problems(me)
    assert {Path(each["file"]) for each in found} == {me.config}
    assert [(each["line"] - first, each["severity"]) for each in found] == [
        (2, "high"),
        (3, "high"),
        (11, "high"),
        (12, "high"),
        (15, "high"),
        (21, "high"),
        (27, "medium"),
    ]
    shown = me.run("config", "check")
    assert shown.out.count("         → ") == 4
    assert f"~/.config/stsctl/config.toml:{first + 2}: there is no role" in shown.out
    assert 'did you mean "work"?' in shown.out
    assert me.run("config", "check", "--fail-on", "never").status == 0
    assert me.calls() == []


def test_files_of_every_sort_are_checked(me: Me) -> None:
    """What cannot be read in one of them hides nothing in another."""
    me.configure_as_usual(more="[[[\n")
    me.aws_config("[profile a]\nregion\n[profile a]\n[profile b]\nx = y\nx = z\n")
    credentials = me.home / ".aws" / "credentials"
    credentials.write_text("\ufeff[c]\naws_access_key_id = AKIAEXAMPLEEXAMPLE00\n", encoding="utf-8")
    found = {(Path(each["file"]).name, each["line"]) for each in problems(me)}
    assert found >= {
        ("config.toml", len(me.config.read_text().splitlines())),
        ("config", 2),
        ("config", 3),
        ("config", 6),
    }
    assert ("credentials", 1) in found
    me.aws_config("")
    assert ("credentials", 2) in {(Path(each["file"]).name, each["line"]) for each in problems(me)}


def test_what_sdks_make_of_a_profile_is_told(me: Me) -> None:
    """A hook that they never come to, a loop, a section that is not there: refused; keys of stsctl's: passed over."""
    key = "aws_access_key_id = AKIAEXAMPLEEXAMPLE00\naws_secret_access_key = c4n4ry\n"
    role = f"role_arn = {HUB}\n"
    config = f"""\
[profile hooked]
credential_process = stsctl credential-process hub
[profile one]
{role}source_profile = two
[profile two]
{role}source_profile = one
[profile tagged]
{role}source_profile = hooked2
session_tags = a=b
[profile away]
sso_session = nowhere
sso_account_id = 111111111111
sso_role_name = x
[profile gone]
credential_process = stsctl credential-process nobody
"""
    me.aws_config(config)
    (me.home / ".aws" / "credentials").write_text(f"[hooked]\n{key}[hooked2]\n{key}")
    told = {(each["severity"], each["line"]) for each in problems(me) if Path(each["file"]).name == "config"}
    assert told == {("high", 2), ("high", 8), ("low", 12), ("high", 14), ("high", 18)}


@pytest.mark.parametrize("wrong", [True, False])
def test_a_file_is_checked_in_place_of_the_configuration(me: Me, wrong: bool) -> None:
    """As in a folder of dotfiles, before it is put in place; the one in place has no say in it."""
    me.configure_as_usual(more=WRONG if not wrong else "")
    other = me.home / "dotfiles.toml"
    other.write_text(
        f'[source.work]\ntype = "environment"\n[role.x]\nrole_arn = "{HUB}"\nfrom = "{"x" if wrong else "work"}"\n'
    )
    done = me.run("config", "check", "dotfiles.toml")
    assert done.status == (8 if wrong else 0), done
    assert ("~/dotfiles.toml:5: the roles go round" in done.out) == wrong
    assert me.run("config", "check", "nowhere.toml").status == 2
