"""Roles for services: whom a trust policy lets, how long it lasts, and when new credentials take the place of old."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from stsctl.emulator.authorization.authorization import Authorization
from stsctl.emulator.authorization.condition_keys import of_caller
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.organizations import Organizations
from stsctl.emulator.directory.principals import Caller
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.seeds import seed
from stsctl.emulator.seeds.workload import Instance, Task
from stsctl.emulator.sts.authentication import Authentication
from stsctl.emulator.sts.service_roles import Assumption, Delivered, Rotation, ServiceRoles
from stsctl.emulator.sts.sessions import Sessions
from stsctl.emulator.workloads.container_credentials import assumption_of as of_task
from stsctl.emulator.workloads.instance_metadata import assumption_of as of_instance

ACCOUNT = "111111111111"
START = datetime(2030, 1, 1, tzinfo=UTC)
WEB = Instance(account=ACCOUNT, name="web", id="i-0123456789abcdef0", region="eu-central-1", profile="Web")
JOB = Task(account=ACCOUNT, name="job", id="0" * 32, region="eu-central-1", role="Job")
POD = Task(
    account=ACCOUNT, name="pod", id="1" * 32, region="eu-central-1", role="Pod", service="pods.eks.amazonaws.com"
)


def trust(service: str, *actions: str, **condition: object) -> str:
    """A role of a seed: its trust policy, which names a service."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": [*actions] or ["sts:AssumeRole"]}
    document = {"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]}
    return f"trust = '{json.dumps(document)}'"


SEED = f"""
[account.{ACCOUNT}.role.Web]
{trust("ec2.amazonaws.com")}
max_duration = "1h"
[account.{ACCOUNT}.role.Job]
{trust("ecs-tasks.amazonaws.com")}
[account.{ACCOUNT}.role.Cautious]
{trust("ecs-tasks.amazonaws.com", ArnLike={"aws:SourceArn": f"arn:aws:ecs:eu-central-1:{ACCOUNT}:*"})}
[account.{ACCOUNT}.role.Elsewhere]
{trust("ecs-tasks.amazonaws.com", StringEquals={"aws:SourceAccount": "222222222222"})}
[account.{ACCOUNT}.role.FromOffice]
{trust("ec2.amazonaws.com", IpAddress={"aws:SourceIp": "0.0.0.0/0"})}
[account.{ACCOUNT}.role.Pod]
{trust("pods.eks.amazonaws.com", "sts:AssumeRole", "sts:TagSession")}
[account.{ACCOUNT}.role.PodWithoutTags]
{trust("pods.eks.amazonaws.com")}
"""


class World:
    """One organisation, with what gives its roles."""

    def __init__(self) -> None:
        organisation = seed.parse(SEED.encode(), "test")
        self.directory, self.sessions = Directory(organisation), Sessions()
        self.roles = ServiceRoles(self.directory, Authorization(Organizations(organisation)), self.sessions)

    def holder(self, held: Delivered, now: datetime) -> Caller:
        """Who signs with the credentials."""
        token = held.credentials.session_token
        assert token is not None
        session = self.sessions.find(held.credentials.access_key_id, token.reveal(), now)
        return Authentication(self.directory, self.sessions).behind(session)


@pytest.fixture
def world() -> World:
    """An organisation of the test's own."""
    return World()


def test_a_service_gets_a_session_of_the_role(world: World) -> None:
    """The session is the role's, named after the instance, and six hours long though the role allows an hour."""
    held = world.roles.assume(ACCOUNT, "Web", of_instance(WEB), START)
    caller = world.holder(held, START)
    assert caller.arn == f"arn:aws:sts::{ACCOUNT}:assumed-role/Web/i-0123456789abcdef0"
    assert held.credentials.expires_at == START + timedelta(hours=6)


def test_what_an_instance_asks_says_where_it_comes_from(world: World) -> None:
    """Requests with an instance's credentials carry its ARN, its address, its VPC, and which IMDS gave them."""
    for version, written in ((1, "1.0"), (2, "2.0")):
        held = world.roles.assume(ACCOUNT, "Web", of_instance(WEB, version), START)
        keys = of_caller(world.holder(held, START), START)
        assert keys["ec2:SourceInstanceARN"] == WEB.arn
        assert keys["ec2:RoleDelivery"] == written
        assert keys["aws:Ec2InstanceSourceVpc"] == WEB.vpc
        assert keys["aws:Ec2InstanceSourcePrivateIPv4"] == "10.0.0.10"


def test_pods_get_their_tags(world: World) -> None:
    """EKS tags the session of a pod, and makes the tags go on down the chain."""
    caller = world.holder(world.roles.assume(ACCOUNT, "Pod", of_task(POD), START), START)
    assert caller.session is not None
    assert dict(caller.session.tags)["kubernetes-namespace"] == "default"
    assert caller.session.transitive == tuple(key for key, _ in caller.session.tags)


@pytest.mark.parametrize(
    ("role", "assumption", "because"),
    [
        ("Job", of_instance(WEB), 'request is by "ec2.amazonaws.com"'),
        ("Web", of_task(JOB), 'request is by "ecs-tasks.amazonaws.com"'),
        ("Elsewhere", of_task(JOB), 'aws:SourceAccount: wanted "222222222222", request has "111111111111"'),
        ("FromOffice", of_instance(WEB), "Condition IpAddress aws:SourceIp"),
        ("PodWithoutTags", of_task(POD), 'request has "sts:TagSession"'),
        ("Nobody", of_task(JOB), "there is no such role"),
    ],
)
def test_no_trust_no_role(world: World, role: str, assumption: Assumption, because: str) -> None:
    """A role that does not trust the service, or not for this, is refused with the statement."""
    with pytest.raises(Refusal, match="Not authorized to perform sts:") as refused:
        world.roles.check(ACCOUNT, role, assumption, START)
    assert because in refused.value.because


def test_ecs_says_for_whom_it_asks(world: World) -> None:
    """A trust policy that wants ECS to act for its own account's tasks is satisfied."""
    assert world.roles.check(ACCOUNT, "Cautious", of_task(JOB), START).name == "Cautious"


def test_new_credentials_before_the_old_ones_end(world: World) -> None:
    """The same credentials are given until twenty minutes before their end, then others, while the old still work."""
    rotation = Rotation(world.roles, of_instance(WEB))
    first = rotation.credentials(ACCOUNT, "Web", START)
    before = START + timedelta(hours=5, minutes=39)
    assert rotation.credentials(ACCOUNT, "Web", before).credentials == first.credentials
    at = START + timedelta(hours=5, minutes=40)
    second = rotation.credentials(ACCOUNT, "Web", at)
    assert second.credentials.expires_at == at + timedelta(hours=6)
    assert world.holder(first, at).arn == world.holder(second, at).arn


def test_a_clock_that_is_set_back(world: World) -> None:
    """Credentials from a time that has not come yet are not given."""
    rotation = Rotation(world.roles, of_instance(WEB))
    rotation.credentials(ACCOUNT, "Web", START + timedelta(hours=2))
    assert rotation.credentials(ACCOUNT, "Web", START).since == START


def test_trust_that_is_taken_away(world: World) -> None:
    """Without trust, what was given lasts until its end, and nothing comes after."""
    rotation = Rotation(world.roles, of_instance(WEB))
    first = rotation.credentials(ACCOUNT, "Web", START)
    other = json.loads(trust("lambda.amazonaws.com").removeprefix("trust = ").strip("'"))
    world.directory.backend(ACCOUNT).update_assume_role_policy("Web", json.dumps(other))
    late = START + timedelta(hours=5, minutes=59)
    assert rotation.credentials(ACCOUNT, "Web", late).credentials == first.credentials
    with pytest.raises(Refusal):
        rotation.credentials(ACCOUNT, "Web", START + timedelta(hours=6))


def test_a_role_that_was_made_again(world: World) -> None:
    """A role that was deleted is not served from what was given before."""
    rotation = Rotation(world.roles, of_instance(WEB))
    rotation.credentials(ACCOUNT, "Web", START)
    world.directory.backend(ACCOUNT).delete_role("Web")
    with pytest.raises(Refusal):
        rotation.credentials(ACCOUNT, "Web", START)


def test_another_role_in_the_profile(world: World) -> None:
    """When the profile carries another role, the next credentials are of that one."""
    rotation = Rotation(world.roles, of_task(JOB))
    assert rotation.credentials(ACCOUNT, "Job", START).role.name == "Job"
    assert rotation.credentials(ACCOUNT, "Cautious", START).role.name == "Cautious"
