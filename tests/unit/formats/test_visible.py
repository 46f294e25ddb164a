from __future__ import annotations

import pytest

from stsctl.formats.visible import visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("prod-admin", "prod-admin"),
        ("équipe 本番 🚀", "équipe 本番 🚀"),
        ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
        ("a\r\nb\tc\x7f", "a\\r\\nb\\tc\\x7f"),
        ("\x9b2J", "\\x9b2J"),
        ("admin\u202enimda", "admin\\u202enimda"),
        ("a\u200bb\u2028c\ufeff", "a\\u200bb\\u2028c\\ufeff"),
        ("\udcff", "\\udcff"),
    ],
)
def test_what_a_terminal_would_obey_is_spelled_out(text: str, shown: str) -> None:
    """Escape codes, line ends, bidirectional and invisible characters are shown; ordinary text stays."""
    assert visible(text) == shown
