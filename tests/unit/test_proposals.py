"""How much of a change `stsctl init` shows unasked."""

from __future__ import annotations

import pytest

from stsctl.cli.proposals import is_long
from stsctl.setup.proposal import Change


@pytest.mark.parametrize(("lines", "expected"), [(12, False), (16, False), (17, True)])
def test_a_few_lines_are_not_hidden(lines: int, *, expected: bool) -> None:
    """More than a screen's part is cut, but not where that would save a line or two."""
    after = b"".join(b"line %d\n" % number for number in range(lines))
    assert is_long(Change(path="/h/f", place="~/f", before=None, after=after)) is expected
