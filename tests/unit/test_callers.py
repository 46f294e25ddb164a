"""Who may call what: AWS's table of operations, held against targets."""

from __future__ import annotations

import pytest

from stsctl.arn import Arn
from stsctl.callers import operation_of, refuse_what_cannot_be
from stsctl.errors import UsageError
from stsctl.request import Asker, AskerKind, Operation
from stsctl.source import Source, SourceKind
from stsctl.target import Hop, HopKind, Target

KEYS = Asker.of_keys("AKIAEXAMPLE000000001")
TEMPORARY = Asker.of_keys("ASIAEXAMPLE000000001")
SIGNED_IN = Asker(kind=AskerKind.IDENTITY_CENTER, id="{}")
ROLE = Hop(name="admin", role_arn=Arn.parse_role("arn:aws:iam::222222222222:role/Admin"))
PERMISSION_SET = Hop(name="sandbox", kind=HopKind.PERMISSION_SET, account_id="222222222222", role_name="Admin")
SESSION = Hop(name="session", kind=HopKind.SESSION_TOKEN)
FEDERATED = Hop(name="guest", kind=HopKind.FEDERATION_TOKEN, session_name="guest")
ROOT = Hop(name="root", kind=HopKind.ROOT, account_id="222222222222")


def target(kind: SourceKind, *hops: Hop) -> Target:
    """Those hops, from a source of that kind."""
    return Target(name="it", source=Source(kind=kind, name="beginning"), hops=hops)


@pytest.mark.parametrize(
    ("kind", "asker", "hops", "operations"),
    [
        (SourceKind.KEYS, KEYS, (ROLE, ROLE), [Operation.ASSUME_ROLE, Operation.ASSUME_ROLE]),
        (SourceKind.KEYS, KEYS, (SESSION, ROLE), [Operation.GET_SESSION_TOKEN, Operation.ASSUME_ROLE]),
        (SourceKind.KEYS, KEYS, (FEDERATED,), [Operation.GET_FEDERATION_TOKEN]),
        (SourceKind.KEYS, TEMPORARY, (ROLE, ROOT), [Operation.ASSUME_ROLE, Operation.ASSUME_ROOT]),
        (SourceKind.IDENTITY_CENTER, SIGNED_IN, (PERMISSION_SET, ROLE), [
            Operation.GET_ROLE_CREDENTIALS, Operation.ASSUME_ROLE,
        ]),
        (SourceKind.OIDC, SIGNED_IN, (ROLE, ROLE), [Operation.ASSUME_ROLE_WITH_WEB_IDENTITY, Operation.ASSUME_ROLE]),
        (SourceKind.SAML, SIGNED_IN, (ROLE,), [Operation.ASSUME_ROLE_WITH_SAML]),
        (SourceKind.ROLES_ANYWHERE, SIGNED_IN, (ROLE,), [Operation.CREATE_SESSION]),
    ],
)  # fmt: skip
def test_ways_that_there_are(
    kind: SourceKind, asker: Asker, hops: tuple[Hop, ...], operations: list[Operation]
) -> None:
    """Each hop is taken by the operation that gives such a session to who comes so far."""
    meant = target(kind, *hops)
    refuse_what_cannot_be(meant, asker)
    assert [operation_of(meant, position) for position in range(len(hops))] == operations


@pytest.mark.parametrize(
    ("kind", "asker", "hops", "message"),
    [
        (SourceKind.KEYS, TEMPORARY, (SESSION,), "GetSessionToken takes a user's long-term keys"),
        (SourceKind.KEYS, KEYS, (ROLE, FEDERATED), "GetFederationToken takes a user's long-term keys"),
        (SourceKind.OIDC, SIGNED_IN, (SESSION,), "GetSessionToken takes a user's long-term keys"),
        (SourceKind.KEYS, KEYS, (FEDERATED, ROLE), "a federated user may call nothing of STS"),
        (SourceKind.KEYS, KEYS, (ROOT, ROLE), "a root user cannot assume roles"),
        (SourceKind.SAML, SIGNED_IN, (ROOT,), "it takes a role that may do it"),
        (SourceKind.IDENTITY_CENTER, SIGNED_IN, (ROLE,), "Identity Center gives permission sets, not roles"),
        (SourceKind.KEYS, KEYS, (PERMISSION_SET,), "only a source of type identity-center gives"),
        (SourceKind.IDENTITY_CENTER, SIGNED_IN, (PERMISSION_SET, PERMISSION_SET), "only a source of type"),
    ],
)  # fmt: skip
def test_ways_that_there_are_not(kind: SourceKind, asker: Asker, hops: tuple[Hop, ...], message: str) -> None:
    """What AWS would refuse after a prompt is refused before it, with the reason."""
    with pytest.raises(UsageError, match=message):
        refuse_what_cannot_be(target(kind, *hops), asker)


@pytest.mark.parametrize(
    ("kind", "asker", "hop", "message"),
    [
        (SourceKind.OIDC, SIGNED_IN, Hop(name="a", role_arn=ROLE.role_arn, external_id="xx"), "an external id, and"),
        (SourceKind.SAML, SIGNED_IN, Hop(name="a", role_arn=ROLE.role_arn, tags=(("k", "v"),)), "tags, and"),
        (SourceKind.ROLES_ANYWHERE, SIGNED_IN, Hop(name="a", role_arn=ROLE.role_arn, policy="{}"), "a session policy"),
        (SourceKind.KEYS, KEYS, Hop(name="a", kind=HopKind.SESSION_TOKEN, policy="{}"), "GetSessionToken takes none"),
        (SourceKind.KEYS, KEYS, Hop(name="a", kind=HopKind.FEDERATION_TOKEN, source_identity="al"), "source identity"),
    ],
)  # fmt: skip
def test_what_an_operation_cannot_be_told(kind: SourceKind, asker: Asker, hop: Hop, message: str) -> None:
    """What would silently be lost is refused."""
    with pytest.raises(UsageError, match=message):
        refuse_what_cannot_be(target(kind, hop), asker)
