"""The line editing of a Windows console, which is all of it that can be tried elsewhere."""

from __future__ import annotations

import pytest

from stsctl.errors import PersonNeededError
from stsctl.host import console


@pytest.mark.parametrize(
    ("keys", "line", "shown"),
    [
        ("123456\r", "123456", "123456"),
        ("12x\b3\r", "123", "12x\b \b3"),
        ("\b1\r", "1", "1"),
        ("\xe0K1\x00;2\r", "12", "12"),
        ("a\x1bé\n", "aé", "aé"),
        ("\r", "", ""),
    ],
)
def test_keys_make_a_line(keys: str, line: str, shown: str) -> None:
    """Backspace takes one back, function keys and control characters are no text."""
    echoed: list[str] = []
    assert console.edit_line(iter(keys), echoed.append) == line
    assert "".join(echoed) == shown


def test_ctrl_c_interrupts_and_ctrl_z_ends() -> None:
    """As on other terminals: an interrupt, and a question that was not answered."""
    with pytest.raises(KeyboardInterrupt):
        console.edit_line(iter("12\x03"), str)
    with pytest.raises(PersonNeededError, match="not answered"):
        console.edit_line(iter("12\x1a"), str)
