"""No secret in any output, log, file that others can read, command line, traceback or report of a bug."""

from __future__ import annotations

import json
import re
import shutil
import stat
import sys
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from stsctl.cli import stsctl
from stsctl.emulator import control
from stsctl.formats import environment
from tests.conftest import missing
from tests.program import READ_ONLY, STSCTL, Done, Me, Organisation, somebody, start

TRADE_IN = "trade-in-canary-token-0123456789abcdef"
SEAL = "c3RzY3RsLXRlc3RzLXNlYWxpbmcta2V5LTMyLWJ5dGU="


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """A small one, whose policies are read time and again."""
    found = start(tmp_path_factory.mktemp("small"))
    yield found
    control.stop(found.folder, found.running)


@pytest.fixture
def me(home: Path, organisation: Organisation) -> Iterator[Me]:
    """Somebody whose role prod-admin can be had without a terminal."""
    person = somebody(home, organisation)
    person.configure_as_usual(hub=person.code_process())
    (home / "tmp").mkdir()
    person.environ["TMPDIR"] = str(home / "tmp")
    person.environ["EDITOR"] = "true"
    yield person
    person.run("agent", "stop")


@dataclass(slots=True)
class Canaries:
    """Every secret that has been seen so far, and the forms in which it could turn up."""

    me: Me

    def all(self) -> set[str]:
        """The secrets: the user's own, the sealing key, and those of every session that a role gives now."""
        found = {self.me.keys.secret_access_key.reveal(), SEAL, TRADE_IN}
        found.add(self.me.organisation.running.control_token.reveal())
        for name in ("read-only", "prod-admin", "hub", "long"):
            done = self.me.run("credential-process", name)
            if done.status == 0:
                answer = json.loads(done.out)
                found |= {answer["SecretAccessKey"], answer["SessionToken"]}
        return found

    @staticmethod
    def forms(secrets: set[str]) -> set[bytes]:
        """The secrets as they are, quoted for a URL, and the middle of each: half of a secret is one too."""
        return {
            text.encode()
            for secret in secrets
            for text in (secret, urllib.parse.quote(secret, safe=""), urllib.parse.quote_plus(secret), secret[8:28])
        }


