"""Roles with `warn = true` where nobody can be asked; the questions themselves are in tests/terminal/test_shells.py."""

from __future__ import annotations

import json

import pytest

from tests.program import READ_ONLY, STSCTL, Me

WARNS = f"""
[role.careful]
role_arn = "{READ_ONLY}"
from = "work"
aliases = ["with-care"]
warn = true
color = "red"

[shell]
warn_before = ["cat precious*"]
"""


@pytest.fixture(autouse=True)
def marked(me: Me) -> None:
    """A role that warns, of less than usual."""
    me.configure_as_usual(more=WARNS)


def test_without_a_terminal_a_program_runs_and_it_is_said(me: Me) -> None:
    """A pipeline is not held up; whoever reads its log sees it. What was agreed to is not mentioned."""
    (me.home / "precious").write_text("gold\n")
    done = me.run("exec", "careful", "--", "cat", "precious")
    assert (done.status, done.out) == (0, "gold\n")
    assert '"careful" warns before this, and nobody can be asked: cat precious' in done.err
    for words in (("careful", "--yes", "--", "cat", "precious"), ("long", "--", "cat", "precious")):
        assert "warns" not in me.run("exec", *words).err
    assert "warns" not in me.run("exec", "careful", "--", "true").err
    assert "warns before this" in me.run("exec", "with-care", "--", "cat", "precious").err


def test_of_many_roles_those_that_warn_are_named(me: Me) -> None:
    """`each` says it once, before it starts any."""
    done = me.run("each", "careful", "long", "--", "echo", "cat precious")
    assert (done.status, "warns" in done.err) == (0, False)
    done = me.run("each", "careful", "long", "--keep-going", "--", "cat", "precious")
    assert done.err.count('"careful" warns before this, and nobody can be asked: cat precious\n') == 1
    assert "2 in all, 2 failed" in done.err
    assert "warns" not in me.run("each", "careful", "--yes", "--", "cat", "precious").err


def test_what_is_exported_says_of_what_a_shell_is_to_warn(me: Me) -> None:
    """The list of the configuration, and the colour; a role that does not warn takes them away again."""
    exported = me.ok("env", "careful", "--format", "dotenv").splitlines()
    assert {"STSCTL_WARN=cat precious*", "STSCTL_COLOR=red"} <= set(exported)
    after = json.loads(me.ok("env", "long", "--format", "json"))
    assert after["STSCTL_WARN"] is after["STSCTL_COLOR"] is None


@pytest.mark.parametrize(
    ("line", "warn", "status"),
    [("cat precious", "cat precious*", 4), ("ls", "cat precious*", 0), ("rm -r x", "1", 4), ("rm -r x", None, 0)],
)
def test_the_guard_lets_pass_what_is_harmless(me: Me, line: str, warn: str | None, status: int) -> None:
    """Status 0 for what may run; where nobody can be asked, what looks destructive may not."""
    done = me.program(str(STSCTL), "guard", given=line, STSCTL_WARN=warn, STSCTL_ROLE="careful")
    assert done.status == status, done.err
