"""AWS-RULES §2.2, §2.3 and §2.9: who may assume a role, tag the session, and hand a role to a service."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stsctl.policy.document import Kind, PolicyError, parse
from stsctl.policy.evaluate import Effect, Layer
from stsctl.policy.principal import Principal
from tests.unit.policy.conftest import Ask
from tests.unit.policy.statements import allow, deny, document, trust

ALICE = "arn:aws:iam::111111111111:user/alice"
SESSION = "arn:aws:sts::111111111111:assumed-role/hub/s1"
HUB = "arn:aws:iam::111111111111:role/hub"
ACCOUNT = "arn:aws:iam::111111111111:root"
NEAR = "arn:aws:iam::111111111111:role/target"
FAR = "arn:aws:iam::222222222222:role/target"


@pytest.mark.parametrize("named", [ACCOUNT, "111111111111"])
@pytest.mark.parametrize("role", [NEAR, FAR])
def test_an_account_in_the_trust_policy_leaves_it_to_identity_policies(ask: Ask, named: str, role: str) -> None:
    """§2.2: Principal = account or `:root` ⇒ the caller needs an identity policy that allows it too."""
    alone = ask(ALICE, "sts:AssumeRole", role, resource_policy=trust({"AWS": named}))
    assert (alone.effect, alone.decided_by) == (Effect.IMPLICITLY_DENIED, Layer.IDENTITY)
    both = ask(ALICE, "sts:AssumeRole", role, resource_policy=trust({"AWS": named}), identity=allow("sts:AssumeRole"))
    assert (both.effect, both.decided_by) == (Effect.ALLOWED, Layer.IDENTITY)
    assert [decided.policy.name for decided in both.statements] == ["resource", "identity"]


@pytest.mark.parametrize("named", [SESSION, HUB, "*"])
def test_in_one_account_a_trusted_arn_needs_nothing_else(ask: Ask, named: str) -> None:
    """§2.2: same-account session or role ARN ⇒ the trust policy alone suffices."""
    decision = ask(SESSION, "sts:AssumeRole", NEAR, resource_policy=trust({"AWS": named}))
    assert (decision.effect, decision.decided_by) == (Effect.ALLOWED, Layer.RESOURCE)


def test_in_one_account_a_trusted_user_needs_nothing_else(ask: Ask) -> None:
    """§2.2: same-account user ARN ⇒ the trust policy alone suffices, whatever the user's boundary leaves out."""
    decision = ask(ALICE, "sts:AssumeRole", NEAR, resource_policy=trust({"AWS": ALICE}), boundary=allow("s3:*"))
    assert (decision.effect, decision.decided_by) == (Effect.ALLOWED, Layer.RESOURCE)


@pytest.mark.parametrize(("limit", "layer"), [("boundary", Layer.BOUNDARY), ("session", Layer.SESSION)])
def test_a_trusted_role_arn_is_limited_by_boundary_and_session_policy(ask: Ask, limit: str, layer: Layer) -> None:
    """§2.2: boundary and session policy limit what the trust policy grants to a role's ARN, not to a session's."""
    by_role = ask(SESSION, "sts:AssumeRole", NEAR, resource_policy=trust({"AWS": HUB}), **{limit: allow("s3:*")})
    assert (by_role.effect, by_role.decided_by) == (Effect.IMPLICITLY_DENIED, layer)
    by_session = ask(SESSION, "sts:AssumeRole", NEAR, resource_policy=trust({"AWS": SESSION}), **{limit: allow("s3:*")})
    assert by_session.effect is Effect.ALLOWED


@pytest.mark.parametrize("named", [SESSION, HUB, "*", "111111111111"])
def test_across_accounts_both_sides_must_allow(ask: Ask, named: str) -> None:
    """§2.2: cross-account ⇒ trust policy and identity policy, always both."""
    trusting = trust({"AWS": named})
    assert ask(SESSION, "sts:AssumeRole", FAR, resource_policy=trusting).decided_by is Layer.IDENTITY
    assert ask(SESSION, "sts:AssumeRole", FAR, identity=allow("sts:*")).decided_by is Layer.RESOURCE
    assert ask(SESSION, "sts:AssumeRole", FAR, resource_policy=trusting, identity=allow("sts:*")).allowed


@pytest.mark.parametrize("role", [NEAR, FAR])
def test_without_a_trust_policy_that_allows_nobody_assumes_a_role(ask: Ask, role: str) -> None:
    """§2.2: the trust policy must allow; identity policies alone do not do, in one account or across."""
    for trusting in (None, trust({"AWS": "333333333333"})):
        decision = ask(ALICE, "sts:AssumeRole", role, identity=allow("*"), resource_policy=trusting)
        assert (decision.effect, decision.decided_by) == (Effect.IMPLICITLY_DENIED, Layer.RESOURCE)


