"""What keeps others out of a statement: its own conditions, and those of Deny statements turned round.

A guard counts only if it does what it seems to do: it lists who passes, it is not passed by those who carry no such key
at all, and its values name somebody rather than everybody.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from stsctl.policy.json_text import Path
from stsctl.policy.operators import Family, OperatorName, Quantifier

_VARIABLE = re.compile(r"\$\{\s*(?P<key>[^},]*)[^}]*\}")
_WILD = re.compile(r"[*?]")

MFA_KEYS = ("aws:multifactorauthpresent", "aws:multifactorauthage")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """One operator with one key and its values, at `path`; `denies` where it stands in a Deny, which turns it round."""

    name: OperatorName
    key: str
    values: tuple[str, ...]
    path: Path
    denies: bool
    present: bool = False
    """Whether something else, beside it, makes sure that the key is there."""

    @property
    def lowered(self) -> str:
        """The key as it is compared."""
        return self.key.lower()

    @property
    def is_about_presence(self) -> bool:
        """Whether it only asks whether the key is there."""
        return self.name.operator.family is Family.NULL

    @property
    def demands(self) -> bool:
        """Whether it makes sure that the key is there: Null with false, or a Deny for true."""
        return self.is_about_presence and self.values == (("true",) if self.denies else ("false",))

    @property
    def lets_absent(self) -> bool:
        """Whether a request passes that carries no such key."""
        if self.is_about_presence:
            return not self.demands
        if self.present or is_always_there(self.lowered):
            return False
        return _holds_absent(self.name) is not self.denies

    @property
    def lists(self) -> bool:
        """Whether it lists the values that pass, and not those that do not."""
        if self.is_about_presence:
            return False
        if self.name.operator.family is Family.BOOL:
            return True
        return self.name.operator.negated is self.denies

    @property
    def holds(self) -> bool:
        """Whether it keeps out everybody but those whom it lists."""
        return self.lists and not self.lets_absent and bool(self.values)

    @property
    def has_patterns(self) -> bool:
        """Whether `*` in its values stands for other characters."""
        family, name = self.name.operator.family, self.name.operator.name
        return family is Family.ARN or name.endswith("Like")

    @property
    def patterns(self) -> tuple[str, ...]:
        """The values with `*` for what may vary, and nowhere else."""
        return tuple(_pattern(value, wild=self.has_patterns) for value in self.values)

    @property
    def names_somebody(self) -> bool:
        """Whether, for a key that says who asks, every value leaves no choice of account."""
        test = IDENTIFYING.get(self.lowered)
        if self.lowered == "aws:principalarn" and self.name.operator.family is Family.STRING:
            # Here `*` goes on over colons, and who makes a role may put colons into its path.
            test = _arn_without_wildcards
        return test is not None and all(test(pattern) for pattern in self.patterns)


def is_always_there(key: str) -> bool:
    """Whether every request to assume a role carries a key, given in lower case."""
    return key in _ALWAYS or (key.rpartition(":")[2] in ("aud", "iss", "sub") and not key.startswith("aws:"))


def holding(guards: Iterable[Guard], *keys: str) -> tuple[Guard, ...]:
    """The guards on one of the keys (in lower case) that hold."""
    return tuple(guard for guard in guards if guard.lowered in keys and guard.holds)


def asks_for_mfa(guards: Iterable[Guard]) -> bool:
    """Whether one of the guards lets in nobody without MFA."""
    return any(
        guard.name.operator.family is not Family.BOOL or guard.values == (("false",) if guard.denies else ("true",))
        for guard in holding(guards, *MFA_KEYS)
    )


def is_wild(pattern: str) -> bool:
    """Whether a pattern leaves anything open."""
    return _WILD.search(pattern) is not None


def literal(pattern: str) -> str:
    """What a pattern begins with, up to what it leaves open."""
    return _WILD.split(pattern, maxsplit=1)[0]


def _holds_absent(name: OperatorName) -> bool:
    """Whether a condition holds where the key is absent."""
    if name.quantifier is not None:
        return name.quantifier is Quantifier.ALL or name.if_exists
    return name.operator.negated or name.if_exists


def _pattern(value: str, *, wild: bool) -> str:
    """A value with `*` where it varies: variables do, but for those about the role's own account and organisation."""
    text = value if wild else _WILD.sub("x", value)
    return _VARIABLE.sub(lambda found: "own" if found["key"].lower().startswith("aws:resource") else "*", text)


def _whole(pattern: str) -> bool:
    return not is_wild(pattern)


def _first(pattern: str) -> bool:
    """Whether what stands before the first slash or colon is fixed."""
    return not is_wild(re.split(r"[/:]", pattern, maxsplit=1)[0])


def _arn(pattern: str) -> bool:
    """Whether an ARN's account is fixed; one that has none (a bucket's) is fixed by its name."""
    parts = pattern.split(":", 5)
    if len(parts) < 5:
        return False
    return not is_wild(parts[4]) if parts[4] else len(parts) == 6 and bool(literal(parts[5]))


def _arn_without_wildcards(pattern: str) -> bool:
    """Whether an ARN is fixed up to its account, the account included."""
    parts = pattern.split(":", 5)
    return len(parts) == 6 and not any(is_wild(part) for part in parts[:5])


IDENTIFYING: dict[str, Callable[[str], bool]] = {
    "aws:principalaccount": _whole,
    "aws:principalarn": _arn,
    "aws:principalorgid": _whole,
    "aws:principalorgpaths": _first,
    "aws:sourceaccount": _whole,
    "aws:sourcearn": _arn,
    "aws:sourceorgid": _whole,
    "aws:sourceorgpaths": _first,
    "aws:sourceowner": _whole,
    "aws:userid": _first,
}
"""The keys that say whose a request is, each with the test of a pattern that fixes the account or the organisation."""

_ALWAYS = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:securetransport",
        "aws:userid",
        "sts:rolesessionname",
    }
)
