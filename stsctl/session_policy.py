"""A session policy as it is sent: checked, and without what counts against its length."""

from __future__ import annotations

import json

from stsctl import limits
from stsctl.errors import UsageError


def compact_policy(text: str) -> str:
    """A session policy without the spaces that count against its length; raises UsageError for what is no policy."""
    try:
        value = json.loads(text, object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"is no JSON: {str(error)[:1].lower()}{str(error)[1:]}") from error
    if not isinstance(value, dict):
        raise UsageError("is no policy: it takes a JSON object with a Statement")
    policy = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    problem = limits.problem_with_policy(policy)
    if problem:
        raise UsageError(problem, hint="take out what no session of this role needs")
    return policy


def _no_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'"{double}" is there twice')
    return found
