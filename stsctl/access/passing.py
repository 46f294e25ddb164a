"""Handing a role to a service, which then is that role: the three things that it takes.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from stsctl.access.caller import Caller, role_session
from stsctl.access.can import Surroundings, Verdict, can
from stsctl.access.example import example
from stsctl.access.facts import scopes
from stsctl.access.index import Index
from stsctl.access.outsider import enter, outsider
from stsctl.access.services import SERVICES, Service
from stsctl.access.snapshot import Role, Snapshot
from stsctl.access.step import Step, Way
from stsctl.access.wishes import SESSION
from stsctl.policy.request import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Passing:
    """What somebody needs to hand `role` to `service`, each with its verdict.

    `passes` is iam:PassRole; `trusts` whether the role lets the service in, with the keys in `claims`; `makes` the
    service's own actions, none where they are not known.
    """

    role: Role
    service: str
    passes: Verdict
    trusts: Verdict
    claims: Context
    makes: tuple[Verdict, ...]

    @property
    def same_account(self) -> bool:
        """Whether role and caller are in one account: a role cannot be handed over from another."""
        return self.passes.caller.account == self.role.account

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """All that has to be allowed."""
        return self.passes, self.trusts, *self.makes

    @property
    def allowed(self) -> bool:
        """Whether nothing is missing."""
        return self.same_account and all(verdict.decision.allowed for verdict in self.verdicts)


def passing(snapshot: Snapshot, caller: Caller, role: Role, service: str, around: Surroundings) -> Passing:
    """The three things, decided; raises UsageError for what is no service's name."""
    known = SERVICES.get(service)
    made = tuple(_made(snapshot, caller, role, known, around)) if known else ()
    resource = made[0].request.resource if made else "*"
    handed: dict[str, str] = {"iam:PassedToService": service}
    if resource.startswith("arn:"):
        handed["iam:AssociatedResourceArn"] = resource
    name = re.split("[:/]", resource)[-1]
    trusts, claims = enter(
        snapshot, outsider(service, role.account), role, around, session=SESSION if "*" in name else name
    )
    return Passing(
        role=role,
        service=service,
        passes=can(snapshot, caller, "iam:PassRole", role.arn, around, more=handed),
        trusts=trusts,
        claims=claims,
        makes=made,
    )


def _made(snapshot: Snapshot, caller: Caller, role: Role, service: Service, around: Surroundings) -> Iterator[Verdict]:
    """The service's own actions, each on a resource that the caller may name, where there is one."""
    partition = caller.holder.arn.split(":")[1]
    for action, written in service.actions_for(role):
        place = f"{around.region}:{caller.account}"
        usual = written.format(place, account=caller.account, region=around.region)
        usual = usual.replace("arn:aws:", f"arn:{partition}:", 1)
        others = (example(each) for each in _resources(caller, action) if _kind(each) == _kind(usual))
        verdict = can(snapshot, caller, action, usual, around)
        for resource in others:
            if verdict.decision.allowed:
                break
            tried = can(snapshot, caller, action, resource, around)
            verdict = tried if tried.decision.allowed else verdict
        yield verdict


def _kind(resource: str) -> str:
    """Of which sort a resource is, by its ARN; a pattern for several sorts says none that is looked for."""
    return re.split("[:/]", resource.split(":", 5)[-1])[0]


def _resources(caller: Caller, action: str) -> Iterator[str]:
    """The patterns of the resources on which the caller's own policies may allow an action."""
    for text in caller.holder.policies:
        for scope in scopes(text):
            if scope.concerns(action.lower()):
                yield from scope.resources


def steps(snapshot: Snapshot, index: Index, caller: Caller, role: Role, around: Surroundings) -> Iterator[Step]:
    """The services through which somebody becomes a role of the same account."""
    for name in index.trusted.get(role.arn, ()):
        service = name.removeprefix("Service:")
        if name == service or service not in SERVICES:
            continue
        found = passing(snapshot, caller, role, service, around)
        if found.allowed:
            extra = SERVICES[service].extra_for(role)
            yield Step(
                way=Way.PASS_ROLE,
                words=f"pass {role.arn} to {service}",
                verdicts=found.verdicts,
                caller=role_session(role, SESSION),
                needs=(*((extra,) if extra else ()), *(f"{key} = {value}" for key, value in found.claims.items())),
            )
