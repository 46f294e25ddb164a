"""One simulation: policies with the names that the simulator's answers give them, and their decision on an action."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from stsctl.emulator.authorization.condition_keys import Context
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.wire import Entries
from stsctl.policy.document import Document, Kind, PolicyError, parse
from stsctl.policy.evaluate import Decision, Effect, Layer, Policies, Policy, evaluate
from stsctl.policy.json_text import Reader, places
from stsctl.policy.principal import Principal
from stsctl.policy.request import Request

_DECISIONS = {
    Effect.ALLOWED: "allowed",
    Effect.EXPLICITLY_DENIED: "explicitDeny",
    Effect.IMPLICITLY_DENIED: "implicitDeny",
}
_VARIABLE = re.compile(r"\$\{\s*([^}*?$,\s']+)")

Values = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A policy of a simulation: its text, and the SourcePolicyType that it is told by; its name is the id."""

    policy: Policy
    type: str
    text: str


def read_source(name: str, sort: str, text: str, kind: Kind) -> Source:
    """A policy by the name that the simulator gives it; raises Refusal, InvalidInput, for a text that is none."""
    try:
        document = parse(text, kind)
    except PolicyError as error:
        raise Refusal("InvalidInput", f"Invalid policy {name}: {error.problems[0]}", 400) from error
    return Source(policy=Policy(name=name, document=document), type=sort, text=text)


def context_keys(document: Document) -> Iterator[str]:
    """The condition keys that a policy asks for, in conditions and in variables, as it spells them."""
    for statement in document.statements:
        texts = [*(statement.resources.patterns if statement.resources else ())]
        for condition in statement.conditions:
            yield condition.key
            texts += condition.values
        for text in texts:
            yield from _VARIABLE.findall(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """Whom it is about, every policy that has a say, and the request's condition keys; `owner` is the resource's."""

    principal: Principal
    identity: tuple[Source, ...] = ()
    boundaries: tuple[Source, ...] = ()
    scps: tuple[tuple[Source, ...], ...] = ()
    resource: Source | None = None
    owner: str | None = None
    context: Context = field(default_factory=dict)
    in_organization: bool = False

    def result(self, action: str, resource: str) -> Values:
        """What is decided of an action on a resource, as the simulator answers it."""
        request = Request(
            principal=self.principal,
            action=action,
            resource=resource,
            resource_account=self.owner,
            context=self.context,
        )
        decision = evaluate(request, self._policies(), trace=True)
        matched = [self._matched(decided.policy, decided.statement.index) for decided in decision.statements]
        missing, details = self._missing(request), self._details(request)
        result: Values = {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": _DECISIONS[decision.effect],
            "MatchedStatements": matched,
            "MissingContextValues": missing if resource == "*" else [],
            "EvalDecisionDetails": details,
            **self._limits(decision),
        }
        if resource != "*":
            told = {name: value for name, value in result.items() if name.startswith(("Matched", "PermissionsB"))}
            result["ResourceSpecificResults"] = [
                {
                    "EvalResourceName": resource,
                    "EvalResourceDecision": _DECISIONS[decision.effect],
                    "MissingContextValues": missing,
                    "EvalDecisionDetails": details,
                    **told,
                }
            ]
        return result

    @property
    def _sources(self) -> tuple[Source, ...]:
        of_resource = (self.resource,) if self.resource else ()
        return (*self.identity, *self.boundaries, *(source for level in self.scps for source in level), *of_resource)

    def _policies(self) -> Policies:
        return Policies(
            identity=_plain(self.identity),
            boundaries=_plain(self.boundaries),
            scps=tuple(_plain(level) for level in self.scps),
            resource=self.resource.policy if self.resource else None,
        )

    def _limits(self, decision: Decision) -> Values:
        """What boundaries and organizations say, where there are any."""
        limits: Values = {}
        if self.scps or self.in_organization:
            limits["OrganizationsDecisionDetail"] = {"AllowedByOrganizations": _allows(decision, Layer.SCP)}
        if self.boundaries:
            detail = {"AllowedByPermissionsBoundary": _allows(decision, Layer.BOUNDARY)}
            limits["PermissionsBoundaryDecisionDetail"] = detail
        return limits

    def _details(self, request: Request) -> Entries | None:
        """Across accounts, what each side says by itself."""
        if request.owner in (None, self.principal.account) or self.resource is None:
            return None
        inside = Request(
            principal=self.principal,
            action=request.action,
            resource=request.resource,
            resource_account=self.principal.account,
            context=self.context,
        )
        own = evaluate(inside, Policies(identity=_plain(self.identity), boundaries=_plain(self.boundaries)))
        theirs = {statement.grant(request) for statement in self.resource.policy.document.about(request.verb).allows}
        denied = any(statement.grant(request) for statement in self.resource.policy.document.about(request.verb).denies)
        said = "explicitDeny" if denied else "allowed" if any(theirs) else "implicitDeny"
        return Entries({"IAM Policy": _DECISIONS[own.effect], "Resource Policy": said})

    def _missing(self, request: Request) -> list[str]:
        """The keys that the policies ask for and nobody gave."""
        has = {name for name, values in request.keys().items() if values}
        asked = {key.lower(): key for source in self._sources for key in context_keys(source.policy.document)}
        return [asked[key] for key in sorted(asked) if key not in has]

    def _matched(self, policy: Policy, index: int) -> Values:
        """A statement that decided, and where it stands in its policy."""
        source = next(source for source in self._sources if source.policy is policy)
        start, end = _span(source.text, index)
        return {
            "SourcePolicyId": policy.name,
            "SourcePolicyType": source.type,
            "StartPosition": dict(zip(("Line", "Column"), start, strict=True)),
            "EndPosition": dict(zip(("Line", "Column"), end, strict=True)),
        }


def _plain(sources: tuple[Source, ...]) -> tuple[Policy, ...]:
    return tuple(source.policy for source in sources)


def _allows(decision: Decision, layer: Layer) -> str:
    """Whether a layer neither denies nor leaves the action out, in XML's words."""
    denied = decision.effect is Effect.EXPLICITLY_DENIED and decision.decided_by is layer
    return "false" if denied or layer in decision.missing else "true"


def _span(text: str, index: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Line and column of a statement's first character, and of what follows its last."""
    reader = Reader(text)
    value = reader.value
    single = isinstance(value, dict) and isinstance(value["Statement"], dict)
    start = reader.find(("Statement",) if single else ("Statement", index))
    _, end = json.JSONDecoder().raw_decode(text, start)
    place = places(text)
    return place(start), place(end)
