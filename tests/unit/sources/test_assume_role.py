"""sts:AssumeRole over the wire: what is sent, and what of the answer is believed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from stsctl.arn import Arn
from stsctl.errors import StsctlError
from stsctl.request import Asker, Operation, SessionRequest
from stsctl.sources.assume_role import AssumeRole
from stsctl.sources.client import Clients
from tests.unit.sources.server import KEYS, NOW, Server, role_xml

ROLE = Arn.parse_role("arn:aws:iam::222222222222:role/team/Admin")
SESSION_ARN = "arn:aws:sts::222222222222:assumed-role/Admin/alice"


def request_to(sts: Server) -> SessionRequest:
    """A bare request for ROLE."""
    return SessionRequest(
        operation=Operation.ASSUME_ROLE,
        endpoint=sts.endpoint,
        asker=Asker.of_keys(KEYS.access_key_id),
        role_arn=ROLE,
        session_name="alice",
    )


def test_every_parameter_of_the_request_is_sent(sts: Server, clients: Clients) -> None:
    """Each field of the request arrives at STS under the name that STS gives it."""
    sts.tell(200, role_xml(SESSION_ARN))
    request = replace(
        request_to(sts),
        duration=timedelta(minutes=30),
        external_id="ext-1",
        policy='{"Version":"2012-10-17"}',
        policy_arns=("arn:aws:iam::aws:policy/ReadOnlyAccess",),
        tags=(("cost", "12"), ("project", "blue")),
        transitive_tag_keys=("project",),
        source_identity="alice@example",
        mfa_serial="arn:aws:iam::111111111111:mfa/alice",
    )
    AssumeRole(clients=clients).obtain(request, KEYS, "123456")
    assert sts.forms == [
        {
            "Action": "AssumeRole",
            "Version": "2011-06-15",
            "RoleArn": str(ROLE),
            "RoleSessionName": "alice",
            "DurationSeconds": "1800",
            "ExternalId": "ext-1",
            "Policy": '{"Version":"2012-10-17"}',
            "PolicyArns.member.1.arn": "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "Tags.member.1.Key": "cost",
            "Tags.member.1.Value": "12",
            "Tags.member.2.Key": "project",
            "Tags.member.2.Value": "blue",
            "TransitiveTagKeys.member.1": "project",
            "SourceIdentity": "alice@example",
            "SerialNumber": "arn:aws:iam::111111111111:mfa/alice",
            "TokenCode": "123456",
        }
    ]


def test_nothing_is_sent_that_was_not_asked_for(sts: Server, clients: Clients) -> None:
    """A bare request sends the role and the session's name only, so that AWS's own defaults hold."""
    sts.tell(200, role_xml(SESSION_ARN))
    AssumeRole(clients=clients).obtain(request_to(sts), KEYS, None)
    assert set(sts.forms[0]) == {"Action", "Version", "RoleArn", "RoleSessionName"}


def test_the_answer_becomes_a_session(sts: Server, clients: Clients) -> None:
    """Credentials, identity, sizes and times of the answer are in the session, under the request's key."""
    more = "<PackedPolicySize>37</PackedPolicySize><SourceIdentity>alice@example</SourceIdentity>"
    sts.tell(200, role_xml(SESSION_ARN, more=more))
    request = request_to(sts)
    session = AssumeRole(clients=clients).obtain(request, KEYS, None)
    assert session.credentials.access_key_id == "ASIAANSWERED00000001"
    assert session.credentials.secret_access_key.reveal() == "answered-secret"
    assert session.credentials.session_token is not None
    assert session.credentials.session_token.reveal() == "answered-token"
    assert session.expires_at == NOW + timedelta(hours=1)
    assert session.obtained_at == NOW
    assert session.request_key == request.cache_key()
    assert str(session.identity) == SESSION_ARN
    assert session.account_id == "222222222222"
    assert session.user_id == "AROAEXAMPLE0000001:name"
    assert session.packed_policy_size == 37
    assert session.source_identity == "alice@example"


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:sts::222222222222:assumed-role/Other/alice",
        "arn:aws:sts::222222222222:assumed-role/Admin/mallory",
        "arn:aws:sts::333333333333:assumed-role/Admin/alice",
        "arn:aws-cn:sts::222222222222:assumed-role/Admin/alice",
        "arn:aws:iam::222222222222:user/alice",
    ],
    ids=["role", "name", "account", "partition", "no session"],
)
def test_an_answer_for_somebody_else_is_not_used(sts: Server, clients: Clients, arn: str) -> None:
    """A session of another role, name, account or partition is refused: never the wrong credentials."""
    sts.tell(200, role_xml(arn))
    with pytest.raises(StsctlError, match="the answer is not used"):
        AssumeRole(clients=clients).obtain(request_to(sts), KEYS, None)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (role_xml("no-arn-at-all"), "Arn"),
        (role_xml(""), "Arn"),
        (role_xml(SESSION_ARN, key_id=""), "AccessKeyId"),
        (role_xml(SESSION_ARN, key_id="too-short"), "access key id"),
        (role_xml(SESSION_ARN, secret=""), "SecretAccessKey"),
        (role_xml(SESSION_ARN, secret="two\nlines-of-secret"), "SecretAccessKey"),
        (role_xml(SESSION_ARN, token=""), "SessionToken"),
        (role_xml(SESSION_ARN, token="bell-&#x85;-token"), "SessionToken"),
        (role_xml(SESSION_ARN, expires_at=""), "end"),
        (role_xml(SESSION_ARN, expires_at="2026-05-01T13:00:00"), "end"),
        (role_xml(SESSION_ARN, expires_at="2026-05-01T12:00:00Z"), "clock"),
        (role_xml(SESSION_ARN, expires_at="2026-04-01T12:00:00Z"), "clock"),
        (role_xml(SESSION_ARN, expires_at="2026-05-03T13:00:00Z"), "clock"),
    ],
)
def test_an_answer_that_cannot_be_right_is_not_used(sts: Server, clients: Clients, body: str, names: str) -> None:
    """Missing, unprintable, naive, past or absurd fields are refused by name, and what they held is not shown."""
    sts.tell(200, body)
    with pytest.raises(StsctlError, match=r"is not used|cannot be by") as raised:
        AssumeRole(clients=clients).obtain(request_to(sts), KEYS, None)
    assert raised.value.status == 1
    assert names in raised.value.message
    for shown in ("lines-of-secret", "bell-", "answered"):
        assert shown not in raised.value.message
