"""Credentials as tools print them."""

from __future__ import annotations

import contextlib
import json
import traceback
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stsctl.credentials import Secret
from stsctl.sources.credentials_json import LONGEST, NoCredentialsError, of_process, saved

KEYS = {"AccessKeyId": "ASIAEXAMPLE000000001", "SecretAccessKey": "canary-secret"}
PROCESS = KEYS | {"Version": 1, "SessionToken": "canary-token", "Expiration": "2026-05-01T12:00:00Z"}
STS = {"Credentials": KEYS | {"SessionToken": "canary-token", "Expiration": "2026-05-01T14:00:00+02:00"}}
ROLE = {"AssumedRoleUser": {"AssumedRoleId": "AROAX:alice", "Arn": "arn:aws:sts::111111111111:assumed-role/Dev/alice"}}
FEDERATED = {
    "FederatedUser": {"FederatedUserId": "111111111111:bob", "Arn": "arn:aws:sts::111111111111:federated-user/bob"}
}
SSO = {
    "roleCredentials": {
        "accessKeyId": "ASIAEXAMPLE000000001",
        "secretAccessKey": "canary-secret",
        "sessionToken": "canary-token",
        "expiration": 1777636800000,
    }
}
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def text(content: object) -> Secret:
    """What a tool prints."""
    return Secret(json.dumps(content, indent=4))


@pytest.mark.parametrize(
    ("content", "identity", "account"),
    [
        (STS, None, None),
        (STS | ROLE | {"PackedPolicySize": 6, "SourceIdentity": "alice"}, "assumed-role/Dev/alice", "111111111111"),
        (
            STS | ROLE | {"Provider": "arn:aws:iam::111111111111:oidc-provider/x"},
            "assumed-role/Dev/alice",
            "111111111111",
        ),
        (STS | FEDERATED, "federated-user/bob", "111111111111"),
        (PROCESS | {"AccountId": "111111111111"}, None, "111111111111"),
        (PROCESS | {"AccountId": "1"}, None, None),
        (SSO, None, None),
    ],
    ids=["get-session-token", "assume-role", "with-web-identity", "federation", "process", "bad account", "sso"],
)
def test_every_form(content: dict[str, Any], identity: str | None, account: str | None) -> None:
    """Each form of AWS's tools is told from the others, with whose credentials they are as far as it says."""
    found = saved(text(content))
    assert found.credentials.access_key_id == "ASIAEXAMPLE000000001"
    assert found.credentials.secret_access_key == Secret("canary-secret")
    assert found.credentials.session_token == Secret("canary-token")
    assert found.credentials.expires_at == NOON
    assert found.account_id == account
    assert (found.identity.resource if found.identity else None) == identity
    assert "canary" not in repr(found)


@pytest.mark.parametrize("more", [{}, {"SessionToken": None, "Expiration": None}, {"SessionToken": ""}])
def test_long_term_keys_of_a_process(more: dict[str, object]) -> None:
    """A process may give keys without token and end."""
    found = of_process(text(KEYS | {"Version": 1} | more)).credentials
    assert (found.session_token, found.expires_at) == (None, None)


def without(fields: dict[str, Any], name: str) -> dict[str, Any]:
    """`fields` without one."""
    return {each: value for each, value in fields.items() if each != name}


BAD = [
    ("", "is empty"),
    (" \n", "is empty"),
    ("canary no JSON", "is no JSON object"),
    ("[]", "is no JSON object"),
    ("null", "is no JSON object"),
    ('"canary"', "is no JSON object"),
    ("[" * 50_000, "is no JSON object"),
    ("{}" + " " * LONGEST, "no answer of AWS's is so long"),
    (json.dumps(KEYS), "a Version of 1 is missing"),
    (json.dumps(PROCESS | {"Version": 2}), "a Version of 1 is missing"),
    (json.dumps(PROCESS | {"Version": True}), "a Version of 1 is missing"),
    (json.dumps(without(PROCESS, "SecretAccessKey")), "has no usable SecretAccessKey"),
    (json.dumps(PROCESS | {"AccessKeyId": ""}), "has no usable AccessKeyId"),
    (json.dumps(PROCESS | {"AccessKeyId": 1}), "has no usable AccessKeyId"),
    (json.dumps(PROCESS | {"SecretAccessKey": "canary\nsecret"}), "has no usable SecretAccessKey"),
    (json.dumps(PROCESS | {"SessionToken": ["canary"]}), "has no usable SessionToken"),
    (json.dumps(PROCESS | {"Expiration": "canary"}), "has no usable Expiration"),
    (json.dumps(PROCESS | {"Expiration": "2026-05-01T12:00:00"}), "has no usable Expiration"),
    (json.dumps(PROCESS | {"Expiration": "0001-01-01T00:00:00+23:59"}), "has no usable Expiration"),
]
"""What no process may answer."""

BAD_SAVED = [
    (json.dumps({"Credentials": KEYS}), "has no usable SessionToken"),
    (json.dumps({"Credentials": without(STS["Credentials"], "Expiration")}), "has no usable Expiration"),
    (json.dumps(STS | {"AssumedRoleUser": {"Arn": "canary"}}), "has no usable Arn"),
    (json.dumps(STS | {"AssumedRoleUser": "canary"}), "has no usable Arn"),
    (json.dumps({"roleCredentials": SSO["roleCredentials"] | {"expiration": 10**30}}), "has no usable expiration"),
    (json.dumps({"AccessKey": KEYS}), "is a user's access key"),
    (json.dumps({"accessToken": "canary", "expiresAt": "2026"}), "is the token of a sign-in"),
]


@pytest.mark.parametrize(("answer", "why"), BAD)
def test_what_a_process_may_not_answer(answer: str, why: str) -> None:
    """What is not in AWS's form is told apart; no part of it is in the message or the traceback."""
    _refused(of_process, answer, why)


@pytest.mark.parametrize(("answer", "why"), BAD + BAD_SAVED)
def test_what_is_no_saved_answer(answer: str, why: str) -> None:
    """A file with anything else is refused with what it is."""
    _refused(saved, answer, why)


def _refused(parse: Any, answer: str, why: str) -> None:
    with pytest.raises(NoCredentialsError) as raised:
        parse(Secret(answer))
    assert why in raised.value.why
    assert "canary" not in "".join(traceback.format_exception(raised.value))


PLAIN = st.sampled_from(
    [
        None,
        True,
        0,
        1,
        -1,
        10**40,
        1.5,
        float("nan"),
        "",
        "x",
        "\ud800",
        "2026-05-01T12:00:00Z",
        "9999-12-31T23:59-23:59",
    ]
)
NAMES = st.sampled_from([*PROCESS, *STS, *ROLE, *SSO, *SSO["roleCredentials"], "Arn", "AssumedRoleId", "AccountId"])


@given(st.dictionaries(NAMES, st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner))))
def test_nothing_else_happens(fields: dict[str, Any]) -> None:
    """Whatever the fields are, they are credentials or they are none."""
    with contextlib.suppress(NoCredentialsError):
        assert saved(Secret(json.dumps(fields))).credentials.access_key_id
