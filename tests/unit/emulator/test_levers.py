"""What a person moves: the clock, the faults, and back to the seed."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stsctl.emulator import control, remote
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.remote import EmulatorError
from stsctl.emulator.running import Running
from stsctl.emulator.world import chance, identifiers
from stsctl.emulator.world.faults import Fault, Faults, Wish
from stsctl.errors import UsageError
from tests.emulator_fixture import ALICE_MFA, HUB, READ_ONLY, client, credentials_of


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One emulator for the tests of this file; each begins from the seed."""
    folder = tmp_path_factory.mktemp("emulator")
    control.start(folder)
    yield folder
    found = control.find(folder)
    assert found is not None
    control.stop(folder, found)


@pytest.fixture
def running(own: Any) -> Running:
    """The emulator, as its seed says."""
    found = control.find(own)
    assert found is not None
    remote.reset(found)
    return _now(own)


def _now(folder: Any) -> Running:
    found = control.find(folder)
    assert found is not None
    return found


def _alice(running: Running, service: str = "sts", **options: Any) -> Any:
    return client(running, service, control.principal(running, "alice").credentials, **options)


def test_a_session_ends_by_the_emulators_clock(running: Running) -> None:
    """A moved clock ends a session that this machine's clock would not, and another is issued by it."""
    session = credentials_of(_alice(running).assume_role(RoleArn=READ_ONLY, RoleSessionName="reader"))
    remote.move_clock(running, timedelta(minutes=50))
    client(running, "sts", session).get_caller_identity()
    remote.move_clock(running, timedelta(minutes=11))
    with pytest.raises(ClientError, match="ExpiredToken"):
        client(running, "sts", session).get_caller_identity()
    assert remote.move_clock(running, None) == timedelta()
    client(running, "sts", session).get_caller_identity()
    remote.move_clock(running, timedelta(minutes=61))
    second = credentials_of(_alice(running).assume_role(RoleArn=READ_ONLY, RoleSessionName="reader"))
    assert second.expires_at is not None
    lasts = second.expires_at - datetime.now(UTC)
    assert timedelta(hours=2) < lasts < timedelta(hours=2, minutes=1)


def test_a_device_stays_on_the_wall_clock(running: Running) -> None:
    """A code counts by this machine's clock, however far the emulator's is moved."""
    remote.move_clock(running, timedelta(days=-20, minutes=7))
    code = control.code(running, "alice")
    answer = _alice(running).assume_role(
        RoleArn=HUB, RoleSessionName="hub", SerialNumber=ALICE_MFA, TokenCode=code, DurationSeconds=3600
    )
    assert answer["Credentials"]["Expiration"] < datetime.now(UTC) - timedelta(days=19)


def test_the_clock_is_written_where_others_read_it(own: Any, running: Running) -> None:
    """The record of the running emulator says how far its clock is ahead."""
    remote.move_clock(running, timedelta(minutes=50))
    remote.move_clock(running, timedelta(minutes=-10))
    assert _now(own).ahead == timedelta(minutes=40)
    with pytest.raises(UsageError, match="3650 days"):
        remote.move_clock(running, timedelta(days=4000))
    assert control.status(running)["clock_ahead"] == 2400


def test_reset_is_the_seed_again(own: Any, running: Running) -> None:
    """What was made and issued is gone, keys and ids of the seed are as before, the instance is another."""
    keys = control.principal(running, "alice").credentials
    root = client(running, "iam", control.principal(running, "111111111111:root").credentials)
    session = credentials_of(_alice(running).assume_role(RoleArn=READ_ONLY, RoleSessionName="reader"))
    ids = [root.get_role(RoleName="Hub")["Role"]["RoleId"], root.get_user(UserName="alice")["User"]["UserId"]]
    root.create_user(UserName="newcomer")
    remote.move_clock(running, timedelta(minutes=5))
    remote.fail(running, "sts:*", "unavailable")
    remote.reset(running)
    after = _now(own)
    assert (after.url, after.ahead) == (running.url, timedelta())
    assert after.instance != running.instance
    assert control.principal(after, "alice").credentials.access_key_id == keys.access_key_id
    assert _alice(after).get_caller_identity()["Arn"].endswith("user/alice")
    assert [user["UserName"] for user in root.list_users()["Users"]] == ["alice"]
    assert ids == [root.get_role(RoleName="Hub")["Role"]["RoleId"], root.get_user(UserName="alice")["User"]["UserId"]]
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        client(after, "sts", session).get_caller_identity()


