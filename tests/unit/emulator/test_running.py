"""What an emulator leaves in its folder while it runs."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from stsctl.credentials import Secret
from stsctl.emulator import running
from stsctl.emulator.running import Running


def test_one_that_was_started_before_clocks_could_be_moved_is_found(tmp_path: Path) -> None:
    """An emulator that runs through an upgrade of stsctl can still be asked, and stopped."""
    started = Running(
        url="http://127.0.0.1:1",
        port=1,
        pid=1,
        process_started="then",
        instance="i",
        control_token=Secret("t"),
        seed="built-in",
        started_at=datetime(2026, 1, 2, tzinfo=UTC),
        ahead=timedelta(minutes=1),
    )
    running.write(tmp_path, started)
    assert running.read(tmp_path) == started
    facts = json.loads(running.file_in(tmp_path).read_text())
    del facts["clock_ahead"]
    running.file_in(tmp_path).write_text(json.dumps(facts))
    found = running.read(tmp_path)
    assert found is not None
    assert (found.pid, found.ahead) == (1, timedelta())
