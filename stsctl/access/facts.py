"""What an index keeps of users and roles: little, quickly found, and enough to leave out those who surely may not.

Documents are not compiled for it, and conditions, denials, boundaries and control policies are not looked at: whoever
is kept is asked properly afterwards. So a fact may say too much, and never too little.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from stsctl.access.snapshot import PolicyText, Snapshot
from stsctl.policy.principal import role_without_path
from stsctl.policy.wildcard import glob

_VARIABLE = re.compile(r"\$\{[^}]*\}")
_SESSION = re.compile(r"arn:([a-z-]+):sts::([0-9]{12}):assumed-role/([^/]+)/.*")
_ROOT = re.compile(r"arn:[a-z-]+:iam::([0-9]{12}):root")


class Scope(NamedTuple):
    """What a statement might allow: patterns of actions, in lower case, and of resources."""

    actions: tuple[str, ...]
    resources: tuple[str, ...]

    def concerns(self, verb: str) -> bool:
        """Whether an action, in lower case, is one of these."""
        return _one_of(self.actions, verb)


_EVERYTHING = Scope(("*",), ("*",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """By the ARN of each user and role what its policies might allow, and by each role's the names that it trusts.

    An account is named by its id, whichever way the trust policy spells it, and a session by its role without the path.
    """

    scopes: Mapping[str, tuple[Scope, ...]]
    trusted: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, snapshot: Snapshot) -> Facts:
        """What is to be known of everybody in a snapshot."""
        return cls(
            scopes={
                holder.arn: tuple(dict.fromkeys(scope for text in holder.policies for scope in scopes(text)))
                for holder in snapshot.holders()
            },
            trusted={arn: tuple(dict.fromkeys(_names(role.trust))) for arn, role in snapshot.roles.items()},
        )

    def value(self) -> dict[str, Any]:
        """As JSON, each scope written once."""
        at: dict[Scope, int] = {}
        held = {arn: [at.setdefault(scope, len(at)) for scope in scopes] for arn, scopes in self.scopes.items()}
        return {"scopes": list(at), "held": held, "trusted": dict(self.trusted)}

    @classmethod
    def from_value(cls, value: Mapping[str, Any]) -> Facts:
        """Those that `value` gave."""
        scopes = [Scope(tuple(actions), tuple(resources)) for actions, resources in value["scopes"]]
        return cls(
            scopes={arn: tuple(scopes[number] for number in held) for arn, held in value["held"].items()},
            trusted={arn: tuple(names) for arn, names in value["trusted"].items()},
        )


@lru_cache(maxsize=1024)
def scopes(text: PolicyText) -> tuple[Scope, ...]:
    """What the statements of a policy might allow."""
    return tuple(_scope(statement) for statement in _allowing(text.text))


@lru_cache(maxsize=200_000)
def _one_of(patterns: tuple[str, ...], verb: str) -> bool:
    return any(_is(pattern, verb) for pattern in patterns)


@lru_cache(maxsize=200_000)
def _is(pattern: str, verb: str) -> bool:
    return glob(pattern)(verb)


def _scope(statement: Any) -> Scope:
    if not isinstance(statement, dict):
        return _EVERYTHING
    actions, resources = _texts(statement.get("Action")), _texts(statement.get("Resource"))
    return Scope(
        tuple(action.lower() for action in actions),
        # A variable may come to any text.
        tuple(_VARIABLE.sub("*", resource) for resource in resources),
    )


def _names(trust: PolicyText) -> Iterator[str]:
    for statement in _allowing(trust.text):
        named = statement.get("Principal") if isinstance(statement, dict) else None
        if not isinstance(named, dict):
            yield "*"
            continue
        for sort, values in named.items():
            for value in _texts(values):
                yield from _spelled(value) if sort == "AWS" else (f"{sort}:{value}",)


def _spelled(name: str) -> Iterator[str]:
    """How the index spells a name; a role is found by its name in the account, too."""
    root, session = _ROOT.fullmatch(name), _SESSION.fullmatch(name)
    if root:
        yield root[1]
    elif session:
        yield f"~arn:{session[1]}:iam::{session[2]}:role/{session[3]}"
    else:
        yield role_without_path(name) or name


def _allowing(text: str) -> Iterator[Any]:
    """The statements that allow; what is no policy might allow everything."""
    try:
        found = json.loads(text)["Statement"]
    except (ValueError, KeyError, TypeError, RecursionError):
        found = [None]
    for statement in found if isinstance(found, list) else [found]:
        if not isinstance(statement, dict) or statement.get("Effect") != "Deny":
            yield statement


def _texts(value: object) -> tuple[str, ...]:
    """One text or several; any, where it is neither, or where it is the Not form that stands there."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return ("*",)
