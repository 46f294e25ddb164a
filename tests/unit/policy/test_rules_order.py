"""AWS-RULES §2.8 and §2.10: the order of evaluation, layer by layer and principal by principal."""

from __future__ import annotations

from typing import Any

import pytest

from stsctl.policy.document import Kind
from stsctl.policy.evaluate import Effect, Layer, Policies, Policy, evaluate
from stsctl.policy.principal import Principal
from stsctl.policy.request import Request
from tests.unit.policy.conftest import Ask
from tests.unit.policy.statements import allow, deny, document, trust

ALICE = "arn:aws:iam::111111111111:user/alice"
SESSION = "arn:aws:sts::111111111111:assumed-role/hub/s1"
HUB = "arn:aws:iam::111111111111:role/hub"
FEDERATED = "arn:aws:sts::111111111111:federated-user/bob"
ROOT = "arn:aws:iam::111111111111:root"
QUEUE = "arn:aws:sqs:eu-west-1:111111111111:q"
FAR_QUEUE = "arn:aws:sqs:eu-west-1:222222222222:q"
SEND = "sqs:SendMessage"
FULL = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
ALLOWED, EXPLICIT, IMPLICIT = Effect.ALLOWED, Effect.EXPLICITLY_DENIED, Effect.IMPLICITLY_DENIED


def to(principal: Any, effect: str = "Allow") -> dict[str, Any]:
    """A statement of a queue's policy."""
    return {"Effect": effect, "Principal": principal, "Action": SEND, "Resource": "*"}


@pytest.mark.parametrize(
    ("layer", "given"),
    [
        (Layer.RCP, {"rcps": [[FULL, {**deny(SEND), "Principal": "*"}]]}),
        (Layer.SCP, {"scps": [[allow(), deny(SEND)]]}),
        (Layer.SCP, {"scps": [allow(), allow(), deny(SEND)]}),
        (Layer.RESOURCE, {"resource_policy": [to("*"), to({"AWS": ROOT}, "Deny")]}),
        (Layer.IDENTITY, {"identity": [allow(), deny(SEND)]}),
        (Layer.BOUNDARY, {"boundary": [allow(), deny(SEND)]}),
        (Layer.SESSION, {"session": [allow(), deny(SEND)]}),
    ],
)
def test_an_explicit_deny_anywhere_ends_it(ask: Ask, layer: Layer, given: dict[str, Any]) -> None:
    """§2.8.1: a Deny of any kind decides, also against a resource policy that names the session."""
    granted = {"identity": allow(), "resource_policy": to({"AWS": SESSION})} | given
    decision = ask(SESSION, SEND, QUEUE, **granted)
    assert (decision.effect, decision.decided_by) == (EXPLICIT, layer)
    assert all(decided.statement.denies for decided in decision.statements)


def test_the_first_layer_in_the_order_of_evaluation_is_named() -> None:
    """§2.8.1: of several layers that deny, the one that is asked first decided; all its Denies are told."""
    denying = Policy(name="guard", document=document(Kind.SCP, [deny(SEND), allow(), deny("sqs:*", Sid="Queues")]))
    own = Policy(name="own", document=document(Kind.IDENTITY, deny()))
    request = Request(principal=Principal.of(ALICE), action=SEND, resource=QUEUE)
    decision = evaluate(request, Policies(identity=(own,), scps=((denying,),)))
    assert decision.decided_by is Layer.SCP
    assert [
        (decided.policy.name, decided.statement.index, decided.statement.sid) for decided in decision.statements
    ] == [
        ("guard", 0, None),
        ("guard", 2, "Queues"),
    ]


@pytest.mark.parametrize(("field", "layer", "full"), [("scps", Layer.SCP, allow()), ("rcps", Layer.RCP, FULL)])
def test_every_level_of_an_organisation_must_allow(ask: Ask, field: str, layer: Layer, full: dict[str, Any]) -> None:
    """§2.8.2: root, each OU and the account must allow; no policy at all is no limit."""
    for levels, effect in (
        ([], ALLOWED),
        ([full, full, full], ALLOWED),
        ([full, None, full], IMPLICIT),
        ([None, full, full], IMPLICIT),
        ([full, full, None], IMPLICIT),
        ([None, None], ALLOWED),
    ):
        decision = ask(ALICE, SEND, QUEUE, identity=allow(), **{field: levels})
        assert decision.effect is effect
        assert decision.decided_by is (Layer.IDENTITY if effect is ALLOWED else layer)


