"""What the agent left to be said is said once, and not taken away while it is being written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from stsctl.cli import agent_notices
from stsctl.host import drafts, paths

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_a_notice_that_is_being_written_is_left_to_its_writer(home: Path) -> None:
    """Its draft would be missing when it is to become the notice."""
    places = paths.find({"HOME": str(home)})
    agent_notices.leave(places, "one", "it has ended", NOW)
    draft = drafts.beside(places.agent / "notices" / "two")
    draft.write_text(f"{NOW.isoformat()} half a")
    assert agent_notices.take(places, NOW) == ["it has ended"]
    assert agent_notices.take(places, NOW) == []
    assert draft.exists()
