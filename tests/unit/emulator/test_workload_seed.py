"""Instances and tasks in a seed: what they become, and how their mistakes are told."""

from __future__ import annotations

import pytest

from stsctl.emulator.seeds import seed
from stsctl.emulator.seeds.workload import HttpTokens
from stsctl.errors import ConfigurationError
from tests.unit.emulator.test_service_roles import trust

ROLE = f"[account.111111111111.role.Web]\n{trust('ec2.amazonaws.com')}\n"
INSTANCE = f"{ROLE}[account.111111111111.instance.web]\n"
TASK = f"{ROLE}[account.111111111111.task.job]\n"


def test_an_instance_with_everything() -> None:
    """Every option of an instance is read."""
    options = """
        id = "i-0123456789abcdef0"
        role = "Web"
        profile = "web-profile"
        region = "eu-central-1"
        type = "m7g.large"
        image = "ami-0123456789abcdef0"
        private_ip = "10.1.2.3"
        vpc = "vpc-0123456789abcdef0"
        http_tokens = "optional"
        hop_limit = 2
        port = 1338
    """
    account = seed.parse(f"{INSTANCE}{options}".encode(), "test").accounts[0]
    instance = account.instances[0]
    assert (instance.account, instance.name, instance.id) == ("111111111111", "web", "i-0123456789abcdef0")
    assert (instance.role, instance.profile) == ("Web", "web-profile")
    assert (instance.region, instance.zone) == ("eu-central-1", "eu-central-1a")
    assert (instance.type, instance.image) == ("m7g.large", "ami-0123456789abcdef0")
    assert (instance.private_ip, instance.vpc) == ("10.1.2.3", "vpc-0123456789abcdef0")
    assert (instance.http_tokens, instance.hop_limit, instance.port) == (HttpTokens.OPTIONAL, 2, 1338)
    assert instance.arn == "arn:aws:ec2:eu-central-1:111111111111:instance/i-0123456789abcdef0"


def test_defaults() -> None:
    """What is left out is as AWS has it: a profile of the role's name, IMDSv2 alone, one hop; the id stays the same."""
    text = f'{INSTANCE}role = "Web"\n[account.111111111111.task.job]\nrole = "Web"\n'
    first, second = (seed.parse(text.encode(), "test").accounts[0] for _ in range(2))
    instance, task = first.instances[0], first.tasks[0]
    assert (instance.profile, instance.http_tokens, instance.hop_limit) == ("Web", HttpTokens.REQUIRED, 1)
    assert instance.id == second.instances[0].id
    assert task.id == second.tasks[0].id
    assert task.arn == f"arn:aws:ecs:us-east-1:111111111111:task/default/{task.id}"
    assert task.token != second.tasks[0].token
    assert "Secret(***)" in repr(task)
    assert task.credentials_id not in repr(task)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f'{INSTANCE}role = "Wab"', 'there is no role "Wab" in this account'),
        (f'{INSTANCE}profle = "x"', 'unknown key "profle"'),
        (f'{INSTANCE}id = "i-1"', "id is not an instance's id"),
        (f'{INSTANCE}http_tokens = "never"', 'http_tokens "never" is none of required, optional'),
        (f"{INSTANCE}hop_limit = 0", "hop_limit is from 1 to 64"),
        (f"{INSTANCE}hop_limit = true", "hop_limit is true or false, it takes a number"),
        (f"{INSTANCE}port = 70000", "port is from 1 to 65535"),
        (f'{INSTANCE}private_ip = "10.0.0.256"', 'private_ip "10.0.0.256" is no IPv4 address'),
        (f'{INSTANCE}region = "Frankfurt"', "region is not a region"),
        (f'{INSTANCE}image = "x"', "image is not an AMI's id"),
        (f'{INSTANCE}vpc = "x"', "vpc is not a VPC's id"),
        (f'{INSTANCE}type = "large"', "type is not an instance type"),
        (f'{INSTANCE}profile = "a/b"', "profile is not an instance profile's name"),
        (TASK, "has no role"),
        (f'{TASK}role = "Web"\nid = "x"', "id is not a task's id"),
        (f"{INSTANCE}port = 1\n[account.111111111111.instance.x]\nport = 1", "port 1 is another's already"),
        (f'{INSTANCE}[account.111111111111.task.web]\nrole = "Web"', '"web" is an instance too'),
        (f'{ROLE}[account.111111111111.instance."a b"]', '"a b" is not a name'),
    ],
)
def test_mistakes(text: str, said: str) -> None:
    """A mistake is told with its line."""
    with pytest.raises(ConfigurationError, match=r"^test:\d+: ") as error:
        seed.parse(text.encode(), "test")
    assert said in error.value.message
