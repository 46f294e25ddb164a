"""Rights over policies, roles and users that amount to being somebody else, or to having more rights oneself.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_controlling.html and the actions at
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagement.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

from stsctl.access.assumption import Assumption
from stsctl.access.caller import Caller, user
from stsctl.access.can import Surroundings, Verdict, can
from stsctl.access.index import Index
from stsctl.access.snapshot import PolicyText, Role, Snapshot, User
from stsctl.access.step import Step, Way
from stsctl.access.wishes import SESSION
from stsctl.policy.kind import Kind

_ALL = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
OWN_WORK = PolicyText(name="a policy that it writes itself", text=_ALL, kind=Kind.IDENTITY)
_OF_ROLES = ("iam:PutRolePolicy", "iam:AttachRolePolicy")
_OF_USERS = ("iam:PutUserPolicy", "iam:AttachUserPolicy")
_OF_POLICIES = ("iam:CreatePolicyVersion",)
_KEYS = ("iam:CreateAccessKey", "iam:CreateLoginProfile", "iam:UpdateLoginProfile")


@dataclass(frozen=True, slots=True, kw_only=True)
class Editing:
    """Tries the calls of IAM that change who somebody is; all of them stay in the caller's account."""

    snapshot: Snapshot
    index: Index
    around: Surroundings

    def of_own_rights(self, caller: Caller) -> Iterator[Step]:
        """The step to the same principal with all rights that its boundary, session and organization leave it."""
        if OWN_WORK in caller.holder.policies:
            return
        for verdict in self._allowed(caller, self._own(caller)):
            more = replace(caller.holder, policies=(*caller.holder.policies, OWN_WORK))
            yield Step(
                way=Way.EDIT,
                words=f"give {caller.holder.arn} all rights by {verdict.request.action}",
                verdicts=(verdict,),
                caller=replace(caller, holder=more),
            )
            return

    def into_user(self, caller: Caller, found: User) -> Iterator[Step]:
        """The step to another user of the account, with keys or a password of the caller's making."""
        asked = [(action, found.arn) for action in _KEYS]
        for verdict in self._allowed(caller, asked):
            yield Step(
                way=Way.EDIT,
                words=f"become {found.arn} by {verdict.request.action}",
                verdicts=(verdict,),
                caller=user(found),
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

    def _own(self, caller: Caller) -> Iterator[tuple[str, str]]:
        """What would give the caller more rights."""
        for action in _OF_USERS if isinstance(caller.holder, User) else _OF_ROLES:
            yield action, caller.holder.arn
        for text in caller.holder.policies:
            arn = text.name.split(" ")[2] if text.name.startswith("managed policy ") else ""
            if f":iam::{caller.account}:policy/" in arn:
                yield from ((action, arn) for action in _OF_POLICIES)

    def _allowed(self, caller: Caller, asked: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> Iterator[Verdict]:
        unlimited = OWN_WORK in caller.holder.policies
        for action, resource in asked:
            might = self.index.might_do(caller.holder.arn, action)
            if unlimited or (might is not None and might(resource)):
                verdict = can(self.snapshot, caller, action, resource, self.around)
                if verdict.decision.allowed:
                    yield verdict


def _trusting(caller: Caller, role: Role) -> PolicyText:
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    allowed = {"Effect": "Allow", "Principal": {"AWS": caller.holder.arn}, "Action": actions}
    text = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    return PolicyText(name=f"{role.trust.name}, as the caller writes it", text=text, kind=Kind.TRUST)
