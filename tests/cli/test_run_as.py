"""`stsctl emulator run-as`, and a shell in the place of an instance or a task."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

from stsctl.emulator import control
from tests.program import STSCTL
from tests.unit.emulator.workloads import ACCOUNT, SEED

SHOWN = "import json, os; print(json.dumps(dict(os.environ)))"
WHO = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
LIST = "import boto3; print(boto3.client('s3').list_buckets()['Buckets'])"


class Here:
    """A person with an emulator, whose own credentials are in their environment and their files."""

    def __init__(self, folder: Path) -> None:
        self.home = folder
        self.state = folder / "state" / "stsctl" / "emulator"
        aws = folder / ".aws"
        aws.mkdir()
        (aws / "credentials").write_text("[default]\naws_access_key_id = AKIAMINE\naws_secret_access_key = mine\n")
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "AWS_ACCESS_KEY_ID": "AKIAMINE",
            "AWS_SECRET_ACCESS_KEY": "mine",
            "AWS_PROFILE": "default",
            "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9",
            "AWS_REGION": "eu-west-1",
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Runs stsctl."""
        argv = [str(STSCTL), *words]
        return subprocess.run(argv, env=self.environ, capture_output=True, text=True, check=False, timeout=60)

    def run_as(self, service: str, role: str, code: str) -> subprocess.CompletedProcess[str]:
        """Runs a Python program as a service would."""
        return self.run("emulator", "run-as", service, role, "--", sys.executable, "-c", code)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    """A person whose emulator runs."""
    pytest.importorskip("moto")
    folder = tmp_path_factory.mktemp("here")
    seed = folder / "seed.toml"
    seed.write_text(SEED)
    found = Here(folder)
    running = control.start(found.state, seed=seed)
    yield found
    control.stop(found.state, running)


