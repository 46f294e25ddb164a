"""Azure's instance metadata where Azure has it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import missing

ROOT = Path(__file__).parent.parent.parent


def test_where_azure_has_it(tmp_path: Path) -> None:
    """At 169.254.169.254 nobody asks before a source says so; then one question has the header and the audience."""
    if not shutil.which("unshare") or not shutil.which("ip"):
        missing("unshare and ip")
    if subprocess.run(["unshare", "-n", "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine permits no network namespace")
    argv = ["unshare", "-n", sys.executable, "-m", "tests.real.azure_imds", str(tmp_path)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 0, done.stderr
    before, after = (json.loads(line) for line in done.stdout.splitlines())
    assert (before["status"], before["asked"]) == (3, [])
    assert after["asked"] == ["/metadata/identity/oauth2/token sts.amazonaws.com True"]
    assert after["status"] == 0
