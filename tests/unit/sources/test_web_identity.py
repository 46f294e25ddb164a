"""Tokens, as they are read: what of them says who asks."""

from __future__ import annotations

import base64
import json

import pytest

from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError
from stsctl.request import Asker, AskerKind
from stsctl.sources.id_token import Token
from stsctl.sources.web_identity import WebIdentity

CLAIMS: dict[str, object] = {
    "iss": "https://issuer.example",
    "sub": "repo:org/x",
    "aud": ["sts.amazonaws.com", "app"],
    "repository": "org/x",
    "https://aws.amazon.com/tags": {"principal_tags": {"team": ["blue"]}},
    "kubernetes.io": {"warnafter": 5},
    "email_verified": True,
    "exp": 1_800_000_000,
    "jti": "one",
}


def token(**changed: object) -> Token:
    """A token with those claims, read."""
    body = base64.urlsafe_b64encode(json.dumps(CLAIMS | changed).encode()).decode().rstrip("=")
    found = WebIdentity(name="ci", read=lambda: Secret(f"e30.{body}.c2ln")).proof()
    assert found is not None
    return found


def test_who_asks_is_readable() -> None:
    """It is what the token says of its subject, in one order, without times and ids."""
    told = {name: CLAIMS[name] for name in ("iss", "sub", "aud", "repository", "https://aws.amazon.com/tags")}
    assert token().asker == Asker(
        kind=AskerKind.WEB_IDENTITY, id=json.dumps(told, sort_keys=True, separators=(",", ":"))
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://other.example"},
        {"sub": "repo:org/y"},
        {"aud": "app"},
        {"repository": "org/y"},
        {"job_workflow_ref": "org/x/.github/workflows/a.yml"},
        {"https://aws.amazon.com/tags": {"principal_tags": {"team": ["red"]}}},
        {"https://aws.amazon.com/source_identity": "alice"},
    ],
)
def test_every_claim_that_a_trust_policy_could_go_by_counts(changed: dict[str, object]) -> None:
    """Another value, or one more claim, is somebody else."""
    assert token(**changed).asker != token().asker


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": 1_900_000_000, "iat": 1, "nbf": 1.5, "auth_time": 2},
        {"jti": "two", "nonce": "n", "at_hash": "h", "sid": "s"},
        {"kubernetes.io": {"warnafter": 6}},
    ],
)
def test_what_changes_with_every_token_does_not(changed: dict[str, object]) -> None:
    """Times, and ids of the token or the sign-in, are nobody's."""
    assert token(**changed).asker == token().asker


def test_what_is_said_twice_is_refused() -> None:
    """Which of two subjects counts is not guessed: STS might take the other one."""
    body = base64.urlsafe_b64encode(b'{"iss": "https://issuer.example", "sub": "alice", "sub": "bob"}').decode()
    with pytest.raises(ConfigurationError, match="no ID token"):
        WebIdentity(name="ci", read=lambda: Secret(f"e30.{body}.c2ln")).proof()