def _found(secrets: set[str], content: bytes | str) -> list[str]:
    content = content if isinstance(content, bytes) else content.encode()
    return [form.decode()[:6] + "…" for form in Canaries.forms(secrets) if form in content]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line; `answers` where the secret is what was asked for, `given` what is on its stdin."""

    words: tuple[str, ...]
    status: int = 0
    answers: bool = False
    given: str | None = None

    @property
    def id(self) -> str:
        """As it is typed."""
        return " ".join(self.words)


def _c(text: str, *, status: int = 0, answers: bool = False, given: str | None = None) -> Command:
    return Command(words=tuple(text.split()), status=status, answers=answers, given=given)


COMMANDS = [
    _c("assume prod-admin"),
    _c("assume read-only --refresh"),
    _c("assume read-only --tag project=blue"),
    _c("assume read-only --json", answers=True),
    _c("assume locked", status=5),
    _c("assume nobody", status=3),
    _c("env prod-admin --shell bash", answers=True),
    _c("env prod-admin --shell fish", answers=True),
    _c("env prod-admin --format json", answers=True),
    _c("env locked --shell bash", status=5),
    _c("env --unset --shell bash"),
    _c("exec prod-admin -- true"),
    _c("exec prod-admin -- sh -c 'exit'", status=2),
    _c("exec prod-admin -- /nowhere/program", status=127),
    _c("exec --serve prod-admin -- true"),
    _c("exec --serve --min-remaining 10m locked -- true", status=5),
    _c("each prod-admin read-only -- true"),
    _c("each read-only locked --json -- true", status=1),
    _c("credential-process prod-admin", answers=True),
    _c("credential-process locked", status=5),
    _c("console prod-admin", status=1),  # no browser
    _c("console prod-admin --print"),
    _c("sts key-info AKIAAAAAAAAAAAAAAAAA --as read-only", status=5),
    _c("sso login", status=2),  # there is none to sign in at; where there is: test_tokens_of_identity_center
    _c("sso logout", status=2),
    _c("sso accounts", status=2),
    _c("sso roles", status=2),
    _c("sso import", status=2),
    _c("sts decode AAAA --as work", status=5),
    _c("sts session-token --from work"),
    _c("sts federate bob --from work --json", answers=True),
    _c("sts root 222222222222 --task-policy IAMAuditRootUserCredentials --from work", status=5),
    _c("sts revoke read-only --as read-only", status=4),  # nobody can be asked
    _c("sts id-token --audience a --as read-only", status=5),  # the account has not enabled it
    _c("sts delegated-token --as read-only", status=5, given="A TRADE-IN TOKEN"),
    _c("access collect policies --account 222222222222 --via ReadOnly --as work", status=1),
    _c("explain prod-admin --policies live --no-prompt"),
    _c("explain locked --json", status=8),
    _c("explain --last", status=8),
    _c("access can read-only s3:GetObject --policies live --as work"),
    _c("access graph --format html --policies live --as work"),
    _c("access paths read-only --to-any --way edit --policies live --as work", status=8),
    _c("access pass-role read-only --to ec2.amazonaws.com --policies live --as work", status=8),
    _c("access trust read-only --as work"),
    _c("access who-can iam:CreateUser --policies live --as work"),
    _c("plan prod-admin"),
    _c("doctor prod-admin --online", status=8),
    _c("plan prod-admin --json"),
    _c("help stores"),
    _c("whoami"),
    _c("whoami --json"),
    _c("list"),
    _c("list --preview prod-admin"),
    _c("list --json"),
    _c("list --names"),
    _c("config show"),
    _c("config show --json"),
    _c("config path"),
    _c("config edit"),
    _c("config check"),
    _c("config check --json"),
    _c("config trust --list"),
    _c("config add role another --role-arn arn:aws:iam::111111111111:role/ReadOnly --from work"),
    _c("config remove another"),
    _c("config import --from aws-config", status=3),
    _c("store list"),
    _c("store migrate --from sealed-file --to keyring", status=7),  # there is none
    _c("keys add other --stdin", given="PAIR"),
    _c("keys add wrong --stdin", given="PAIR, WITH ANOTHER SECRET", status=5),
    _c("keys add wrong --stdin", given="THE SECRET FIRST", status=2),
    _c("keys add moved --from-profile nobody --move", status=3),
    _c("keys list"),
    _c("keys list --json"),
    _c("keys rotate other", status=1),  # they have two pairs already, which is as many as AWS gives
    _c("profile write read-only --keep-fresh"),
    _c("agent stop"),
    _c("profile write read-only"),
    _c("profile list"),
    _c("profile list --json"),
    _c("profile hook read-only --diff"),
    _c("profile hook read-only"),
    _c("profile write-all --diff"),
    _c("prompt"),
    _c("profile prune"),
    _c("profile remove read-only"),
    _c("keys list --last-used"),
    _c("mfa list other"),
    _c("mfa add other", status=4),  # nobody can be shown the code
    _c("mfa enable other", status=3),  # the device of that name is enabled already
    _c("mfa resync other", status=4),
    _c("mfa code other", status=3),
    _c("keys rotate other", status=1),  # the user has another key
    _c("keys remove other"),
    _c("init", status=4),  # nobody can be asked
    _c("init --dry-run"),
    _c("init --yes"),
    _c("shell-init bash"),
    _c("shell-init zsh"),
    _c("shell-init fish"),
    _c("shell-init powershell --renew --prompt --title"),
    _c("shell-init nu"),
    _c("guard"),
    _c("env --renew --shell sh"),
    _c("policy check -", given="A POLICY", status=8),
    _c("policy evaluate -", given="A POLICY", status=3),
    _c("agent start"),
    _c("agent status"),
    _c("agent status --json"),
    _c("agent env read-only --shell bash", answers=True),
    _c("agent unit --format systemd"),
    _c("agent unit --format launchd"),
    _c("agent lock"),
    _c("agent unlock"),
    _c("agent stop"),
    _c("emulator start"),
    _c("emulator status"),
    _c("emulator status --json"),
    _c("emulator env --shell bash"),
    _c("emulator env --as alice --shell bash", answers=True),
    _c("emulator run-as ec2 Locked -- true"),
    _c("emulator run-as lambda Locked -- true", status=5),
    _c("emulator keys alice", answers=True),
    _c("emulator certificate web-1 --folder certificates"),
    _c("emulator config"),
    _c("emulator seed --example"),
    _c("emulator code alice", answers=True),
    _c("emulator run-as lambda Hub true", status=5),
    _c("emulator fail sts:GetCallerIdentity --throttle 1"),
    _c("emulator clock +1m"),
    _c("emulator reset"),
    _c("emulator log"),
    _c("emulator log --json"),
    _c("emulator seed --example"),
    _c("emulator stop"),
    _c("logout read-only"),
    _c("logout --all"),
    _c(""),
    _c("--help"),
]

ELSEWHERE = {"demo": "runs the commands above, and is run by the tests of scripts"}


def _leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        yield path
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None, name
        yield from _leaves(found, (*path, name))


def test_every_command_is_among_those_that_are_searched() -> None:
    """A new command that nobody added to the table above fails here."""
    run = [command.words for command in COMMANDS]
    for leaf in _leaves(stsctl):
        if leaf[0] not in ELSEWHERE:
            assert any(words[: len(leaf)] == leaf for words in run), f"stsctl {' '.join(leaf)} is not searched"


def _input(me: Me, command: Command) -> str | None:
    pair = environment.pair(me.keys)
    key_id, secret = pair.split()
    return {
        None: None,
        "A POLICY": "{}\n",
        "A TRADE-IN TOKEN": f"{TRADE_IN}\n",
        "PAIR": pair,
        "PAIR, WITH ANOTHER SECRET": f"{key_id}\n{secret[::-1]}\n",
        "THE SECRET FIRST": f"{secret}\n{key_id}\n",
    }[command.given]


def _private(home: Path, secrets: set[str]) -> None:
    """No file of stsctl's can be read by others, and none but those that are meant to hold a secret does."""
    meant = {home / "seal.key", home / ".aws" / "credentials"}
    for path in home.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        if ".local" in path.parts or path.name in {"credentials", "added.toml"}:
            assert not mode & 0o077, f"{path} has mode {mode:o}"
        if path not in meant and path.name != "running.json":
            assert not _found(secrets, path.read_bytes()), f"a secret is in {path}"


