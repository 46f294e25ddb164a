"""`stsctl each`: a program in many roles, beside each other."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from tests.program import STSCTL, Me, until_gone

GROUPS = """
[group.readers]
roles = ["read-*", "audit"]
"""


@pytest.fixture(autouse=True)
def with_groups(me: Me) -> None:
    """A group, and codes that come from a program."""
    me.configure_as_usual(hub=me.code_process(), more=GROUPS)


def test_each_role_has_its_own_session_and_its_lines_say_whose_they_are(me: Me) -> None:
    """A pattern and a group mean roles, each once; one code serves all that stand on one device."""
    shown = "echo $STSCTL_ROLE $AWS_ACCESS_KEY_ID"
    done = me.run("each", "prod-*", "hub", "--group", "readers", "-j", "3", "--", "sh", "-c", shown)
    assert done.status == 0, done
    lines = dict(line.split(" │ ") for line in done.out.splitlines())
    roles = {label.strip(): said.split() for label, said in lines.items()}
    assert {label: said[0] for label, said in roles.items()} == {
        name: name for name in ("hub", "prod-admin", "audit", "read-only")
    }
    assert len({said[1] for said in roles.values()}) == 4
    assert me.prompts() == 1
    assert "4 in all" in done.err


def test_as_json(me: Me) -> None:
    """A line for each: its name, status, and what it wrote to either."""
    done = me.run("each", "read-only", "audit", "--json", "--", "sh", "-c", "echo $STSCTL_ROLE; echo oh >&2; exit 3")
    assert done.status == 1
    answers = [json.loads(line) for line in done.out.splitlines()]
    assert {"name": "read-only", "region": None, "status": 3, "stdout": "read-only\n", "stderr": "oh\n"} in answers


@pytest.mark.parametrize("keep_going", [True, False])
def test_a_failure(me: Me, *, keep_going: bool) -> None:
    """After one no more are started, unless that was asked for; which failed, and how, is said at the end."""
    script = 'echo "$STSCTL_ROLE" >> ran; test "$STSCTL_ROLE" != read-only'
    flags = ("--keep-going",) if keep_going else ()
    done = me.run("each", "read-only", "long", "locked", "audit", "-j", "1", *flags, "--", "sh", "-c", script)
    assert done.status == 1
    ran = (me.home / "ran").read_text().split()
    if keep_going:
        assert sorted(ran) == ["audit", "long", "read-only"]
        assert "4 in all, 2 failed: " in done.err
        assert 'locked (role "locked" refused' in done.err
        assert "locked    │ aws: AccessDenied: " in done.err
    else:
        assert len(ran) < 3
        assert "not started" in done.err


def test_in_regions(me: Me) -> None:
    """Each region is one more run with the same session; `all` is every one of the partition."""
    script = "echo $AWS_REGION $AWS_DEFAULT_REGION"
    done = me.run("each", "read-only", "--regions", "eu-west-1, us-east-2,eu-west-1", "--", "sh", "-c", script)
    assert sorted(line.split(" │ ")[1] for line in done.out.splitlines()) == [
        "eu-west-1 eu-west-1",
        "us-east-2 us-east-2",
    ]
    assert me.calls() == ["AssumeRole"]
    everywhere = me.run("each", "read-only", "--regions", "all", "--json", "-j", "4", "--", "true")
    regions = {json.loads(line)["region"] for line in everywhere.out.splitlines()}
    assert len(regions) > 30
    assert {"us-east-1", "eu-central-1"} <= regions


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("prod-*",), "which program is to run?"),
        (("nobody-*", "--", "true"), 'no role or AWS profile is called "nobody-*"'),
        (("read-onyl", "--", "true"), 'did you mean "read-only"?'),
        (("--group", "reader", "--", "true"), 'did you mean "readers"?'),
        (("--", "true"), "which roles?"),
    ],
)
def test_what_is_not_meant(me: Me, words: tuple[str, ...], said: str) -> None:
    """A name that is none, a group that is none, no program: each is said before anything is asked of AWS."""
    done = me.run("each", *words)
    assert done.status == 2
    assert said in done.err
    assert me.calls() == []


def test_a_program_that_is_not_there(me: Me) -> None:
    """It is said once, with a shell's status, and no more are started."""
    done = me.run("each", "read-only", "long", "--", "no-such-program")
    assert done.status == 127
    assert done.err.count("there is no such program") == 1


def test_a_pattern_is_no_source(me: Me) -> None:
    """`*` means roles and profiles; a source only where its name is written."""
    done = me.run("each", "w*", "--", "true")
    assert done.status == 2
    assert me.run("each", "work", "--", "true").status == 0


def test_an_end_from_outside_ends_all(me: Me) -> None:
    """SIGTERM to stsctl ends the programs too; none is left behind."""
    script = "echo $$ > $STSCTL_ROLE.pid; exec sleep 300"
    with me.start(str(STSCTL), "each", "read-only", "long", "--", "sh", "-c", script) as process:
        pids = [_pid(me.home / f"{name}.pid") for name in ("read-only", "long")]
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == -signal.SIGTERM
    for pid in pids:
        until_gone(pid)


def _pid(path: Path) -> int:
    """The number in a file, once it is there."""
    end = time.monotonic() + 100
    while time.monotonic() < end:
        if path.exists() and path.read_text().strip():
            return int(path.read_text())
        time.sleep(0.05)
    pytest.fail(f"{path.name} was not written")
