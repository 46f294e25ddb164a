"""What may be to blame for a refusal that no policies at hand explain: ranked, each with what would settle it.

AWS's own words are taken for what they say: which action was denied, and by which kind of policy. Sources:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_roles.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote

from stsctl.plan import Plan, Step
from stsctl.request import Operation

_DENIED = re.compile(r"with an explicit deny in an? (?P<kind>[\w -]+?)(?: policy)?(?:: (?P<arn>arn:\S+))?$")
_MISSING = re.compile(r"because no (?P<kind>[\w -]+?) policy allows the (?P<action>\S+) action")
_ACTION = re.compile(r"is not authorized to perform: (?P<action>[\w-]+:\w+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What AWS said when it refused: the error's code, its message, and the id of the request."""

    code: str
    reason: str
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What may be to blame. `said` is set where AWS's words say so themselves; `settle` is what to type to find out."""

    words: str
    settle: str
    said: bool = False


def likely(plan: Plan, position: int, words: Words | None) -> Iterator[Cause]:
    """The causes, the likeliest first."""
    step = plan.steps[position]
    if words is not None:
        yield from _said(step, words)
        if words.code not in ("AccessDenied", "AccessDeniedException"):
            return
    if step.request.operation is not Operation.ASSUME_ROLE:
        return
    yield from _by_what_was_sent(plan, position)


def _said(step: Step, words: Words) -> Iterator[Cause]:
    action = _ACTION.search(words.reason)
    denied, missing = _DENIED.search(words.reason), _MISSING.search(words.reason)
    role = step.request.role_arn
    if denied is not None:
        where = denied["arn"] or f"a {denied['kind']}"
        yield Cause(
            words=f"AWS says: a statement of {where} denies it", settle=f"stsctl access can … {role}", said=True
        )
    elif missing is not None:
        yield Cause(
            words=f"AWS says: no {missing['kind']} policy allows {missing['action']}",
            settle=f"stsctl access who-can {quote(missing['action'])} {role} --policies live",
            said=True,
        )
    if action is not None and action["action"] in _ALONGSIDE:
        yield Cause(
            words=f"{action['action']} is not allowed: {_ALONGSIDE[action['action']]}",
            settle=f"add {action['action']} to the actions of the role's trust policy and of the caller's",
            said=True,
        )


_ALONGSIDE = {
    "sts:TagSession": "tags go with the call, or came down the chain, and take a permission of their own",
    "sts:SetSourceIdentity": "a source identity goes with the call, or came down the chain, and takes one of its own",
    "sts:SetContext": "a provided context goes with the call, and takes a permission of its own",
}


def _by_what_was_sent(plan: Plan, position: int) -> Iterator[Cause]:
    """What people most often forget first; then what only policies can tell."""
    step = plan.steps[position]
    request, role = step.request, step.request.role_arn
    assert role is not None
    first = next((each.request.role_arn for each in plan.steps[:position] if each.request.role_arn), None)
    crosses = first is not None and first.account != role.account
    if request.external_id is None and (crosses or first is None):
        yield Cause(
            words="the trust policy may want an external id, and none is given",
            settle=f"stsctl access trust {quote(str(role))} --as a role of {role.account}; then --external-id",
        )
    if not any(each.request.mfa_serial for each in plan.steps):
        yield Cause(
            words="the trust policy may want MFA, and no code is given on this way",
            settle="stsctl mfa list; then mfa_serial in the configuration",
        )
    if request.tags or request.transitive_tag_keys:
        yield Cause(
            words="tags go with the call, and sts:TagSession has to be allowed on both sides",
            settle="the same without --tag",
        )
    if request.source_identity:
        yield Cause(
            words="a source identity goes with the call, and sts:SetSourceIdentity has to be allowed on both sides",
            settle="the same without --source-identity",
        )
    yield Cause(
        words="the role's trust policy may not let in who asks, or there is no such role: AWS says the same of both",
        settle=f"stsctl access trust {quote(str(role))} --as a role of {role.account}",
    )
    yield Cause(
        words="who asks may not be allowed sts:AssumeRole on it by their own policies, or those of the organization",
        settle=f"stsctl access can {quote(plan.target.source.name)} sts:AssumeRole {role} --policies live",
    )
