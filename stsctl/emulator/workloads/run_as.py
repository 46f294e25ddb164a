"""Running a program as a service would: with a role that trusts the service, where the service leaves its credentials.

An EC2 instance finds them in its metadata, a Lambda function in its environment, and all others at a container's
endpoint, as ECS, EKS, CodeBuild and SageMaker have one.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime

from stsctl.arn import Arn
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.instance_profiles import InstanceProfiles
from stsctl.emulator.directory.principals import Role
from stsctl.emulator.seeds.workload import EC2, LAMBDA, Instance, Task, instance_id, task_id
from stsctl.emulator.sts.service_roles import Assumption, ServiceRoles
from stsctl.emulator.workloads import surroundings
from stsctl.emulator.workloads.container_credentials import assumption_of
from stsctl.emulator.workloads.instance_metadata import assumption_of as assumption_of_instance
from stsctl.emulator.workloads.ports import Ports
from stsctl.emulator.workloads.surroundings import Surroundings
from stsctl.errors import UsageError


class CannotRunError(Exception):
    """What was asked names no service or no role; the message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A program to be run as `service`, with `role` (a name, `account:name` or an ARN), while process `pid` lives."""

    service: str
    role: str
    region: str
    program: str
    pid: int | None


class Runs:
    """Gives programs the surroundings of services. What is served to them ends with them."""

    def __init__(self, directory: Directory, roles: ServiceRoles, profiles: InstanceProfiles, ports: Ports) -> None:
        self._directory = directory
        self._roles = roles
        self._profiles = profiles
        self._ports = ports

    def begin(self, run: Run, now: datetime) -> Surroundings:
        """What the program is to find around it; raises CannotRunError, and Refusal where the role does not trust."""
        service, role = _principal_of(run.service), self._role(run.role)
        name = re.sub(r"[^\w-]", "-", run.program, flags=re.ASCII)[:64].rjust(2, "_")
        if service == LAMBDA:
            return self._function(f"arn:aws:lambda:{run.region}:{role.account}:function:{name}", role, run, now)
        unique = secrets.token_hex(16)
        if service == EC2:
            instance = Instance(account=role.account, name=name, id=instance_id(unique), region=run.region)
            self._roles.check(role.account, role.name, assumption_of_instance(instance), now)
            instance = replace(instance, profile=self._profiles.carrying(role.account, role.name).name)
            return surroundings.of_instance(instance, self._ports.open(instance, owner=run.pid))
        task = Task(
            account=role.account, name=name, id=task_id(unique), region=run.region, role=role.name, service=service
        )
        self._roles.check(role.account, role.name, assumption_of(task), now)
        return surroundings.of_task(task, self._ports.open(task, owner=run.pid))

    def _function(self, arn: str, role: Role, run: Run, now: datetime) -> Surroundings:
        """Lambda puts a session's keys into the function's environment, and starts another one when they end.

        Source of the key: https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
        """
        assumption = Assumption(
            service=LAMBDA,
            session_name=arn.rsplit(":", 1)[-1],
            region=run.region,
            delivered=(("lambda:SourceFunctionArn", arn),),
        )
        found = self._roles.assume(role.account, role.name, assumption, now)
        return surroundings.of_function(arn, run.region, found.credentials)

    def _role(self, name: str) -> Role:
        """The role that a name means: `Web`, `111111111111:Web`, or its ARN."""
        account, _, rest = name.rpartition(":")
        if name.startswith("arn:"):
            try:
                arn = Arn.parse_role(name)
            except UsageError as error:
                raise CannotRunError(f'"{name}" is no role') from error
            account, rest = arn.account, arn.resource_name
        accounts = [account] if account else self._directory.accounts
        found = [role for each in accounts if (role := self._directory.role(each, rest)) is not None]
        found = [role for role in found if not name.startswith("arn:") or role.arn == name]
        if len(found) == 1:
            return found[0]
        if found:
            several = ", ".join(f"{role.account}:{role.name}" for role in found)
            raise CannotRunError(f'role "{name}" is there more than once: {several}')
        raise CannotRunError(f'there is no role "{name}" in this emulator')


def _principal_of(service: str) -> str:
    """A service's principal: `ec2` and `ec2.amazonaws.com` are the same."""
    host = service if service.endswith(".amazonaws.com") else f"{service}.amazonaws.com"
    if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+){2,4}", host, re.ASCII):
        raise CannotRunError(f'"{service}" is no service; one is written as ec2 or ec2.amazonaws.com')
    return host
