"""What stands before moto's IAM: parameters that AWS takes from who asks, and checks that moto leaves out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from stsctl.emulator import wire
from stsctl.emulator.directory import Directory
from stsctl.emulator.principals import Caller
from stsctl.emulator.refusal import Refusal
from stsctl.emulator.service_call import ServiceCall
from stsctl.emulator.simulator import Simulator
from stsctl.emulator.totp import are_consecutive
from stsctl.emulator.wire import Answer, Result
from stsctl.policy.document import Kind, PolicyError, parse

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

_BOUNDARIES = frozenset({"DeleteUserPermissionsBoundary", "PutUserPermissionsBoundary"})
_DOCUMENTS = {
    "CreatePolicy": ("PolicyDocument", Kind.IDENTITY),
    "CreatePolicyVersion": ("PolicyDocument", Kind.IDENTITY),
    "CreateRole": ("AssumeRolePolicyDocument", Kind.TRUST),
    "PutGroupPolicy": ("PolicyDocument", Kind.IDENTITY),
    "PutRolePolicy": ("PolicyDocument", Kind.IDENTITY),
    "PutUserPolicy": ("PolicyDocument", Kind.IDENTITY),
    "UpdateAssumeRolePolicy": ("PolicyDocument", Kind.TRUST),
}
"""Where each operation carries a policy, and of what kind."""


class Iam:
    """Answers for IAM: by moto where moto knows better, after a look at the request; others answer the `own`."""

    def __init__(
        self, directory: Directory, own: Mapping[str, Callable[[Caller], Result]], simulator: Simulator
    ) -> None:
        self._directory = directory
        self._own = own
        self._simulated = simulator.operations

    def answer(self, call: ServiceCall, wall_at: datetime, forward: Callable[[bytes], Answer]) -> Answer:
        """The answer to a call; `forward` gives moto's to a body. Raises Refusal."""
        asked, caller, given = call.asked, call.caller, call.operation.parameters
        action, name, boundary = call.operation.name, given.get("UserName", ""), given.get("PermissionsBoundary")
        if action in self._own:
            result = self._own[action](caller)
            return wire.succeed(action, result, wire.dialect(asked, "iam"), wire.IAM_NAMESPACE)
        if action in self._simulated:
            result = self._simulated[action](caller, given)
            return wire.succeed(action, result, wire.dialect(asked, "iam"), wire.IAM_NAMESPACE)
        if action in _BOUNDARIES:
            self._bound(caller.account, name, boundary if action == "PutUserPermissionsBoundary" else None)
            return wire.succeed(action, {}, wire.dialect(asked, "iam"), wire.IAM_NAMESPACE)
        if action == "CreateUser" and boundary:
            self._check_boundary(caller.account, boundary)
        answer = forward(self._prepared(call, wall_at))
        if action == "CreateUser" and boundary and answer.status == 200:
            self._bound(caller.account, name, boundary)
        return answer

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
        if action in _DOCUMENTS:
            _check_document(given, *_DOCUMENTS[action])
        if action == "EnableMFADevice":
            self._check_codes(given, caller.account, wall_at)
        if action in OWN_BY_DEFAULT and not given.get("UserName"):
            return self._with_own_name(call.asked.body, action, caller)
        return call.asked.body

    def _check_codes(self, given: Mapping[str, Any], account: str, wall_at: datetime) -> None:
        device = self._directory.device(account, given.get("SerialNumber", ""))
        first, second = given.get("AuthenticationCode1", ""), given.get("AuthenticationCode2", "")
        if device is not None and not are_consecutive(device.seed, first, second, wall_at):
            raise Refusal("InvalidAuthenticationCode", "Authentication code for device is not valid.", 403)

    def _with_own_name(self, body: bytes, action: str, caller: Caller) -> bytes:
        if caller.user is not None:
            return body + b"&" + urlencode({"UserName": caller.user.name}).encode()
        if action == "GetUser":
            return body
        raise Refusal("ValidationError", "Must specify userName when calling with non-User credentials", 400)


def _check_document(given: Mapping[str, Any], name: str, kind: Kind) -> None:
    """AWS refuses to save a policy that it could not evaluate; moto saves most."""
    try:
        parse(given.get(name, ""), kind)
    except PolicyError as error:
        problem = error.problems[0]
        raise Refusal("MalformedPolicyDocument", f"Syntax error in policy: {problem}", 400) from error