def test_throttled_calls_are_counted(running: Running) -> None:
    """The next so many calls are throttled, in the words of each protocol, and the one after them is answered."""
    remote.fail(running, "sts:getcaller*", "throttle", times=2)
    for _ in range(2):
        with pytest.raises(ClientError, match=r"\(Throttling\).*Rate exceeded") as caught:
            _alice(running).get_caller_identity()
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    _alice(running).get_caller_identity()
    assert remote.faults(running) == []


@pytest.mark.parametrize(
    ("service", "operation", "throttled", "unavailable"),
    [
        ("sqs", "list_queues", ("ThrottlingException", 400), ("ServiceUnavailable", 503)),
        ("s3", "list_buckets", ("SlowDown", 503), ("ServiceUnavailable", 503)),
        ("ec2", "describe_vpcs", ("RequestLimitExceeded", 503), ("ServiceUnavailable", 503)),
        ("iam", "list_users", ("Throttling", 400), ("ServiceUnavailable", 503)),
    ],
)
def test_each_protocol_has_its_own_words(
    running: Running, service: str, operation: str, throttled: tuple[str, int], unavailable: tuple[str, int]
) -> None:
    """A fault is an error that the client of the service reads."""
    root = client(running, service, control.principal(running, "111111111111:root").credentials)
    for fault, expected in (("throttle", throttled), ("unavailable", unavailable)):
        remote.fail(running, f"{service}*", fault, times=1)
        with pytest.raises(ClientError) as caught:
            getattr(root, operation)()
        answer = caught.value.response
        assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == expected
    getattr(root, operation)()


def test_a_client_that_retries_gets_through(running: Running) -> None:
    """boto3's own retries outlast two throttled calls."""
    import boto3
    from botocore.config import Config

    keys = control.principal(running, "alice").credentials
    remote.fail(running, "sts:*", "throttle", times=2)
    patient = boto3.client(
        "sts",
        endpoint_url=running.url,
        region_name="us-east-1",
        aws_access_key_id=keys.access_key_id,
        aws_secret_access_key=keys.secret_access_key.reveal(),
        config=Config(retries={"total_max_attempts": 3, "mode": "standard"}),
    )
    answer = patient.get_caller_identity()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2


def test_slow_calls_take_their_time(running: Running) -> None:
    """A slow call is answered, later; what is taken back, at once."""
    remote.fail(running, "sts:GetCallerIdentity", "slow", lasts=timedelta(seconds=0.7))
    begun = time.monotonic()
    _alice(running).get_caller_identity()
    assert time.monotonic() - begun >= 0.7
    remote.mend(running, "sts:GetCallerIdentity")
    assert remote.faults(running) == []


def test_a_fault_is_for_its_action_only() -> None:
    """Wildcards and letters' case are as in policies; a fault without a count stays."""
    faults = Faults()
    faults.add(Wish(action="STS:Assume*", fault=Fault.UNAVAILABLE))
    faults.meet("sts:GetCallerIdentity")
    for _ in range(3):
        with pytest.raises(Refusal, match="ServiceUnavailable"):
            faults.meet("sts:AssumeRole")
    faults.clear("sts:GetCallerIdentity")
    assert len(faults.listing()) == 1
    faults.clear("STS:Assume*")
    faults.meet("sts:AssumeRole")


@pytest.mark.parametrize(
    "arguments",
    [
        {"action": "", "fault": "throttle"},
        {"action": "sts:*", "fault": "explode"},
        {"action": "sts:*", "fault": "slow", "lasts": timedelta(hours=1)},
        {"action": "sts:*", "fault": "throttle", "times": -1},
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(running: Running, arguments: dict[str, Any]) -> None:
    """The control plane says what is wrong, whatever it is sent."""
    with pytest.raises(UsageError):
        remote.fail(running, **arguments)
    with pytest.raises(UsageError):
        remote.ask(running, "explode")


def test_the_levers_need_the_token(running: Running) -> None:
    """Nobody moves the clock without the control token."""
    import dataclasses

    from stsctl.credentials import Secret

    stranger = dataclasses.replace(running, control_token=Secret("guessed"))
    with pytest.raises(EmulatorError, match="control token"):
        remote.move_clock(stranger, timedelta(hours=1))
    assert control.status(running)["clock_ahead"] == 0


def test_the_same_origin_gives_the_same_ids() -> None:
    """Ids and keys are drawn from an origin where one is given, and from the machine otherwise."""

    def drawn() -> list[str]:
        return [
            identifiers.unique_id("AIDA"),
            identifiers.access_key_id("AKIA", "111111111111"),
            identifiers.secret_access_key(),
        ]

    with chance.drawn_from("origin"):
        first = drawn()
    with chance.drawn_from("origin"):
        assert drawn() == first
    assert drawn() != drawn() != first
