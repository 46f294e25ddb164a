"""What stands before moto's IAM: parameters that AWS takes from who asks, and checks that moto leaves out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.gone_principals import replace_principal
from stsctl.emulator.directory.principals import Caller, Role, User
from stsctl.emulator.protocol import wire
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.wire import Answer, Result
from stsctl.emulator.services.mfa_devices import MfaDevices
from stsctl.emulator.services.service_call import ServiceCall
from stsctl.emulator.services.simulator import Simulator

OWN_BY_DEFAULT = frozenset(
    {
        "CreateAccessKey",
        "DeleteAccessKey",
        "DeleteSigningCertificate",
        "GetUser",
        "ListAccessKeys",
        "ListMFADevices",
        "ListSSHPublicKeys",
        "ListServiceSpecificCredentials",
        "ListSigningCertificates",
        "UpdateAccessKey",
        "UpdateSigningCertificate",
        "UploadSigningCertificate",
    }
)
"""Operations that mean the user who asks, where they name none."""

Given = Mapping[str, Any]
"""The parameters of a call, by the names of the model."""
_BOUNDARIES = frozenset({"DeleteUserPermissionsBoundary", "PutUserPermissionsBoundary"})


class Iam:
    """Answers for IAM: by moto where moto knows better, after a look at the request; others answer the `own`."""

    def __init__(
        self, directory: Directory, own: Mapping[str, Callable[[Caller, Given], Result]], simulator: Simulator
    ) -> None:
        self._directory = directory
        self._own = own
        self._simulated = simulator.operations
        self._devices = MfaDevices(directory)

    def answer(self, call: ServiceCall, wall_at: datetime, forward: Callable[[bytes], Answer]) -> Answer:
        """The answer to a call; `forward` gives moto's to a body. Raises Refusal."""
        asked, caller, given = call.asked, call.caller, call.operation.parameters
        action, name, boundary = call.operation.name, given.get("UserName", ""), given.get("PermissionsBoundary")
        if action in self._own:
            result = self._own[action](caller, given)
            return wire.succeed(action, result, wire.dialect(asked, "iam"), wire.IAM_NAMESPACE)
        if action in self._simulated:
            result = self._simulated[action](caller, given)
            return wire.succeed(action, result, wire.dialect(asked, "iam"), wire.IAM_NAMESPACE)
        if action in self._devices.operations:
            result = self._devices.operations[action](caller.account, given, wall_at)
            return wire.succeed(action, result, wire.dialect(asked, "iam"), wire.IAM_NAMESPACE)
        if action in _BOUNDARIES:
            self._bound(caller.account, name, boundary if action == "PutUserPermissionsBoundary" else None)
            return wire.succeed(action, {}, wire.dialect(asked, "iam"), wire.IAM_NAMESPACE)
        if action == "CreateUser" and boundary:
            self._check_boundary(caller.account, boundary)
        named = self._named(call)
        answer = forward(self._prepared(call, wall_at))
        if named is not None and answer.status == 200:
            self._follow(call, named)
        if action == "CreateUser" and boundary and answer.status == 200:
            self._bound(caller.account, name, boundary)
        return answer

    def _named(self, call: ServiceCall) -> User | Role | None:
        """The user or role that is about to go, or to be renamed."""
        given = call.operation.parameters
        if call.operation.name in ("DeleteUser", "UpdateUser"):
            return self._directory.user(call.caller.account, given.get("UserName", ""))
        if call.operation.name == "DeleteRole":
            return self._directory.role(call.caller.account, given.get("RoleName", ""))
        return None

    def _follow(self, call: ServiceCall, named: User | Role) -> None:
        """Lets the policies that name a principal go on meaning the very same one."""
        if call.operation.name != "UpdateUser":
            replace_principal(self._directory, named.arn, named.id)
            return
        name = call.operation.parameters.get("NewUserName", named.name)
        renamed = self._directory.user(named.account, name)
        if renamed is not None:
            replace_principal(self._directory, named.arn, renamed.arn)

    def _bound(self, account: str, name: str, boundary: str | None) -> None:
        """Sets a user's boundary, which moto's IAM forgets; None takes it away."""
        if boundary is not None:
            self._check_boundary(account, boundary)
        if not self._directory.bound(account, name, boundary):
            raise Refusal("NoSuchEntity", f"The user with name {name} cannot be found.", 404)

    def _check_boundary(self, account: str, arn: str) -> None:
        if self._directory.managed_policy(account, arn) is None:
            raise Refusal("NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable.", 404)

    def _prepared(self, call: ServiceCall, wall_at: datetime) -> bytes:
        """The body to hand to moto; raises Refusal for what AWS would refuse and moto would not."""
        action, given, caller = call.operation.name, call.operation.parameters, call.caller
        if action == "ListPolicies" or any(":iam::aws:policy/" in str(value) for value in given.values()):
            self._directory.load_aws_policies(caller.account)
        self._devices.check(action, caller.account, given, wall_at)
        if action in OWN_BY_DEFAULT and not given.get("UserName"):
            return self._with_own_name(call.asked.body, action, caller)
        return call.asked.body

    def _with_own_name(self, body: bytes, action: str, caller: Caller) -> bytes:
        if caller.user is not None:
            return body + b"&" + urlencode({"UserName": caller.user.name}).encode()
        if action == "GetUser":
            return body
        raise Refusal("ValidationError", "Must specify userName when calling with non-User credentials", 400)
