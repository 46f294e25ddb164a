"""What would satisfy a condition: values that a call could have, read off the patterns in policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from stsctl.access.snapshot import PolicyText
from stsctl.policy.condition import Condition
from stsctl.policy.match import has_variables, spell, template
from stsctl.policy.operators import Family
from stsctl.policy.request import Request
from stsctl.policy.wildcard import tokens

OTHER = "other"
"""What is taken where anything does but what a policy names."""
_SHORTEST = 2


def example(pattern: str) -> str:
    """A text that a pattern without variables matches, with as little put in as AWS takes."""
    text = pattern.replace("*", "").replace("?", "x")
    return text if len(text) >= _SHORTEST or "*" not in pattern else pattern.replace("*", "session").replace("?", "x")


def values(condition: Condition, request: Request) -> Iterator[str]:
    """Values of its key with which a condition could hold, or could not: what a policy denies is to be avoided."""
    if condition.name.operator.family is Family.NULL:
        yield OTHER
        return
    for value in condition.values:
        varied = condition.variables and has_variables(value)
        filled = spell(template(value, tokens), request) if varied else value
        if filled is not None:
            yield example(filled)
    yield OTHER


@lru_cache(maxsize=50_000)
def conditions(text: PolicyText, verbs: frozenset[str]) -> tuple[Condition, ...]:
    """The conditions of the statements of a policy that are about one of these actions, in lower case."""
    found = text.policy.document.statements
    about = [each for each in found if each.conditions and any(each.actions.match(verb) for verb in verbs)]
    return tuple(condition for statement in about for condition in statement.conditions)


def all_conditions(texts: Iterable[PolicyText], verbs: frozenset[str]) -> list[Condition]:
    """Those of several policies."""
    return [condition for text in texts for condition in conditions(text, verbs)]
