"""Chains that begin with another tool, with a machine's role or with a saved answer, as whole processes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.conftest import missing
from tests.crowd import Crowd, sessions
from tests.program import BIN, HUB, PRODUCTION, READ_ONLY, STSCTL, Me, Organisation, somebody
from tests.unit.emulator.test_service_roles import trust
from tests.unit.emulator.workloads import ACCOUNT, DEPLOY, MAY_DEPLOY, MAY_S3, variables
from tests.unit.emulator.workloads import SEED as WORKLOADS

PROCESS = """
[source.other]
type = "process"
process = ["{program}", "some tool", "--token", "canary-argument"]
[role.read-only]
role_arn = "{role}"
from = "other"
"""


class Tool:
    """A program that gives a session of the person's own, of which there is another each time; `runs` counts them."""

    def __init__(
        self, me: Me, *, seconds: int = 3600, how: str = "get_session_token(DurationSeconds={seconds})"
    ) -> None:
        self.me = me
        code = f"""
import boto3, json, time, os
keys = ("{me.keys.access_key_id}", "{me.keys.secret_access_key.reveal()}")
sts = boto3.client("sts", region_name="eu-west-1", aws_access_key_id=keys[0], aws_secret_access_key=keys[1])
given = sts.{how.format(seconds=seconds)}["Credentials"]
open("{me.home}/runs", "a").write("x")
open("{me.home}/seen", "w").write(json.dumps(dict(os.environ)))
print(json.dumps({{
    "Version": 1, "AccessKeyId": given["AccessKeyId"], "SecretAccessKey": given["SecretAccessKey"],
    "SessionToken": given["SessionToken"], "Expiration": given["Expiration"].isoformat()
}}))
"""
        (me.home / "tool.py").write_text(code)
        self.program = me.script("tool", f'exec "{sys.executable}" "{me.home}/tool.py"')

    @property
    def runs(self) -> int:
        """How often it was run."""
        path = self.me.home / "runs"
        return len(path.read_text()) if path.exists() else 0


@pytest.fixture
def tool(me: Me) -> Tool:
    """Another tool, and a configuration in which it is the source of a role."""
    tool = Tool(me)
    me.configure(PROCESS.format(program=tool.program, role=READ_ONLY))
    me.calls()
    return tool


def test_a_process_is_run_once(me: Me, tool: Tool) -> None:
    """Its answer is held and listed, and whatever begins with it takes that; logout makes it run again."""
    assert me.key_id("other") == me.key_id("other")
    assert me.key_id("read-only") == me.key_id("read-only")
    assert tool.runs == 1
    assert me.calls() == ["GetSessionToken", "AssumeRole"]
    listed = {entry["name"]: entry for entry in json.loads(me.ok("list", "--json"))}
    assert listed["other"]["chain"] == ["other"]
    assert set(listed) == {"other", "read-only"}
    assert me.ok("whoami", STSCTL_ROLE="other", AWS_ACCESS_KEY_ID=None).strip().endswith(f":user/{me.user}")
    me.ok("logout", "other")
    assert me.key_id("read-only")
    assert tool.runs == 1
    assert me.key_id("other")
    assert tool.runs == 2


def test_a_roles_session_outlives_the_tools(me: Me) -> None:
    """Who asks is the command line, so that a role's session is a hit when the tool's own has ended."""
    tool = Tool(me, seconds=900)
    me.configure(PROCESS.format(program=tool.program, role=READ_ONLY))
    first = me.key_id("read-only")
    me.ok("logout", "other")
    assert me.key_id("read-only") == first
    assert tool.runs == 1
    me.ok("logout", "read-only")
    assert me.key_id("read-only") != first
    assert tool.runs == 2


def test_a_processs_keys_are_known_to_be_temporary(me: Me, tool: Tool) -> None:
    """A role beyond them is chained: more than an hour is refused before the call, and `plan` knows why by then."""
    done = me.run("credential-process", "read-only", "--duration", "2h")
    assert done.status == 2
    assert "ends after an hour" in done.err
    assert me.calls() == ["GetSessionToken"]
    done = me.run("plan", "read-only", "--duration", "2h")
    assert done.status == 2
    assert "canary-argument" not in done.out + done.err
    assert tool.runs == 1


