"""`stsctl exec --serve` as real SDKs use it, over a renewal, and what the program finds around itself."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from stsctl.emulator import control, remote
from stsctl.host.stopwatch import Stopwatch
from tests.conftest import missing
from tests.crowd import until
from tests.program import ADMIN, BIN, READ_ONLY, STSCTL, Done, Me, Organisation, somebody, start
from tests.program import organisation as shared_organisation
from tests.real.test_javascript import SDK

organisation = shared_organisation

AWS = BIN / "aws"
SERVE = ("exec", "--serve")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def me(home: Path, organisation: Organisation) -> Me:
    """Somebody with keys in the environment."""
    return somebody(home, organisation)


@pytest.fixture(scope="module")
def clocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """An emulator whose clock the tests move."""
    found = start(tmp_path_factory.mktemp("clocked"))
    yield found
    control.stop(found.folder, found.running)


@pytest.fixture
def early(home: Path, clocked: Organisation) -> Me:
    """Somebody at an emulator that is 50 minutes behind: by this machine's clock its hours end in ten minutes.

    So SDKs, which go by that, ask for the next session at every use.
    """
    remote.move_clock(clocked.running, None)
    remote.move_clock(clocked.running, -50 * MINUTE)
    person = somebody(home, clocked)
    person.state.mkdir(parents=True)
    (person.state / "emulator").symlink_to(clocked.folder)  # it is this person's own: its clock is theirs
    return person


def serving(me: Me, name: str, *argv: str, **options: object) -> Done:
    """A program that has ended well."""
    done = me.run(*SERVE, name, "--", *argv, PYTHONWARNINGS=None, **options)
    assert done.status == 0, done
    return done


def python(script: str) -> tuple[str, ...]:
    """A program in Python, without what the tests set for Python."""
    return sys.executable, "-c", script


def arn_of(role: str) -> str:
    """How the ARN of a role's session begins."""
    account, name = role.split(":")[4], role.rpartition("/")[2]
    return f"arn:aws:sts::{account}:assumed-role/{name}/"


# ── SDKs ──

_ON_AND_ON = """
import boto3, sys
session = boto3.Session()
client = session.client("sts")
for _ in sys.stdin:
    print(client.get_caller_identity()["Arn"], session.get_credentials().access_key, flush=True)
"""


