"""The journal, read back."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

from stsctl.emulator.protocol.refusal import access_denied
from stsctl.emulator.state import noted
from stsctl.emulator.world.journal import Entry, Journal

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def _journal(*entries: Entry) -> str:
    file = io.StringIO()
    for entry in entries:
        Journal(file).write(entry)
    return file.getvalue()


def _refused() -> Entry:
    entry = Entry(at=NOW, wall_at=NOW, who="arn:aws:iam::111111111111:user/a", action="sts:AssumeRole")
    entry.refuse(access_denied("no", because="first\nsecond"))
    return entry


def test_what_is_written_is_read(tmp_path: Path) -> None:
    """Every field comes back; the emulator's own control requests and lines of other kinds do not."""
    path = tmp_path / "log"
    control = Entry(at=NOW, wall_at=NOW, action=noted.CONTROL)
    path.write_text(f"WARNING:something\n{_journal(_refused(), control)}[1]\n{{}}\n", encoding="utf-8")
    (found,) = noted.read(path)
    assert (found.at, found.denied, found.service) == (NOW, True, "sts")
    assert (found.code, found.because) == ("AccessDenied", "first\nsecond")


def test_half_a_line_is_waited_for(tmp_path: Path) -> None:
    """A line that is being written is given once it is whole; a new journal is read from its start."""
    path = tmp_path / "log"
    lines = noted.follow(path, sleep=lambda _: None)
    assert next(lines) is None
    text = _journal(_refused())
    path.write_text(text + text[:20], encoding="utf-8")
    while (found := next(lines)) is None:
        pass
    assert found.code == "AccessDenied"
    assert next(lines) is None
    with path.open("a", encoding="utf-8") as file:
        file.write(text[20:])
    while (found := next(lines)) is None:
        pass
    other = json.loads(text) | {"action": "iam:GetUser"}
    path.rename(tmp_path / "log.before")
    path.write_text(json.dumps(other) + "\n", encoding="utf-8")
    while (found := next(lines)) is None:
        pass
    assert found.service == "iam"


def test_there_may_be_no_journal(tmp_path: Path) -> None:
    """Where nothing was ever started, nothing was asked."""
    assert list(noted.read(tmp_path / "log")) == []
