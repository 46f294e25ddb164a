"""A path, gone on an emulator: each of its steps is done with the credentials that the one before gave."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.exceptions import ClientError

from stsctl.access.editing import OWN_WORK
from stsctl.access.step import Route, Step, Way
from stsctl.credentials import Credentials, Secret
from tests.conftest import missing
from tests.properties.calls import perform, session_token

try:
    from tests.unit.emulator.front import Front
except ImportError:
    missing("moto")


def walk(front: Front, route: Route) -> Credentials | None:
    """The last session of a route; None where a call of STS on it is refused. Raises ClientError for others."""
    who = route.start.principal.arn
    keys: Credentials | None = front.principal(who)
    if route.start.temporary:
        keys = session_token(front, who, mfa=bool(route.start.mfa))
    for step in route.steps:
        assert keys is not None
        if step.way is Way.PASS_ROLE:
            keys = _passed(front, keys, step)
        if step.way is Way.EDIT:
            keys = _edited(front, keys, step)
        if step.assumption is not None:
            keys = perform(front, keys, step.assumption, who)
        if keys is None:
            return None
    return keys


def _edited(front: Front, keys: Credentials, step: Step) -> Credentials:
    """Makes the call of IAM that a step is by; whose keys one has then."""
    request, name = step.verdicts[0].request, step.caller.holder.name
    operation = request.action.removeprefix("iam:")
    if operation == "UpdateLoginProfile":
        _by_root(front, request.resource, "iam", "CreateLoginProfile", UserName=name, **_PASSWORD)
    found = front.call(keys, "iam", operation, **_SAID[operation](name, request.resource, step))
    if operation == "CreateAccessKey":
        made = found["AccessKey"]
        secret = Secret(made["SecretAccessKey"])
        return Credentials(access_key_id=made["AccessKeyId"], secret_access_key=secret, session_token=None)
    # Whoever has a user's password signs in, and has that user's rights.
    return front.principal(step.caller.holder.arn) if operation.endswith("LoginProfile") else keys


_ALL_RIGHTS = {"PolicyName": "more", "PolicyDocument": OWN_WORK.text}
_ADMINISTRATOR = {"PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
_PASSWORD = {"Password": "Emulated-Password-1"}
_Said = Callable[[str, str, Step], dict[str, Any]]
_SAID: dict[str, _Said] = {
    "UpdateAssumeRolePolicy": lambda name, _arn, step: {"RoleName": name, "PolicyDocument": _trust(step)},
    "CreateAccessKey": lambda name, _arn, _step: {"UserName": name},
    "CreateLoginProfile": lambda name, _arn, _step: {"UserName": name, **_PASSWORD},
    "UpdateLoginProfile": lambda name, _arn, _step: {"UserName": name, **_PASSWORD},
    "PutUserPolicy": lambda name, _arn, _step: {"UserName": name, **_ALL_RIGHTS},
    "PutRolePolicy": lambda name, _arn, _step: {"RoleName": name, **_ALL_RIGHTS},
    "PutGroupPolicy": lambda _name, arn, _step: {"GroupName": _last(arn), **_ALL_RIGHTS},
    "AttachUserPolicy": lambda name, _arn, _step: {"UserName": name, **_ADMINISTRATOR},
    "AttachRolePolicy": lambda name, _arn, _step: {"RoleName": name, **_ADMINISTRATOR},
    "AttachGroupPolicy": lambda _name, arn, _step: {"GroupName": _last(arn), **_ADMINISTRATOR},
    "AddUserToGroup": lambda name, arn, _step: {"GroupName": _last(arn), "UserName": name},
    "CreatePolicyVersion": lambda _name, arn, _step: {
        "PolicyArn": arn,
        "PolicyDocument": OWN_WORK.text,
        "SetAsDefault": True,
    },
    "SetDefaultPolicyVersion": lambda _name, arn, step: {"PolicyArn": arn, "VersionId": _version(step)},
}
"""What the calls say that a step may be by."""


def _trust(step: Step) -> str:
    assert step.assumption is not None
    return step.assumption.role.trust.text


def _version(step: Step) -> str:
    """The id of the version that is put in force."""
    names = (re.match(r"version (v\d+) of ", policy.name) for policy in step.caller.holder.policies)
    (found,) = (name[1] for name in names if name)
    return found


def _last(arn: str, mark: str = "/") -> str:
    return arn.rpartition(mark)[2]


def _passed(front: Front, keys: Credentials, step: Step) -> Credentials:
    """Has Lambda run something as the role; whatever runs there has these credentials.

    The function is invoked where it is not there: who may do so is asked first, and nothing is run.
    """
    role = step.caller.holder.arn
    named = {verdict.request.action: _last(verdict.request.resource, ":") for verdict in step.verdicts}
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        front.call(keys, "lambda", "Invoke", FunctionName=named["lambda:InvokeFunction"])
    said = {"Runtime": "python3.12", "Handler": "main.handler", "Code": {"ZipFile": _program()}}
    front.call(keys, "lambda", "CreateFunction", FunctionName=named["lambda:CreateFunction"], Role=role, **said)
    _by_root(front, role, "lambda", "DeleteFunction", FunctionName=named["lambda:CreateFunction"])
    about = urlencode({"service": "lambda", "role": role, "program": named["lambda:CreateFunction"]})
    found = front.controlled(f"run?{about}", "POST")["variables"]
    return Credentials(
        access_key_id=found["AWS_ACCESS_KEY_ID"],
        secret_access_key=Secret(found["AWS_SECRET_ACCESS_KEY"]),
        session_token=Secret(found["AWS_SESSION_TOKEN"]),
    )


@cache
def _program() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): ...")
    return packed.getvalue()


def _by_root(front: Front, resource: str, service: str, operation: str, **said: str) -> None:
    """What a step takes to be so is made so, by the account's root user."""
    front.call(front.principal(f"{resource.split(':')[4]}:root"), service, operation, **said)
