"""GetFederationToken, GetAccessKeyInfo and DecodeAuthorizationMessage, and which credentials may call what."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.emulator_fixture import client, credentials_of
from tests.unit.emulator.organisation import toml
from tests.unit.emulator.test_sts import MINE, OTHER, TAGS, assume, not_authorized, refused, sts, user

POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
BOB = f"arn:aws:sts::{MINE}:federated-user/Bob"


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The organisation of these tests, running."""
    folder: Path = tmp_path_factory.mktemp("org")
    (folder / "org.toml").write_text(toml())
    running = control.start(folder / "state", seed=folder / "org.toml")
    yield running
    control.stop(folder / "state", running)


def federated(running: Running, who: str = "alice", **more: Any) -> Any:
    """A client for a federated user, Bob."""
    return sts(running, credentials_of(sts(running, who).get_federation_token(Name="Bob", **more)))


def message_of(call: Callable[[], object]) -> str:
    """The encoded message of a denial."""
    with pytest.raises(ClientError) as error:
        call()
    answer: Any = error.value.response
    encoded: str = answer["Error"]["EncodedAuthorizationMessage"]
    return encoded


def test_answer_of_get_federation_token(org: Running) -> None:
    """§1: twelve hours when nothing is said, the ARN and id of the federated user, and a packed size of 0 (§2.7)."""
    answer = sts(org, "alice").get_federation_token(Name="Bob")
    assert answer["FederatedUser"] == {"FederatedUserId": f"{MINE}:Bob", "Arn": BOB}
    assert answer["PackedPolicySize"] == 0
    left = answer["Credentials"]["Expiration"] - datetime.now(UTC)
    assert timedelta(hours=11, minutes=59) < left <= timedelta(hours=12)
    identity = federated(org).get_caller_identity()
    assert (identity["Arn"], identity["UserId"], identity["Account"]) == (BOB, f"{MINE}:Bob", MINE)


def test_packed_size_of_a_federation_token(org: Running) -> None:
    """§2.6: policies and tags take room, and too many are refused."""
    alice = sts(org, "alice")
    assert alice.get_federation_token(Name="Bob", Policy=POLICY, Tags=TAGS)["PackedPolicySize"] > 0
    tags = [{"Key": f"T{n}", "Value": "a" * 250} for n in range(9)]
    assert refused(lambda: alice.get_federation_token(Name="Bob", Tags=tags))[0] == "PackedPolicyTooLarge"


