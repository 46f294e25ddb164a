"""Whether a request to a service may go on: every permission that it needs, asked of every policy."""

from __future__ import annotations

import re
from dataclasses import replace

from stsctl.emulator.authorization import denial
from stsctl.emulator.authorization.authorization import Authorization
from stsctl.emulator.authorization.condition_keys import Context
from stsctl.emulator.authorization.messages import Messages
from stsctl.emulator.authorization.permission import Permission, Place
from stsctl.emulator.authorization.resource_names import Names
from stsctl.emulator.authorization.resources import Resources
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.protocol.refusal import Refusal, access_denied
from stsctl.emulator.services import passed_roles, permissions
from stsctl.emulator.services.iam import OWN_BY_DEFAULT
from stsctl.emulator.services.saved_policies import SavedPolicies
from stsctl.emulator.services.service_call import AnonymousCall, ServiceCall
from stsctl.emulator.services.services import Leave, Operation
from stsctl.emulator.sts.service_roles import Assumption, ServiceRoles
from stsctl.emulator.world.journal import Entry

_PIECEMEAL = frozenset({("s3", "DeleteObjects")})
"""Operations that do what they may, and answer an error for each of the rest."""


class ServiceAuthorization:
    """Asks for the permissions of each call; every denial carries its decision, sealed by `messages`."""

    def __init__(
        self, directory: Directory, authorization: Authorization, roles: ServiceRoles, messages: Messages
    ) -> None:
        self._roles = roles
        self._saved = SavedPolicies(directory)
        self._resources = Resources(directory)
        self._names = Names(self._resources)
        self._accounts = directory.accounts
        self._authorization = authorization
        self._messages = messages

    def check(self, call: ServiceCall, entry: Entry) -> Leave:
        """The leave to go on, where the caller may do all that the call needs; raises Refusal where it may not."""
        needed = permissions.needed(_completed(call), call.place, self._names)
        account = self._owner(needed[0]) or call.caller.account
        withheld = set()
        for permission in needed:
            entry.action, entry.resource = permission.action, permission.resource[:2048]
            try:
                self.allow(call, permission)
            except Refusal as refusal:
                if (call.operation.service, call.operation.name) not in _PIECEMEAL:
                    raise
                withheld.add(permission.resource)
                entry.because = refusal.because
        if account not in self._accounts:
            raise Refusal("InvalidParameterValue", f"There is no account {account[:12]} in this emulator", 400)
        self._hand_over(call, needed[0].resource)
        self._saved.check(call.operation)
        return Leave(account=account, withheld=frozenset(withheld))

    def check_anybody(self, call: AnonymousCall, entry: Entry) -> Leave:
        """The leave to go on, where the bucket's policy lets everybody do this; raises Refusal, AccessDenied."""
        place = Place(account="", region=call.region, asked=call.asked)
        owner = None
        for permission in permissions.needed(call.operation, place, self._names):
            entry.action, entry.resource = permission.action, permission.resource[:2048]
            owner, policy = self._owner(permission), self._resources.policy(permission.resource)
            if not owner or policy is None:
                raise access_denied("Access Denied", because="the request is not signed, and the bucket has no policy")
            context = permission.context | {"s3:authType": None, "s3:signatureversion": None}
            self._authorization.allow_anybody(
                call, permission.action, permission.resource, owner=owner, policy=policy, context=context
            )
        assert owner
        return Leave(account=owner)

    def allow(self, call: ServiceCall, permission: Permission) -> None:
        """Raises Refusal, in the service's own words, unless the caller has a permission."""
        try:
            self._authorization.allow(
                call,
                permission.action,
                permission.resource,
                owner=self._owner(permission),
                policy=self._resources.policy(permission.resource),
                context=self._of_resource(permission) | permission.context,
                words=denial.words,
            )
        except Refusal as refusal:
            if refusal.decision is None:
                raise
            encoded = self._messages.seal(refusal.decision, call.caller.account)
            raise denial.in_words_of(call.operation.prefix, refusal, encoded) from None

    def _hand_over(self, call: ServiceCall, resource: str) -> None:
        """Raises Refusal unless the caller may pass each role that it hands over, and the service can assume it."""
        account = call.caller.account
        for role in passed_roles.passed(call.operation, account, self._resources):
            self.allow(call, role.permission(resource))
            told = passed_roles.unassumable(call.operation, role)
            if told is None:
                continue
            of_source = (
                ("aws:SourceAccount", account),
                *((("aws:SourceArn", resource),) if resource.startswith("arn:") else ()),
            )
            assumption = Assumption(
                service=role.service, session_name=_session_name(resource), region=call.region, keys=of_source
            )
            try:
                self._roles.check(account, role.arn.rpartition("/")[2], assumption, call.now)
            except Refusal as refusal:
                told.because = refusal.because
                raise told from refusal

    def _owner(self, permission: Permission) -> str | None:
        return permission.owner or self._resources.owner(permission.resource)

    def _of_resource(self, permission: Permission) -> Context:
        """The condition keys that tell of the resource as it is: its tags, and a principal's boundary."""
        service = permission.action.partition(":")[0]
        context: Context = {}
        for key, value in self._resources.tags(permission.resource):
            context[f"aws:ResourceTag/{key}"] = context[f"{service}:ResourceTag/{key}"] = value
        if service == "iam":
            context["iam:PermissionsBoundary"] = self._resources.boundary(permission.resource)
        return context


def _session_name(resource: str) -> str:
    """What the service is going to call its session: as what it runs, where that has a name already."""
    name = re.split("[:/]", resource)[-1]
    return name if re.fullmatch(r"[\w+=,.@-]{2,64}", name, re.ASCII) else "check"


def _completed(call: ServiceCall) -> Operation:
    """The operation, with the caller's own name where one of IAM's means the caller by naming nobody."""
    operation, user = call.operation, call.caller.user
    if operation.service != "iam" or operation.name not in OWN_BY_DEFAULT or user is None:
        return operation
    return replace(operation, parameters={"UserName": user.name, **operation.parameters})