@pytest.mark.parametrize(
    ("service", "role", "variable"),
    [
        ("ec2", "Web", "AWS_EC2_METADATA_SERVICE_ENDPOINT"),
        ("ecs-tasks.amazonaws.com", f"{ACCOUNT}:Job", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
        ("lambda", f"arn:aws:iam::{ACCOUNT}:role/Function", "AWS_LAMBDA_FUNCTION_NAME"),
    ],
)
def test_a_program_becomes_the_role(here: Here, service: str, role: str, variable: str) -> None:
    """An SDK in the program finds the role's credentials where the service leaves them, and they work on S3."""
    done = here.run_as(service, role, f"{WHO}\n{LIST}\n{SHOWN}")
    who, buckets, shown = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert who.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/{role.split(':')[-1].split('/')[-1]}/")
    assert buckets == "[]"
    environ = json.loads(shown)
    assert variable in environ
    assert environ["AWS_REGION"] == environ["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert "AWS_PROFILE" not in environ
    assert "AWS_ENDPOINT_URL_STS" not in environ
    assert "mine" not in {value.lower() for value in environ.values()}
    assert ("AWS_ACCESS_KEY_ID" in environ) is (service == "lambda")


def test_no_trust_no_program(here: Here, tmp_path: Path) -> None:
    """Where the role does not trust the service, nothing runs, and the statement is shown; the status is 5."""
    mark = tmp_path / "ran"
    done = here.run_as("lambda", "Web", f"open({str(mark)!r}, 'w')")
    assert done.returncode == 5
    assert 'Principal: wanted "Service ec2.amazonaws.com", request is by "lambda.amazonaws.com"' in done.stderr
    assert "stsctl: error: sts:AssumeRole refused" in done.stderr
    assert not mark.exists()


@pytest.mark.parametrize(
    ("service", "role", "said"),
    [
        ("ec2", "Nobody", 'there is no role "Nobody" in this emulator'),
        ("ec2", "333333333333:Web", 'there is no role "333333333333:Web" in this emulator'),
        ("ec2", "arn:aws:iam::111111111111:user/Web", "is no role"),
        ("EC2", "Web", '"EC2" is no service'),
        ("ec2 x", "Web", '"ec2 x" is no service'),
    ],
)
def test_nobody(here: Here, service: str, role: str, said: str) -> None:
    """A role or a service that is not there is an error that repeats it."""
    done = here.run_as(service, role, "")
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_the_status_is_the_programs(here: Here) -> None:
    """The program's status is stsctl's, and one that is not there is 127."""
    assert here.run_as("ec2", "Web", "raise SystemExit(7)").returncode == 7
    assert here.run("emulator", "run-as", "ec2", "Web", "--", "no-such-program").returncode == 127
    assert here.run("emulator", "run-as", "ec2", "Web").returncode == 2


def test_signals_reach_the_program(here: Here) -> None:
    """stsctl turns into the program, so that a signal meant for the one is the other's, and the end is its own."""
    argv = [str(STSCTL), "emulator", "run-as", "ecs-tasks", "Job", "--", "sleep", "60"]
    with subprocess.Popen(argv, env=here.environ) as child:
        limit = time.monotonic() + 20
        while Path(f"/proc/{child.pid}/comm").read_text().strip() != "sleep":
            assert time.monotonic() < limit
            time.sleep(0.02)
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == -signal.SIGTERM


def test_the_port_ends_with_the_program(here: Here) -> None:
    """What was served to a program is served no more once it has ended."""
    url = here.run_as("ec2", "Web", "import os; print(os.environ['AWS_EC2_METADATA_SERVICE_ENDPOINT'])").stdout.strip()
    asked = Request(f"{url}/latest/api/token", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"}, method="PUT")
    limit = time.monotonic() + 10
    while True:
        try:
            urlopen(asked, timeout=5).close()
        except (URLError, ConnectionError):
            break
        assert time.monotonic() < limit
        time.sleep(0.1)


def test_a_profile_is_there_for_the_role(here: Here) -> None:
    """EC2 takes a role by its profile: `iam/info` names one that IAM has."""
    read = "import urllib.request as r, os\nu = os.environ['AWS_EC2_METADATA_SERVICE_ENDPOINT']\n"
    read += "t = r.urlopen(r.Request(u + '/latest/api/token', method='PUT', headers="
    read += "{'X-aws-ec2-metadata-token-ttl-seconds': '60'})).read().decode()\n"
    read += "print(r.urlopen(r.Request(u + '/latest/meta-data/iam/info', headers={'X-aws-ec2-metadata-token': t}))"
    read += ".read().decode())"
    info = json.loads(here.run_as("ec2", "Web", read).stdout)
    assert info["InstanceProfileArn"] == f"arn:aws:iam::{ACCOUNT}:instance-profile/Web"


@pytest.mark.parametrize(("who", "role"), [("old", "Web"), ("job", "Job")])
def test_a_shell_in_the_place_of_a_workload(here: Here, who: str, role: str) -> None:
    """After `emulator env --as` an SDK in this shell gets the workload's role, and `--unset` takes it all back."""
    script = f'eval "$({STSCTL} emulator env --as {who} --shell sh)"\n{sys.executable} -c "{WHO}"\n'
    script += f'eval "$({STSCTL} emulator env --unset --shell sh)"\nenv\n'
    environ = {name: value for name, value in here.environ.items() if name != "AWS_ENDPOINT_URL_STS"}
    done = subprocess.run(["sh", "-c", script], env=environ, capture_output=True, text=True, check=False, timeout=60)
    arn, *after = done.stdout.splitlines()
    assert arn.startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/"), done.stderr
    left = {line.partition("=")[0] for line in after}
    assert not {name for name in left if name.startswith(("AWS_", "STSCTL_"))} - {"AWS_REGION", "AWS_DEFAULT_REGION"}


def test_unset_leaves_what_is_the_persons(here: Here) -> None:
    """In a shell that never was a workload, a container's own variables and the person's files stay."""
    said = here.run("emulator", "env", "--unset", "--shell", "sh").stdout
    assert "AWS_SHARED_CREDENTIALS_FILE" not in said
    assert "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" not in said


def test_a_task_without_trust_is_nobodys_place(here: Here) -> None:
    """A task that would not start is not taken the place of: status 5, and the shell's evaluation fails."""
    done = here.run("emulator", "env", "--as", "untrusted-task", "--shell", "sh")
    assert (done.returncode, done.stdout.strip()) == (5, "false;")
    assert "trust policy of role Web, statement 0 does not apply" in done.stderr
