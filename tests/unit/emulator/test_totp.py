"""One-time codes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from stsctl.credentials import Secret
from stsctl.emulator.directory.totp import UsedCodes, are_consecutive
from stsctl.totp import code_at, step_at

# RFC 6238, appendix B, SHA-1: the seed "12345678901234567890" in base32; the last six of the eight digits there.
SEED = Secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
SERIAL = "arn:aws:iam::111111111111:mfa/alice"
NOW = datetime(2026, 1, 1, 12, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_of_the_rfc(seconds: int, code: str) -> None:
    """The codes are those of RFC 6238's test vectors."""
    assert code_at(SEED, step_at(datetime.fromtimestamp(seconds, UTC))) == code


@pytest.mark.parametrize(("offset", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_window(offset: int, taken: bool) -> None:
    """The codes of the step before and the step after are taken too, and no others."""
    assert UsedCodes().use(SERIAL, SEED, code_at(SEED, step_at(NOW) + offset), NOW) is taken


def test_no_code_twice() -> None:
    """A code is taken once, for as long as it would be right, and by each device for itself."""
    codes, code = UsedCodes(), code_at(SEED, step_at(NOW))
    assert codes.use(SERIAL, SEED, code, NOW)
    assert not codes.use(SERIAL, SEED, code, NOW)
    assert not codes.use(SERIAL, SEED, code, NOW + timedelta(seconds=30))
    assert codes.use("another", SEED, code, NOW)


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "１２３４５６", "000000000000"])
def test_nonsense_is_no_code(code: str) -> None:
    """Whatever is no code is refused without a fuss."""
    assert not UsedCodes().use(SERIAL, SEED, code, NOW)


def test_next_code_is_taken() -> None:
    """The next code is one that is taken; after two the wait is told, and then there is one again."""
    codes = UsedCodes()
    for _ in range(2):
        code, _left = codes.next_code(SERIAL, SEED, NOW)
        assert code is not None
        assert codes.use(SERIAL, SEED, code, NOW)
    none, wait = codes.next_code(SERIAL, SEED, NOW)
    assert none is None
    assert wait == timedelta(seconds=20)
    code, _left = codes.next_code(SERIAL, SEED, NOW + wait)
    assert code is not None
    assert codes.use(SERIAL, SEED, code, NOW + wait)


def test_consecutive() -> None:
    """A device is enabled by two codes in a row, in their order, and not by old ones."""
    step = step_at(NOW)
    first, second = code_at(SEED, step - 1), code_at(SEED, step)
    assert are_consecutive(SEED, first, second, NOW)
    assert not are_consecutive(SEED, second, first, NOW)
    assert not are_consecutive(SEED, first, first, NOW)
    assert not are_consecutive(SEED, code_at(SEED, step - 100), code_at(SEED, step - 99), NOW)
