"""IAM's policy simulator: what a request's policies would decide, asked of our own evaluator.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html,
…/API_SimulateCustomPolicy.html and …/API_GetContextKeysForPrincipalPolicy.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stsctl.emulator.authorization.condition_keys import Context
from stsctl.emulator.directory.attached_policies import AttachedPolicy, Holder, holder_of
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.organizations import Organizations
from stsctl.emulator.directory.principals import Caller
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.wire import Result
from stsctl.emulator.services.simulation import Simulation, Source, context_keys, read_source
from stsctl.errors import UsageError
from stsctl.policy.document import Kind
from stsctl.policy.principal import Principal, PrincipalKind

_PRINCIPAL = re.compile(r"arn:[^:]+:iam::[0-9]{12}:(user|group|role)/.+", re.ASCII)
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9*?]+", re.ASCII)
_MOST = 1000
_UNTOLD = ("aws:userid", "aws:username", "aws:PrincipalArn", "aws:PrincipalType", "aws:PrincipalAccount")
"""The keys that follow from a principal, and so from nobody in a simulation that names none."""

Parameters = Mapping[str, Any]


class Simulator:
    """Answers the four operations; nothing is done by them."""

    def __init__(self, directory: Directory, organizations: Organizations) -> None:
        self._directory = directory
        self._organizations = organizations

    @property
    def operations(self) -> Mapping[str, Callable[[Caller, Parameters], Result]]:
        """IAM's operations, by their names."""
        return {
            "GetContextKeysForCustomPolicy": self.context_keys_for_custom_policy,
            "GetContextKeysForPrincipalPolicy": self.context_keys_for_principal_policy,
            "SimulateCustomPolicy": self.custom_policy,
            "SimulatePrincipalPolicy": self.principal_policy,
        }

    def custom_policy(self, caller: Caller, given: Parameters) -> Result:
        """Answers SimulateCustomPolicy."""
        whom = _whom(given) or Principal.of(f"arn:aws:iam::{caller.account}:user/simulated")
        levels = [
            _read(f"OrderedOrganizationPolicyInputList.{at}", level.get("ServiceControlPolicyInputList"), Kind.SCP)
            for at, level in enumerate(given.get("OrderedOrganizationPolicyInputList") or (), 1)
        ]
        simulation = Simulation(
            principal=whom,
            identity=_read("PolicyInputList", given.get("PolicyInputList"), Kind.IDENTITY),
            boundaries=_boundaries(given),
            scps=tuple(levels),
            resource=_resource(given),
            owner=_owner(given),
            context=_context(given) if given.get("CallerArn") else {**dict.fromkeys(_UNTOLD), **_context(given)},
        )
        return _answer(simulation, given)

    def principal_policy(self, _caller: Caller, given: Parameters) -> Result:
        """Answers SimulatePrincipalPolicy."""
        holder = self._holder(given)
        if given.get("ResourcePolicy") and ":user/" not in holder.arn and not given.get("CallerArn"):
            raise _invalid("CallerArn is required when a ResourcePolicy is included and the source is not a user")
        excluded = _Excluded(given.get("PolicyExclusionList") or ())
        policies = [policy for policy in holder.policies if not excluded.has(policy)]
        attached = [read_source(policy.id, policy.type, policy.text, Kind.IDENTITY) for policy in policies]
        membership = self._organizations.membership(holder.account)
        levels = membership.scps if membership and not excluded.type("scp") else ()
        boundary = holder.boundary if not excluded.type("permission-boundary") else None
        own = (read_source("permissions boundary", "none", boundary, Kind.SESSION),) if boundary else ()
        simulation = Simulation(
            principal=_whom(given) or _principal(holder),
            identity=(*attached, *_read("PolicyInputList", given.get("PolicyInputList"), Kind.IDENTITY)),
            boundaries=_boundaries(given) or own,
            scps=tuple(
                tuple(read_source(policy.label, "none", policy.text, Kind.SCP) for policy in level) for level in levels
            ),
            in_organization=membership is not None,
            resource=_resource(given),
            owner=_owner(given),
            context=_context(given),
        )
        return _answer(simulation, given)

    def context_keys_for_custom_policy(self, _caller: Caller, given: Parameters) -> Result:
        """Answers GetContextKeysForCustomPolicy."""
        return _keys(_read("PolicyInputList", given.get("PolicyInputList"), Kind.IDENTITY))

    def context_keys_for_principal_policy(self, _caller: Caller, given: Parameters) -> Result:
        """Answers GetContextKeysForPrincipalPolicy."""
        attached = [read_source(item.id, item.type, item.text, Kind.IDENTITY) for item in self._holder(given).policies]
        return _keys((*attached, *_read("PolicyInputList", given.get("PolicyInputList"), Kind.IDENTITY)))

    def _holder(self, given: Parameters) -> Holder:
        arn = given.get("PolicySourceArn") or ""
        if not _PRINCIPAL.fullmatch(arn):
            raise _invalid(f"Invalid Entity Arn: {arn} does not clearly define entity type and name.")
        found = holder_of(self._directory, arn)
        if found is None:
            raise Refusal("NoSuchEntity", f"The entity {arn} cannot be found.", 404)
        return found


