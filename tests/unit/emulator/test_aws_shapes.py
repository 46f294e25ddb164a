"""The contract of STS, shape by shape: what each parameter may be, and the values just beyond."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.sts import parameters

ROLE = "arn:aws:iam::111111111111:role/Hub"
LEAST: dict[str, dict[str, Any]] = {
    "AssumeRole": {"RoleArn": ROLE, "RoleSessionName": "me"},
    "AssumeRoleWithSAML": {"RoleArn": ROLE, "PrincipalArn": ROLE, "SAMLAssertion": "abcd"},
    "AssumeRoleWithWebIdentity": {"RoleArn": ROLE, "RoleSessionName": "me", "WebIdentityToken": "a.b.c"},
    "AssumeRoot": {"TargetPrincipal": "111111111111", "TaskPolicyArn": {"arn": ROLE}},
    "DecodeAuthorizationMessage": {"EncodedMessage": "x"},
    "GetAccessKeyInfo": {"AccessKeyId": "A" * 20},
    "GetFederationToken": {"Name": "me"},
    "GetSessionToken": {},
    "GetWebIdentityToken": {"Audience": ["api"], "SigningAlgorithm": "RS256"},
}
"""What each operation needs, and no more."""


def text(length: int) -> str:
    """A text of a length, of digits."""
    return "1" * length


def number(value: int) -> int:
    """The value itself."""
    return value


def arns(count: int) -> list[dict[str, str]]:
    """So many policy ARNs."""
    return [{"arn": ROLE}] * count


def tags(count: int) -> list[dict[str, str]]:
    """So many tags."""
    return [{"Key": f"k{index}", "Value": ""} for index in range(count)]


def keys(count: int) -> list[str]:
    """So many texts."""
    return [f"k{index}" for index in range(count)]


def contexts(count: int) -> list[dict[str, str]]:
    """So many provided contexts."""
    return [{"ProviderArn": ROLE, "ContextAssertion": "abcd"}] * count


def in_tag(part: str) -> Callable[[int], list[dict[str, str]]]:
    """One tag whose key, or value, has a length."""
    return lambda length: [{"Key": "k", "Value": "v", part: text(length)}]


def of_audience(length: int) -> list[str]:
    """One audience of a length."""
    return [text(length)]


SAML, WEB = "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"
LIMITS: dict[str, tuple[str, str, Callable[[int], Any], int | None, int]] = {
    "arnType": ("AssumeRole", "RoleArn", text, 20, 2048),
    "roleSessionName": ("AssumeRole", "RoleSessionName", text, 2, 64),
    "roleSessionName of a web identity": (WEB, "RoleSessionName", text, 2, 64),
    "userName": ("GetFederationToken", "Name", text, 2, 32),
    "externalId": ("AssumeRole", "ExternalId", text, 2, 1224),
    "serialNumber": ("AssumeRole", "SerialNumber", text, 9, 256),
    "serialNumber of a session token": ("GetSessionToken", "SerialNumber", text, 9, 256),
    "tokenCode": ("AssumeRole", "TokenCode", text, 6, 6),
    "Policy of AssumeRole, by the documentation": ("AssumeRole", "Policy", text, 1, 2048),
    "Policy of SAML": (SAML, "Policy", text, 1, 2048),
    "Policy of a web identity": (WEB, "Policy", text, 1, 2048),
    "Policy of a federation token": ("GetFederationToken", "Policy", text, 1, 2048),
    "PolicyArns of AssumeRole, by the documentation": ("AssumeRole", "PolicyArns", arns, None, 10),
    "PolicyArns of SAML": (SAML, "PolicyArns", arns, None, 10),
    "PolicyArns of a web identity": (WEB, "PolicyArns", arns, None, 10),
    "PolicyArns of a federation token": ("GetFederationToken", "PolicyArns", arns, None, 10),
    "roleDurationSeconds": ("AssumeRole", "DurationSeconds", number, 900, 43200),
    "roleDurationSeconds of SAML": (SAML, "DurationSeconds", number, 900, 43200),
    "roleDurationSeconds of a web identity": (WEB, "DurationSeconds", number, 900, 43200),
    "durationSeconds of a session token": ("GetSessionToken", "DurationSeconds", number, 900, 129600),
    "durationSeconds of a federation token": ("GetFederationToken", "DurationSeconds", number, 900, 129600),
    "RootDurationSeconds": ("AssumeRoot", "DurationSeconds", number, 0, 900),
    "tags": ("AssumeRole", "Tags", tags, None, 50),
    "tags of a federation token": ("GetFederationToken", "Tags", tags, None, 50),
    "transitive keys": ("AssumeRole", "TransitiveTagKeys", keys, None, 50),
    "key of a tag": ("AssumeRole", "Tags", in_tag("Key"), 1, 128),
    "value of a tag": ("AssumeRole", "Tags", in_tag("Value"), None, 256),
    "ProvidedContexts": ("AssumeRole", "ProvidedContexts", contexts, 1, 5),
    "SAMLAssertion": (SAML, "SAMLAssertion", text, 4, 100000),
    "WebIdentityToken": (WEB, "WebIdentityToken", text, 4, 20000),
    "duration of a web identity token": ("GetWebIdentityToken", "DurationSeconds", number, 60, 3600),
    "audiences": ("GetWebIdentityToken", "Audience", keys, 1, 10),
    "audience": ("GetWebIdentityToken", "Audience", of_audience, 1, 1000),
    "encodedMessage": ("DecodeAuthorizationMessage", "EncodedMessage", text, 1, 10240),
    "accessKeyId": ("GetAccessKeyInfo", "AccessKeyId", text, 16, 128),
    "TargetPrincipal": ("AssumeRoot", "TargetPrincipal", text, 12, 2048),
}
"""Each shape with its operation and parameter, how a value of a size is made, and the least and the greatest size."""


@pytest.mark.parametrize(("operation", "field", "made", "least", "most"), LIMITS.values(), ids=LIMITS)
def test_size(operation: str, field: str, made: Callable[[int], Any], least: int | None, most: int) -> None:
    """Both limits are taken, one less and one more are not."""
    for size in (least or 0, most):
        parameters.check(operation, {**LEAST[operation], field: made(size)})
    for size, words in ((least - 1 if least else None, "greater"), (most + 1, "less")):
        if size is None:
            continue
        with pytest.raises(Refusal, match=f"{words} than or equal to ") as refused:
            parameters.check(operation, {**LEAST[operation], field: made(size)})
        assert (refused.value.code, refused.value.status) == ("ValidationError", 400)


@pytest.mark.parametrize(
    ("operation", "field", "value"),
    [
        ("AssumeRole", "RoleSessionName", "with space"),
        ("AssumeRole", "RoleSessionName", "müller"),
        ("AssumeRole", "SourceIdentity", "a/b"),
        ("AssumeRole", "ExternalId", "a b"),
        ("AssumeRole", "SerialNumber", "arn:aws:iam::1:mfa/a b"),
        ("AssumeRole", "TokenCode", "12345x"),
        ("AssumeRole", "Policy", "{\u0100}"),
        ("AssumeRole", "Tags", [{"Key": "a#", "Value": ""}]),
        ("AssumeRole", "Tags", [{"Key": "a", "Value": "#"}]),
        ("AssumeRole", "TransitiveTagKeys", ["a#"]),
        ("GetFederationToken", "Name", "a b"),
        ("GetAccessKeyInfo", "AccessKeyId", "AKIA-AAAAAAAAAAAA"),
        ("GetSessionToken", "TokenCode", "12345x"),
    ],
)
def test_pattern(operation: str, field: str, value: object) -> None:
    """What a pattern does not take is refused with the pattern."""
    with pytest.raises(Refusal, match="satisfy regular expression pattern: "):
        parameters.check(operation, {**LEAST[operation], field: value})


@pytest.mark.parametrize(
    ("operation", "name"), [(operation, name) for operation, needed in LEAST.items() for name in needed]
)
def test_required(operation: str, name: str) -> None:
    """What an operation needs is missed when it is not there."""
    parameters.check(operation, LEAST[operation])
    given = {key: value for key, value in LEAST[operation].items() if key != name}
    with pytest.raises(Refusal, match="Member must not be null"):
        parameters.check(operation, given)


@pytest.mark.parametrize(
    ("name", "made", "least", "known", "newest"),
    [
        ("SourceIdentity", text, 2, 64, 256),
        (
            "ProvidedContexts",
            lambda length: [{"ProviderArn": ROLE, "ContextAssertion": text(length)}],
            4,
            2048,
            3072,
        ),
    ],
)
def test_limits_that_have_grown(name: str, made: Callable[[int], Any], least: int, known: int, newest: int) -> None:
    """A source identity, and a context assertion: newer service models take longer ones than older ones."""
    for size in (least, known):
        parameters.check("AssumeRole", {**LEAST["AssumeRole"], name: made(size)})
    for size in (least - 1, newest + 1):
        with pytest.raises(Refusal, match="than or equal to"):
            parameters.check("AssumeRole", {**LEAST["AssumeRole"], name: made(size)})
