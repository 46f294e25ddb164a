"""Who might do what, and who might be let in where, over a whole organisation: so that few have to be asked.

It keeps too many rather than too few; whoever it leaves out would be denied.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stsctl.access.facts import Facts, Scope
from stsctl.access.snapshot import Holder, Snapshot
from stsctl.policy.evaluate import NEEDS_NO_PERMISSION
from stsctl.policy.principal import role_without_path
from stsctl.policy.wildcard import Matcher, any_of, resource_tokens

ASSUMING = "sts:assumerole"
EDITING = (
    "iam:addusertogroup",
    "iam:attachgrouppolicy",
    "iam:attachrolepolicy",
    "iam:attachuserpolicy",
    "iam:createaccesskey",
    "iam:createloginprofile",
    "iam:createpolicyversion",
    "iam:passrole",
    "iam:putgrouppolicy",
    "iam:putrolepolicy",
    "iam:putuserpolicy",
    "iam:setdefaultpolicyversion",
    "iam:updateassumerolepolicy",
    "iam:updateloginprofile",
)
"""What makes its holder somebody else in the same account, or somebody with more rights."""


class Index:
    """The facts of all accounts, turned round."""

    def __init__(self, facts: Iterable[Facts]) -> None:
        self._scopes: dict[str, tuple[Scope, ...]] = {}
        self.trusted: dict[str, tuple[str, ...]] = {}
        """The names in each role's trust policy, by the role's ARN."""
        for each in facts:
            self._scopes |= each.scopes
            self.trusted |= each.trusted
        self._holding: dict[Scope, list[str]] = {}
        self._in: dict[str, list[str]] = {}
        for arn, scopes in self._scopes.items():
            self._in.setdefault(arn.split(":")[4], []).append(arn)
            for scope in scopes:
                self._holding.setdefault(scope, []).append(arn)
        self._pathless = {role_without_path(arn) or arn: arn for arn in self.trusted}
        self._trusting: dict[str, list[str]] = {}
        for arn, names in self.trusted.items():
            for name in names:
                self._trusting.setdefault(name, []).append(arn)
        self._about: dict[str, list[Scope]] = {}
        self._matchers: dict[tuple[str, str], Matcher | None] = {}
        self._editors: dict[str, frozenset[str]] = {}

    @classmethod
    def of(cls, snapshot: Snapshot) -> Index:
        """The index of one snapshot."""
        return cls([Facts.of(snapshot)])

    def __iter__(self) -> Iterator[str]:
        """The ARNs of all users and roles."""
        return iter(self._scopes)

    def living_in(self, account: str) -> list[str]:
        """The users and roles of an account."""
        return self._in.get(account, [])

    def who_might(self, action: str, resource: str) -> Iterator[str]:
        """The users and roles that may be allowed an action, in the order of the facts."""
        verb = action.lower()
        if verb in NEEDS_NO_PERMISSION:
            yield from self._scopes
            return
        found = {arn for scope in self._concerning(verb) if _takes(scope, resource) for arn in self._holding[scope]}
        # Inside its account the resource's own policy may be enough.
        parts = resource.split(":", 5)
        if len(parts) == 6:
            found.update(self.living_in(parts[4]))
        yield from (arn for arn in self._scopes if arn in found)

    def might_do(self, arn: str, action: str) -> Matcher | None:
        """Tells the resources on which somebody may be allowed an action by own policies; None where there is none."""
        key = (arn, action.lower())
        if key not in self._matchers:
            about = [scope for scope in self._scopes.get(arn, ()) if scope.concerns(key[1])]
            patterns = [resource_tokens(resource) for scope in about for resource in scope.resources]
            self._matchers[key] = any_of(patterns) if patterns else None
        return self._matchers[key]

    def may_enter(self, holder: Holder, *, anything: bool = False) -> Iterator[str]:
        """The roles that may let in a user or a role's session; `anything` where its own policies may say anything."""
        takes = self.might_do(holder.arn, ASSUMING)
        for role in self.trusting(names_of(holder)):
            if anything or role.split(":")[4] == holder.account or (takes is not None and takes(role)):
                yield role

    def trusting(self, names: Iterable[str]) -> Iterator[str]:
        """The roles whose trust policies have one of these names, or a `*`."""
        return iter(dict.fromkeys(role for name in (*names, "*") for role in self._trusting.get(name, ())))

    def may_come(self, role: str) -> Iterator[str]:
        """The users and roles that a role may let in, or its account's own may turn into it."""
        account = role.split(":")[4]
        yield from self.editors(account)
        for name in self.trusted.get(role, ()):
            if name == "*":
                yield from self.who_might(ASSUMING, role)
                yield from self.all_editors()
            elif name.isdecimal():
                yield from self._of_account(name, role)
            else:
                yield from self.called(name)

    def called(self, name: str) -> Iterator[str]:
        """The users and roles that a name in a trust policy stands for; an id is not looked for."""
        if name in self._scopes:
            yield name
        elif name in self._pathless:
            yield self._pathless[name]
        elif name.startswith(("AROA", "AIDA")):
            yield from self._scopes

    def editors(self, account: str) -> frozenset[str]:
        """The users and roles of an account that may be allowed to change who somebody is there."""
        if account not in self._editors:
            self._editors[account] = frozenset(
                arn
                for arn in self.living_in(account)
                if any(scope.concerns(verb) for scope in self._scopes[arn] for verb in EDITING)
            )
        return self._editors[account]

    def all_editors(self) -> Iterator[str]:
        """The editors of every account."""
        return (arn for account in self._in for arn in self.editors(account))

    def _of_account(self, account: str, role: str) -> Iterator[str]:
        """The users and roles of an account that may be allowed to assume a role; editors may allow it themselves."""
        editors = self.editors(account)
        for arn in self.living_in(account):
            takes = self.might_do(arn, ASSUMING)
            if arn in editors or (takes is not None and takes(role)):
                yield arn

    def _concerning(self, verb: str) -> list[Scope]:
        found = self._about.get(verb)
        if found is None:
            found = self._about[verb] = [scope for scope in self._holding if scope.concerns(verb)]
        return found


def names_of(holder: Holder) -> tuple[str, ...]:
    """What a trust policy may call somebody, in the index's spelling."""
    return (role_without_path(holder.arn) or holder.arn, holder.id, holder.account)


def _takes(scope: Scope, resource: str) -> bool:
    return "*" in scope.resources or any_of([resource_tokens(each) for each in scope.resources])(resource)
