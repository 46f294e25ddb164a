"""The pictures of terminals in docs/pictures/."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import missing
from tests.program import BIN
from tests.secret_service import available
from tools import pictures


@pytest.mark.slow
def test_pictures_are_what_a_terminal_shows(home: Path) -> None:
    """Drawn anew, each is the same to the last letter, times and codes aside."""
    if not available():
        missing("gnome-keyring")
    if not (BIN / "aws").exists():
        missing("the AWS CLI")
    drawn = pictures.drawn()
    committed = {path.stem: path.read_text(encoding="utf-8") for path in pictures.PICTURES.glob("*.svg")}
    stale = [name for name, text in drawn.items() if committed.get(name) != text]
    assert not stale, "make pictures"
    assert set(drawn) <= set(committed)
