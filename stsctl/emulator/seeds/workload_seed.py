"""The instances and tasks of a seed: read, and checked against the roles of their accounts."""

from __future__ import annotations

import ipaddress

from stsctl.emulator.seeds.organisation import Account, Organisation
from stsctl.emulator.seeds.workload import HttpTokens, Instance, Task, instance_id, task_id
from stsctl.nearest import suggestion
from stsctl.tables import Table

_NAME = r"[A-Za-z0-9][\w.-]{0,63}"
_ROLE_NAME = r"[\w+=,.@-]{1,64}"
_PROFILE_NAME = r"[\w+=,.@-]{1,128}"
_DEFAULT_REGION = "us-east-1"


def instances(account: Table, number: str) -> tuple[Instance, ...]:
    """The instances of an account's table; raises ConfigurationError with the line."""
    return tuple(_instance(number, *item) for item in account.tables("instance").items())


def tasks(account: Table, number: str) -> tuple[Task, ...]:
    """The tasks of an account's table; raises ConfigurationError with the line."""
    return tuple(_task(number, *item) for item in account.tables("task").items())


def check(table: Table, organisation: Organisation) -> None:
    """Raises ConfigurationError where a role is not there, or where two workloads want the same name, id or port."""
    seen: dict[str, set[object]] = {"id": set(), "port": set()}
    for account in organisation.accounts:
        mine = table.table("account").table(account.id)
        names = {instance.name for instance in account.instances} & {task.name for task in account.tasks}
        if names:
            raise mine.table("task").problem(min(names), f'"{min(names)}" is an instance too')
        for workload in account.workloads:
            kind = "instance" if isinstance(workload, Instance) else "task"
            place = mine.table(kind).table(workload.name)
            _check_role(place, workload, account)
            for key, value in (("id", workload.id), ("port", workload.port)):
                if value in seen[key]:
                    raise place.problem(key, f"{key} {value} is another's already")
                if value is not None:
                    seen[key].add(value)


def _instance(number: str, name: str, table: Table) -> Instance:
    table.check_name(name, _NAME, "a name of letters, digits, dots and dashes")
    options = ["profile", "role", "region", "id", "type", "image", "private_ip", "vpc"]
    table.only([*options, "http_tokens", "hop_limit", "port"])
    role = table.matching("role", _ROLE_NAME, "a role's name")
    return Instance(
        account=number,
        name=name,
        id=table.matching("id", r"i-[0-9a-f]{8}([0-9a-f]{9})?", "an instance's id") or instance_id(number, name),
        region=_region(table),
        # As in the console, a role that is given to an instance has a profile of its name.
        profile=table.matching("profile", _PROFILE_NAME, "an instance profile's name") or role,
        role=role,
        http_tokens=table.choice("http_tokens", HttpTokens) or HttpTokens.REQUIRED,
        hop_limit=table.number("hop_limit", 1, 64) or 1,
        port=table.number("port", 1, 65535),
        type=table.matching("type", r"[a-z0-9-]+\.[a-z0-9-]+", "an instance type") or "t3.micro",
        image=table.matching("image", r"ami-[0-9a-f]{8,17}", "an AMI's id") or "ami-0abcdef1234567890",
        vpc=table.matching("vpc", r"vpc-[0-9a-f]{8,17}", "a VPC's id") or "vpc-0abcdef1234567890",
        private_ip=_address(table) or "10.0.0.10",
    )


def _task(number: str, name: str, table: Table) -> Task:
    table.check_name(name, _NAME, "a name of letters, digits, dots and dashes")
    table.only(["role", "region", "id", "port"])
    role = table.matching("role", _ROLE_NAME, "a role's name")
    if role is None:
        raise table.problem(None, f"{table.title} has no role", hint='add role = "NameOfARole"')
    return Task(
        account=number,
        name=name,
        id=table.matching("id", r"[0-9a-f]{32}", "a task's id, of 32 hexadecimal digits") or task_id(number, name),
        region=_region(table),
        role=role,
        port=table.number("port", 1, 65535),
    )


def _check_role(place: Table, workload: Instance | Task, account: Account) -> None:
    names = {role.name for role in account.roles}
    if workload.role is not None and workload.role not in names:
        what = f'there is no role "{workload.role}" in this account'
        raise place.problem("role", what, hint=suggestion(workload.role, names))


def _region(table: Table) -> str:
    return table.matching("region", r"[a-z]{2}(-[a-z]+)+-[0-9]", "a region") or _DEFAULT_REGION


def _address(table: Table) -> str | None:
    text = table.text("private_ip")
    try:
        return str(ipaddress.IPv4Address(text)) if text else None
    except ValueError as error:
        raise table.problem("private_ip", f'private_ip "{text}" is no IPv4 address') from error