@pytest.mark.parametrize(
    ("given", "code", "message"),
    [
        ({"Name": "B" * 33}, "ValidationError", "less than or equal to 32"),
        ({"Name": "a b"}, "ValidationError", r"[\w+=,.@-]*"),
        ({"Name": "Bob", "DurationSeconds": 129601}, "ValidationError", "less than or equal to 129600"),
        ({"Name": "Bob", "Policy": " " * 2049}, "ValidationError", "less than or equal to 2048"),
        ({"Name": "Bob", "Policy": "{}"}, "MalformedPolicyDocument", "Syntax errors in policy."),
        (
            {"Name": "Bob", "PolicyArns": [{"arn": f"arn:aws:iam::{MINE}:policy/Nothing"}]},
            "MalformedPolicyDocument",
            "does not exist",
        ),
        (
            {"Name": "Bob", "Tags": [*TAGS, {"Key": "Project", "Value": "x"}]},
            "InvalidParameterValue",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
    ],
)
def test_parameters_of_get_federation_token(org: Running, given: Any, code: str, message: str) -> None:
    """§1: a name of 2 to 32 characters, at most 36 hours, a policy of 2,048 characters, tags that differ."""
    told = refused(lambda: sts(org, "alice").get_federation_token(**given))
    assert told[:2] == (code, 400)
    assert message in told[2]


@pytest.mark.parametrize("who", ["bob", "denied", "bounded"])
def test_get_federation_token_needs_permission(org: Running, who: str) -> None:
    """§2.5: a user whose policies do not let it, or whose boundary does not, is told what it is not authorized for."""
    assert refused(lambda: sts(org, who).get_federation_token(Name="Bob")) == (
        "AccessDenied",
        403,
        f"User: {user(who)} is not authorized to perform: sts:GetFederationToken on resource: {BOB}",
    )


def test_root_federates_for_an_hour(org: Running) -> None:
    """§1: a root's federated user lasts an hour at most, without a word."""
    answer = sts(org, f"{OTHER}:root").get_federation_token(Name="Bob", DurationSeconds=43200)
    assert answer["Credentials"]["Expiration"] - datetime.now(UTC) <= timedelta(hours=1)
    assert sts(org, credentials_of(answer)).get_caller_identity()["Arn"] == f"arn:aws:sts::{OTHER}:federated-user/Bob"


CALLS: list[tuple[str, dict[str, str]]] = [
    ("get_session_token", {}),
    ("get_federation_token", {"Name": "Bob"}),
    ("get_access_key_info", {"AccessKeyId": "AKIAQQQQQQQQQQQQQQQQ"}),
    ("decode_authorization_message", {"EncodedMessage": "x"}),
    ("assume_role", {"RoleArn": f"arn:aws:iam::{MINE}:role/TrustsAlice", "RoleSessionName": "me"}),
]


@pytest.mark.parametrize(("operation", "given"), CALLS)
def test_federated_users_call_only_get_caller_identity(org: Running, operation: str, given: dict[str, str]) -> None:
    """§2.1: a federated user's credentials call nothing of STS but GetCallerIdentity, and nothing of IAM."""
    caller = federated(
        org, Policy='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
    )
    name = "".join(word.title() for word in operation.split("_"))
    assert refused(lambda: getattr(caller, operation)(**given)) == (
        "AccessDenied",
        403,
        f"Cannot call {name} with session credentials",
    )
    held = credentials_of(sts(org, "alice").get_federation_token(Name="Bob", Policy=POLICY))
    assert refused(lambda: client(org, "iam", held).list_users())[0] == "InvalidClientTokenId"


@pytest.mark.parametrize(("operation", "given"), CALLS[:4])
def test_session_tokens_call_only_assume_role(org: Running, operation: str, given: dict[str, str]) -> None:
    """§2.1: GetSessionToken's credentials call AssumeRole and GetCallerIdentity alone."""
    caller = sts(org, credentials_of(sts(org, "alice").get_session_token()))
    assert refused(lambda: getattr(caller, operation)(**given))[2].startswith("Cannot call ")
    assert assume(caller, "TrustsAlice")
    assert caller.get_caller_identity()["Arn"] == user("alice")


def test_role_sessions_call_all_but_the_long_term_ones(org: Running) -> None:
    """§2.1, §2.5: a role's session gets neither session token nor federation token; its policies say the rest."""
    caller = sts(org, credentials_of(assume(sts(org, "alice"), "TrustsAlice")))
    assert refused(lambda: caller.get_federation_token(Name="Bob")) == (
        "AccessDenied",
        403,
        "Cannot call GetFederationToken with session credentials",
    )
    assert refused(caller.get_session_token)[2] == "Cannot call GetSessionToken with session credentials"
    assert caller.get_access_key_info(AccessKeyId=CALLS[2][1]["AccessKeyId"])["Account"]


def test_access_key_info(org: Running) -> None:
    """A key's id tells its account: a seeded user's, a session's, and that of an account that is not here."""
    alice = sts(org, "alice")
    for credentials, account in [
        (control.principal(org, f"{OTHER}:root").credentials, OTHER),
        (credentials_of(assume(alice, "TrustsAliceByName", OTHER)), OTHER),
        (control.principal(org, "bob").credentials, MINE),
    ]:
        assert alice.get_access_key_info(AccessKeyId=credentials.access_key_id)["Account"] == account
    assert alice.get_access_key_info(AccessKeyId="ASIAQNZGKIQY56JQ7WML")["Account"] == "029608264753"


@pytest.mark.parametrize("key", ["AKIAIOSFODNN7EXAMPLE", "AKIA7777777777777777", "x" * 16, "AKIAQQQQQQQQQQQQQQQ1"])
def test_access_key_info_of_what_carries_no_account(org: Running, key: str) -> None:
    """An id that carries no account is refused; so is a caller without the permission."""
    assert refused(lambda: sts(org, "alice").get_access_key_info(AccessKeyId=key))[:2] == ("ValidationError", 400)
    assert refused(lambda: sts(org, "bob").get_access_key_info(AccessKeyId=key)) == (
        "AccessDenied",
        403,
        f"User: {user('bob')} is not authorized to perform: sts:GetAccessKeyInfo",
    )


def test_delegated_access_tokens(org: Running) -> None:
    """§1: a trade-in token that the emulator does not know has expired, for those with the permission."""
    told = refused(lambda: sts(org, "alice").get_delegated_access_token(TradeInToken="x"))
    assert told[:2] == ("ExpiredTradeInTokenException", 400)
    assert refused(lambda: sts(org, "bob").get_delegated_access_token(TradeInToken="x"))[0] == "AccessDenied"


def test_denials_can_be_decoded(org: Running) -> None:
    """§2.5: a denial's message, opaque, decodes to the documented JSON: the statement that denied, and the context."""
    denied = sts(org, "denied")
    assert refused(lambda: assume(denied, "TrustsAccount")) == not_authorized(user("denied"), "TrustsAccount")
    encoded = message_of(lambda: assume(denied, "TrustsAccount"))
    assert len(encoded) <= 10240
    assert "Deny" not in encoded
    decoded = json.loads(sts(org, "alice").decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])
    assert (decoded["allowed"], decoded["explicitDeny"]) == (False, True)
    assert decoded["matchedStatements"]["items"][0]["effect"] == "DENY"
    assert decoded["context"]["principal"]["arn"] == user("denied")
    assert decoded["context"]["action"] == "sts:AssumeRole"
    assert decoded["context"]["resource"] == f"arn:aws:iam::{MINE}:role/TrustsAccount"
    keys = [item["key"] for item in decoded["context"]["conditions"]["items"]]
    assert "sts:RoleSessionName" in keys


