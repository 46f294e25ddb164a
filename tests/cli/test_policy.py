"""`stsctl policy`: what it prints, and the status it ends with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

GOOD = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
ASKED = {"principal": "arn:aws:iam::111111111111:user/alice", "action": "s3:GetObject", "resource": "arn:aws:s3:::bk/k"}
BROKEN = """{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Alow", "Action": "s3:GetObject", "Resource": "*"},
    {"Effect": "Allow", "Action": "s3:GetObject", "Resourc": "*"}
  ]
}
"""


def run(*words: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """`stsctl policy` with those words."""
    return subprocess.run(
        [sys.executable, "-m", "stsctl", "policy", *words], input=given, text=True, capture_output=True, check=False
    )


def test_every_mistake_is_said_with_its_place(tmp_path: Path) -> None:
    """All problems of a document appear on stdout, with file, line and column; the status is 8."""
    file = tmp_path / "broken.json"
    file.write_text(BROKEN)
    done = run("check", "--kind", "identity", str(file))
    assert done.returncode == 8
    places = [line.removeprefix(f"{file}:").split(": ")[0] for line in done.stdout.splitlines()]
    assert len(places) == 3
    assert places[0] == "4:16"
    assert {place.partition(":")[0] for place in places} == {"4", "5"}
    assert "AWS would refuse the document" in done.stderr


def test_a_good_document_says_nothing(tmp_path: Path) -> None:
    """Status 0, and nothing printed; standard input too."""
    file = tmp_path / "good.json"
    file.write_text(json.dumps(GOOD))
    for done in (run("check", str(file)), run("check", "-", given=json.dumps(GOOD))):
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_kind_that_is_said_counts(tmp_path: Path) -> None:
    """An identity policy is no trust policy."""
    file = tmp_path / "good.json"
    file.write_text(json.dumps(GOOD))
    done = run("check", "--kind", "trust", "--json", str(file))
    assert done.returncode == 8
    assert any("Principal" in problem["reason"] for problem in json.loads(done.stdout))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Status 3: nothing was answered."""
    done = run("check", str(tmp_path / "gone.json"))
    assert done.returncode == 3
    assert 'gone.json": no such file' in done.stderr


def test_lines_are_answered_in_order() -> None:
    """An answer a line; a line that cannot be read is answered with its error, the rest go on, and the status is 3."""
    lines = [{**ASKED, "identity_policies": [GOOD]}, "nonsense", {**ASKED, "identity_policies": []}]
    done = run("evaluate", given="\n".join(map(json.dumps, lines)))
    allowed, error, denied = map(json.loads, done.stdout.splitlines())
    statement = {"policy": "identity_policies[0]", "index": 0, "sid": None}
    assert allowed == {"effect": "Allowed", "decided_by": "identity", "statements": [statement]}
    assert "object" in error["error"]
    assert denied["effect"] == "ImplicitlyDenied"
    assert done.returncode == 3


def test_a_decision_in_words(tmp_path: Path) -> None:
    """`--explain` names the statement that nearly applied, the element that failed and both values."""
    closed = {"Version": "2012-10-17", "Statement": {**GOOD["Statement"], "Resource": "arn:aws:s3:::other/*"}}  # type: ignore[dict-item]
    file = tmp_path / "questions.jsonl"
    file.write_text(json.dumps({**ASKED, "identity_policies": [closed]}) + "\n")
    done = run("evaluate", "--explain", str(file))
    assert done.returncode == 0
    assert 'Resource: wanted "arn:aws:s3:::other/*", request has "arn:aws:s3:::bk/k"' in done.stdout


def test_the_whole_pipe_may_end_early() -> None:
    """`| head -1` ends it quietly."""
    line = json.dumps({**ASKED, "identity_policies": [GOOD]})
    script = f'"{sys.executable}" -m stsctl policy evaluate | head -1'
    done = subprocess.run(["sh", "-c", script], input=f"{line}\n" * 5000, text=True, capture_output=True, check=False)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""