def test_an_scp_that_allows_something_else_limits(ask: Ask) -> None:
    """§2.8.2, §2.10: an SCP is a list of what can be allowed, with conditions, Resource and NotAction."""
    for scp, effect in (
        (allow("s3:*"), IMPLICIT),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, ALLOWED),
        (allow("sqs:*", QUEUE), ALLOWED),
        (allow("sqs:*", FAR_QUEUE), IMPLICIT),
        (allow("*:Send*"), ALLOWED),
        (allow(Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}), IMPLICIT),
    ):
        assert ask(ALICE, SEND, QUEUE, identity=allow(), scps=[scp]).effect is effect


def test_organisations_leave_some_alone(ask: Ask) -> None:
    """§2.8.2: neither applies to the management account, nor to service-linked roles."""
    limits = {"scps": [allow("s3:*")], "rcps": [[FULL, {**deny(SEND), "Principal": "*"}]]}
    linked = "arn:aws:sts::111111111111:assumed-role/AWSServiceRoleForQueues/s"
    by_path = Principal.of(
        "arn:aws:sts::111111111111:assumed-role/Q/s",
        issuer="arn:aws:iam::111111111111:role/aws-service-role/sqs.amazonaws.com/Q",
    )
    assert not ask(SESSION, SEND, QUEUE, identity=allow(), **limits).allowed
    assert ask(linked, SEND, QUEUE, identity=allow(), **limits).allowed
    assert ask(by_path, SEND, QUEUE, identity=allow(), **limits).allowed
    assert ask(SESSION, SEND, QUEUE, identity=allow(), **limits, management_account="111111111111").allowed


def test_scps_are_the_principals_and_rcps_the_resources(ask: Ask) -> None:
    """§2.8.2: across accounts, SCPs bind the side that asks and RCPs the side that is asked."""
    both = {"identity": allow(), "resource_policy": to({"AWS": ALICE})}
    far = {"management_account": "222222222222"}
    near = {"management_account": "111111111111"}
    assert not ask(ALICE, SEND, FAR_QUEUE, **both, **far, scps=[allow("s3:*")]).allowed
    assert ask(ALICE, SEND, FAR_QUEUE, **both, **near, scps=[allow("s3:*")]).allowed
    guard = [FULL, {**deny(SEND), "Principal": "*"}]
    assert ask(ALICE, SEND, FAR_QUEUE, **both, **far, rcps=[guard]).allowed
    assert not ask(ALICE, SEND, FAR_QUEUE, **both, **near, rcps=[guard]).allowed


@pytest.mark.parametrize(
    ("principal", "named"),
    [(ALICE, ALICE), (SESSION, SESSION), (FEDERATED, FEDERATED), (ALICE, "*"), (SESSION, "*"), (FEDERATED, "*")],
)
def test_a_grant_to_the_principal_itself_is_final(ask: Ask, principal: str, named: str) -> None:
    """§2.8.3: an Allow to the user's, session's or federated user's ARN, or to `*`, needs and is limited by nothing."""
    decision = ask(
        principal,
        SEND,
        QUEUE,
        resource_policy=to({"AWS": named}),
        boundary=allow("s3:*"),
        session=allow("s3:*"),
    )
    assert (decision.effect, decision.decided_by) == (ALLOWED, Layer.RESOURCE)


def test_a_final_grant_does_not_outdo_an_explicit_deny(ask: Ask) -> None:
    """§2.8.3: implicit denials do not matter to it, explicit ones do."""
    for field in ("identity", "boundary", "session"):
        decision = ask(SESSION, SEND, QUEUE, resource_policy=to({"AWS": SESSION}), **{field: deny(SEND)})
        assert decision.effect is EXPLICIT


