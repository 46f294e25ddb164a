"""stsctl as the AWS CLI and boto3 use it, and the programs that it turns into."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import missing
from tests.program import ADMIN, BIN, READ_ONLY, SEALED, STSCTL, Me, Organisation, somebody
from tests.program import organisation as shared_organisation

organisation = shared_organisation

AWS = BIN / "aws"
_BOTO3 = """
import boto3, sys
session = boto3.Session(profile_name=sys.argv[1] if len(sys.argv) > 1 else None)
print(session.client("sts").get_caller_identity()["Arn"])
"""


@pytest.fixture
def me(home: Path, organisation: Organisation) -> Me:
    """Somebody with keys in the environment."""
    return somebody(home, organisation)


@pytest.fixture
def keyless(home: Path, organisation: Organisation) -> Me:
    """Somebody whose keys are only in stsctl's hands: no client finds them in its environment."""
    person = somebody(home, organisation)
    person.configure_as_usual(store=SEALED.replace("[defaults]", f"[defaults]\n{person.code_process()}"))
    person.ok("keys", "add", "work-keys", "--stdin", given=_pair(person))
    person.config.write_text(person.config.read_text().replace('from = "work"', 'from = "work-keys"'))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del person.environ[name]
    person.calls()
    return person


def _pair(me: Me) -> str:
    return f"{me.keys.access_key_id}\n{me.keys.secret_access_key.reveal()}\n"


def _role(arn: str) -> str:
    """How the ARN of a role's session begins."""
    account, name = arn.split(":")[4], arn.rpartition("/")[2]
    return f"arn:aws:sts::{account}:assumed-role/{name}/"


def _aws(me: Me, *words: str) -> str:
    if not AWS.exists():
        missing("the AWS CLI")
    # The CLI of PyPI warns of its own interpreter's deprecations.
    done = me.program(str(AWS), *words, "--output", "text", PYTHONWARNINGS=None)
    assert done.status == 0, done
    return done.out


def _boto3(me: Me, *profile: str) -> str:
    done = me.program(sys.executable, "-c", _BOTO3, *profile, PYTHONWARNINGS=None)
    assert done.status == 0, done
    return done.out.strip()


# ── credential_process ──


def test_the_aws_cli_asks_stsctl_by_credential_process(keyless: Me) -> None:
    """A profile whose credential_process is stsctl makes the AWS CLI the role; the second time nothing is fetched."""
    keyless.aws_config("[profile admin]\ncredential_process = stsctl credential-process prod-admin\n")
    for _ in range(2):
        assert _role(ADMIN) in _aws(keyless, "--profile", "admin", "sts", "get-caller-identity")
    assert [call for call in keyless.calls() if call != "GetCallerIdentity"] == [
        "GetSessionToken",
        "AssumeRole",
        "AssumeRole",
    ]
    assert keyless.prompts() == 1


def test_boto3_asks_stsctl_by_credential_process(keyless: Me) -> None:
    """So does boto3, with the whole path of the program, quoted, as a person with blanks in a folder has it."""
    keyless.aws_config(f'[profile admin]\ncredential_process = "{STSCTL}" credential-process prod-admin\n')
    assert _boto3(keyless, "admin").startswith(_role(ADMIN))


def test_boto3_holds_the_session_for_one_that_can_be_renewed(keyless: Me) -> None:
    """It reads the expiry, so it will ask again in tikeyless."""
    keyless.aws_config("[profile admin]\ncredential_process = stsctl credential-process read-only\n")
    program = (
        "import boto3; c = boto3.Session(profile_name='admin').get_credentials(); "
        "c.get_frozen_credentials(); print(c.method, type(c).__name__, c.refresh_needed())"
    )
    done = keyless.program(sys.executable, "-c", program, PYTHONWARNINGS=None)
    assert done.out.split() == ["custom-process", "RefreshableCredentials", "False"], done


def test_a_refusal_reaches_the_sdks_person(keyless: Me) -> None:
    """What stsctl says on stderr is what the AWS CLI shows, with the hop and the hint."""
    keyless.aws_config("[profile shut]\ncredential_process = stsctl credential-process locked\n")
    done = keyless.program(str(AWS), "--profile", "shut", "sts", "get-caller-identity", PYTHONWARNINGS=None)
    assert done.status != 0
    assert 'role "locked" refused: hop 2 of 2' in done.err
    assert "stsctl: hint:" in done.err


def test_no_terminal_is_said_in_one_line_that_can_be_acted_upon(keyless: Me) -> None:
    """An SDK in the background that needs a code fails at once, with what to type."""
    keyless.configure_as_usual()
    keys = {"AWS_ACCESS_KEY_ID": keyless.keys.access_key_id}
    done = keyless.run(
        "credential-process", "hub", **keys, AWS_SECRET_ACCESS_KEY=keyless.keys.secret_access_key.reveal()
    )
    assert done.status == 4, done
    assert done.err.splitlines()[-1] == "stsctl: hint: stsctl assume hub"


