"""Likely causes of a refusal: AWS's own words first, then what people forget."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stsctl.access.likely import Words, likely
from stsctl.arn import Arn
from stsctl.plan import Plan, Step
from stsctl.request import Asker, Endpoint, Operation, SessionRequest
from stsctl.source import Source, SourceKind
from stsctl.target import Target

HUB = Arn.parse_role("arn:aws:iam::111111111111:role/Hub")
ADMIN = Arn.parse_role("arn:aws:iam::222222222222:role/Admin")
USER = "User: arn:aws:iam::111111111111:user/alice is not authorized to perform:"


def step(role: Arn, **said: object) -> Step:
    """An AssumeRole."""
    request = SessionRequest(
        operation=Operation.ASSUME_ROLE,
        endpoint=Endpoint(partition="aws", region="us-east-1"),
        asker=Asker.of_keys("AKIAEXAMPLE000000001"),
        role_arn=role,
        **said,  # type: ignore[arg-type]
    )
    return Step(name="it", request=request, reason="", effective=timedelta(hours=1))


def causes(*steps: Step, words: Words | None = None) -> list[str]:
    """What is said of the last step."""
    source = Source(kind=SourceKind.KEYS, name="work")
    plan = Plan(target=Target(name="it", source=source), asker=steps[0].request.asker, steps=steps)
    return [cause.words for cause in likely(plan, len(steps) - 1, words)]


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        (f"{USER} sts:AssumeRole on resource: {ADMIN} with an explicit deny in a service control policy",
         "AWS says: a statement of a service control denies it"),
        (f"{USER} sts:AssumeRole on it because no identity-based policy allows the sts:AssumeRole action",
         "AWS says: no identity-based policy allows sts:AssumeRole"),
        (f"{USER} sts:TagSession on resource: {ADMIN}", "sts:TagSession is not allowed"),
        (f"{USER} sts:SetSourceIdentity on resource: {ADMIN}", "sts:SetSourceIdentity is not allowed"),
    ],
)  # fmt: skip
def test_what_aws_says_itself_comes_first(reason: str, says: str) -> None:
    """Its words name the action and the kind of policy, and that is no guess."""
    assert causes(step(ADMIN), words=Words(code="AccessDenied", reason=reason))[0].startswith(says)


def test_what_was_not_sent_is_named_and_what_was_is_not() -> None:
    """An external id across accounts, MFA anywhere on the way, and the permissions that tags and names take."""
    first, *rest = causes(step(HUB), step(ADMIN))
    assert "external id" in first
    assert "MFA" in rest[0]
    serial = "arn:aws:iam::111111111111:mfa/alice"
    told = causes(step(HUB, mfa_serial=serial), step(ADMIN, external_id="xx", tags=(("a", "b"),), source_identity="al"))
    assert [said.partition(",")[0] for said in told][:2] == [
        "tags go with the call",
        "a source identity goes with the call",
    ]
    assert not any("external id" in said or "MFA" in said for said in told)


def test_another_error_is_not_explained_by_policies() -> None:
    """Where AWS refused for something else, no trust policy is to blame."""
    assert causes(step(ADMIN), words=Words(code="ValidationError", reason="exceeds the MaxSessionDuration")) == []
