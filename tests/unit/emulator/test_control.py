"""Starting, finding and stopping an emulator; its principals and codes."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from stsctl.emulator import control
from stsctl.emulator.control import EmulatorError
from stsctl.emulator.running import Running, file_in, log_in
from stsctl.errors import ConfigurationError, UnavailableError, UsageError
from tests.emulator_fixture import ADMIN, ALICE, ALICE_MFA


def test_nothing_runs_in_an_empty_folder(tmp_path: Path) -> None:
    """A folder that was never used has no emulator."""
    assert control.find(tmp_path / "none") is None


def test_start_find_stop(emulator: Running, tmp_path: Path) -> None:
    """A started emulator is found by its folder, is asked, and is gone after stop, its file with it."""
    folder = tmp_path / "emulator"
    found = control.find(folder)
    assert found == emulator
    assert control.status(emulator)["instance"] == emulator.instance
    control.stop(folder, emulator)
    assert control.find(folder) is None
    assert not file_in(folder).exists()
    with pytest.raises(UnavailableError):
        control.status(emulator)


def test_files_are_private(emulator: Running, tmp_path: Path) -> None:
    """Only the owner can read what an emulator leaves on disk."""
    folder = tmp_path / "emulator"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_stopped_by_signal(emulator: Running, tmp_path: Path) -> None:
    """SIGINT ends it cleanly too."""
    os.kill(emulator.pid, signal.SIGINT)
    limit = time.monotonic() + 60
    while file_in(tmp_path / "emulator").exists():
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_killed_one_is_forgotten(emulator: Running, tmp_path: Path) -> None:
    """What a killed emulator left is no running emulator, and a new one starts in its place."""
    folder = tmp_path / "emulator"
    os.kill(emulator.pid, signal.SIGKILL)
    limit = time.monotonic() + 60
    while control.find(folder) is not None:
        assert time.monotonic() < limit
        time.sleep(0.02)
    second = control.start(folder)
    try:
        assert second.instance != emulator.instance
    finally:
        control.stop(folder, second)


def test_a_reused_pid_is_not_the_emulator(emulator: Running, tmp_path: Path) -> None:
    """A process that has the pid but started at another time is somebody else."""
    path = file_in(tmp_path / "emulator")
    facts = json.loads(path.read_text())
    path.write_text(json.dumps({**facts, "process_started": "some other time"}))
    assert control.find(tmp_path / "emulator") is None


def test_two_starts_at_once(tmp_path: Path) -> None:
    """Of several starts at once one wins, and all report the same emulator."""
    folder = tmp_path / "emulator"
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: control.start(folder), range(4)))
    try:
        assert len({running.instance for running in found}) == 1
    finally:
        control.stop(folder, found[0])


def test_port_in_use(tmp_path: Path) -> None:
    """A port that is taken is said to be, and nothing stays behind."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(EmulatorError, match=r"cannot listen on port .*address already in use"):
            control.start(tmp_path / "emulator", port=taken.getsockname()[1])
    assert control.find(tmp_path / "emulator") is None


def test_bad_seed_is_reported(emulator_from: Callable[[str], Running]) -> None:
    """What is wrong with a seed is said by start, with its hint."""
    with pytest.raises(ConfigurationError, match="max_durration") as error:
        emulator_from('[account.111111111111.role.X]\nmax_durration = 3600\ntrust = "{}"\n')
    assert error.value.hint == 'did you mean "max_duration"?'


def test_principals(shared_emulator: Running) -> None:
    """Users, roots and roles are found by name, by account and name, and by ARN."""
    by_name = control.principal(shared_emulator, "alice")
    assert by_name.arn == ALICE
    assert by_name.mfa_serial == ALICE_MFA
    assert by_name.credentials.access_key_id.startswith("AKIA")
    assert control.principal(shared_emulator, "111111111111:alice") == by_name
    assert control.principal(shared_emulator, ALICE) == by_name
    root = control.principal(shared_emulator, "222222222222:root")
    assert root.arn == "arn:aws:iam::222222222222:root"
    assert control.principal(shared_emulator, root.arn) == root
    role = control.principal(shared_emulator, ADMIN)
    assert role.arn == "arn:aws:sts::222222222222:assumed-role/Admin/stsctl-emulator"
    assert role.credentials.session_token is not None