def test_a_grant_to_the_role_is_limited(ask: Ask) -> None:
    """§2.8.3: an Allow to the *role's* ARN needs no identity policy, and boundary and session policy limit it."""
    granted = {"resource_policy": to({"AWS": HUB})}
    assert ask(SESSION, SEND, QUEUE, **granted).decided_by is Layer.RESOURCE
    assert ask(SESSION, SEND, QUEUE, **granted).allowed
    assert ask(SESSION, SEND, QUEUE, **granted, boundary=allow("s3:*")).decided_by is Layer.BOUNDARY
    assert ask(SESSION, SEND, QUEUE, **granted, session=allow("s3:*")).decided_by is Layer.SESSION
    assert ask(SESSION, SEND, QUEUE, **granted, boundary=allow(), session=allow(SEND)).allowed


def test_a_grant_to_the_user_whom_a_federated_user_came_from_is_limited(ask: Ask) -> None:
    """§2.8.3: what the resource gives the IAM user, the federated user has only as far as its session policy goes."""
    bob = Principal.of(FEDERATED, issuer=ALICE)
    granted = {"resource_policy": to({"AWS": ALICE})}
    assert ask(bob, SEND, QUEUE, **granted).decided_by is Layer.SESSION
    assert ask(bob, SEND, QUEUE, **granted, session=allow(SEND)).allowed


@pytest.mark.parametrize("named", [ROOT, "111111111111"])
def test_a_grant_to_the_account_only_delegates(ask: Ask, named: str) -> None:
    """§2.8.3: an Allow to `:root` or the bare id leaves it to the account's identity policies."""
    granted = {"resource_policy": to({"AWS": named})}
    assert ask(ALICE, SEND, QUEUE, **granted).decided_by is Layer.IDENTITY
    decision = ask(ALICE, SEND, QUEUE, **granted, identity=allow(SEND))
    assert (decision.effect, decision.decided_by) == (ALLOWED, Layer.IDENTITY)


def test_identity_policies_allow_inside_an_account(ask: Ask) -> None:
    """§2.8.4: identity policies must allow where the resource's policy did not settle it."""
    assert ask(ALICE, SEND, QUEUE).decided_by is Layer.IDENTITY
    assert ask(ALICE, SEND, QUEUE, identity=allow("s3:*")).effect is IMPLICIT
    assert ask(ALICE, SEND, QUEUE, identity=allow(SEND)).allowed
    assert ask(ALICE, SEND, QUEUE, identity=allow(SEND), resource_policy=to({"AWS": SESSION})).allowed


def test_the_boundary_must_allow_too(ask: Ask) -> None:
    """§2.8.5: the permissions boundary limits and grants nothing."""
    assert ask(ALICE, SEND, QUEUE, identity=allow(), boundary=allow("s3:*")).decided_by is Layer.BOUNDARY
    assert ask(ALICE, SEND, QUEUE, identity=allow(), boundary=allow(SEND)).allowed
    assert ask(ALICE, SEND, QUEUE, boundary=allow()).decided_by is Layer.IDENTITY


def test_of_several_boundaries_each_must_allow() -> None:
    """§2.8.5: where more than one boundary is given, each limits."""
    limits = [Policy(name=name, document=document(Kind.SESSION, allow(name))) for name in ("s3:*", "sqs:*", "*")]
    own = Policy(name="own", document=document(Kind.IDENTITY, allow()))
    request = Request(principal=Principal.of(ALICE), action=SEND, resource=QUEUE)
    assert evaluate(request, Policies(identity=(own,), boundaries=tuple(limits[1:]))).allowed
    assert evaluate(request, Policies(identity=(own,), boundaries=tuple(limits))).decided_by is Layer.BOUNDARY


def test_the_session_policy_must_allow_too(ask: Ask) -> None:
    """§2.8.6: so does the session policy; of several, one is enough."""
    assert ask(SESSION, SEND, QUEUE, identity=allow(), session=allow("s3:*")).decided_by is Layer.SESSION
    assert ask(SESSION, SEND, QUEUE, identity=allow(), session=allow(SEND)).allowed
    assert ask(SESSION, SEND, QUEUE, session=allow()).decided_by is Layer.IDENTITY
    two = tuple(Policy(name=name, document=document(Kind.SESSION, allow(name))) for name in ("s3:*", "sqs:*"))
    own = Policy(name="own", document=document(Kind.IDENTITY, allow()))
    request = Request(principal=Principal.of(SESSION), action=SEND, resource=QUEUE)
    assert evaluate(request, Policies(identity=(own,), session=two)).allowed