def test_refresh_and_no_cache(me: Me, tool: Tool) -> None:
    """--refresh runs it again, and what it gives is held; --no-cache neither takes nor leaves anything."""
    first = me.key_id("other")
    second = me.key_id("other", "--refresh")
    assert first != second == me.key_id("other")
    assert me.key_id("other", "--no-cache") not in (first, second)
    assert me.key_id("other") == second
    assert tool.runs == 3


def test_20_processes_run_it_once(me: Me, tool: Tool, tmp_path: Path) -> None:
    """Twenty who ask at once get one session of one run, whether they want it or a role beyond it."""
    with Crowd(me, tmp_path / "crowd") as crowd:
        for name in ["other", "read-only"] * 10:
            crowd.start("credential-process", name)
        done = crowd.done()
    assert len(sessions(done[::2])) == len(sessions(done[1::2])) == 1
    assert tool.runs == 1
    assert me.calls() == ["GetSessionToken", "AssumeRole"]


def test_a_tool_that_fails_fails_once(me: Me, tmp_path: Path) -> None:
    """Those who waited for a tool that failed say what it was, and do not run it again."""
    program = me.script("tool", f"echo x >> {me.home}/ran\nuntil [ -e {me.home}/go ]; do sleep 0.05; done\nexit 3")
    me.configure(PROCESS.format(program=program, role=READ_ONLY))
    with Crowd(me, tmp_path / "crowd") as crowd:
        for _ in range(5):
            crowd.start("credential-process", "other")
        crowd.until_waiting(4)
        me.let_go()
        done = crowd.done()
    assert {each.status for each in done} == {1}
    assert all("failed with status 3" in each.err for each in done)
    assert (me.home / "ran").read_text() == "x\n"


def test_the_tool_sees_no_session_of_stsctls(me: Me, tool: Tool) -> None:
    """What stsctl exported into this shell is nothing that the tool could take for its own."""
    session = me.session("read-only")
    exported = {
        "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
        "AWS_SESSION_TOKEN": session["SessionToken"],
        "STSCTL_SESSION": "x" * 64,
        "STSCTL_ROLE": "read-only",
    }
    me.ok("credential-process", "other", "--refresh", **exported)
    assert session["SecretAccessKey"] not in (me.home / "seen").read_text()
    assert tool.runs == 2


def test_long_term_keys_of_a_tool(me: Me) -> None:
    """Keys without an end are not held; roles taken with them may last long, and are hits without the tool."""
    answer = {
        "Version": 1,
        "AccessKeyId": me.keys.access_key_id,
        "SecretAccessKey": me.keys.secret_access_key.reveal(),
    }
    program = me.script("tool", f"echo x >> {me.home}/ran\ncat <<'END'\n{json.dumps(answer)}\nEND")
    me.configure(PROCESS.format(program=program, role=READ_ONLY.replace("ReadOnly", "Long")))
    first = me.key_id("read-only", "--duration", "4h")
    assert me.key_id("read-only", "--duration", "4h") == first
    assert len((me.home / "ran").read_text().split()) == 1
    assert me.key_id("other") == me.keys.access_key_id
    assert [entry["name"] for entry in json.loads(me.ok("list", "--json"))] == ["read-only"]


def test_the_same_profile_for_boto3(me: Me, tool: Tool) -> None:
    """boto3 and stsctl reach the same role by the same profiles with a credential_process."""
    me.aws_config(
        f'[profile tool]\ncredential_process = "{tool.program}"\n'
        f"[profile role]\nrole_arn = {READ_ONLY}\nsource_profile = tool\n"
    )
    me.configure("")
    keys = me.session("role")
    assert tool.runs == 1
    code = "import boto3; print(boto3.Session(profile_name='role').client('sts').get_caller_identity()['Arn'])"
    theirs = me.program(sys.executable, "-c", code, AWS_REGION="eu-west-1", AWS_ACCESS_KEY_ID=None)
    ours = who(me.organisation.running, keys)
    assert theirs.status == 0, theirs
    assert theirs.out.split("/")[:2] == ours.split("/")[:2]


