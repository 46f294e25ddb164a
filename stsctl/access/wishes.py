"""What an AssumeRole could say so that it is let in: values that conditions name, combined, those that say least first.

Some of what conditions ask for cannot be said in the call, because it comes with the session that makes it: that
session's tags, source identity and name. Such a value is wished for from the calls before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice, product
from typing import Any

from stsctl.access.assumption import Assumption
from stsctl.access.caller import Caller
from stsctl.access.example import OTHER, all_conditions, values
from stsctl.access.snapshot import PolicyText, Role, Snapshot
from stsctl.policy.condition import Condition
from stsctl.policy.principal import PrincipalKind
from stsctl.policy.request import Request

SESSION = "session"
"""What a session is called where its name does not matter."""
VERBS = frozenset({"sts:assumerole", "sts:tagsession", "sts:setsourceidentity"})
_MOST_TRIED = 1500
_MOST_VALUES = 8
_NAME = re.compile(r"(?!aws:)[\w+=,.@-]{2,64}", re.ASCII)
_EXTERNAL_ID = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_SESSION_ARN = re.compile(r"arn:[a-z-]+:sts::[0-9]{12}:assumed-role/[^/]+/(.+)")
_MFA = ("aws:multifactorauthpresent", "aws:multifactorauthage")


@dataclass(slots=True)
class Wishes:
    """Values to try: of session names, external ids, source identities, and of tags by their keys.

    `mfa` says that it matters whether a code was given.
    """

    names: dict[str, None] = field(default_factory=dict)
    external_ids: dict[str, None] = field(default_factory=dict)
    identities: dict[str, None] = field(default_factory=dict)
    tags: dict[str, dict[str, None]] = field(default_factory=dict)
    transitive: dict[str, None] = field(default_factory=dict)
    mfa: bool = False

    def __bool__(self) -> bool:
        return bool(self.names or self.external_ids or self.identities or self.tags or self.mfa)

    @property
    def size(self) -> int:
        """How much is wished for; it grows until nothing is left to learn."""
        tags = sum(map(len, self.tags.values()))
        return len(self.names) + len(self.external_ids) + len(self.identities) + tags + len(self.transitive) + self.mfa

    def add(self, others: Wishes) -> None:
        """Takes in others, up to the most that is tried."""
        for name in ("names", "external_ids", "identities", "transitive"):
            _take(getattr(self, name), getattr(others, name))
        for key, found in others.tags.items():
            _take(self.tags.setdefault(key, {}), found)
        self.mfa |= others.mfa

    def of_call(self, condition: Condition, request: Request) -> None:
        """Takes in what a condition asks of the call itself."""
        key, written = condition.key.lower(), condition.key
        found = list(values(condition, request))
        if key == "sts:rolesessionname":
            _take(self.names, filter(_NAME.fullmatch, found))
        elif key == "sts:externalid":
            _take(self.external_ids, filter(_EXTERNAL_ID.fullmatch, found))
        elif key == "sts:sourceidentity":
            _take(self.identities, filter(_NAME.fullmatch, found))
        elif key.startswith("aws:requesttag/"):
            _take(self.tags.setdefault(written.partition("/")[2], {}), found)
        elif key in ("aws:tagkeys", "sts:transitivetagkeys"):
            for tag in condition.values:
                _take(self.tags.setdefault(tag, {}), () if self.tags.get(tag) else (OTHER,))
            _take(self.transitive, condition.values if key.startswith("sts") else ())
        self.mfa |= key in _MFA

    def of_session(self, condition: Condition, request: Request) -> None:
        """Takes in what a condition asks of the session that makes the call."""
        key, written = condition.key.lower(), condition.key
        found = list(values(condition, request))
        if key.startswith(("aws:principaltag/", "aws:resourcetag/", "iam:resourcetag/")):
            tag = written.partition("/")[2]
            _take(self.tags.setdefault(tag, {}), found)
            _take(self.transitive, (tag,))
        elif key in ("aws:sourceidentity", "sts:sourceidentity"):
            _take(self.identities, filter(_NAME.fullmatch, found))
        elif key == "aws:userid":
            _take(self.names, filter(_NAME.fullmatch, (each.rpartition(":")[2] for each in found)))
        self.mfa |= key in _MFA

    def of_principals(self, trust: PolicyText) -> None:
        """Takes in the names of the sessions that a trust policy names."""
        for statement in trust.policy.document.statements:
            for _, named in statement.principals.entries if statement.principals else ():
                _take(self.names, (match[1] for each in named if (match := _SESSION_ARN.fullmatch(each))))


def in_the_way(snapshot: Snapshot, caller: Caller, account: str, trust: PolicyText | None) -> Iterator[PolicyText]:
    """All policies that decide what `caller` does in an account, to a role with that trust policy."""
    if trust is not None:
        yield trust
    yield from caller.holder.policies
    yield from caller.session
    if caller.holder.boundary is not None:
        yield caller.holder.boundary
    inside, of_owner = snapshot.memberships.get(caller.account), snapshot.memberships.get(account)
    for level in (*(inside.scps if inside else ()), *(of_owner.rcps if of_owner else ())):
        yield from level


def asked(snapshot: Snapshot, caller: Caller, role: Role, request: Request) -> tuple[Wishes, Wishes]:
    """What conditions ask of a call in which `caller` assumes `role`; and of the session that makes it."""
    of_call, of_session = Wishes(), Wishes()
    for condition in all_conditions(in_the_way(snapshot, caller, role.account, role.trust), VERBS):
        of_call.of_call(condition, request)
        of_session.of_session(condition, request)
    of_session.of_principals(role.trust)
    return of_call, of_session


def phrasings(role: Role, caller: Caller, wishes: Wishes) -> Iterator[Assumption]:
    """Every way to say an AssumeRole with the values wished for; those that say least come first."""
    choices: list[Sequence[dict[str, Any]]] = [
        [{"session_name": value} for value in wishes.names if value != SESSION],
        [{"external_id": value} for value in wishes.external_ids],
        [{"source_identity": value} for value in wishes.identities] if not caller.source_identity else [],
        [{"mfa": True}] if wishes.mfa and _gives_codes(caller) else [],
    ]
    inherited = {key.lower() for key, _ in caller.handed_on}
    for key, found in wishes.tags.items():
        if key.lower() not in inherited:
            on = (False, True) if key in wishes.transitive else (False,)
            choices.append([{"tag": (key, value, goes_on)} for value in found for goes_on in on])
    return islice(_combined(role, [choice for choice in choices if choice]), _MOST_TRIED)


def _gives_codes(caller: Caller) -> bool:
    return caller.principal.kind is PrincipalKind.USER and not caller.temporary and caller.device


def _combined(role: Role, choices: list[Sequence[dict[str, Any]]]) -> Iterator[Assumption]:
    for count in range(len(choices) + 1):
        for chosen in combinations(choices, count):
            for said in product(*chosen):
                tags = [each["tag"] for each in said if "tag" in each]
                others = {name: value for each in said for name, value in each.items() if name != "tag"}
                yield Assumption(
                    role=role,
                    tags=tuple((key, value) for key, value, _ in tags),
                    transitive=tuple(key for key, _, goes_on in tags if goes_on),
                    **{"session_name": SESSION, **others},
                )


def _take(into: dict[str, None], found: Iterable[str]) -> None:
    for value in found:
        if len(into) < _MOST_VALUES:
            into[value] = None