def test_a_federated_user_without_session_policy_has_no_permissions(ask: Ask) -> None:
    """§2.8.6: … of its own; with one it has what its user and the policy allow."""
    assert ask(FEDERATED, SEND, QUEUE, identity=allow()).decided_by is Layer.SESSION
    assert ask(FEDERATED, SEND, QUEUE, identity=allow(), session=allow(SEND)).allowed
    assert ask(FEDERATED, SEND, QUEUE, session=allow()).decided_by is Layer.IDENTITY


@pytest.mark.parametrize("principal", [ALICE, SESSION, ROOT])
def test_across_accounts_each_side_must_allow(ask: Ask, principal: str) -> None:
    """§2.8.7: the resource's side and the principal's side, each by its own rules."""
    granted = to({"AWS": [principal, "111111111111"]})
    assert ask(principal, SEND, FAR_QUEUE, identity=allow()).decided_by is Layer.RESOURCE
    assert ask(principal, SEND, FAR_QUEUE, identity=allow(), resource_policy=granted).allowed
    if principal != ROOT:
        assert ask(principal, SEND, FAR_QUEUE, resource_policy=granted).decided_by is Layer.IDENTITY
        limited = {"identity": allow(), "resource_policy": granted}
        assert ask(principal, SEND, FAR_QUEUE, **limited, boundary=allow("s3:*")).decided_by is Layer.BOUNDARY
        assert ask(principal, SEND, FAR_QUEUE, **limited, session=allow("s3:*")).decided_by is Layer.SESSION


@pytest.mark.parametrize(
    ("resource", "resource_account", "inside"),
    [
        ("arn:aws:s3:::bucket", None, True),
        ("arn:aws:s3:::bucket", "222222222222", False),
        ("arn:aws:s3:::bucket", "111111111111", True),
        (FAR_QUEUE, None, False),
        (FAR_QUEUE, "111111111111", True),
        ("*", None, True),
    ],
)
def test_whose_the_resource_is(ask: Ask, resource: str, resource_account: str | None, inside: bool) -> None:
    """§2.8.7: the owner is who is said to be it, or who stands in the ARN, or the one who asks."""
    decision = ask(ALICE, "a:b", resource, identity=allow(), resource_account=resource_account)
    assert decision.allowed is inside


@pytest.mark.parametrize(
    ("principal", "named", "action"),
    [
        ("lambda.amazonaws.com", {"Service": "lambda.amazonaws.com"}, "sts:AssumeRole"),
        (
            "arn:aws:iam::222222222222:oidc-provider/issuer.example",
            {"Federated": "arn:aws:iam::222222222222:oidc-provider/issuer.example"},
            "sts:AssumeRoleWithWebIdentity",
        ),
        (
            "arn:aws:iam::222222222222:saml-provider/corp",
            {"Federated": "arn:aws:iam::222222222222:saml-provider/corp"},
            "sts:AssumeRoleWithSAML",
        ),
    ],
)
def test_services_and_federated_identities_have_no_identity_side(
    ask: Ask, principal: str, named: Any, action: str
) -> None:
    """§2.8.8: the trust policy and the RCPs of the role's account allow them, and nothing else is asked."""
    role = "arn:aws:iam::222222222222:role/target"
    trusting = {"resource_policy": trust(named, action)}
    decision = ask(principal, action, role, **trusting, scps=[deny()], boundary=deny(), identity=deny(), session=deny())
    assert (decision.effect, decision.decided_by) == (ALLOWED, Layer.RESOURCE)
    assert ask(principal, action, role).decided_by is Layer.RESOURCE
    guard = [FULL, {**deny("sts:*"), "Principal": "*"}]
    assert ask(principal, action, role, **trusting, rcps=[guard]).decided_by is Layer.RCP


