"""What is printed can be shown to strangers."""

from __future__ import annotations

import pytest

from stsctl.doctor.shortened import shortened


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("/home/anna/.aws/config:3", "~/.aws/config:3"),
        ('"/home/anna"', '"~"'),
        ("/home/annabel/x", "/home/annabel/x"),
        ("arn:aws:iam::123456789012:role/Admin", "arn:aws:iam::…9012:role/Admin"),
        ("account 123456789012", "account …9012"),
        ("1234567890123", "1234567890123"),
        ("AKIAIOSFODNN7EXAMPLE", "AKIA…MPLE"),
        ("ASIAIOSFODNN7EXAMPLE, AROAIOSFODNN7EXAMPLE", "ASIA…MPLE, AROA…MPLE"),
        ("sts.amazonaws.com", "sts.amazonaws.com"),
    ],
)
def test_home_accounts_and_ids(text: str, short: str) -> None:
    """The home folder becomes a tilde; of accounts and of ids the last four characters stay."""
    assert shortened(text, "/home/anna") == short


@pytest.mark.parametrize("home", [None, "", "/"])
def test_no_home_is_no_prefix(home: str | None) -> None:
    """Where there is none, nothing is taken for it."""
    assert shortened("/etc/x", home) == "/etc/x"
