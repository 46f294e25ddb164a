"""Numbers, instants, addresses and bytes as conditions spell them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from stsctl.policy import values


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("-12", -12),
        ("+3", 3),
        ("007", 7),
        ("1.50", Decimal("1.5")),
        (".5", Decimal("0.5")),
        ("5.", 5),
        ("1E3", 1000),
        ("9" * 40, Decimal("9" * 40)),
        ("", None),
        ("1,5", None),
        ("0x10", None),
        (" 1", None),
        ("NaN", None),
        ("Infinity", None),
        ("١", None),
        ("1e99999999999999999999", None),
    ],
)
def test_numbers(text: str, number: int | Decimal | None) -> None:
    """Whole and decimal numbers of any size, and nothing else."""
    assert values.number(text) == number


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970", 0),
        ("1970-01", 0),
        ("1970-01-02", 86_400),
        ("1970-01-01T00:01Z", 60),
        ("1970-01-01T00:00:01Z", 1),
        ("1970-01-01t00:00:01z", 1),
        ("1970-01-01T00:00:00.5Z", 0.5),
        ("1970-01-01T00:00:00.1234567Z", 0.123456),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T01:00:00+0100", 0),
        ("1969-12-31T23:00:00-01:00", 0),
        ("1970-01-01T00:00:01", 1),
        ("2016-12-31T23:59:60Z", 1_483_228_800),
        ("86400", 86_400),
        ("86400.25", 86_400.25),
        ("-86400", -86_400),
        ("0001-01-01", -62_135_596_800),
    ],
)
def test_instants(text: str, seconds: float) -> None:
    """The W3C's forms of ISO 8601, and seconds since 1970."""
    assert values.instant(text) == seconds * 1_000_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "0000-01-01",
        "2026-13-01",
        "2026-02-30",
        "2026-01-01T24:00Z",
        "2026-01-01T00:60Z",
        "2026-1-1",
        "1e9",
        "12",
    ],
)
def test_what_is_no_instant(text: str) -> None:
    """What no calendar has, and what ISO 8601 does not write so, is none."""
    assert values.instant(text) is None


@pytest.mark.parametrize("text", ["", "10.0.0", "10.0.0.256", "10.0.0.0/33", "fe80::1%eth0", "10.0.0.0/-1", "host"])
def test_what_is_no_network(text: str) -> None:
    """What is neither an address nor a CIDR is no network."""
    assert values.network(text) is None
    assert values.address(text) is None


@pytest.mark.parametrize("text", ["QQ=", "QQ==\n", "Q Q==", "ÄÄ=="])
def test_what_is_no_base64(text: str) -> None:
    """Base64 is strict."""
    assert values.octets(text) is None