@dataclass(frozen=True, slots=True)
class _Excluded:
    """Which of a principal's policies a simulation leaves out."""

    entries: Sequence[Mapping[str, Any]]

    def type(self, name: str) -> bool:
        """Whether all policies of a type are left out."""
        return any(entry.get("PolicyType") == name for entry in self.entries)

    def has(self, policy: AttachedPolicy) -> bool:
        """Whether a policy is left out, by its type, its ARN or where it is."""
        inline = [entry.get("InlinePolicyIdentifier") or {} for entry in self.entries]
        named = [(item.get("PolicyName"), item.get("AttachmentType"), item.get("AttachmentName")) for item in inline]
        return (
            self.type("inline" if policy.holder else policy.type)
            or policy.holder in named
            or (policy.arn is not None and any(entry.get("PolicyArn") == policy.arn for entry in self.entries))
        )


def _answer(simulation: Simulation, given: Parameters) -> Result:
    """A page of results: every action on every resource."""
    actions, resources = given.get("ActionNames") or [], given.get("ResourceArns") or ["*"]
    for action in actions:
        if not _ACTION.fullmatch(action):
            raise _invalid(f"Invalid Action: {action[:128]}")
    pairs = [(action, resource) for action in actions for resource in resources][:10_000]
    begin = _marked(given)
    most = min(int(given.get("MaxItems") or 100), _MOST)
    page = pairs[begin : begin + most]
    results = [simulation.result(action, resource) for action, resource in page]
    left = begin + most < len(pairs)
    marker = str(begin + most) if left else None
    return {"IsTruncated": "true" if left else "false", "Marker": marker, "EvaluationResults": results}


def _marked(given: Parameters) -> int:
    marker = given.get("Marker") or "0"
    if not re.fullmatch(r"[0-9]{1,6}", marker, re.ASCII):
        raise _invalid("Invalid Marker")
    return int(marker)


def _keys(sources: Iterable[Source]) -> Result:
    found = {key.lower(): key for source in sources for key in context_keys(source.policy.document)}
    return {"ContextKeyNames": [found[key] for key in sorted(found)]}


def _read(name: str, texts: Sequence[str] | None, kind: Kind) -> tuple[Source, ...]:
    return tuple(read_source(f"{name}.{at}", "none", text, kind) for at, text in enumerate(texts or (), 1))


def _boundaries(given: Parameters) -> tuple[Source, ...]:
    found = given.get("PermissionsBoundaryPolicyInputList")
    if found and len(found) > 1:
        raise _invalid("Only one permissions boundary policy can be given")
    return _read("PermissionsBoundaryPolicyInputList", found, Kind.SESSION)


def _resource(given: Parameters) -> Source | None:
    text = given.get("ResourcePolicy")
    return read_source("ResourcePolicy", "resource", text, Kind.RESOURCE) if text else None


def _owner(given: Parameters) -> str | None:
    """The resource's account: an ARN of its root, or its id."""
    found = given.get("ResourceOwner")
    if found is None:
        return None
    match = re.fullmatch(r"(?:arn:[^:]+:iam::)?([0-9]{12})(?::root)?", found, re.ASCII)
    if match is None:
        raise _invalid(f"Invalid ResourceOwner: {found[:100]}")
    return match[1]


def _whom(given: Parameters) -> Principal | None:
    """Whom CallerArn names: a user, and nobody else."""
    arn = given.get("CallerArn")
    if arn is None:
        return None
    try:
        found = Principal.of(arn)
    except UsageError as error:
        raise _invalid(f"Invalid CallerArn: {arn[:100]}") from error
    if found.kind is not PrincipalKind.USER:
        raise _invalid("The CallerArn must be the ARN of an IAM user")
    return found


def _principal(holder: Holder) -> Principal:
    if ":group/" in holder.arn:
        # A group asks for nothing: a member of it does.
        return Principal.of(f"arn:aws:iam::{holder.account}:user/member")
    return Principal.of(holder.arn, unique_id=holder.unique_id)


def _context(given: Parameters) -> Context:
    """The condition keys that the simulation is given."""
    context: Context = {}
    for entry in given.get("ContextEntries") or ():
        name, values = entry.get("ContextKeyName"), entry.get("ContextKeyValues") or []
        if name:
            context[name] = tuple(str(value) for value in values)
    return context


def _invalid(message: str) -> Refusal:
    return Refusal("InvalidInput", message, 400)
