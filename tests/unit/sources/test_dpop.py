"""Proofs that a token's key is had."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest

from stsctl.sources.dpop import ProofKey

URL = "https://eu-west-1.signin.aws.amazon.com/v1/token"
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def part(proof: str, number: int) -> dict[str, object]:
    """A part of a proof, read."""
    text = proof.split(".")[number]
    found: dict[str, object] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found


def test_a_proof_is_for_one_request() -> None:
    """Method, URL and time are in it, and no two are the same; the private number is not."""
    key = ProofKey.new()
    one, other = key.proof("POST", URL, NOW), key.proof("POST", URL, NOW)
    claims, header = part(one, 1), part(one, 0)
    assert (claims["htm"], claims["htu"], claims["iat"]) == ("POST", URL, int(NOW.timestamp()))
    assert claims["jti"] != part(other, 1)["jti"]
    jwk = header["jwk"]
    assert isinstance(jwk, dict)
    assert (header["typ"], header["alg"], jwk["kty"], jwk["crv"]) == ("dpop+jwt", "ES256", "EC", "P-256")
    assert "d" not in jwk
    assert "private" not in repr(key)


def test_others_can_verify_it() -> None:
    """What another library makes of it is the same request, signed."""
    joserfc = pytest.importorskip("joserfc")
    assert joserfc
    from joserfc import jws
    from joserfc.jwk import ECKey

    for _ in range(20):  # numbers with leading zeros among them
        proof = ProofKey.new().proof("POST", URL, NOW)
        jwk = part(proof, 0)["jwk"]
        assert isinstance(jwk, dict)
        found = jws.deserialize_compact(proof, ECKey.import_key(jwk), algorithms=["ES256"])
        assert json.loads(found.payload)["htu"] == URL


def test_botocore_can_use_the_key() -> None:
    """The key is kept in the form that botocore reads."""
    awscrt = pytest.importorskip("awscrt")
    assert awscrt
    from botocore.credentials import LoginCredentialFetcher

    pem = ProofKey.new().pem.reveal()
    assert pem.startswith("-----BEGIN EC PRIVATE KEY-----\n")
    assert max(map(len, pem.splitlines())) == 64
    assert LoginCredentialFetcher._load_private_key({"dpopKey": pem}) is not None
