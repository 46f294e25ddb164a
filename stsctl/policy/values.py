"""What the values of conditions spell: numbers, instants, addresses, bytes; None for what spells none."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?", re.ASCII | re.IGNORECASE)
_SMALL = re.compile(r"-?\d{1,15}", re.ASCII)
_EPOCH = re.compile(r"-?\d{5,15}(\.\d+)?", re.ASCII)
_INSTANT = re.compile(
    r"(?P<year>\d{4})(-(?P<month>\d\d)(-(?P<day>\d\d)"
    r"(T(?P<hour>\d\d):(?P<minute>\d\d)(:(?P<second>\d\d)(\.(?P<fraction>\d+))?)?"
    r"(?P<zone>Z|[-+]\d\d:?\d\d)?)?)?)?",
    re.ASCII | re.IGNORECASE,
)
_TRUTHS = {"true": True, "false": False}
_EPOCH_DAY = date(1970, 1, 1).toordinal()


def number(text: str) -> int | Decimal | None:
    """The number that `text` spells."""
    if _SMALL.fullmatch(text):
        return int(text)
    if not _NUMBER.fullmatch(text):
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def instant(text: str) -> int | None:
    """The instant that `text` spells, in microseconds since 1970: a W3C form of ISO 8601, or seconds since then.

    Four digits are a year. An instant without a zone is UTC.
    """
    if _EPOCH.fullmatch(text):
        return int(Decimal(text) * 1_000_000)
    parts = _INSTANT.fullmatch(text)
    if parts is None:
        return None
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    try:
        day = date(int(parts["year"]), int(parts["month"] or 1), int(parts["day"] or 1)).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    if hour > 23 or minute > 59 or second > 60:  # 60 is a leap second
        return None
    seconds = ((day * 24 + hour) * 60 + minute) * 60 + second - _offset(parts["zone"] or "Z")
    return seconds * 1_000_000 + int((parts["fraction"] or "0")[:6].ljust(6, "0"))


def _offset(zone: str) -> int:
    """The seconds that a zone is ahead of UTC."""
    if zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "")
    return (1 if zone[0] == "+" else -1) * (int(digits[:2]) * 3600 + int(digits[2:]) * 60)


def octets(text: str) -> bytes | None:
    """The bytes that base64 spells."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def network(text: str) -> Network | None:
    """The network that a CIDR, or a single address, spells; bits beyond the prefix are let pass."""
    try:
        return None if "%" in text else ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


@lru_cache(maxsize=1024)
def address(text: str) -> Address | None:
    """The address that `text` spells."""
    try:
        return None if "%" in text else ipaddress.ip_address(text)
    except ValueError:
        return None


def truth(text: str) -> bool | None:
    """The truth value that `text` spells, in any case."""
    return _TRUTHS.get(text.lower())
