"""The policies that authorization asks, parsed once: those of callers, roles, resources and organizations.

The functions raise PolicyError for a document that no evaluation can use.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from stsctl.emulator.directory.organizations import Levels, Membership
from stsctl.emulator.directory.principals import Caller, PolicyText
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.policy.document import Kind, PolicyError, parse
from stsctl.policy.evaluate import Level, Policies, Policy

_parse = lru_cache(maxsize=4096)(parse)


def of_caller(caller: Caller) -> Policies:
    """The caller's own side: identity policies, permissions boundary and session policies."""
    holder = caller.role or caller.user
    boundary = (holder.boundary,) if holder and holder.boundary else ()
    return Policies(
        identity=_parsed(holder.policies if holder else (), Kind.IDENTITY),
        boundaries=_parsed(boundary, Kind.SESSION),
        session=_parsed(caller.session.policies if caller.session else (), Kind.SESSION),
    )


def of_resource(policy: PolicyText | None, kind: Kind, owner: Membership | None) -> Policies:
    """The resource's side: its own policy, of `kind` RESOURCE or TRUST, and what its account's organization says."""
    return Policies(
        resource=_parsed((policy,), kind)[0] if policy else None,
        rcps=_levels(owner.rcps, Kind.RCP) if owner else (),
    )


def of_both(
    caller: Caller, member: Membership | None, policy: PolicyText | None, kind: Kind, owner: Membership | None
) -> Policies:
    """Both sides, where `member` is the place of the caller's account in an organization, `owner` the resource's."""
    theirs = of_resource(policy, kind, owner)
    scps = _levels(member.scps, Kind.SCP) if member else ()
    return replace(of_caller(caller), resource=theirs.resource, rcps=theirs.rcps, scps=scps)


def inline_session_policy(text: str | None) -> PolicyText | None:
    """The session policy in a request; raises Refusal, MalformedPolicyDocument, for one that is none."""
    return None if text is None else _session_policy(text)


@lru_cache(maxsize=1024)
def _session_policy(text: str) -> PolicyText:
    """One object for all the sessions that have the same policy."""
    try:
        _parse(text, Kind.SESSION)
    except PolicyError as error:
        whole = (
            "Syntax errors in policy."
            if text.lstrip().startswith("{")
            else "The policy is not in the valid JSON format."
        )
        raise Refusal("MalformedPolicyDocument", whole, 400, because=error.message) from error
    return PolicyText(label="session policy", text=text)


def _levels(levels: Levels, kind: Kind) -> tuple[Level, ...]:
    return tuple([_parsed(level, kind) for level in levels])


def _parsed(texts: Iterable[PolicyText], kind: Kind) -> tuple[Policy, ...]:
    return tuple([Policy(name=text.label, document=_parse(text.text, kind)) for text in texts])
