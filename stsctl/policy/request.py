"""What is asked: one action on one resource, by somebody, in a context of condition keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from stsctl.policy.principal import Principal

Context = Mapping[str, str | Sequence[str] | None]
"""Condition keys, in any case, with their values; None keeps out a key that would follow from the rest."""


DERIVED_KEYS = {
    name.lower(): name
    for name in (
        "aws:PrincipalAccount",
        "aws:PrincipalArn",
        "aws:PrincipalIsAWSService",
        "aws:PrincipalServiceName",
        "aws:PrincipalType",
        "aws:ResourceAccount",
        "aws:userid",
        "aws:username",
    )
}
"""The condition keys that follow from who asks and for what, as AWS writes them, by their names in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request to be decided.

    `resource_account` owns the resource; where it is None, the resource's ARN tells, or else it is taken for the
    principal's own. Condition keys that follow from the principal and the resource are filled in where `context` leaves
    them out.
    """

    principal: Principal
    action: str
    resource: str
    resource_account: str | None = None
    context: Context = field(default_factory=dict)
    _keys: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def verb(self) -> str:
        """The action in lower case, in which actions are compared."""
        return self.action.lower()

    @property
    def owner(self) -> str | None:
        """The account whose resource it is, as far as that can be told."""
        if self.resource_account is not None:
            return self.resource_account
        parts = self.resource.split(":", 5)
        named = parts[4] if len(parts) == 6 else ""
        return named if len(named) == 12 and named.isdecimal() else self.principal.account

    def keys(self) -> dict[str, tuple[str, ...]]:
        """The condition keys, in lower case, with their values; gathered when the first condition asks."""
        keys = self._keys
        if not keys:
            keys.update(self.principal.keys)
            owner = self.owner
            if owner is not None:
                keys["aws:resourceaccount"] = (owner,)
            for name, value in self.context.items():
                keys[name.lower()] = (value,) if isinstance(value, str) else tuple(value or ())
        return keys