def test_implicit_denials_can_be_decoded(org: Running) -> None:
    """A denial by nobody, and of a role that is not there, has a message too; it does not tell that the role is not."""
    alice = sts(org, "alice")
    for role in ("TrustsBob", "Nowhere"):
        encoded = message_of(lambda role=role: assume(sts(org, "bounded"), role))  # type: ignore[misc]
        decoded = json.loads(alice.decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"])
        assert (decoded["allowed"], decoded["explicitDeny"]) == (False, False)
        assert decoded["context"]["resource"].endswith(role)


def test_decoding_needs_permission(org: Running) -> None:
    """Who has not sts:DecodeAuthorizationMessage gets nothing decoded, and is told so with a message of its own."""
    encoded = message_of(lambda: assume(sts(org, "bob"), "TrustsAccount"))
    told = refused(lambda: sts(org, "bob").decode_authorization_message(EncodedMessage=encoded))
    assert told == (
        "AccessDenied",
        403,
        f"User: {user('bob')} is not authorized to perform: sts:DecodeAuthorizationMessage",
    )


@pytest.mark.parametrize("spoil", [lambda m: m[:-8], lambda m: "A" + m[1:], lambda m: "x", lambda m: "=é\x00" * 5])
def test_messages_that_are_none(org: Running, spoil: Callable[[str], str]) -> None:
    """§1: what the emulator did not seal, or another account's denial, is an InvalidAuthorizationMessageException."""
    encoded = message_of(lambda: assume(sts(org, "bob"), "TrustsAccount"))
    alice, other = sts(org, "alice"), sts(org, f"{OTHER}:root")
    whole = "B" + encoded[1:] if encoded.startswith("A") else encoded
    invalid = ("InvalidAuthorizationMessageException", 400, "Message is not valid")
    assert refused(lambda: alice.decode_authorization_message(EncodedMessage=spoil(whole))) == invalid
    assert refused(lambda: other.decode_authorization_message(EncodedMessage=encoded)) == invalid
