"""The unit of systemd and the property list of launchd."""

from __future__ import annotations

import plistlib
import shutil
import subprocess
import sys
from pathlib import Path

from stsctl.formats import service_units
from tests.conftest import missing

HOSTILE = ["/opt/a b/py%h$HOME\"\\'thon", "-P", "-m", "stsctl"]


def test_launchd_reads_every_word_as_it_is() -> None:
    """Whatever is in it."""
    assert plistlib.loads(service_units.launchd(HOSTILE).encode())["ProgramArguments"] == HOSTILE


def test_systemd_is_told_every_word_as_it_is() -> None:
    """Neither a specifier nor a variable nor a quote means anything in it."""
    unit = service_units.systemd(HOSTILE)
    assert 'ExecStart="/opt/a b/py%%h$$HOME\\"\\\\\'thon" "-P" "-m" "stsctl"\n' in unit


def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    """By its own checker."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        missing("systemd-analyze")
    assert analyze is not None
    path = tmp_path / "stsctl-agent.service"
    path.write_text(service_units.systemd([sys.executable, "-P", "-m", "stsctl", "agent", "start", "--foreground"]))
    done = subprocess.run([analyze, "verify", "--man=no", str(path)], capture_output=True, text=True, check=False)
    assert done.stderr == ""
