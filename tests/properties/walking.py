"""A path, gone on an emulator: each of its steps is done with the credentials that the one before gave."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from typing import Any

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
    "SetDefaultPolicyVersion": lambda _name, arn, _step: {"PolicyArn": arn, "VersionId": "v1"},
}
"""What the calls say that a step may be by."""


def _trust(step: Step) -> str:
    assert step.assumption is not None
    return step.assumption.role.trust.text


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]


def _passed(front: Front, keys: Credentials, step: Step) -> Credentials:
    """Has Lambda run something as the role; what runs there has the role's credentials."""
    role, name = step.caller.holder, "session"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("main.py", "def handler(event, context): ...")
    said = {"Runtime": "python3.12", "Handler": "main.handler", "Code": {"ZipFile": packed.getvalue()}}
    front.call(keys, "lambda", "CreateFunction", FunctionName=name, Role=role.arn, **said)
    return _run(front, keys, name, role.arn)