@pytest.mark.slow
def test_no_command_shows_a_secret_with_debugging_on(me: Me) -> None:
    """Each command, with --debug: nothing secret on stderr, nor on stdout where it was not asked for, nor in a file."""
    canaries = Canaries(me)
    secrets = canaries.all()
    reversed_secret = me.keys.secret_access_key.reveal()[::-1]
    seen: list[tuple[Command, Done]] = []
    for command in COMMANDS:
        done = me.run("--debug", *command.words, given=_input(me, command))
        assert "Traceback" not in done.err, f"{command.id}: {done}"
        assert done.status in {command.status, 0}, f"{command.id}: {done}"
        seen.append((command, done))
        if command.words[:1] in {("assume",), ("profile",)}:
            secrets |= canaries.all()
            _private(me.home, secrets)
    secrets |= {reversed_secret}
    for command, done in seen:
        assert not _found(secrets, done.err), f"stsctl --debug {command.id} shows a secret on stderr"
        if not command.answers:
            assert not _found(secrets, done.out), f"stsctl --debug {command.id} shows a secret on stdout"
    _private(me.home, secrets)


def test_no_code_is_logged_or_kept(me: Me) -> None:
    """A one-time code appears in no output and in no file."""
    code = me.code()
    done = me.run("--debug", "assume", "hub", "--mfa-token", code)
    assert done.status == 0, done
    assert code not in done.err
    for path in me.home.rglob("*"):
        if path.is_file() and not path.is_symlink():
            found = re.search(rb"(?<![0-9a-f])" + code.encode() + rb"(?![0-9a-f])", path.read_bytes())
            assert found is None, path