def test_a_profile_that_asks_stsctl_can_be_a_source_of_other_profiles(keyless: Me) -> None:
    """The SDK's own chain starts from it: source_profile names a profile with credential_process."""
    keyless.aws_config(
        "[profile mine]\ncredential_process = stsctl credential-process read-only\n"
        f"[profile onward]\nsource_profile = mine\nrole_arn = {READ_ONLY}\n"
    )
    assert _boto3(keyless, "onward").startswith(_role(READ_ONLY))


def test_an_answer_is_one_compact_line(keyless: Me) -> None:
    """Nothing but one line of JSON, of the form that SDKs read, with a time in UTC."""
    out = keyless.ok("credential-process", "read-only")
    assert out.count("\n") == 1
    assert " " not in out
    answer = json.loads(out)
    assert list(answer) == ["Version", "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration", "AccountId"]
    assert answer["Version"] == 1
    assert answer["Expiration"].endswith("Z")


# ── profile write ──


def test_boto3_and_the_aws_cli_use_what_profile_write_writes(keyless: Me) -> None:
    """The section serves both, the rest of the file stays byte for byte, and remove takes out the section alone."""
    file = keyless.home / ".aws" / "credentials"
    file.parent.mkdir()
    before = b"# a comment\r\n[mine]\r\naws_access_key_id = AKIAEXAMPLEEXAMPLE01 ; not a comment\r\n"
    file.write_bytes(before)
    keyless.ok("profile", "write", "prod-admin")
    assert _boto3(keyless, "prod-admin").startswith(_role(ADMIN))
    assert _role(ADMIN) in _aws(keyless, "--profile", "prod-admin", "sts", "get-caller-identity")
    assert file.read_bytes().startswith(before)
    assert file.stat().st_mode & 0o777 == 0o600
    assert keyless.ok("profile", "list").split("\t")[:2] == ["prod-admin", "prod-admin"]
    keyless.ok("profile", "write", "read-only", "--profile", "elsewhere")
    assert _boto3(keyless, "elsewhere").startswith(_role(READ_ONLY))
    keyless.ok("profile", "prune")
    keyless.ok("profile", "remove", "elsewhere")
    keyless.ok("profile", "remove", "prod-admin")
    assert file.read_bytes() == before


def test_profile_write_takes_no_section_that_it_did_not_write(keyless: Me) -> None:
    """A person's own section is refused unless --force says otherwise; a profile with a process always is."""
    file = keyless.home / ".aws" / "credentials"
    file.parent.mkdir()
    file.write_text("[mine]\naws_access_key_id = AKIAEXAMPLEEXAMPLE01\naws_secret_access_key = mine\n")
    done = keyless.run("profile", "write", "read-only", "--profile", "mine")
    assert done.status == 3, done
    assert "--force" in done.err
    keyless.aws_config("[profile process]\ncredential_process = stsctl credential-process read-only\n")
    done = keyless.run("profile", "write", "read-only", "--profile", "process")
    assert done.status == 3, done
    assert "credential_process" in done.err
    keyless.ok("profile", "write", "read-only", "--profile", "mine", "--force")
    assert _boto3(keyless, "mine").startswith(_role(READ_ONLY))


# ── exec ──


def test_exec_makes_the_aws_cli_the_role(keyless: Me) -> None:
    """The CLI runs with the session, whatever else its environment said before."""
    if not AWS.exists():
        missing("the AWS CLI")
    done = keyless.run(
        "exec", "prod-admin", "--", "aws", "sts", "get-caller-identity", "--output", "text",
        AWS_PROFILE="no-such-profile", AWS_SECURITY_TOKEN="stale", AWS_SESSION_TOKEN="stale", PYTHONWARNINGS=None,
    )  # fmt: skip
    assert _role(ADMIN) in done.out, done


@pytest.mark.parametrize("status", [0, 3, 125, 255])
def test_the_childs_status_is_exec_s(me: Me, status: int) -> None:
    """Whatever the program ends with."""
    assert me.run("exec", "read-only", "--", "sh", "-c", f"exit {status}").status == status


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGKILL, 137), (signal.SIGINT, 130)])
def test_a_signal_reaches_the_child_itself(me: Me, number: signal.Signals, status: int) -> None:
    """stsctl has turned into the program: it has its process id, and a shell sees it end by the signal."""
    with me.start(str(STSCTL), "exec", "read-only", "--", "sh", "-c", "echo $$; exec sleep 120") as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) == process.pid
        process.send_signal(number)
        assert 128 - process.wait(timeout=60) == status


