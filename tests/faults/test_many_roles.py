"""`stsctl each` in five hundred roles: one question, no failure, and no more memory than in fifty."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stsctl.emulator import control
from tests import program
from tests.program import HUB, PRODUCTION, STSCTL, Me, Organisation, somebody

COUNT = 500
FEW = 50


@pytest.fixture
def organisation(tmp_path: Path) -> Iterator[Organisation]:
    """One with so many roles, which the hub may become."""
    trust = f'{{ Version = "2012-10-17", Statement = [ {{ Effect = "Allow", Principal = {{ AWS = "{HUB}" }}, '
    trust += 'Action = "sts:AssumeRole" } ] }'
    more = "".join(f"[account.{PRODUCTION}.role.Many{n:03}]\ntrust = {trust}\n" for n in range(COUNT))
    found = program.start(tmp_path / "organisation", more=more, people=1)
    yield found
    control.stop(found.folder, found.running)


def ran(me: Me, pattern: str) -> tuple[list[dict[str, object]], int]:
    """What each program ended with, and the most memory (KiB) that stsctl had."""
    script = 'echo "$STSCTL_ROLE"'
    words = ("each", pattern, "--json", "--jobs", "8", "--", "sh", "-c", script)
    out = me.home / "out"
    with out.open("w") as stdout, (me.home / "err").open("w") as stderr:
        process = subprocess.Popen([STSCTL, *words], env=me.environ, cwd=me.home, stdout=stdout, stderr=stderr)
        most = 0
        while process.poll() is None:
            # wait4(2) would count what the parent had when it forked.
            found = re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
            most = int(found[1]) if found else most  # none: it has just ended
            time.sleep(0.05)
    assert process.returncode == 0, (me.home / "err").read_text()[-2000:]
    return [json.loads(line) for line in out.read_text().splitlines()], most


@pytest.mark.crowd
@pytest.mark.timeout(600)
def test_500_roles(home: Path, organisation: Organisation) -> None:
    """Each role's program runs with its session: one code and one call for the hub, one call for each of the others."""
    me = somebody(home, organisation)
    more = "".join(
        f'[role.many-{n:03}]\nrole_arn = "arn:aws:iam::{PRODUCTION}:role/Many{n:03}"\nfrom = "hub"\n'
        for n in range(COUNT)
    )
    me.configure_as_usual(hub=me.code_process(), more=more)
    few, least = ran(me, "many-0[0-4]?")
    assert len(few) == FEW
    me.calls()
    answers, most = ran(me, "many-*")
    names = sorted(f"many-{n:03}" for n in range(COUNT))
    assert sorted(str(each["name"]) for each in answers) == names
    assert all(each["stdout"] == f"{each['name']}\n" and each["status"] == 0 for each in answers)
    assert me.calls() == ["AssumeRole"] * (COUNT - FEW)
    assert me.prompts() == 1
    assert most < 1.1 * least, f"{most} KiB, with {FEW} roles {least} KiB"
