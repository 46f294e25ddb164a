"""The condition keys of a request, as far as they do not follow from its principal and its resource alone.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol

from stsctl.emulator.directory.organizations import Membership
from stsctl.emulator.directory.principals import Caller, Kind, Tags
from stsctl.emulator.world.regions import FIRST, GLOBAL

Context = dict[str, str | tuple[str, ...] | None]


class Circumstances(Protocol):
    """When, from where and at which endpoint something is asked."""

    @property
    def now(self) -> datetime:
        """When."""

    @property
    def source_ip(self) -> str:
        """From where."""

    @property
    def region(self) -> str:
        """The region of the signature, or of the endpoint where nothing is signed."""


def of_circumstances(at: Circumstances) -> Context:
    """The keys that every request has, whoever makes it."""
    return {
        "aws:CurrentTime": at.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "aws:EpochTime": str(int(at.now.timestamp())),
        "aws:RequestedRegion": FIRST["aws"] if at.region == GLOBAL else at.region,
        # The emulator stands for an endpoint that is reached by TLS; a policy that denies plain text does not mean it.
        "aws:SecureTransport": "true",
        "aws:SourceIp": at.source_ip,
        "aws:ViaAWSService": "false",
    }


def of_caller(caller: Caller, now: datetime, checked_at: datetime | None = None) -> Context:
    """The keys of who asks, with what temporary credentials add, MFA above all.

    Long-term keys have no aws:MultiFactorAuthPresent at all; temporary ones have it, false where no code was given; and
    a code that was checked in this call (`checked_at`) makes it true for this call.
    """
    session = caller.session
    context: Context = {f"aws:PrincipalTag/{key}": value for key, value in caller.tags}
    if session is not None:
        context["aws:SourceIdentity"] = session.source_identity
        context["aws:TokenIssueTime"] = session.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        context["aws:MultiFactorAuthPresent"] = "false"
        context |= dict(session.keys)
    mfa_at = checked_at or (session.mfa_at if session and session.kind is Kind.SESSION_OF_USER else None)
    if mfa_at is not None:
        context["aws:MultiFactorAuthPresent"] = "true"
        context["aws:MultiFactorAuthAge"] = str(max(0, int((now - mfa_at).total_seconds())))
    return context


def of_tags(passed: Tags, transitive: tuple[str, ...] = ()) -> Context:
    """The keys of the tags that a request passes."""
    keys: Context = {f"aws:RequestTag/{key}": value for key, value in passed}
    keys["aws:TagKeys"] = tuple(key for key, _ in passed) or None
    keys["sts:TransitiveTagKeys"] = transitive or None
    return keys


def of_memberships(principal: Membership | None, resource: Membership | None) -> Context:
    """The keys of the organizations that the accounts of the principal and of the resource are in; outside, none."""
    keys: Context = {}
    if principal is not None:
        keys["aws:PrincipalOrgID"] = principal.organization
        keys["aws:PrincipalOrgPaths"] = (principal.path,)
    if resource is not None:
        keys["aws:ResourceOrgID"] = resource.organization
        keys["aws:ResourceOrgPaths"] = (resource.path,)
    return keys