def test_a_child_that_handles_its_signals_has_them_to_itself(me: Me) -> None:
    """A trap in the program decides what SIGTERM means."""
    script = 'trap "echo bye; exit 9" TERM; echo ready; while :; do sleep 0.05; done'
    with me.start(str(STSCTL), "exec", "read-only", "--", "sh", "-c", script) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.terminate()
        assert process.stdout.read() == "bye\n"
    assert process.returncode == 9


def test_a_child_of_exec_has_the_usual_signals(me: Me) -> None:
    """`yes | head` inside of it ends quietly: SIGPIPE is not ignored."""
    done = me.run("exec", "read-only", "--", "bash", "-c", "yes | head -n 1; echo ${PIPESTATUS[0]}")
    assert done.out == "y\n141\n", done


def test_programs_that_cannot_be_started(me: Me) -> None:
    """127 where there is none, 126 where it cannot be run, as a shell has it."""
    plain = me.home / "plain"
    plain.write_text("no program\n")
    assert me.run("exec", "read-only", "--", "no-such-program-here").status == 127
    assert me.run("exec", "read-only", "--", str(plain)).status == 126


def test_what_follows_the_dashes_is_the_programs(me: Me) -> None:
    """Options of the program that are also options of stsctl are the program's."""
    done = me.run("exec", "read-only", "--", "echo", "--help", "--refresh", "--", "-h")
    assert done.out == "--help --refresh -- -h\n", done


def test_stdin_is_the_childs(me: Me) -> None:
    """exec reads nothing of what is meant for the program."""
    assert me.run("exec", "read-only", "--", "cat", given="one\ntwo\n").out == "one\ntwo\n"


def test_a_subshell_knows_its_role_and_how_deep_it_is(keyless: Me) -> None:
    """exec NAME without a program is the person's shell; another exec in it is one deeper and is that role."""
    inner = 'stsctl exec long -- sh -c "echo \\$STSCTL_ROLE \\$STSCTL_DEPTH"'
    done = keyless.run("exec", "read-only", SHELL="/bin/sh", given=f"echo $STSCTL_ROLE $STSCTL_DEPTH\n{inner}\n")
    assert done.out.splitlines() == ["read-only 1", "long 2"], done


def test_a_nested_exec_starts_from_the_configuration_and_not_from_its_parent(keyless: Me) -> None:
    """Inside another role's subshell a role is reached as everywhere: by its own source."""
    done = keyless.run("exec", "read-only", "--", str(STSCTL), "exec", "long", "--", "sh", "-c", "echo $STSCTL_ROLE")
    assert done.out == "long\n", done
    assert keyless.calls() == ["GetSessionToken", "AssumeRole", "AssumeRole"]


def test_nothing_of_an_earlier_session_is_left(keyless: Me) -> None:
    """Variables of other tools that would join the session's are gone in the child."""
    stale = {
        "AWS_PROFILE": "x", "AWS_DEFAULT_PROFILE": "x", "AWS_SECURITY_TOKEN": "x", "AWS_ROLE_ARN": "x",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "x", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "x",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN": "x",
    }  # fmt: skip
    done = keyless.run("exec", "read-only", "--", "env", "-0", **stale)
    environ = dict(pair.split("=", 1) for pair in done.out.split("\0")[:-1])
    assert not set(stale) & set(environ)
    assert environ["STSCTL_ROLE"] == "read-only"


def test_whoami_in_a_child_is_the_childs_role(me: Me) -> None:
    """The variables say which session is current there."""
    done = me.run("exec", "long", "--", str(STSCTL), "whoami")
    assert done.out.startswith("arn:aws:sts::111111111111:assumed-role/Long/"), done


def test_a_program_keeps_no_descriptor_of_stsctls(me: Me) -> None:
    """The child has stdin, stdout and stderr and no more: no lock is held on by it."""
    done = me.run("exec", "read-only", "--", "ls", "/proc/self/fd")
    assert sorted(map(int, done.out.split()))[:3] == [0, 1, 2]
    assert len(done.out.split()) == 4, "0, 1, 2 and the folder itself"


def test_env_serves_boto3_in_a_shell(keyless: Me) -> None:
    """`eval $(stsctl env NAME)` and then any SDK."""
    program = f"eval $(stsctl env prod-admin) && unset PYTHONWARNINGS && {sys.executable} -c '{_BOTO3}'"
    done = keyless.program("bash", "-c", program)
    assert done.out.startswith(_role(ADMIN)), done


def test_subprocesses_do_not_hang_on_inherited_pipes(keyless: Me) -> None:
    """A capture of stsctl's output ends when stsctl ends, although its mfa_process left a child behind."""
    code = (keyless.home / "code").read_text()
    keyless.script("code", f"sleep 200 >/dev/null 2>&1 &\n{code.partition(chr(10))[2]}")
    assert json.loads(subprocess.run(
        [str(STSCTL), "credential-process", "hub"], env=keyless.environ, capture_output=True, timeout=150, check=True
    ).stdout)  # fmt: skip
