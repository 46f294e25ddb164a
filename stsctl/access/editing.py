"""Rights over policies, roles and users that amount to being somebody else, or to having more rights oneself.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_controlling.html and the actions at
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagement.html
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from stsctl.access.assumption import Assumption
from stsctl.access.caller import Caller, user
from stsctl.access.can import Surroundings, Verdict, can
from stsctl.access.index import Index
from stsctl.access.policy_edit import replaced, with_statement, without_denials
from stsctl.access.snapshot import PolicyText, Role, Snapshot, User
from stsctl.access.step import Step, Way
from stsctl.access.wishes import SESSION
from stsctl.policy.kind import Kind
from stsctl.policy.request import Context

_ALL = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
OWN_WORK = PolicyText(name="a policy that it writes itself", text=_ALL, kind=Kind.IDENTITY)
_OF_ROLES = ("iam:PutRolePolicy", "iam:AttachRolePolicy")
_OF_USERS = ("iam:PutUserPolicy", "iam:AttachUserPolicy")
_OF_GROUPS = ("iam:PutGroupPolicy", "iam:AttachGroupPolicy")
_KEYS = {
    "iam:CreateAccessKey": "",
    "iam:CreateLoginProfile": "that user has no password yet",
    "iam:UpdateLoginProfile": "that user has a password already",
}
"""What makes somebody another user, and what has to be so besides: policies do not show it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Editing:
    """Tries the calls of IAM that change who somebody is; all of them stay in the caller's account."""

    snapshot: Snapshot
    index: Index
    around: Surroundings

    def of_own_rights(self, caller: Caller) -> Iterator[Step]:
        """The steps to the same principal with more rights, as far as boundary, session and organization leave it any.

        Where it can have all rights, nothing less is looked for. Statements that deny stay where they are.
        """
        if OWN_WORK.text in (text.text for text in caller.holder.policies):
            return
        for verdict, edited in (*self._attachments(caller), *self._new_versions(caller)):
            yield _with_rights(caller, verdict, edited, f"give {caller.holder.arn} all rights by")
            return
        for verdict, edited in self._old_versions(caller):
            yield _with_rights(
                caller, verdict, edited, f"put another version of {verdict.request.resource} in force by"
            )
        for verdict, edited in self._memberships(caller):
            yield _with_rights(caller, verdict, edited, f"join {verdict.request.resource} by")

    def into_user(self, caller: Caller, found: User) -> Iterator[Step]:
        """The step to another user of the account, with keys or a password of the caller's making."""
        for verdict in self._allowed(caller, ((action, found.arn) for action in _KEYS)):
            needed = _KEYS[verdict.request.action]
            yield Step(
                way=Way.EDIT,
                words=f"become {found.arn} by {verdict.request.action}",
                verdicts=(verdict,),
                caller=replace(user(found), device=False),
                needs=(needed,) if needed else (),
            )
            return

    def into_role(self, caller: Caller, role: Role) -> Iterator[Step]:
        """The step into a role of the account whose trust policy the caller writes anew."""
        for verdict in self._allowed(caller, [("iam:UpdateAssumeRolePolicy", role.arn)]):
            opened = replace(role, trust=_trusting(caller, role))
            assumption = Assumption(role=opened, session_name=SESSION)
            changed = replace(self.snapshot, roles={role.arn: opened})
            verdicts = assumption.verdicts(changed, caller, self.around)
            if verdicts[-1].decision.allowed:
                yield Step(
                    way=Way.EDIT,
                    words=f"make {role.arn} trust {caller.holder.arn}, and assume it",
                    verdicts=(verdict, *verdicts),
                    caller=replace(assumption, role=role).becomes(caller),
                    assumption=assumption,
                )

    def _attachments(self, caller: Caller) -> Iterator[_Edited]:
        """One more policy: the caller's own, or of a group that it is in."""
        holder = caller.holder
        of_own = _OF_USERS if isinstance(holder, User) else _OF_ROLES
        asked = [(action, holder.arn) for action in of_own]
        asked += [
            (action, group) for action in _OF_GROUPS for group in (holder.groups if isinstance(holder, User) else ())
        ]
        for verdict in self._allowed(caller, asked):
            yield verdict, (*holder.policies, OWN_WORK)

    def _new_versions(self, caller: Caller) -> Iterator[_Edited]:
        """Another text in the place of a policy of the account's own that speaks for the caller."""
        for text in self._managed(caller):
            for verdict in self._allowed(caller, [("iam:CreatePolicyVersion", str(text.arn))]):
                yield verdict, replaced(caller.holder.policies, text, replace(text, text=OWN_WORK.text))

    def _old_versions(self, caller: Caller) -> Iterator[_Edited]:
        """A version that is not in force in the place of the one that is."""
        for text in self._managed(caller):
            for verdict in self._allowed(caller, [("iam:SetDefaultPolicyVersion", str(text.arn))]):
                for version in self.snapshot.versions.get(str(text.arn), ()):
                    yield verdict, replaced(caller.holder.policies, text, version)

    def _memberships(self, caller: Caller) -> Iterator[_Edited]:
        """A group of the account that the caller, a user, puts itself into."""
        holder = caller.holder
        if not isinstance(holder, User) or not self._might(caller, "iam:AddUserToGroup"):
            return
        others = [
            arn for arn in self.snapshot.groups if arn.split(":")[4] == holder.account and arn not in holder.groups
        ]
        for verdict in self._allowed(caller, (("iam:AddUserToGroup", arn) for arn in others)):
            yield verdict, (*holder.policies, *self.snapshot.groups[verdict.request.resource].policies)

    def _managed(self, caller: Caller) -> Iterator[PolicyText]:
        return (text for text in caller.holder.policies if f":iam::{caller.account}:policy/" in (text.arn or ""))

    def _might(self, caller: Caller, action: str) -> bool:
        return not self.snapshot.has(caller.holder) or self.index.might_do(caller.holder.arn, action) is not None

    def _allowed(self, caller: Caller, asked: Iterable[tuple[str, str]]) -> Iterator[Verdict]:
        unchanged = self.snapshot.has(caller.holder)
        for action, resource in asked:
            might = self.index.might_do(caller.holder.arn, action)
            if not unchanged or (might is not None and might(resource)):
                more = _attached(caller) if action.startswith("iam:Attach") else {}
                verdict = can(self.snapshot, caller, action, resource, self.around, more=more)
                if verdict.decision.allowed:
                    yield verdict


_Edited = tuple[Verdict, tuple[PolicyText, ...]]
"""What allows a change, and the caller's policies after it."""


def _with_rights(caller: Caller, verdict: Verdict, policies: tuple[PolicyText, ...], words: str) -> Step:
    return Step(
        way=Way.EDIT,
        words=f"{words} {verdict.request.action}",
        verdicts=(verdict,),
        caller=replace(caller, holder=replace(caller.holder, policies=policies)),
    )


def _attached(caller: Caller) -> Context:
    """What a call says that attaches the policy of AWS's own with all rights."""
    partition = caller.holder.arn.split(":")[1]
    return {"iam:PolicyARN": f"arn:{partition}:iam::aws:policy/AdministratorAccess"}


def _trusting(caller: Caller, role: Role) -> PolicyText:
    """A trust policy that lets in the caller, and whomever it let in before: a step further on may need that."""
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    allowed = {"Effect": "Allow", "Principal": {"AWS": caller.holder.arn}, "Action": actions}
    return replace(
        with_statement(without_denials(role.trust), allowed), name=f"{role.trust.name}, as the caller writes it"
    )
