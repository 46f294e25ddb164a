"""`stsctl access trust`: files, answers of IAM, live roles; how it is printed, and the status it ends with."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.program import ADMIN, AUDIT, BIN, HUB, READ_ONLY, WORK, Me

OPEN = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
  ]
}
"""
MILD = OPEN.replace('{"AWS": "*"}', '{"Service": "codebuild.amazonaws.com"}')
CLOSED = OPEN.replace('{"AWS": "*"}', '{"Service": "ec2.amazonaws.com"}')


def run(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """`stsctl access trust` with those words."""
    return subprocess.run(
        [sys.executable, "-m", "stsctl", "access", "trust", *words],
        input=given,
        text=True,
        capture_output=True,
        check=False,
    )


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    """A file with a trust policy that everybody passes."""
    path = tmp_path / "trust.json"
    path.write_text(OPEN)
    return path


def test_a_finding_has_its_place_its_weight_and_its_fix(trust: Path) -> None:
    """A line as a compiler writes it, the fix below it, status 8, and what was not known on stderr."""
    done = run(str(trust))
    said, fix = done.stdout.splitlines()
    assert said.startswith(f"{trust}:4:46: critical: Statement[0].Principal.AWS: every AWS account is named")
    assert said.endswith("[everyone]")
    assert fix == '    add to Condition: "StringEquals": {"aws:PrincipalOrgID": "o-YOURORGID"}'
    assert done.returncode == 8
    assert "stsctl: 1 finding in 1 trust policy, 1 of severity high or graver\n" in done.stderr
    assert "say --own ACCOUNT" in done.stderr


def test_nothing_found_says_so_on_stderr() -> None:
    """Standard input is read for "-"; nothing is on stdout, and the status is 0."""
    done = run("-", "--own", WORK, given=CLOSED)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "stsctl: nothing in 1 trust policy is wider than it looks\n"


@pytest.mark.parametrize(
    ("fail_on", "status"), [("critical", 0), ("high", 0), ("medium", 8), ("low", 8), ("never", 0), (None, 0)]
)
def test_the_status_is_8_from_the_severity_on_that_was_said(fail_on: str | None, status: int) -> None:
    """What weighs less is printed, and is no failure."""
    done = run("-", *(["--fail-on", fail_on] if fail_on else []), given=MILD)
    assert (done.returncode, "medium: " in done.stdout) == (status, True)


def test_json_has_everything(trust: Path) -> None:
    """`--json` and `--format json` are the same list of findings."""
    done = run(str(trust), "--json")
    (found,) = json.loads(done.stdout)
    assert (found["rule"], found["severity"], found["line"], found["column"]) == ("everyone", "critical", 4, 46)
    assert found["path"] == "Statement[0].Principal.AWS"
    assert found["fix"]["change"] == "add to Condition"
    assert run(str(trust), "--format", "json").stdout == done.stdout


def _required(value: dict[str, Any], *names: str) -> None:
    assert set(names) <= set(value), value


def test_sarif_has_what_its_schema_requires(trust: Path) -> None:
    """Log, run, tool, rules and results have the properties that SARIF 2.1.0 requires, and refer to each other."""
    log = json.loads(run(str(trust), "--format", "sarif").stdout)
    _required(log, "version", "runs")
    assert log["version"] == "2.1.0"
    (one,) = log["runs"]
    _required(one, "tool")
    driver = one["tool"]["driver"]
    _required(driver, "name")
    assert len({rule["id"] for rule in driver["rules"]}) == len(driver["rules"])
    assert all(rule["helpUri"].startswith("https://") for rule in driver["rules"])
    (result,) = one["results"]
    _required(result, "message")
    _required(result["message"], "text")
    assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "everyone"
    assert result["level"] in ("none", "note", "warning", "error")
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == trust.as_uri()
    assert place["region"] == {"startLine": 4, "startColumn": 46}
    nothing = json.loads(run("-", "--format", "sarif", given=CLOSED).stdout)
    assert nothing["runs"][0]["results"] == []


def test_a_terminal_gets_a_table(trust: Path) -> None:
    """On a terminal the file is a heading, and the findings stand in columns."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "stsctl", "access", "trust", str(trust)]
    environ = os.environ | {"TERM": "xterm", "COLUMNS": "120"}
    with subprocess.Popen(command, stdout=follower, stderr=subprocess.PIPE, env=environ) as process:
        process.communicate()
    os.close(follower)
    shown = os.read(leader, 100_000).decode()
    os.close(leader)
    assert (process.returncode, "\x1b[1;31mcritical\x1b[0m" in shown, "4:46" in shown) == (8, True, True), shown


def test_live_roles_are_read_by_the_session_that_was_said(me: Me) -> None:
    """A role by name or ARN, by iam:GetRole: that its own account is trusted is no finding, that another's is one."""
    me.configure_as_usual(hub=me.code_process())
    done = me.run("access", "trust", "hub", READ_ONLY, "--as", "read-only")
    assert (done.status, done.out) == (0, ""), done
    assert "nothing in 2 trust policies" in done.err
    done = me.run("access", "trust", AUDIT, "--json", "--as", "audit")
    (found,) = json.loads(done.out)
    assert (done.status, found["rule"], found["place"]) == (8, "no-external-id", AUDIT), done
    assert me.run("access", "trust", AUDIT, "--as", "audit", "--own", WORK).status == 0


def test_a_role_of_another_account_than_the_session_is_refused_beforehand(me: Me) -> None:
    """IAM of one account knows nothing of another's roles, and GetRole would find one of the same name."""
    done = me.run("access", "trust", ADMIN, "--as", "read-only")
    assert (done.status, "which may iam:GetRole" in done.err) == (2, True), done


def test_the_answer_of_the_aws_cli_is_read_whole(me: Me) -> None:
    """Every role of an account, each by its name, and each with its own account for its own."""
    answer = me.program(str(BIN / "aws"), "iam", "get-account-authorization-details", "--filter", "Role")
    (me.home / "details.json").write_text(answer.out)
    done = me.run("access", "trust", "details.json", "--json", "--fail-on", "never")
    found = json.loads(done.out)
    assert done.status == 0, done
    assert HUB not in {each["role"] for each in found}
    done = me.run("access", "trust", "details.json", "--own", WORK, "--fail-on", "low")
    assert done.status in (0, 8), done


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["gone.json"], 3, "no such file"),
        (["nobody"], 3, "nobody"),
        (["work"], 3, '"work" is no role'),
        (["-", "--own", "12"], 2, "which has 12 digits"),
        (["-"], 3, "neither a trust policy nor an answer that has roles"),
        ([], 2, "missing argument"),
    ],
)
def test_what_cannot_be_meant_is_said(me: Me, words: list[str], status: int, says: str) -> None:
    """Files that are not there, names that are nobody's, accounts that are none."""
    done = me.run("access", "trust", *words, given="{}")
    assert (done.status, says in done.err) == (status, True), done
