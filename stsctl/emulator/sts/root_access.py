"""Centralized root access: AssumeRoot, and the features of an organization that it needs.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html and
https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableOrganizationsRootSessions.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from stsctl.emulator.authorization.authorization import Authorization
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.organization_planting import IAM
from stsctl.emulator.directory.organizations import Membership, Organizations
from stsctl.emulator.directory.principals import Caller, IssuedSession, Kind, PolicyText
from stsctl.emulator.protocol.refusal import Refusal, access_denied
from stsctl.emulator.protocol.wire import Result
from stsctl.emulator.seeds.new_organization import ROOT_CREDENTIALS, ROOT_SESSIONS
from stsctl.emulator.sts.call import Call
from stsctl.emulator.sts.issuing import Issuing
from stsctl.emulator.sts.sessions import instant
from stsctl.emulator.world import identifiers
from stsctl.emulator.world.regions import GLOBAL

_TASKS = frozenset(
    {
        "IAMAuditRootUserCredentials",
        "IAMCreateRootUserPassword",
        "IAMDeleteRootUserCredentials",
        "S3UnlockBucketPolicy",
        "SQSUnlockQueuePolicy",
    }
)
_LONGEST = 900
_WHOLE = PolicyText(
    label="what a root user may do",
    text='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
)
"""A task policy only denies all but the task: the rest is the root user's own."""


class RootAccess:
    """Lets an organization's management account, and its delegated administrator for IAM, act as members' roots."""

    def __init__(
        self, directory: Directory, organizations: Organizations, authorization: Authorization, issuing: Issuing
    ) -> None:
        self._directory = directory
        self._organizations = organizations
        self._authorization = authorization
        self._issuing = issuing

    @property
    def operations(self) -> Mapping[str, Callable[[Caller, Mapping[str, Any]], Result]]:
        """IAM's operations about the features."""
        return {
            "ListOrganizationsFeatures": lambda caller, _: self._answer(self._place(caller)),
            "EnableOrganizationsRootSessions": lambda caller, _: self._enable(caller, ROOT_SESSIONS),
            "DisableOrganizationsRootSessions": lambda caller, _: self._disable(caller, ROOT_SESSIONS),
            "EnableOrganizationsRootCredentialsManagement": lambda caller, _: self._enable(caller, ROOT_CREDENTIALS),
            "DisableOrganizationsRootCredentialsManagement": lambda caller, _: self._disable(caller, ROOT_CREDENTIALS),
        }

    def assume_root(self, call: Call) -> Result:
        """Answers AssumeRoot; raises Refusal. What is not as it must be is said in the one sentence of a denial."""
        if call.region == GLOBAL:
            raise Refusal("InvalidAction", "Unknown Operation", 400)
        target, task = self._target(call), self._task(call)
        self._check(call, target, task)
        lasts = timedelta(seconds=call.parameters.get("DurationSeconds", _LONGEST))
        held = call.caller.session.source_identity if call.caller.session else None
        session = IssuedSession(
            access_key_id=identifiers.access_key_id("ASIA", target),
            kind=Kind.ASSUMED_ROOT,
            account=target,
            principal="",
            principal_id=target,
            issued_at=instant(call.now),
            expires_at=instant(call.now) + lasts,
            source_identity=held,
            policies=(task, _WHOLE),
            keys=(("aws:AssumedRoot", "true"),),
        )
        return {"Credentials": self._issuing.credentials(session, call), "SourceIdentity": held}

    def _check(self, call: Call, target: str, task: PolicyText) -> None:
        """Raises Refusal unless the caller may act as the root of `target`.

        Nothing is published of what AWS says to each that may not; so all are told what every denial of STS says.
        """
        caller = call.caller
        arn = f"arn:{caller.partition}:iam::{target}:root"
        here, there = (self._organizations.membership(account) for account in (caller.account, target))
        because = ""
        if caller.is_root:
            because = "a root user cannot assume another"
        elif here is None or there is None or here.organization != there.organization:
            because = "the target is no account of the caller's organization"
        elif target == there.management_account:
            because = "the target is the management account, and no member"
        elif not self._administers(caller.account, here):
            because = "the caller's account is neither the management account nor delegated administrator for IAM"
        elif ROOT_SESSIONS not in self._organizations.features(here.organization):
            because = f"{ROOT_SESSIONS} is not enabled in the organization"
        if because:
            message = f"User: {caller.arn} is not authorized to perform: sts:AssumeRoot on resource: {arn}"
            raise access_denied(message, because=because)
        self._authorization.allow(
            call,
            "sts:AssumeRoot",
            arn,
            owner=target,
            policy=_consent(caller, arn),
            context={"sts:TaskPolicyArn": task.label},
        )

    def _target(self, call: Call) -> str:
        """The account whose root is asked for."""
        text = call.parameters["TargetPrincipal"]
        found = re.fullmatch(r"(?:arn:(aws[a-z-]*):iam::)?([0-9]{12})(?::root)?", text, re.ASCII)
        if found is None or (found[1] is None) != (text == found[2]):
            raise Refusal("ValidationError", f"{text} is invalid", 400)
        return found[2]

    def _task(self, call: Call) -> PolicyText:
        """The task policy; raises Refusal for any other policy. With which code AWS does, nothing is published."""
        arn = call.parameters["TaskPolicyArn"].get("arn", "")
        head, _, name = arn.rpartition("/")
        policy = None
        if name in _TASKS and head == f"arn:{call.caller.partition}:iam::aws:policy/root-task":
            policy = self._directory.managed_policy(call.caller.account, arn)
        if policy is None:
            raise Refusal("ValidationError", f"{arn} is not a task policy", 400)
        return PolicyText(label=arn, text=policy.text)

    def _administers(self, account: str, place: Membership) -> bool:
        return account == place.management_account or account in self._organizations.delegated(place, IAM)

    def _place(self, caller: Caller) -> Membership:
        """The caller's place in its organization; raises Refusal unless it manages root access there."""
        place = self._organizations.membership(caller.account)
        if place is None:
            raise _refused("OrganizationNotFoundException", "No organization is associated with your account.")
        if not self._administers(caller.account, place):
            raise _refused(
                "AccountNotManagementOrDelegatedAdministratorException",
                "The account making the request is not the management account or delegated administrator account for "
                "centralized root access.",
            )
        if not self._organizations.trusts(place, IAM):
            raise _refused(
                "ServiceAccessNotEnabledException", "Trusted access is not enabled for IAM in AWS Organizations."
            )
        return place

    def _enable(self, caller: Caller, feature: str) -> Result:
        place = self._place(caller)
        if caller.account != place.management_account:
            message = "The account making the request is not the management account for the organization."
            raise _refused("CallerIsNotManagementAccountException", message)
        self._organizations.features(place.organization).add(feature)
        return self._answer(place)

    def _disable(self, caller: Caller, feature: str) -> Result:
        place = self._place(caller)
        self._organizations.features(place.organization).discard(feature)
        return self._answer(place)

    def _answer(self, place: Membership) -> Result:
        enabled = self._organizations.features(place.organization)
        return {"OrganizationId": place.organization, "EnabledFeatures": sorted(enabled)}


def _consent(caller: Caller, arn: str) -> PolicyText:
    """What stands for a policy of the member's root: its organization has given root access to the caller's account."""
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": caller.account},
        "Action": "sts:AssumeRoot",
        "Resource": arn,
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return PolicyText(label="centralized root access", text=text)


def _refused(code: str, message: str) -> Refusal:
    """IAM's model gives these errors no status of their own; the words are those of its documentation."""
    return Refusal(code, message, 400)
