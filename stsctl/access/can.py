"""Whether somebody may do something, by the policies of a snapshot; and who may.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from stsctl.access.caller import Caller, plain
from stsctl.access.index import Index
from stsctl.access.snapshot import Holder, Levels, Membership, PolicyText, Snapshot
from stsctl.policy.evaluate import Decision, Level, Policies, evaluate
from stsctl.policy.request import Context, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a request has whoever makes it; `given` are condition keys that a person says, which win over all others."""

    now: datetime
    region: str = "us-east-1"
    source_ip: str | None = None
    given: Context = field(default_factory=dict)

    @property
    def keys(self) -> Context:
        """As condition keys; an address that is not known is no key."""
        return {
            "aws:CurrentTime": self.now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "aws:EpochTime": str(int(self.now.timestamp())),
            "aws:RequestedRegion": self.region,
            "aws:SecureTransport": "true",
            "aws:SourceIp": self.source_ip,
            "aws:ViaAWSService": "false",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A decision, and what it was made of: the request, the policies, who asked."""

    caller: Caller
    request: Request
    policies: Policies

    @property
    def decision(self) -> Decision:
        """Yes or no; quick, without the reasons."""
        return evaluate(self.request, self.policies)

    @property
    def traced(self) -> Decision:
        """The same with what `policy.explain` needs."""
        return evaluate(self.request, self.policies, trace=True)


def can(
    snapshot: Snapshot,
    caller: Caller,
    action: str,
    resource: str,
    around: Surroundings,
    *,
    more: Context | None = None,
) -> Verdict:
    """Whether `caller` may do `action` on `resource`; `more` are condition keys that this request alone has.

    Of a role the resource's policy is its trust policy; of others, what the snapshot has. Raises PolicyError for a
    policy that cannot be read.
    """
    role = snapshot.roles.get(resource)
    holder = role or snapshot.users.get(resource)
    request = Request(
        principal=caller.principal,
        action=action,
        resource=resource,
        context={
            **around.keys,
            **caller.keys,
            **_of_resource(holder),
            **_of_memberships(snapshot, caller.account, resource),
            **(more or {}),
            **around.given,
        },
    )
    owner = request.owner or caller.account
    trusted = action.lower().startswith("sts:")
    policy = role.trust if role and trusted else snapshot.resources.get(resource)
    inside, of_owner = snapshot.memberships.get(caller.account), snapshot.memberships.get(owner)
    return Verdict(caller=caller, request=request, policies=_policies(caller, policy, inside, of_owner))


def who_can(
    snapshot: Snapshot, action: str, resource: str, around: Surroundings, index: Index | None = None
) -> Iterator[Verdict]:
    """The verdicts of all who may, each by itself: users with their keys, roles with a session."""
    known = index or Index.of(snapshot)
    # A policy of the resource's own may let in anybody; of a role's the index knows whom.
    asked = known if resource in snapshot.resources else known.who_might(action, resource)
    for arn in asked:
        holder = snapshot.holder(arn)
        assert holder is not None
        verdict = can(snapshot, plain(holder), action, resource, around)
        if verdict.decision.allowed:
            yield verdict


def _policies(
    caller: Caller, policy: PolicyText | None, inside: Membership | None, of_owner: Membership | None
) -> Policies:
    holder = caller.holder
    return Policies(
        identity=tuple(text.policy for text in holder.policies),
        resource=policy.policy if policy else None,
        boundaries=(holder.boundary.policy,) if holder.boundary else (),
        session=tuple(text.policy for text in caller.session),
        scps=_levels(inside.scps) if inside else (),
        rcps=_levels(of_owner.rcps) if of_owner else (),
    )


def _levels(levels: Levels) -> tuple[Level, ...]:
    return tuple(tuple(text.policy for text in level) for level in levels)


def _of_resource(holder: Holder | None) -> Context:
    """What tells of a resource that is a user or a role itself."""
    if holder is None:
        return {}
    keys: dict[str, str | None] = {
        f"{service}:ResourceTag/{key}": value for key, value in holder.tags for service in ("aws", "iam")
    }
    if holder.boundary is not None:
        keys["iam:PermissionsBoundary"] = holder.boundary.arn
    return keys


def _of_memberships(snapshot: Snapshot, account: str, resource: str) -> Mapping[str, str | tuple[str, ...]]:
    """The organizations of both accounts, as condition keys."""
    parts = resource.split(":", 5)
    owner = parts[4] if len(parts) == 6 and parts[4] else account
    keys: dict[str, str | tuple[str, ...]] = {}
    for whose, found in (("Principal", account), ("Resource", owner)):
        place = snapshot.memberships.get(found)
        if place is not None:
            keys[f"aws:{whose}OrgID"] = place.organization
            keys[f"aws:{whose}OrgPaths"] = (place.path,)
    return keys