def who(running: Running, keys: dict[str, Any]) -> str:
    """Whose credentials these are."""
    sts = boto3.client(
        "sts",
        endpoint_url=running.url,
        region_name="eu-west-1",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    return str(sts.get_caller_identity()["Arn"])


# ── saved answers ──

FILE = f"""
[source.saved]
type = "file"
path = "~/session.json"
[source.piped]
type = "file"
path = "-"
[role.audit]
role_arn = "arn:aws:iam::{PRODUCTION}:role/Audit"
from = "saved"
[role.piped-audit]
role_arn = "arn:aws:iam::{PRODUCTION}:role/Audit"
from = "piped"
"""


@pytest.fixture
def saved(me: Me) -> Path:
    """What the AWS CLI printed when it assumed the hub, in a file."""
    if not (BIN / "aws").exists():
        missing("the AWS CLI")
    argv = ["sts", "assume-role", "--role-arn", HUB, "--role-session-name", "by-hand", "--output", "json"]
    mfa = ["--serial-number", me.mfa_serial, "--token-code", me.code()]
    done = me.program(str(BIN / "aws"), *argv, *mfa, AWS_REGION="eu-west-1")
    assert done.status == 0, done
    path = me.home / "session.json"
    path.write_text(done.out)
    path.chmod(0o600)
    me.configure(FILE)
    me.calls()
    return path


def test_a_saved_answer(me: Me, saved: Path) -> None:
    """What `aws sts assume-role` printed is a session, and the beginning of a chain of an hour at most."""
    said = json.loads(saved.read_text())
    assert me.session("saved")["AccessKeyId"] == said["Credentials"]["AccessKeyId"]
    assert said["AssumedRoleUser"]["Arn"] in me.run("assume", "saved").err
    assert me.ok("whoami", STSCTL_ROLE="saved", AWS_ACCESS_KEY_ID=None).strip() == said["AssumedRoleUser"]["Arn"]
    assert "/Audit/" in who(me.organisation.running, me.session("audit"))
    assert me.calls() == ["GetCallerIdentity", "AssumeRole", "GetCallerIdentity"]
    assert "ends after an hour" in me.run("assume", "audit", "--duration", "2h").err
    assert me.run("plan", "audit").status == 0


def test_a_saved_answer_on_standard_input(me: Me, saved: Path) -> None:
    """A dash for its path is standard input, and so is any with --token-stdin."""
    text = saved.read_text()
    saved.unlink()
    by_dash = me.session("piped-audit", given=text)
    assert me.session("piped-audit", given=text) == by_dash
    assert me.session("audit", "--token-stdin", given=text)
    assert "no file at its path" in me.run("assume", "audit").err
    assert "is empty" in me.run("assume", "piped").err


def test_a_saved_answer_that_others_can_read(me: Me, saved: Path) -> None:
    """It is taken, with a notice of how to mend that."""
    saved.chmod(0o644)
    assert "others on this machine can read" in me.run("assume", "saved").err


def test_a_saved_answer_that_is_none(me: Me, saved: Path) -> None:
    """Nothing of what it holds is repeated, nothing is sent, and the status is 3."""
    saved.write_text('{"Credentials": {"AccessKeyId": "canary", "SecretAccessKey": "canary"}}')
    for debugging in ("", "1"):
        done = me.run("credential-process", "audit", STSCTL_DEBUG=debugging or None)
        assert done.status == 3
        assert "canary" not in done.out + done.err
    assert me.calls() == []


# ── machines ──

POD = f"""
[account.{ACCOUNT}.role.Pod]
{trust("pods.eks.amazonaws.com").replace('"sts:AssumeRole"', '"sts:AssumeRole", "sts:TagSession"')}
policies.s3 = '{MAY_S3}'
policies.onward = '{MAY_DEPLOY}'
"""
MACHINES = f"""
[source.instance]
type = "instance-metadata"
[source.task]
type = "container"
[role.by-instance]
role_arn = "{DEPLOY}"
from = "instance"
[role.by-task]
role_arn = "{DEPLOY}"
from = "task"
"""


@pytest.fixture(scope="module")
def workloads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """An emulator with instances, tasks and pods."""
    try:
        import moto  # noqa: F401
    except ImportError:
        missing("moto")
    folder = tmp_path_factory.mktemp("workloads")
    trusted = f'"arn:aws:iam::{ACCOUNT}:role/Job"'
    seed = WORKLOADS.replace(trusted, trusted.replace("Job", "Pod") + ", " + trusted)
    people = "".join(f"[account.{ACCOUNT}.user.p{number:03}]\nkey.main = {{}}\nmfa = {{}}\n" for number in range(20))
    # The tags of a pod go with it into every role beyond.
    seed = (seed + POD).replace('"Action": "sts:AssumeRole"', '"Action": ["sts:AssumeRole", "sts:TagSession"]')
    (folder / "seed.toml").write_text(seed + people)
    running = control.start(folder / "state", seed=folder / "seed.toml")
    yield Organisation(running=running, folder=folder / "state", people=iter(f"p{n:03}" for n in range(20)))
    control.stop(folder / "state", running)


@pytest.fixture
def machine(home: Path, workloads: Organisation) -> Me:
    """A person on a machine that is none yet."""
    me = somebody(home, workloads)
    me.environ = {name: value for name, value in me.environ.items() if not name.startswith(("AWS_ACCESS", "AWS_SE"))}
    del me.environ["AWS_EC2_METADATA_DISABLED"]
    me.configure(MACHINES)
    return me


def enter(me: Me, name: str) -> None:
    """Takes the place of a workload."""
    me.environ |= variables(me.organisation.running, name)


def asked(me: Me, service: str) -> list[str]:
    """What a metadata service was asked so far."""
    return [entry["action"] for entry in me.organisation.journal() if entry.get("service") == service]


@pytest.mark.parametrize(
    ("workload", "source", "role"), [(f"{ACCOUNT}:web", "instance", "Web"), ("job", "task", "Job")]
)
def test_a_machines_role(machine: Me, workload: str, source: str, role: str) -> None:
    """The role of an instance and of a task is held, listed, and the beginning of a chain of an hour."""
    enter(machine, workload)
    keys = machine.session(source)
    running = machine.organisation.running
    assert who(running, keys).startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/")
    assert machine.key_id(source) == keys["AccessKeyId"]
    assert [entry["name"] for entry in json.loads(machine.ok("list", "--json"))] == [source]
    beyond = machine.session(f"by-{source}")
    assert "/Deploy/" in who(running, beyond)
    assert machine.session(f"by-{source}") == beyond
    assert "ends after an hour" in machine.run("assume", f"by-{source}", "--duration", "2h").err


def test_a_pods_role(machine: Me) -> None:
    """EKS does not tell the role: AWS is asked whose the keys are, once for each pair of them."""
    (machine.state).mkdir(parents=True)
    (machine.state / "emulator").symlink_to(machine.organisation.folder)
    code = f"""
import json, subprocess
for name in ("by-task", "by-task", "task"):
    print(subprocess.check_output(["{STSCTL}", "credential-process", name], text=True))
"""
    machine.calls()
    done = machine.run("emulator", "run-as", "pods.eks", "Pod", "--", sys.executable, "-c", code)
    assert done.status == 0, done
    first, again, own = [json.loads(line) for line in done.out.split("\n") if line]
    assert first == again
    running = machine.organisation.running
    assert "/Deploy/" in who(running, first)
    assert who(running, own).startswith(f"arn:aws:sts::{ACCOUNT}:assumed-role/Pod/")
    assert machine.calls() == ["GetCallerIdentity", "AssumeRole", *["GetCallerIdentity"] * 2]


def test_the_same_identity_as_botocores_providers(machine: Me) -> None:
    """botocore's own providers find the same role in the same environment."""
    code = (
        "import boto3; s = boto3.Session(); "
        "print(s.get_credentials().method, s.client('sts').get_caller_identity()['Arn'])"
    )
    for workload, source, provider in ((f"{ACCOUNT}:web", "instance", "iam-role"), ("job", "task", "container-role")):
        enter(machine, workload)
        theirs = machine.program(sys.executable, "-c", code)
        assert theirs.out.split() == [provider, who(machine.organisation.running, machine.session(source))], theirs


def test_credential_source(machine: Me) -> None:
    """Profiles say the same with credential_source."""
    machine.aws_config(
        f"[profile i]\nrole_arn = {DEPLOY}\ncredential_source = Ec2InstanceMetadata\n"
        f"[profile c]\nrole_arn = {DEPLOY}\ncredential_source = EcsContainer\n"
    )
    for workload, profile in ((f"{ACCOUNT}:web", "i"), ("job", "c")):
        enter(machine, workload)
        assert "/Deploy/" in who(machine.organisation.running, machine.session(profile))


@pytest.mark.parametrize(
    ("workload", "name", "status", "said"),
    [
        ("bare", "by-instance", 3, "this instance has no role"),
        ("lost", "by-instance", 3, "this instance has no role"),
        ("untrusted", "by-instance", 3, 'no credentials of its role "Job" (AssumeRoleUnauthorizedAccess)'),
        ("bare", "by-task", 3, "there is no container credentials endpoint here"),
        ("job", "by-instance", 3, "AWS_EC2_METADATA_DISABLED forbids that"),
    ],
)
def test_what_is_wrong_with_a_machine(machine: Me, workload: str, name: str, status: int, said: str) -> None:
    """What is wrong is said, once."""
    enter(machine, workload)
    done = machine.run("credential-process", name)
    assert done.status == status, done
    assert done.err.count(said) == 1
    assert len(done.err.strip().splitlines()) == 2


def test_no_metadata_are_asked_unasked(machine: Me) -> None:
    """What begins with anything else asks neither the instance metadata nor the container's endpoint for anything."""
    me = machine
    keys = somebody(me.home, me.organisation).keys
    enter(me, f"{ACCOUNT}:web")
    enter(me, "job")
    me.environ |= {
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key.reveal(),
        "AWS_EC2_METADATA_DISABLED": "false",
    }
    me.configure(
        MACHINES + f'[source.mine]\ntype = "environment"\n[role.mine-on]\nrole_arn = "{DEPLOY}"\nfrom = "mine"\n'
    )
    before = asked(me, "imds") + asked(me, "container")
    assert me.key_id("mine") == keys.access_key_id
    assert me.run("credential-process", "mine-on").status == 5
    assert me.run("plan", "by-instance").status == me.run("plan", "by-task").status == 0
    assert me.run("console", "mine", "--print").status != 0
    for words in (["config", "show"], ["list"], ["doctor"], ["whoami"]):
        me.run(*words)
    assert asked(me, "imds") + asked(me, "container") == before
    assert os.environ["AWS_EC2_METADATA_DISABLED"] == "true"


# ── secrets ──


def no_leak(me: Me, secrets: list[str], commands: list[list[str]]) -> None:
    """Neither what commands say with debugging on, nor any file below the home, has one of the secrets."""
    shown = ""
    for words in commands:
        done = me.run(*words, STSCTL_DEBUG="1")
        shown += done.out + done.err
    files = [path.read_bytes() for path in me.home.rglob("*") if path.is_file() and not path.is_symlink()]
    for secret in filter(None, secrets):
        assert secret not in shown
        assert not any(secret.encode() in content for content in files)


def secrets_of(session: dict[str, Any]) -> list[str]:
    """What nobody else may see of a session."""
    return [session["SecretAccessKey"], session["SessionToken"]]


def test_a_tools_secrets_are_not_shown(me: Me, tool: Tool) -> None:
    """What a tool printed is in the store alone, and no command line is in what is said."""
    secrets = secrets_of(me.session("other")) + secrets_of(me.session("read-only"))
    commands = [["assume", "other"], ["assume", "read-only", "--refresh"], ["list"], ["plan", "read-only"], ["whoami"]]
    no_leak(me, secrets, commands)
    assert "canary-argument" not in me.run("assume", "read-only", STSCTL_DEBUG="1").err
    assert tool.runs == 1


@pytest.mark.parametrize(("workload", "source"), [(f"{ACCOUNT}:web", "instance"), ("job", "task")])
def test_a_machines_secrets_are_not_shown(machine: Me, workload: str, source: str) -> None:
    """Neither a machine's keys nor what opens its endpoint is shown or left anywhere."""
    enter(machine, workload)
    secrets = secrets_of(machine.session(source))
    secrets.append(machine.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", ""))
    secrets.append(machine.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "").rpartition("/")[2])
    no_leak(machine, secrets, [["assume", source, "--refresh"], ["assume", f"by-{source}"], ["list"], ["whoami"]])
    machine.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"] = "canary"
    no_leak(machine, ["canary", *secrets[3:]], [["assume", source, "--refresh"]])
