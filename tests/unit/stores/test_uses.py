"""Which names are used often and lately."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stsctl.stores.uses import Uses

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def uses(tmp_path: Path) -> Uses:
    """Nothing was used yet."""
    return Uses(file=tmp_path / "state" / "uses.json")


def test_often_and_lately(uses: Uses) -> None:
    """Each use counts one, and half of that every two weeks."""
    assert uses.worth(NOW) == {}
    for _ in range(3):
        uses.add("often", NOW)
    uses.add("lately", NOW + timedelta(days=28))
    worth = uses.worth(NOW + timedelta(days=28))
    assert worth["often"] == pytest.approx(0.75)
    assert worth["lately"] == pytest.approx(1)


def test_a_clock_that_went_back(uses: Uses) -> None:
    """A use of the future counts like one of now."""
    uses.add("one", NOW)
    assert uses.worth(NOW - timedelta(days=100)) == {"one": 1.0}


def test_the_least_used_are_forgotten(uses: Uses) -> None:
    """The file does not grow: what is worth least goes."""
    uses.add("seldom", NOW - timedelta(days=100))
    for number in range(200):
        uses.add(f"role-{number}", NOW)
    assert len(uses.worth(NOW)) == 200
    assert "seldom" not in uses.worth(NOW)
    assert "role-199" in uses.worth(NOW)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"uses":[{"name":1}]}', b"\xff"])
def test_a_damaged_file(uses: Uses, content: bytes) -> None:
    """What cannot be read is nothing, and the next use begins anew."""
    uses.file.parent.mkdir()
    uses.file.write_bytes(content)
    assert uses.worth(NOW) == {}
    uses.add("one", NOW)
    assert list(uses.worth(NOW)) == ["one"]


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    """A file where its folder should be keeps nobody from their session."""
    (tmp_path / "state").write_text("")
    Uses(file=tmp_path / "state" / "uses.json").add("one", NOW)
    assert Uses(file=tmp_path / "state" / "uses.json").worth(NOW) == {}