@pytest.mark.parametrize(
    "name",
    ["bob", "", "333333333333:root", "111111111111:bob", "arn:", ":", "arn:aws:iam::111111111111:role/alice", "☃"],
)
def test_nobody(shared_emulator: Running, name: str) -> None:
    """A name that nobody has is an error that repeats it."""
    with pytest.raises(UsageError, match="there is no"):
        control.principal(shared_emulator, name)


def test_ambiguous_name(emulator_from: Callable[[str], Running]) -> None:
    """A user name that two accounts have needs its account."""
    running = emulator_from("[account.111111111111.user.eve.key.main]\n[account.222222222222.user.eve.key.main]\n")
    with pytest.raises(UsageError, match="111111111111:eve, 222222222222:eve"):
        control.principal(running, "eve")


def test_user_without_device(emulator_from: Callable[[str], Running]) -> None:
    """A user without a device has no code, and one without keys no keys."""
    running = emulator_from("[account.111111111111.user.eve]\n")
    with pytest.raises(UsageError, match="no MFA device"):
        control.code(running, "eve")
    with pytest.raises(UsageError, match="no active access key"):
        control.principal(running, "eve")


@pytest.mark.parametrize("token", [None, "", "wrong", "ä"])
def test_control_needs_its_token(shared_emulator: Running, token: str | None) -> None:
    """Without the control token nothing is told."""
    headers = {} if token is None else {"x-stsctl-control": token}
    request = Request(f"{shared_emulator.url}/_stsctl/principal?name=alice", headers=headers)
    with pytest.raises(HTTPError) as refused:
        urlopen(request)
    with refused.value as error:
        assert error.code == 403
        assert b"access_key" not in error.read()


def test_no_secret_in_the_log(emulator: Running, tmp_path: Path) -> None:
    """The journal names who asked and for what, and holds no key, token or code."""
    from tests.emulator_fixture import HUB, client

    alice = control.principal(emulator, "alice")
    code = control.code(emulator, "alice")
    answer = client(emulator, "sts", alice.credentials).assume_role(
        RoleArn=HUB, RoleSessionName="logged", SerialNumber=ALICE_MFA, TokenCode=code
    )
    log = log_in(tmp_path / "emulator").read_text()
    assert '"action": "sts:AssumeRole"' in log
    assert ALICE in log
    secrets = [
        alice.credentials.secret_access_key.reveal(),
        answer["Credentials"]["SecretAccessKey"],
        answer["Credentials"]["SessionToken"],
        emulator.control_token.reveal(),
        code,
    ]
    assert not [secret for secret in secrets if secret in log]


def test_a_denial_names_the_statement(emulator: Running, tmp_path: Path) -> None:
    """The journal says which statement stood in the way, and why; the client is not told."""
    from botocore.exceptions import ClientError

    from tests.emulator_fixture import HUB, client

    sts = client(emulator, "sts", control.principal(emulator, "alice").credentials)
    with pytest.raises(ClientError) as error:
        sts.assume_role(RoleArn=HUB, RoleSessionName="me")
    assert "AliceWithMfa" not in str(error.value)
    last = json.loads(log_in(tmp_path / "emulator").read_text().splitlines()[-1])
    assert (last["outcome"], last["code"], last["resource"]) == ("refused", "AccessDenied", HUB)
    assert "AliceWithMfa" in last["because"]
    assert "aws:MultiFactorAuthPresent" in last["because"]


def test_control_is_light() -> None:
    """Starting and asking an emulator loads no SDK and no moto into the process that does it."""
    heavy = "{'moto', 'boto3', 'botocore', 'werkzeug', 'urllib.request', 'filelock'}"
    script = f"import sys, stsctl.emulator.control, stsctl.emulator.seeds.seed; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
