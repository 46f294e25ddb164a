"""What stands before moto's Organizations: who may ask, policies checked as they are saved, accounts that come to be.

Source: https://docs.aws.amazon.com/organizations/latest/APIReference/ (each operation's page, with its errors)
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.organization_planting import FULL_AWS_ACCESS, RCP, RCP_FULL_AWS_ACCESS, SCP
from stsctl.emulator.directory.organizations import Organizations, mend
from stsctl.emulator.directory.principals import Caller
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.policy.document import Kind, PolicyError, parse

_FOR_MEMBERS = frozenset(
    {
        "AcceptHandshake",
        "DescribeEffectivePolicy",
        "DescribeOrganization",
        "LeaveOrganization",
        "ListHandshakesForAccount",
    }
)
_READING = ("Describe", "List")
"""What delegated administrators may do, too."""
_KINDS = {SCP: Kind.SCP, RCP: Kind.RCP}
_LONGEST = {SCP: 10240, RCP: 5120}
"""The longest policies, in characters (Quotas for AWS Organizations)."""

Forward = Callable[[str, bytes], Answer]
"""moto's answer to a body, asked by an account."""


class OrganizationsApi:
    """Answers for Organizations: by moto, after a look at the request."""

    def __init__(self, directory: Directory, organizations: Organizations) -> None:
        self._directory = directory
        self._organizations = organizations

    def answer(self, operation: str, asked: Request, caller: Caller, forward: Forward) -> Answer:
        """The answer to a request; raises Refusal."""
        mend()
        given = _parameters(asked.body)
        place = self._organizations.membership(caller.account)
        account = caller.account
        if place is not None and account != place.management_account and operation not in _FOR_MEMBERS:
            if not operation.startswith(_READING) or account not in self._organizations.administrators(place):
                raise _denied()
            account = place.management_account
        self._check(operation, given, account)
        answer = forward(account, asked.body)
        if operation == "CreateAccount" and answer.status == 200:
            made = json.loads(answer.body)["CreateAccountStatus"]["AccountId"]
            self._directory.admit(made, self._directory.regions[account])
        return answer

    def _check(self, operation: str, given: dict[str, Any], account: str) -> None:
        """Raises Refusal for what Organizations would not do, and moto would."""
        policy, target = str(given.get("PolicyId", "")), str(given.get("TargetId", ""))
        kind = self._organizations.kind_of_policy(account, policy) or given.get("Type")
        if operation in ("CreatePolicy", "UpdatePolicy") and "Content" in given and kind in _KINDS:
            _check_document(str(given["Content"]), kind)
        if operation in ("UpdatePolicy", "DeletePolicy") and policy in (FULL_AWS_ACCESS, RCP_FULL_AWS_ACCESS):
            raise _denied()
        if operation == "AttachPolicy" and kind in _KINDS and not self._organizations.has_enabled(account, kind):
            message = "This operation can be performed only for enabled policy types."
            raise Refusal("PolicyTypeNotEnabledException", message, 400)
        if operation == "DetachPolicy":
            left = self._organizations.attached(account, target, kind) - {policy}
            if policy == RCP_FULL_AWS_ACCESS or (kind == SCP and not left):
                message = "You cannot remove the last policy of this type from a root, an OU or an account."
                raise Refusal("ConstraintViolationException", message, 400)


def _parameters(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise Refusal("SerializationException", "The request is no JSON", 400) from error
    if not isinstance(value, dict):
        raise Refusal("SerializationException", "The request is no JSON object", 400)
    return value


def _check_document(text: str, kind: str) -> None:
    """Organizations refuses to save a policy that it could not evaluate; moto saves any text."""
    try:
        parse(text, _KINDS[kind])
    except PolicyError as error:
        message = "The provided policy document does not meet the requirements of the specified policy type."
        raise Refusal("MalformedPolicyDocumentException", message, 400, because=error.message) from error
    if len(text) > _LONGEST[kind]:
        message = "You have exceeded the maximum size of a policy."
        raise Refusal("ConstraintViolationException", message, 400)


def _denied() -> Refusal:
    return Refusal("AccessDeniedException", "You don't have permissions to access this resource.", 400)