def test_a_role_does_not_trust_itself(ask: Ask) -> None:
    """§2.2: a session of a role cannot assume that role unless the trust policy says so."""
    decision = ask(SESSION, "sts:AssumeRole", HUB, identity=allow("*"), resource_policy=trust({"AWS": ALICE}))
    assert decision.decided_by is Layer.RESOURCE


@pytest.mark.parametrize(
    "principal",
    [
        {"AWS": "arn:aws:iam::111111111111:role/*"},
        {"AWS": "arn:aws:iam::*:root"},
        {"AWS": "arn:aws:iam::111111111111:user/al?ce"},
        {"AWS": "1111*"},
    ],
)
def test_no_wildcard_stands_inside_a_principal(principal: Any) -> None:
    """§2.2: no wildcard inside a principal ARN; `*` is allowed alone."""
    with pytest.raises(PolicyError, match="no wildcard"):
        document(Kind.TRUST, trust(principal))
    assert document(Kind.TRUST, trust({"AWS": "*"}))
    assert document(Kind.TRUST, trust("*"))


def test_a_principal_saved_as_an_id_is_broken_by_a_new_user_of_that_name(ask: Ask) -> None:
    """§2.2: user and role ARNs become unique ids on save, so delete + recreate breaks trust."""
    trusting = trust({"AWS": "AIDAOLDALICE0000"})
    old = Principal.of(ALICE, unique_id="AIDAOLDALICE0000")
    new = Principal.of(ALICE, unique_id="AIDANEWALICE0000")
    assert ask(old, "sts:AssumeRole", NEAR, resource_policy=trusting).allowed
    assert not ask(new, "sts:AssumeRole", NEAR, resource_policy=trusting).allowed


def test_not_principal_is_refused_in_a_trust_policy() -> None:
    """§2.2: NotPrincipal is not allowed in trust policies."""
    statement = {"Effect": "Deny", "NotPrincipal": {"AWS": ALICE}, "Action": "sts:AssumeRole"}
    with pytest.raises(PolicyError, match="takes no NotPrincipal"):
        document(Kind.TRUST, statement)


@pytest.mark.parametrize("action", ["sts:TagSession", "sts:SetSourceIdentity"])
def test_tags_and_source_identity_need_permissions_of_their_own(ask: Ask, action: str) -> None:
    """§2.2: sts:TagSession and sts:SetSourceIdentity are evaluated against the trust policy *and* the caller."""
    only_assume = trust({"AWS": ACCOUNT})
    with_it = trust({"AWS": ACCOUNT}, ["sts:AssumeRole", action])
    caller = allow(["sts:AssumeRole", action])
    assert ask(ALICE, action, FAR, resource_policy=only_assume, identity=caller).decided_by is Layer.RESOURCE
    assert (
        ask(ALICE, action, FAR, resource_policy=with_it, identity=allow("sts:AssumeRole")).decided_by is Layer.IDENTITY
    )
    assert ask(ALICE, action, FAR, resource_policy=with_it, identity=caller).allowed


def test_tagging_a_federated_user_is_a_matter_of_identity_policies(ask: Ask) -> None:
    """§2.2: sts:TagSession on GetFederationToken is about no role, so no trust policy is asked."""
    federated = "arn:aws:sts::111111111111:federated-user/bob"
    assert ask(ALICE, "sts:TagSession", federated, identity=allow("sts:TagSession")).allowed


