"""The credentials endpoint of one container, as the ECS agent serves it.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html, and for its errors
https://github.com/aws/amazon-ecs-agent (tmds/handlers/v2): code, message and HTTPErrorCode. The agent's relative URI
wants no token, for the id in it is one; the full URI that SDKs read wants the one in their environment:
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html.
"""

from __future__ import annotations

import hmac
import json
import uuid
from datetime import UTC
from urllib.parse import unquote

from stsctl.emulator.directory.principals import Tags
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.seeds.workload import CREDENTIALS_PATH, ECS_TASKS, EKS_PODS, Task
from stsctl.emulator.sts.service_roles import Assumption, Rotation, ServiceRoles
from stsctl.emulator.world.journal import Entry

_CLUSTER = "emulated"
_AGENT = "169.254.170.2"
"""Where the ECS agent is reached: who got as far as there with the relative URI needs no token."""


class ContainerCredentials:
    """Gives a task its role's credentials."""

    def __init__(self, task: Task, roles: ServiceRoles) -> None:
        self._task = task
        self._rotation = Rotation(roles, assumption_of(task))

    def answer(self, asked: Request, entry: Entry) -> Answer:
        """The answer to any request at all."""
        entry.service, entry.who = "container", self._task.arn
        folder, _, wanted = unquote(asked.path).rpartition("/")
        # The id opens the door, so that the journal does not show it.
        entry.action = f"container {asked.method} {folder[:100]}"
        if asked.method not in ("GET", "HEAD"):
            return _refused(405, "MethodNotAllowed", "Method not allowed")
        if CREDENTIALS_PATH in (folder + "/" + wanted, folder) and wanted in ("", "credentials"):
            return _refused(400, "NoIdInRequest", "No Credential ID in the request")
        if folder != CREDENTIALS_PATH:
            return _refused(404, "NotFound", "There is nothing here")
        if not _same(wanted, self._task.credentials_id):
            return _refused(400, "InvalidIdInRequest", "Credentials not found")
        if not self._has_token(asked):
            return _refused(401, "AccessDenied", "The authorization token is missing or wrong")
        try:
            found = self._rotation.credentials(self._task.account, self._task.role, entry.at)
        except Refusal as refusal:
            entry.refuse(refusal)
            return _refused(503, "CredentialsUninitialized", "Credentials uninitialized for ID")
        entry.resource, credentials = found.role.arn, found.credentials
        # The agent of EKS tells the account, and not the role.
        whose = {"AccountId": self._task.account} if self._task.service == EKS_PODS else {"RoleArn": found.role.arn}
        return _json(
            200,
            {
                **whose,
                "AccessKeyId": credentials.access_key_id,
                "SecretAccessKey": credentials.secret_access_key.reveal(),
                "Token": credentials.session_token.reveal() if credentials.session_token else "",
                "Expiration": f"{(credentials.expires_at or found.since).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            },
        )

    def _has_token(self, asked: Request) -> bool:
        if asked.header("host") == _AGENT:
            return True
        return _same(asked.header("authorization") or "", self._task.token.reveal())


def assumption_of(task: Task) -> Assumption:
    """How the task's service takes its role.

    Sources of the keys: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html, and of the
    tags that EKS Pod Identity sets: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html. Which keys other
    services add is not known here, so a trust policy that wants one of them refuses.
    """
    account, region, name = task.account, task.region, task.name
    keys: Tags = ()
    tags: Tags = ()
    if task.service == ECS_TASKS:
        keys = (("aws:SourceAccount", account), ("aws:SourceArn", task.arn))
    if task.service == EKS_PODS:
        cluster = f"arn:aws:eks:{region}:{account}:cluster/{_CLUSTER}"
        keys = (("aws:SourceAccount", account), ("aws:SourceArn", cluster))
        tags = (
            ("eks-cluster-arn", cluster),
            ("eks-cluster-name", _CLUSTER),
            ("kubernetes-namespace", "default"),
            ("kubernetes-pod-name", name),
            ("kubernetes-pod-uid", str(uuid.UUID(task.id))),
            ("kubernetes-service-account", name),
        )
    return Assumption(service=task.service, session_name=task.id, region=region, keys=keys, tags=tags)


def _same(offered: str, right: str) -> bool:
    return hmac.compare_digest(offered.encode("utf-8", "surrogateescape"), right.encode())


def _refused(status: int, code: str, message: str) -> Answer:
    return _json(status, {"code": code, "message": f"CredentialsV2Request: {message}", "HTTPErrorCode": status})


def _json(status: int, content: dict[str, object]) -> Answer:
    return Answer(status=status, headers=(("Content-Type", "application/json"),), body=json.dumps(content).encode())