def test_boto3_gets_the_next_session_by_itself(early: Me, clocked: Organisation) -> None:
    """One client goes on from one session to the next, which was obtained ahead of the end, and once."""
    with early.start(
        str(STSCTL), *SERVE, "read-only", "--", *python(_ON_AND_ON), stdin=subprocess.PIPE, PYTHONWARNINGS=None
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def asked() -> str:
            process.stdin.write("\n")
            process.stdin.flush()
            arn, key_id = process.stdout.readline().split()
            assert arn.startswith(arn_of(READ_ONLY))
            return key_id

        first = asked()
        assert asked() == first
        remote.move_clock(clocked.running, 45 * MINUTE)
        until(lambda: asked() != first, "the next session")
        process.stdin.close()
    assert process.returncode == 0
    assert early.calls().count("AssumeRole") == 2


_CROWD = """
import json, os, sys, threading, urllib.request
os.environ["HTTP_PROXY"] = "http://127.0.0.1:9"
asked = urllib.request.Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
asked.add_header("Authorization", os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
found = []
def fetch():
    with urllib.request.urlopen(asked, timeout=60) as answer:
        found.append(json.load(answer)["AccessKeyId"])
for count in (1, 100):
    threads = [threading.Thread(target=fetch) for _ in range(count)]
    for each in threads: each.start()
    for each in threads: each.join()
    print(*found, flush=True)
    found.clear()
    sys.stdin.readline()
"""


def test_a_hundred_at_once_are_given_one_new_session(early: Me, clocked: Organisation) -> None:
    """After the old one has ended: one call is made for all. No proxy is asked either, wherever it is set."""
    with early.start(
        str(STSCTL), *SERVE, "read-only", "--", *python(_CROWD), stdin=subprocess.PIPE, PYTHONWARNINGS=None,
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        (first,) = process.stdout.readline().split()
        remote.move_clock(clocked.running, 2 * 60 * MINUTE)
        process.stdin.write("\n")
        process.stdin.flush()
        new = process.stdout.readline().split()
        process.stdin.write("\n")
    assert len(new) == 100
    assert len({*new, first}) == 2
    assert early.calls().count("AssumeRole") == 2


_ASKS = """
import json, os, sys, urllib.error, urllib.request
asked = urllib.request.Request(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
asked.add_header("Authorization", os.environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"])
for _ in sys.stdin:
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            print(answer.status, json.load(answer)["AccessKeyId"], flush=True)
    except urllib.error.HTTPError as error:
        print(error.status, json.load(error), flush=True)
"""


def test_nobody_is_asked_while_the_program_runs(early: Me, clocked: Organisation) -> None:
    """What is held is served to its end; after that the answer says what to type, and once it was typed all is well."""
    window = early.script("zenity", f"touch {early.home}/asked; echo 000000")
    path = f"{window.parent}{os.pathsep}{early.environ['PATH']}"
    with early.start(
        str(STSCTL), *SERVE, "-t", early.code(), "prod-admin", "--", *python(_ASKS), stdin=subprocess.PIPE,
        PYTHONWARNINGS=None, PATH=path, DISPLAY=":99",
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None

        def asked() -> str:
            process.stdin.write("\n")
            process.stdin.flush()
            return str(process.stdout.readline())

        assert asked().startswith("200 ASIA")
        remote.move_clock(clocked.running, 13 * 60 * MINUTE)
        refused = asked()
        assert refused.startswith("403 ")
        assert "'PersonNeeded'" in refused
        assert "; stsctl assume prod-admin" in refused
        early.ok("assume", "-t", early.code(), "prod-admin")
        until(lambda: asked().startswith("200 ASIA"), "the session that was got elsewhere")
        process.stdin.close()
    assert not (early.home / "asked").exists()


def test_a_session_that_was_used_for_a_while_may_be_renewed_first(
    early: Me, clocked: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a whole one lasts as long as the command took before, both ways are said."""
    early.ok("assume", "read-only")
    remote.move_clock(clocked.running, 35 * MINUTE)
    monkeypatch.chdir(early.home)
    Stopwatch(early.state / "run-times", "read-only", ["true"]).note(48 * 60)
    said = "this took 48m before: --min-remaining 57m renews it first, --serve meanwhile"
    assert said in early.run("exec", "read-only", "--", "true").err
    assert early.run("exec", "read-only", "--min-remaining", "57m", "--", "true").err == ""
    assert early.calls().count("AssumeRole") == 2


def test_the_aws_cli(me: Me) -> None:
    """It is the role, by a chain and with a code that a program gave."""
    if not AWS.exists():
        missing("the AWS CLI")
    me.configure_as_usual(hub=me.code_process())
    done = serving(me, "prod-admin", str(AWS), "sts", "get-caller-identity", "--output", "text")
    assert arn_of(ADMIN) in done.out
    assert me.prompts() == 1


def test_the_sdk_for_javascript(me: Me) -> None:
    """By its default chain, and by the provider that asks an endpoint."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node, and Debian's is too old for the SDK")
    if not (SDK / "node_modules" / "@aws-sdk" / "credential-providers").is_dir():
        missing(f"the AWS SDK for JavaScript in {SDK}")
    script = Path(__file__).with_name("providers.cjs")
    wishes = [{"provider": "fromNodeProviderChain"}, {"provider": "fromHttp"}]
    done = serving(
        me, "read-only", node, str(script), given=json.dumps(wishes), NODE_PATH=str(SDK / "node_modules"),
        AWS_REGION="us-east-1",
    )  # fmt: skip
    for line in done.out.splitlines():
        assert json.loads(line)["arn"].startswith(arn_of(READ_ONLY)), line
    assert len(done.out.splitlines()) == 2


_WHO = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"


@pytest.mark.parametrize("file", ["config", "credentials"])
def test_other_credentials_of_the_person_are_not_in_the_way(me: Me, file: str) -> None:
    """SDKs would prefer a profile [default] to the endpoint: its file is left out, and that is said."""
    me.aws_config("[default]\nregion = eu-west-3\n")
    with (me.home / ".aws" / file).open("a") as added:
        added.write("" if file == "config" else "[default]\n")
        added.write("aws_access_key_id = AKIAOTHER\naws_secret_access_key = other\n")
    script = f"{_WHO}; print(boto3.Session().region_name)"
    done = serving(me, "read-only", *python(script), AWS_REGION=None, AWS_DEFAULT_REGION=None)
    arn, region = done.out.split()
    assert (arn.startswith(arn_of(READ_ONLY)), region) == (True, "eu-west-3")
    assert f"~/.aws/{file} is left out for this program" in done.err


# ── what the program finds ──


def test_no_keys_are_in_the_programs_environment(me: Me) -> None:
    """Neither those of the session nor older ones; what a shell's prompt would show of the first end is not there."""
    stale = {"AWS_DEFAULT_PROFILE": "x", "AWS_CREDENTIAL_EXPIRATION": "x", "NO_PROXY": "intranet"}
    done = serving(me, "read-only", "env", "-0", **stale)
    environ = dict(each.split("=", 1) for each in done.out.split("\0") if each)
    gone = (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_CREDENTIAL_EXPIRATION",
    )
    assert not set(gone) & environ.keys()
    assert len(environ["AWS_CONTAINER_AUTHORIZATION_TOKEN"]) == 43
    assert environ["NO_PROXY"] == environ["no_proxy"] == "intranet,127.0.0.1,localhost"
    assert environ["STSCTL_ROLE"] == "read-only"


def test_stsctl_within_is_the_same_role_and_leads_elsewhere_by_the_configuration(me: Me) -> None:
    """`whoami` says who the program is, and another `exec` there does not start from what is served."""
    pair = f"aws_access_key_id = {me.keys.access_key_id}\naws_secret_access_key = {me.keys.secret_access_key.reveal()}"
    me.aws_config(f"[profile base]\n{pair}\n[profile other]\nrole_arn = {READ_ONLY}\nsource_profile = base\n")
    me.configure_as_usual(more='[source.task]\ntype = "container"\n')
    inner = (
        f"{STSCTL} whoami; {STSCTL} exec other -- sh -c 'echo $STSCTL_ROLE $STSCTL_DEPTH'"
        f"; {STSCTL} exec task -- true; eval $({STSCTL} env --unset --shell sh); env"
    )
    done = me.run(*SERVE, "read-only", "--", "sh", "-c", inner)
    who, other, *left = done.out.splitlines()
    assert who.startswith(arn_of(READ_ONLY))
    assert other == "other 2", done
    assert 'source "task": there is no container credentials endpoint here' in done.err
    assert not [each for each in left if each.startswith(("AWS_CONTAINER", "STSCTL_ROLE"))]


# ── beside the program ──

_LISTS = """
import os, pathlib
print(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
print("children", pathlib.Path("/proc/self/task", str(os.getpid()), "children").read_text())
print("descriptors", sorted(int(each) for each in os.listdir("/proc/self/fd"))[:3], len(os.listdir("/proc/self/fd")))
try:
    os.wait()
except ChildProcessError:
    print("nobody to wait for")
"""


def gone(url: str) -> bool:
    """Whether nobody listens there any more, within a while."""
    port = int(url.rpartition(":")[2].partition("/")[0])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_the_program_has_no_child_and_no_descriptor_that_it_did_not_make(me: Me) -> None:
    """It may wait for all its children; and when it has ended, so has what served it."""
    done = serving(me, "read-only", *python(_LISTS))
    url, children, descriptors, waited = done.out.splitlines()
    assert (children.strip(), waited) == ("children", "nobody to wait for")
    assert descriptors == "descriptors [0, 1, 2] 4"  # the fourth reads the list
    assert gone(url)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_ends_the_program_ends_what_serves_it(me: Me, number: signal.Signals) -> None:
    """The process that the caller started is the program itself: its signals, its status."""
    script = "echo $$ $AWS_CONTAINER_CREDENTIALS_FULL_URI; exec sleep 300"
    with me.start(str(STSCTL), *SERVE, "read-only", "--", "sh", "-c", script) as process:
        assert process.stdout is not None
        pid, url = process.stdout.readline().split()
        assert int(pid) == process.pid
        process.send_signal(number)
    assert process.returncode == -number
    assert gone(url)


def test_a_signal_to_the_whole_group_leaves_the_endpoint_until_the_program_has_ended(me: Me) -> None:
    """A program that tidies up after SIGTERM may need its session for that."""
    url = "$AWS_CONTAINER_CREDENTIALS_FULL_URI"
    tidy = f"trap '{sys.executable} -c \"$FETCH\"; exit 3' TERM; echo {url}; sleep 300 & wait"
    with me.start(str(STSCTL), *SERVE, "read-only", "--", "sh", "-c", tidy, FETCH=_WHO, PYTHONWARNINGS=None) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        for pid in [*companions(me), process.pid]:
            os.kill(pid, signal.SIGTERM)
        assert process.stdout.readline().startswith(arn_of(READ_ONLY))
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode in (3, -signal.SIGKILL)
    assert gone(url)


def companions(me: Me) -> list[int]:
    """The processes of this person that run `stsctl exec --serve`."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if b"--serve" in words and f"HOME={me.home}".encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def test_a_refusal_is_said_once_and_is_the_status(me: Me) -> None:
    """Nothing was started, and nothing is left behind."""
    done = me.run(*SERVE, "locked", "--", "sh", "-c", "echo started")
    assert (done.status, done.out) == (5, "")
    assert len(re.findall("stsctl: error", done.err)) == 1
    assert companions(me) == []


def test_programs_that_cannot_be_started(me: Me) -> None:
    """The statuses of a shell."""
    plain = me.home / "plain"
    plain.write_text("x")
    assert me.run(*SERVE, "read-only", "--", "no-such-program-here").status == 127
    assert me.run(*SERVE, "read-only", "--", str(plain)).status == 126


@pytest.mark.parametrize("status", [0, 7])
def test_the_programs_status_and_its_streams(me: Me, status: int) -> None:
    """They are those of `exec`."""
    done = me.run(*SERVE, "read-only", "--", "sh", "-c", f"cat; echo err >&2; exit {status}", given="in\n")
    assert (done.status, done.out, done.err) == (status, "in\n", "err\n")


def test_keys_that_never_end_are_not_served(me: Me) -> None:
    """There is nothing to renew, and it is said before the program starts."""
    done = me.run(*SERVE, "work", "--", "echo", "started")
    assert (done.status, done.out) == (2, "")
    assert "credentials without a known end are not served" in done.err