def test_no_secret_is_an_argument_of_any_process(me: Me) -> None:
    """Neither stsctl nor a program that it starts has a secret on its command line, where all can read it."""
    if shutil.which("strace") is None:
        missing("strace")
    log = me.home / "trace"
    secrets = Canaries(me).all()
    pair = environment.pair(me.keys)
    for words, given in (
        (("credential-process", "prod-admin", "--refresh"), None),
        (("exec", "prod-admin", "--", "sh", "-c", "true"), None),
        (("keys", "add", "other", "--stdin"), pair),
        (("profile", "write", "read-only"), None),
    ):
        tracing = ("strace", "-f", "-qq", "-s", "100000", "-e", "trace=execve", "-o", str(log))
        done = me.program(*tracing, str(STSCTL), *words, given=given)
        if "ptrace" in done.err:
            missing("leave to trace")
        assert done.status == 0, done
        assert "execve(" in log.read_text()
        assert not _found(secrets | Canaries(me).all(), log.read_bytes()), words
        log.unlink()


def test_what_exec_starts_has_the_session_in_its_environment_only(me: Me) -> None:
    """The child knows the session by its variables; the long-term keys that led to it are not among them."""
    done = me.run("exec", "read-only", "--", "env", "-0")
    environ = dict(pair.split("=", 1) for pair in done.out.split("\0")[:-1])
    assert environ["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert not _found({me.keys.secret_access_key.reveal()}, done.out)


_BROKEN = {
    "an exception that holds a secret": (
        "from stsctl.formats import json as part\n"
        "def broken(session): raise RuntimeError(session.credentials.secret_access_key.reveal())\n"
        "part.credential_process = broken\n"
    ),
    "an exception that holds the session": (
        "from stsctl.formats import json as part\n"
        "def broken(session): raise RuntimeError(session, vars)\n"
        "part.credential_process = broken\n"
    ),
    "a chain of exceptions": (
        "from stsctl.formats import json as part\n"
        "def broken(session):\n"
        "    secret = session.credentials.secret_access_key.reveal()\n"
        "    try: int(secret)\n"
        "    except ValueError as error: raise KeyError(secret) from error\n"
        "part.credential_process = broken\n"
    ),
    "a store that fails with what it was given": (
        "from stsctl.stores import codec as part\n"
        "real = part.session_text\n"
        "def broken(session): raise TypeError(real(session))\n"
        "part.session_text = broken\n"
    ),
    "botocore that fails with what it signed": (
        "from stsctl.sources.client import Direct\n"
        "Direct.to = lambda *place, **options: None\n"
        "import botocore.auth\n"
        "def broken(self, request): raise TypeError(self.credentials.secret_key)\n"
        "for kind in set(botocore.auth.AUTH_TYPE_MAPS.values()): kind.add_auth = broken\n"  # awscrt brings its own
    ),
    "a signature that fails with what it signs with": (
        "import stsctl.sources.direct as part\n"
        "def broken(*request, credentials, **rest): raise TypeError(credentials.secret_access_key.reveal())\n"
        "part.signed_headers = broken\n"
    ),
    "a report that cannot be written": (
        "from stsctl.cli.app import App\n"
        "def unwritten(self, at, text): raise MemoryError(text)\n"
        "App.keep_report = unwritten\n"
        "from stsctl.formats import json as part\n"
        "def broken(session): raise RuntimeError(session.credentials.secret_access_key.reveal())\n"
        "part.credential_process = broken\n"
    ),
    "an exception outside of the boundary": (
        "import stsctl.cli as part\n"
        "def broken(argv, report):\n"
        "    import os\n"
        "    raise BaseException(os.environ['AWS_SECRET_ACCESS_KEY'])\n"
        "part._run = broken\n"
    ),
}


@pytest.mark.parametrize("broken", list(_BROKEN))
def test_a_bug_shows_no_secret(me: Me, broken: str) -> None:
    """Where stsctl itself fails there is one line, a status of its own, and a report that says where and not what."""
    program = f"{_BROKEN[broken]}\nimport sys\nfrom stsctl.cli import main\nmain(sys.argv[1:])\n"
    done = me.program(sys.executable, "-c", program, "--debug", "credential-process", "read-only")
    assert done.status not in {0, 2, 3}, done
    assert done.out == ""
    assert "Traceback" not in done.err, done
    assert "bug in stsctl" in done.err
    secrets = Canaries(me).all()
    assert not _found(secrets, done.err)
    assert "Secret(" not in done.err
    _private(me.home, secrets)


def test_the_report_of_a_bug_says_where_it_was(me: Me) -> None:
    """The report names files, lines and functions, so that it can be mended, and is private."""
    program = f"{_BROKEN['a chain of exceptions']}\nimport sys\nfrom stsctl.cli import main\nmain(sys.argv[1:])\n"
    done = me.program(sys.executable, "-c", program, "credential-process", "read-only")
    assert done.status == 70, done
    place = re.search(r'with the file "([^"]+)"', done.err)
    assert place is not None, done
    report = Path(place[1].replace("~", str(me.home)))
    text = report.read_text()
    assert "KeyError" in text
    assert "ValueError" in text
    assert "stsctl/cli/credential_process.py:" in text
    assert str(me.home) not in text
    assert stat.S_IMODE(report.stat().st_mode) == 0o600


def test_keys_of_a_profile_are_not_shown(me: Me) -> None:
    """A profile with keys in plain text, broken or not, is never quoted."""
    secret = me.keys.secret_access_key.reveal()
    key_id = me.keys.access_key_id
    for text in (
        f"[profile x]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n",
        f"[profile x]\naws_secret_access_key = {secret}\n",
        f"[profile x]\naws_access_key_id\n{secret}\n",
        f"[profile x\naws_secret_access_key = {secret}\n",
        f"[profile x]\nrole_arn = {READ_ONLY}\nsource_profile = x\naws_secret_access_key = {secret}\n",
    ):
        me.aws_config(text)
        for line in ("plan x", "config show", "assume x", "keys add k --from-profile x", "init --dry-run"):
            words = line.split()
            done = me.run("--debug", *words)
            assert not _found({secret}, done.out + done.err), (text.replace(secret, "…"), words)
            assert "Traceback" not in done.err


def test_keys_in_config_toml_are_not_shown(me: Me) -> None:
    """A secret that somebody wrote into config.toml, where none belongs, is refused and not quoted."""
    secret = me.keys.secret_access_key.reveal()
    for text in (
        f'[source.x]\ntype = "keys"\naws_secret_access_key = "{secret}"\n',
        f'[source.x]\ntype = "{secret}"\n',
        f"[source.x]\nsecret = {secret}\n",
        f'[role.x]\nrole_arn = "{secret}"\nfrom = "work"\n',
    ):
        me.configure(text)
        done = me.run("--debug", "assume", "x")
        assert done.status in {2, 3}, done
        if text.startswith(('[source.x]\ntype = "keys"', "[source.x]\nsecret")):
            assert not _found({secret}, done.out + done.err), text.replace(secret, "…")