def test_an_anonymous_request_needs_a_resource_policy_for_everybody(ask: Ask) -> None:
    """§2.8, §2.11: nobody in particular is allowed by a policy that allows `*`."""
    bucket = "arn:aws:s3:::bucket/key"
    public = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}
    given = {"resource_account": "111111111111", "identity": allow()}
    assert ask("*", "s3:GetObject", bucket, resource_policy=public, **given).decided_by is Layer.RESOURCE
    assert ask("*", "s3:GetObject", bucket, resource_policy=public, **given).allowed
    assert not ask(
        "*", "s3:GetObject", bucket, resource_policy={**public, "Principal": {"AWS": ALICE}}, **given
    ).allowed
    assert not ask("*", "s3:GetObject", bucket, **given).allowed


def test_the_root_user_needs_no_identity_policy(ask: Ask) -> None:
    """§2.8: nothing but SCPs, RCPs, resource policies and (of AssumeRoot) the session's policy limits the root user."""
    decision = ask(ROOT, SEND, QUEUE)
    assert (decision.effect, decision.decided_by) == (ALLOWED, None)
    assert ask(ROOT, SEND, QUEUE, identity=deny(), boundary=deny()).allowed
    assert ask(ROOT, SEND, QUEUE, scps=[allow("s3:*")]).decided_by is Layer.SCP
    assert ask(ROOT, SEND, QUEUE, resource_policy=to("*", "Deny")).decided_by is Layer.RESOURCE
    assert ask(ROOT, SEND, QUEUE, session=allow("s3:*")).decided_by is Layer.SESSION


def test_a_trust_policy_has_no_resource_and_an_identity_policy_no_principal() -> None:
    """§2.8: trust-policy documents have no Resource element; identity policies have no Principal."""
    assert document(Kind.TRUST, trust("*")).statements[0].resources is None
    assert document(Kind.IDENTITY, allow()).statements[0].principals is None


@pytest.mark.parametrize("action", ["sts:GetCallerIdentity", "sts:getcalleridentity", "sts:GetSessionToken"])
def test_what_needs_no_permission_cannot_be_denied(ask: Ask, action: str) -> None:
    """§2.8: GetCallerIdentity needs no permission and cannot be denied; GetSessionToken needs none either."""
    for given in ({}, {"identity": deny()}, {"scps": [deny()]}, {"boundary": deny()}):
        decision = ask(ALICE, action, "*", **given)
        assert (decision.effect, decision.decided_by, decision.statements) == (ALLOWED, None, ())
    assert not ask("*", action, "*").allowed


def test_a_kms_key_is_used_only_by_whom_its_policy_lets(ask: Ask) -> None:
    """A key's policy must allow, if only the account; identity policies alone do not do."""
    key = "arn:aws:kms:eu-west-1:111111111111:key/k"
    other = {"Effect": "Allow", "Principal": {"AWS": SESSION}, "Action": "kms:*", "Resource": "*"}
    whole = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}
    assert ask(ALICE, "kms:Decrypt", key, identity=allow(), resource_policy=other).decided_by is Layer.RESOURCE
    assert ask(ALICE, "kms:Decrypt", key, identity=allow(), resource_policy=whole).allowed
    assert ask(ALICE, "kms:Decrypt", key, resource_policy=whole).decided_by is Layer.IDENTITY


def test_an_implicit_denial_names_all_that_is_missing(ask: Ask) -> None:
    """A denial says which layer ended it, and which others would have to allow as well."""
    decision = ask(SESSION, SEND, FAR_QUEUE, scps=[allow("s3:*")], boundary=allow("s3:*"), session=allow("s3:*"))
    assert decision.decided_by is Layer.SCP
    assert decision.missing == (Layer.SCP, Layer.RESOURCE, Layer.IDENTITY, Layer.BOUNDARY, Layer.SESSION)
    assert decision.statements == ()


def test_an_empty_document_denies(ask: Ask) -> None:
    """No statement allows nothing."""
    assert ask(ALICE, SEND, QUEUE, identity=[]).effect is IMPLICIT
    assert ask(ALICE, SEND, QUEUE, identity=allow(), boundary=[]).effect is IMPLICIT
