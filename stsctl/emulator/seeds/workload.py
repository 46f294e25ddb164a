"""What runs in an emulated organisation: EC2 instances and ECS tasks, as values."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from dataclasses import dataclass, field
from enum import Enum

from stsctl.credentials import Secret

EC2 = "ec2.amazonaws.com"
ECS_TASKS = "ecs-tasks.amazonaws.com"
LAMBDA = "lambda.amazonaws.com"
EKS_PODS = "pods.eks.amazonaws.com"
CREDENTIALS_PATH = "/v2/credentials"


class HttpTokens(Enum):
    """Whether an instance's metadata are read with a session token only, IMDSv2, or without one too, IMDSv1."""

    REQUIRED = "required"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """An EC2 instance. `profile` is its instance profile's name; `role` the one that a seed puts into that.

    `hop_limit` is HttpPutResponseHopLimit; `port` where its metadata are served, None for a free one.
    One that was `launched` with EC2's API is as that has it now.
    """

    account: str
    name: str
    id: str
    region: str
    profile: str | None = None
    role: str | None = None
    type: str = "t3.micro"
    image: str = "ami-0abcdef1234567890"
    private_ip: str = "10.0.0.10"
    vpc: str = "vpc-0abcdef1234567890"
    http_tokens: HttpTokens = HttpTokens.REQUIRED
    hop_limit: int = 1
    port: int | None = None
    launched: bool = False

    @property
    def arn(self) -> str:
        """Its ARN."""
        return f"arn:aws:ec2:{self.region}:{self.account}:instance/{self.id}"

    @property
    def zone(self) -> str:
        """Its Availability Zone."""
        return f"{self.region}a"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A container that gets `role` by a credentials endpoint: an ECS task, or what another service runs so.

    `service` is the principal that assumes the role; `port` where its endpoint is served, None for a free one.
    `credentials_id` and `token` open the endpoint to the container, and to nobody else.
    """

    account: str
    name: str
    id: str
    region: str
    role: str
    service: str = ECS_TASKS
    port: int | None = None
    credentials_id: str = field(default_factory=lambda: str(uuid.uuid4()), repr=False)
    token: Secret = field(default_factory=lambda: Secret(secrets.token_urlsafe(32)))

    @property
    def path(self) -> str:
        """Its relative URI: where the ECS agent would serve its credentials."""
        return f"{CREDENTIALS_PATH}/{self.credentials_id}"

    @property
    def arn(self) -> str:
        """Its ARN, in the default cluster; how others than ECS name what they run differs, so that is made up."""
        service, kind = ("ecs", "task/default") if self.service == ECS_TASKS else (self.service.split(".")[0], "run")
        return f"arn:aws:{service}:{self.region}:{self.account}:{kind}/{self.id}"


Workload = Instance | Task


def instance_id(*parts: str) -> str:
    """An instance's id, always the same for the same parts: a seed's instances keep theirs."""
    return f"i-0{_digest(parts)[:16]}"


def task_id(*parts: str) -> str:
    """A task's id, always the same for the same parts."""
    return _digest(parts)


def _digest(parts: tuple[str, ...]) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()[:32]
