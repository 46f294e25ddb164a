"""The key of a request: everything that shaped a session is in it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields, replace
from datetime import timedelta

import pytest

from stsctl.arn import Arn
from stsctl.credentials import Secret
from stsctl.request import Asker, AskerKind, Endpoint, Operation, ProvidedContext, SessionRequest

CONTEXT_PROVIDER = "arn:aws:iam::aws:contextProvider/IdentityCenter"
REQUEST = SessionRequest(
    operation=Operation.ASSUME_ROLE,
    endpoint=Endpoint(partition="aws", region="eu-west-1"),
    asker=Asker.of_keys("AKIAEXAMPLE000000001"),
    role_arn=Arn.parse_role("arn:aws:iam::222222222222:role/Admin"),
    session_name="alice",
    duration=timedelta(hours=1),
    external_id="ext",
    policy="{}",
    policy_arns=("arn:aws:iam::aws:policy/ReadOnlyAccess",),
    tags=(("project", "blue"),),
    transitive_tag_keys=("project",),
    source_identity="alice",
    mfa_serial="arn:aws:iam::111111111111:mfa/alice",
    provider_arn=Arn.parse("arn:aws:iam::111111111111:saml-provider/idp"),
    account_id="111111111111",
    role_name="Admin",
    task_policy_arn=Arn.parse("arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"),
    provided_contexts=(ProvidedContext(provider_arn=CONTEXT_PROVIDER, assertion=Secret("about alice")),),
)
KEY = "1a8d96c8c9de6064afc99405434d722f6deeb0f722791a32dd1b864d6eff2699"

OTHER: dict[str, object] = {
    "operation": Operation.GET_SESSION_TOKEN,
    "endpoint": Endpoint(partition="aws", region="eu-central-1"),
    "asker": Asker.of_keys("AKIAEXAMPLE000000002"),
    "role_arn": Arn.parse_role("arn:aws:iam::333333333333:role/Admin"),
    "session_name": "bob",
    "duration": timedelta(hours=2),
    "external_id": "ext2",
    "policy": '{"Version":"2012-10-17"}',
    "policy_arns": (),
    "tags": (("project", "red"),),
    "transitive_tag_keys": (),
    "source_identity": "bob",
    "mfa_serial": "arn:aws:iam::111111111111:mfa/bob",
    "provider_arn": Arn.parse("arn:aws:iam::111111111111:saml-provider/other"),
    "account_id": "222222222222",
    "role_name": "ReadOnly",
    "task_policy_arn": Arn.parse("arn:aws:iam::aws:policy/root-task/S3UnlockBucketPolicy"),
    "provided_contexts": (ProvidedContext(provider_arn=CONTEXT_PROVIDER, assertion=Secret("about bob")),),
}
OTHER_ASKER: dict[str, object] = {"kind": AskerKind.REQUEST, "id": "AKIAEXAMPLE000000002", "temporary": True}
OTHER_ENDPOINT: dict[str, object] = {
    "partition": "aws-cn",
    "region": "eu-central-1",
    "url": "http://127.0.0.1:4566",
    "instance": "e1",
    "use_fips": True,
    "use_dualstack": True,
}


@pytest.mark.parametrize("name", [field.name for field in fields(SessionRequest)])
def test_every_field_of_a_request_counts(name: str) -> None:
    """Another value in any field, and where it may be empty also none, gives another key."""
    keys = {REQUEST.cache_key(), replace(REQUEST, **{name: OTHER[name]}).cache_key()}
    assert len(keys) == 2
    if getattr(REQUEST, name) is not None and name not in ("operation", "endpoint", "asker"):
        empty = () if isinstance(getattr(REQUEST, name), tuple) else None
        if empty != OTHER[name]:
            keys.add(replace(REQUEST, **{name: empty}).cache_key())
            assert len(keys) == 3


@pytest.mark.parametrize("name", [field.name for field in fields(Asker)])
def test_every_field_of_an_asker_counts(name: str) -> None:
    """Who asks is part of the key, in every field."""
    other = replace(REQUEST.asker, **{name: OTHER_ASKER[name]})
    assert replace(REQUEST, asker=other).cache_key() != REQUEST.cache_key()


@pytest.mark.parametrize("name", [field.name for field in fields(Endpoint)])
def test_every_field_of_an_endpoint_counts(name: str) -> None:
    """Where it is asked is part of the key, in every field: an emulator's session is never AWS's."""
    other = replace(REQUEST.endpoint, **{name: OTHER_ENDPOINT[name]})
    assert replace(REQUEST, endpoint=other).cache_key() != REQUEST.cache_key()


def test_the_same_request_has_the_same_key() -> None:
    """The key is that of the values, not of the objects, nor of this process."""
    assert replace(REQUEST).cache_key() == KEY


def test_the_key_is_the_same_in_every_process() -> None:
    """Another process, with another hash seed, finds what this one held."""
    code = "from tests.unit.test_request import REQUEST; print(REQUEST.cache_key())"
    output = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env={"PYTHONHASHSEED": "7"}
    ).stdout
    assert output.strip() == KEY


def test_a_chain_is_shaped_by_what_came_before() -> None:
    """A hop's key differs when anything about the hop before it does."""
    other = replace(REQUEST, tags=(("project", "red"),))
    second = replace(REQUEST, asker=REQUEST.next_asker())
    assert second.cache_key() != replace(second, asker=other.next_asker()).cache_key()
    assert REQUEST.next_asker() == Asker(kind=AskerKind.REQUEST, id=REQUEST.cache_key(), temporary=True)


def test_values_do_not_run_into_each_other() -> None:
    """What stands in one field cannot be mistaken for what stands in the next."""
    pairs = [
        ({"tags": (("a", "b=c"),)}, {"tags": (("a=b", "c"),)}),
        ({"tags": (("a", "b"), ("c", "d"))}, {"tags": (("a", 'b"],["c'), ("", "d"))}),
        ({"session_name": "ab", "external_id": "c"}, {"session_name": "a", "external_id": "bc"}),
        ({"policy": None}, {"policy": "null"}),
        ({"policy_arns": ("a,b",)}, {"policy_arns": ("a", "b")}),
    ]
    for one, another in pairs:
        assert replace(REQUEST, **one).cache_key() != replace(REQUEST, **another).cache_key()


def test_what_a_request_cannot_hold() -> None:
    """A value without one canonical form is refused instead of digested somehow."""
    with pytest.raises(TypeError, match="cannot hold a list"):
        replace(REQUEST, policy_arns=["a"]).cache_key()  # type: ignore[arg-type]


def test_actions_are_named_as_policies_do() -> None:
    """An operation's action is its name under its service, and those that a proof goes with are signed by nobody."""
    assert {operation.action: operation.is_signed for operation in Operation} == {
        "sts:AssumeRole": True,
        "sts:GetSessionToken": True,
        "sts:AssumeRoleWithWebIdentity": False,
        "sts:AssumeRoleWithSAML": False,
        "sts:GetFederationToken": True,
        "sts:AssumeRoot": True,
        "sso:GetRoleCredentials": False,
        "rolesanywhere:CreateSession": False,
    }