@pytest.mark.parametrize(
    ("condition", "context", "allowed"),
    [
        ({"StringEquals": {"sts:ExternalId": "x1"}}, {"sts:ExternalId": "x1"}, True),
        ({"StringEquals": {"sts:ExternalId": "x1"}}, {"sts:ExternalId": "x2"}, False),
        ({"StringEquals": {"sts:ExternalId": "x1"}}, {}, False),
        ({"StringLike": {"sts:RoleSessionName": "${aws:username}"}}, {"sts:RoleSessionName": "alice"}, True),
        ({"StringLike": {"sts:RoleSessionName": "${aws:username}"}}, {"sts:RoleSessionName": "bob"}, False),
        ({"StringEquals": {"sts:SourceIdentity": "alice"}}, {"sts:SourceIdentity": "alice"}, True),
        ({"ForAllValues:StringEquals": {"sts:TransitiveTagKeys": ["a"]}}, {"sts:TransitiveTagKeys": ["a", "b"]}, False),
        ({"StringEquals": {"aws:RequestTag/team": "red"}}, {"aws:RequestTag/team": "red"}, True),
        ({"ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}}, {"aws:TagKeys": ["team"]}, True),
        ({"StringEquals": {"iam:ResourceTag/env": "dev"}}, {"iam:ResourceTag/env": "prod"}, False),
        ({"StringEquals": {"aws:ResourceTag/env": "dev"}}, {"aws:ResourceTag/env": "dev"}, True),
    ],
)
def test_condition_keys_of_assume_role(ask: Ask, condition: Any, context: Any, allowed: bool) -> None:
    """§2.2: external id, session name, source identity, tags and transitive keys can be asked of an AssumeRole."""
    decision = ask(
        ALICE, "sts:AssumeRole", NEAR, resource_policy=trust({"AWS": ALICE}, Condition=condition), context=context
    )
    assert decision.allowed is allowed


@pytest.mark.parametrize(
    ("condition", "claims", "allowed"),
    [
        (
            {"StringEquals": {"issuer.example:aud": "sts.amazonaws.com"}},
            {"issuer.example:aud": "sts.amazonaws.com"},
            True,
        ),
        ({"StringLike": {"issuer.example:sub": "repo:org/*"}}, {"issuer.example:sub": "repo:org/app:ref:main"}, True),
        ({"StringLike": {"issuer.example:sub": "repo:org/*"}}, {"issuer.example:sub": "repo:other/app"}, False),
        ({"StringEquals": {"issuer.example:repository_id": "7"}}, {"issuer.example:repository_id": "7"}, True),
    ],
)
def test_claims_of_a_web_identity_are_its_context(ask: Ask, condition: Any, claims: Any, allowed: bool) -> None:
    """§2.2: AssumeRoleWithWebIdentity is decided on `<issuer>:<claim>`."""
    provider = "arn:aws:iam::222222222222:oidc-provider/issuer.example"
    statement = trust({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", Condition=condition)
    decision = ask(provider, "sts:AssumeRoleWithWebIdentity", FAR, resource_policy=statement, context=claims)
    assert decision.allowed is allowed


def test_claims_of_an_assertion_are_its_context(ask: Ask) -> None:
    """§2.2: AssumeRoleWithSAML is decided on `saml:*`."""
    provider = "arn:aws:iam::222222222222:saml-provider/corp"
    audience = {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}
    statement = trust({"Federated": provider}, "sts:AssumeRoleWithSAML", Condition=audience)
    context = {"saml:aud": "https://signin.aws.amazon.com/saml"}
    assert ask(provider, "sts:AssumeRoleWithSAML", FAR, resource_policy=statement, context=context).allowed
    assert not ask(provider, "sts:AssumeRoleWithSAML", FAR, resource_policy=statement).allowed


def test_claims_of_assume_root(ask: Ask) -> None:
    """§2.2: sts:TaskPolicyArn can be asked of AssumeRoot, which no trust policy decides."""
    task = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials"
    statement = allow("sts:AssumeRoot", Condition={"ArnEquals": {"sts:TaskPolicyArn": task}})
    member = "arn:aws:iam::111111111111:root"
    assert ask(ALICE, "sts:AssumeRoot", member, identity=statement, context={"sts:TaskPolicyArn": task}).allowed
    assert not ask(ALICE, "sts:AssumeRoot", member, identity=statement).allowed


MFA = "aws:MultiFactorAuthPresent"


@pytest.mark.parametrize(
    ("present", "bool_false", "if_exists_false", "bool_true"),
    [(None, True, False, False), ("false", False, False, False), ("true", True, True, True)],
)
def test_multi_factor_auth_present(
    ask: Ask, present: str | None, bool_false: bool, if_exists_false: bool, bool_true: bool
) -> None:
    """§2.2: absent for long-term keys, so Deny with Bool false does not fire there, and with BoolIfExists does."""
    context = {} if present is None else {MFA: present}

    def decide(statements: Any) -> bool:
        return ask(ALICE, "sts:AssumeRole", NEAR, resource_policy=statements, context=context).allowed

    yes = trust({"AWS": ALICE})
    assert decide([yes, {**yes, "Effect": "Deny", "Condition": {"Bool": {MFA: False}}}]) is bool_false
    assert decide([yes, {**yes, "Effect": "Deny", "Condition": {"BoolIfExists": {MFA: "false"}}}]) is if_exists_false
    assert decide({**yes, "Condition": {"Bool": {MFA: "true"}}}) is bool_true


@pytest.mark.parametrize(("age", "allowed"), [("3599", True), ("3600", False), (None, False)])
def test_multi_factor_auth_age(ask: Ask, age: str | None, allowed: bool) -> None:
    """§2.2: the age is in seconds, and absent without MFA."""
    young = {"NumericLessThan": {"aws:MultiFactorAuthAge": 3600}}
    context = {} if age is None else {"aws:MultiFactorAuthAge": age}
    decision = ask(
        ALICE, "sts:AssumeRole", NEAR, resource_policy=trust({"AWS": ALICE}, Condition=young), context=context
    )
    assert decision.allowed is allowed


def test_principal_arn_of_a_session_is_its_role(ask: Ask) -> None:
    """§2.2: aws:PrincipalArn is the role's ARN, not the session's."""
    by_role = trust("*", Condition={"ArnEquals": {"aws:PrincipalArn": HUB}})
    by_session = trust("*", Condition={"ArnEquals": {"aws:PrincipalArn": SESSION}})
    assert ask(SESSION, "sts:AssumeRole", NEAR, resource_policy=by_role).allowed
    assert not ask(SESSION, "sts:AssumeRole", NEAR, resource_policy=by_session).allowed


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("aws:PrincipalTag/team", "red"),
        ("aws:PrincipalOrgID", "o-1234567890"),
        ("aws:SourceIdentity", "alice"),
        ("aws:TokenIssueTime", "2026-01-01T00:00:00Z"),
        ("aws:FederatedProvider", "arn:aws:iam::111111111111:oidc-provider/issuer.example"),
        ("aws:SourceIp", "192.0.2.1"),
        ("aws:CurrentTime", "2026-01-01T00:00:00Z"),
        ("aws:EpochTime", "1767225600"),
        ("aws:SecureTransport", "true"),
    ],
)
def test_global_keys_are_there_only_when_they_are_given(ask: Ask, key: str, value: str) -> None:
    """§2.2: the global keys that do not follow from who asks are absent until the caller gives them."""
    there = trust({"AWS": ALICE}, Condition={"Null": {key: "false"}})
    assert ask(ALICE, "sts:AssumeRole", NEAR, resource_policy=there, context={key: value}).allowed
    assert not ask(ALICE, "sts:AssumeRole", NEAR, resource_policy=there).allowed


@pytest.mark.parametrize(
    ("principal", "condition"),
    [
        (ALICE, {"StringEquals": {"aws:username": "alice"}}),
        (Principal.of(ALICE, unique_id="AIDA1"), {"StringEquals": {"aws:userid": "AIDA1"}}),
        (Principal.of(SESSION, unique_id="AROA1"), {"StringLike": {"aws:userid": "AROA1:*"}}),
        ("arn:aws:sts::111111111111:federated-user/f", {"StringEquals": {"aws:userid": "111111111111:f"}}),
        (SESSION, {"Null": {"aws:username": "true"}}),
    ],
)
def test_user_name_and_user_id(ask: Ask, principal: Any, condition: Any) -> None:
    """§2.2: aws:username is for users only; aws:userid is the id, `AROA…:session` or `account:name`."""
    decision = ask(principal, "sts:AssumeRole", NEAR, resource_policy=trust("*", Condition=condition))
    assert decision.allowed


FULL = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


def test_resource_control_policies_apply_to_sts(ask: Ask) -> None:
    """§2.2: an RCP that denies sts:AssumeRole refuses it, but not in the management account."""
    outside = {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}
    guard = [FULL, {**deny("sts:*"), "Principal": "*", "Condition": outside}]
    both = {"resource_policy": trust({"AWS": ALICE}), "identity": allow("*"), "rcps": [guard]}
    decision = ask(ALICE, "sts:AssumeRole", FAR, **both)
    assert (decision.effect, decision.decided_by) == (Effect.EXPLICITLY_DENIED, Layer.RCP)
    assert ask(ALICE, "sts:AssumeRole", FAR, **both, context={"aws:PrincipalOrgID": "o-1"}).allowed
    assert ask(ALICE, "sts:AssumeRole", FAR, **both, management_account="222222222222").allowed


def test_service_control_policies_leave_the_management_account_alone(ask: Ask) -> None:
    """§2.2: an SCP binds the members' principals, not the management account's."""
    both = {"resource_policy": trust({"AWS": ALICE}), "scps": [[allow(), deny("sts:*")]]}
    assert ask(ALICE, "sts:AssumeRole", NEAR, **both).decided_by is Layer.SCP
    assert ask(ALICE, "sts:AssumeRole", NEAR, **both, management_account="111111111111").allowed


def test_session_tags_are_the_principals_tags_and_request_tags_their_request(ask: Ask) -> None:
    """§2.3: a tag that is passed is aws:RequestTag, one that the session has is aws:PrincipalTag."""
    same = {"StringEquals": {"aws:RequestTag/project": "${aws:PrincipalTag/project}"}}
    statement = trust({"AWS": SESSION}, "sts:TagSession", Condition=same)
    context = {"aws:PrincipalTag/project": "blue", "aws:RequestTag/project": "blue"}
    assert ask(SESSION, "sts:TagSession", NEAR, resource_policy=statement, context=context).allowed
    context["aws:RequestTag/project"] = "green"
    assert not ask(SESSION, "sts:TagSession", NEAR, resource_policy=statement, context=context).allowed


def test_tag_keys_are_found_in_any_case(ask: Ask) -> None:
    """§2.3: the keys of tags are case-insensitive, their values are not."""
    statement = trust({"AWS": SESSION}, Condition={"StringEquals": {"aws:PrincipalTag/Team": "red"}})
    for context, allowed in (({"aws:PrincipalTag/team": "red"}, True), ({"aws:PrincipalTag/team": "Red"}, False)):
        decision = ask(SESSION, "sts:AssumeRole", NEAR, resource_policy=statement, context=context)
        assert decision.allowed is allowed


def test_a_source_identity_that_is_set_can_be_required_along_the_chain(ask: Ask) -> None:
    """§2.3: the source identity goes along in aws:SourceIdentity, and can be held to be the same in the next hop."""
    same = {"StringEquals": {"sts:SourceIdentity": "${aws:SourceIdentity}"}}
    statement = trust({"AWS": SESSION}, "sts:SetSourceIdentity", Condition=same)
    context = {"aws:SourceIdentity": "alice", "sts:SourceIdentity": "alice"}
    assert ask(SESSION, "sts:SetSourceIdentity", NEAR, resource_policy=statement, context=context).allowed
    context["sts:SourceIdentity"] = "bob"
    assert not ask(SESSION, "sts:SetSourceIdentity", NEAR, resource_policy=statement, context=context).allowed


def test_passing_a_role_needs_the_callers_permission(ask: Ask) -> None:
    """§2.9 (1): iam:PassRole on the role's ARN, with the service and the resource in the context."""
    to_lambda = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    passing = allow("iam:PassRole", NEAR, Condition=to_lambda)
    context = {
        "iam:PassedToService": "lambda.amazonaws.com",
        "iam:AssociatedResourceArn": "arn:aws:lambda:eu-west-1:111111111111:function:f",
    }
    assert ask(ALICE, "iam:PassRole", NEAR, identity=passing, context=context).allowed
    assert not ask(ALICE, "iam:PassRole", NEAR, identity=passing).allowed
    assert not ask(ALICE, "iam:PassRole", HUB, identity=passing, context=context).allowed


def test_a_service_is_let_in_by_the_trust_policy_alone(ask: Ask) -> None:
    """§2.9 (2): the role's trust policy names the service, with the conditions that it sends."""
    mine = {
        "StringEquals": {"aws:SourceAccount": "111111111111"},
        "ArnLike": {"aws:SourceArn": "arn:aws:lambda:*:*:function:f"},
    }
    statement = trust({"Service": "lambda.amazonaws.com"}, Condition=mine)
    context = {
        "aws:SourceAccount": "111111111111",
        "aws:SourceArn": "arn:aws:lambda:eu-west-1:111111111111:function:f",
    }
    assert ask("lambda.amazonaws.com", "sts:AssumeRole", NEAR, resource_policy=statement, context=context).allowed
    assert not ask("lambda.amazonaws.com", "sts:AssumeRole", NEAR, resource_policy=statement).allowed
    assert not ask("ec2.amazonaws.com", "sts:AssumeRole", NEAR, resource_policy=statement, context=context).allowed


def test_a_role_is_not_passed_across_accounts(ask: Ask) -> None:
    """§2.9 (3): role and resource are in one account."""
    decision = ask(ALICE, "iam:PassRole", FAR, identity=allow("iam:PassRole"))
    assert (decision.effect, decision.decided_by) == (Effect.IMPLICITLY_DENIED, Layer.RESOURCE)


@pytest.mark.parametrize("action", ["sts:AssumeRole", "sts:*", "sts:assumerole*", "*", "sts:TagSession"])
def test_what_a_trust_policy_may_allow(action: str) -> None:
    """A trust policy is about assuming its role; wildcards that take that in are fine."""
    assert document(Kind.TRUST, trust("*", action))
    text = json.dumps({"Version": "2012-10-17", "Statement": trust("*", ["s3:GetObject", action])})
    with pytest.raises(PolicyError, match="none of sts:AssumeRole"):
        parse(text, Kind.TRUST)
