"""Proof of who asked for an authorization code."""

from __future__ import annotations

import re

from stsctl import pkce
from stsctl.pkce import Pkce


def test_challenge_of_the_rfc() -> None:
    """The example of RFC 7636, appendix B."""
    assert pkce.challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk") == (
        "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    )


def test_each_is_new() -> None:
    """No two are alike; a verifier has the characters and the length that the RFC asks for, and does not print."""
    one, other = Pkce.new(), Pkce.new()
    assert one.challenge != other.challenge
    assert re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", one.verifier.reveal())
    assert pkce.challenge_of(one.verifier.reveal()) == one.challenge
    assert one.verifier.reveal() not in repr(one)
