"""What goes wrong, with its exit status, in one clear error that says what to type next."""

from __future__ import annotations

import contextlib
import http.server
import re
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from stsctl.formats import environment
from tests.conftest import missing
from tests.program import ADMIN, KEYRING, LOCKED, Done, Me
from tests.secret_service import SecretService, available


def failed(done: Done, status: int, *said: str) -> None:
    """Checks that there is one error with that status, that it says all of `said`, and that there is no answer."""
    assert done.status == status, done
    assert done.out == "", done
    assert done.err.count("stsctl: error:") == 1, done
    assert "Traceback" not in done.err
    for text in said:
        assert text in done.err, f"{text!r} is not in {done}"


_NAMES = [
    ("prod-admni", 3, '"prod-admni"', 'did you mean "prod-admin"'),
    ("nothing-like-it", 3, '"nothing-like-it"', "hint:"),
    ("arn:aws:iam::22222222222:role/Admin", 2, "arn:aws:iam::22222222222:role/Admin", "hint:"),
    ("arn:aws:iam:222222222222:role/Admin", 2, "arn:aws:iam:222222222222:role/Admin", "hint:"),
    ("arn:aws:iam::222222222222:rolle/Admin", 2, "arn:aws:iam::222222222222:rolle/Admin", "hint:"),
    ("arn:aws:iam::222222222222:user/bob", 2, "arn:aws:iam::222222222222:user/bob", "hint:"),
    ("arn:aws:s3:::bucket", 2, "arn:aws:s3:::bucket", "hint:"),
    ("", 2, '""', "hint:"),
]


@pytest.mark.parametrize("command", ["credential-process", "assume", "plan", "exec"])
def test_names_that_mean_nothing(me: Me, command: str) -> None:
    """Unknown names and ARNs with a typo are errors that repeat them, with a hint, and reach nobody."""
    for name, status, *said in _NAMES:
        done = me.run(command, name)
        assert done.status in {status, 3}, (name, done)
        failed(done, done.status, *said)
    assert me.calls() == []


def test_a_command_that_is_not_there_is_refused_with_the_nearest(me: Me) -> None:
    """A typo in a command is a matter of usage."""
    failed(me.run("asume", "prod-admin"), 2, '"asume"', 'did you mean "assume"')


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("assume", "read-only", "--duraton", "1h"), "--duraton"),
        (("assume", "read-only", "--tag", "blue"), '"blue"'),
        (("assume", "read-only", "--policy", "{"), "polic"),
        (("assume", "read-only", "--external-id", "x"), "external"),
        (("assume", "read-only", "--session-name", "a b"), '"a b"'),
        (("assume", "read-only", "--region", "mars"), '"mars"'),
        (("assume", "read-only", "--prompt-timeout", "soon"), '"soon"'),
        (("assume", "--duration", "1h"), "NAME"),
        (("env", "read-only", "--shell", "tcsh"), "tcsh"),
        (("exec", "read-only", "--"), "program"),
        (("exec", "read-only", "aws", "s3", "ls"), "stsctl exec NAME -- COMMAND"),
        (("--store", "drawer", "list"), '"drawer"'),
        (("logout", "read-only", "--all"), "NAME and --all"),
        (("assume", "read-only", "extra"), "extra"),
        (("assume", "read-only", "--from", "nowhere"), '"nowhere"'),
        (("assume", "read-only", "--via", "nowhere"), '"nowhere"'),
        (("assume", "read-only", "--transitive", "team"), "team"),
        (("assume", "read-only", "--tag", "a=1", "--tag", "A=2"), "tag"),
    ],
)
def test_command_lines_that_cannot_be_meant(me: Me, words: tuple[str, ...], said: str) -> None:
    """What is wrong on the command line is said before anything is called."""
    done = me.run(*words)
    assert done.status in {2, 3}, done
    assert done.err.count("stsctl: error:") == 1, done
    assert said in done.err
    assert me.calls() == []


def test_a_loop_of_roles_is_printed(me: Me) -> None:
    """Roles that start from one another are shown as the loop they make, with the file."""
    me.configure(
        '[role.a]\nrole_arn = "arn:aws:iam::111111111111:role/A"\nfrom = "b"\n'
        '[role.b]\nrole_arn = "arn:aws:iam::111111111111:role/B"\nfrom = "a"\n'
    )
    failed(me.run("credential-process", "a"), 3, "a → b → a", "config.toml")


def test_a_loop_of_profiles_is_printed(me: Me) -> None:
    """So are profiles that start from one another."""
    role = "role_arn = arn:aws:iam::111111111111:role/A"
    me.aws_config(f"[profile x]\n{role}\nsource_profile = y\n[profile y]\n{role}\nsource_profile = x\n")
    failed(me.run("credential-process", "x"), 3, "x → y → x", "config:")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[profile x]\naws_access_key_id = AKIAEXAMPLEEXAMPLE01\n", "config:"),
        (
            f"[profile x]\nrole_arn = {ADMIN}\nsource_profile = y\ncredential_source = Environment\n[profile y]\n",
            "credential_source",
        ),
        (f"[profile x]\nrole_arn = {ADMIN}\nsource_profile = gone\n", '"gone"'),
        (f"[profile x]\nrole_arn = {ADMIN}\n", "source_profile"),
    ],
)
def test_profiles_that_sdks_would_refuse(me: Me, text: str, said: str) -> None:
    """They are refused with the file and the line."""
    me.aws_config(text)
    failed(me.run("credential-process", "x"), 3, said, "~/.aws/config:")


def test_an_unknown_key_of_the_configuration_names_the_nearest(me: Me) -> None:
    """It is an error with the file and the line."""
    me.configure_as_usual(more=f'\n[role.x]\nrole_arn = "{ADMIN}"\nfrom = "work"\nexternalid = "1"\n')
    failed(me.run("plan", "x"), 3, '"externalid"', "external_id", "config.toml:")


def test_a_configuration_that_is_no_toml(me: Me) -> None:
    """It is an error with the file and the line."""
    me.configure("[role.x\n")
    failed(me.run("assume", "x"), 3, "config.toml:")


def test_a_name_in_both_configurations_is_refused_with_both_places(me: Me) -> None:
    """Which one is meant, stsctl does not guess."""
    me.aws_config(f"[profile read-only]\nrole_arn = {ADMIN}\ncredential_source = Environment\n")
    failed(me.run("assume", "read-only"), 3, "config.toml:", "~/.aws/config:")


def test_nothing_configured_says_how_to_begin(me: Me) -> None:
    """`assume` alone, on a fresh machine, says in three lines what to type."""
    me.config.unlink()
    done = me.run("assume")
    failed(done, 2, "stsctl keys add work", "stsctl assume ROLE_ARN --from work", "stsctl demo")


def test_no_current_session_is_said(me: Me) -> None:
    """With no name, no variable and no terminal there is nothing that could be meant."""
    for command in ("whoami", "exec", "logout"):
        failed(me.run(command, AWS_ACCESS_KEY_ID=None), 2, "no terminal", "hint: stsctl assume NAME")


# ── the store ──


def test_no_keyring_at_all(me: Me) -> None:
    """Without a keyring the error says what to put into the configuration; nothing weaker is used in its place."""
    me.configure_as_usual(store=KEYRING)
    failed(me.run("credential-process", "read-only"), 7, "keyring", "hint:", "sealed-file")
    assert not list(me.state.rglob("*.sealed"))


@pytest.fixture
def keyring(me: Me, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecretService]:
    """A real keyring that `me` uses."""
    if not available():
        missing("gnome-keyring and dbus-daemon")
    me.configure_as_usual(store=KEYRING)
    with SecretService.start(tmp_path_factory.mktemp("k")) as service:
        me.environ |= service.environment
        yield service


def test_a_locked_keyring(me: Me, keyring: SecretService) -> None:
    """Where no dialogue can appear a locked keyring is an error, at once; unlocked, what was held is there."""
    held = me.key_id("read-only")
    keyring.lock()
    failed(me.run("credential-process", "read-only"), 7, "locked", "hint:")
    keyring.unlock()
    assert me.key_id("read-only") == held
    assert me.calls() == ["AssumeRole"]


@pytest.mark.slow
def test_the_tour_leaves_what_the_keyring_held(me: Me, keyring: SecretService) -> None:
    """The tour's end forgets everything of its own, and nothing that another emulator issued."""
    me.ok("keys", "add", "mine", "--stdin", given=environment.pair(me.keys))
    before = keyring.items()
    assert me.run("demo").status == 0
    assert keyring.items() == before


def test_a_keyring_that_hangs_is_not_waited_for_long(me: Me, keyring: SecretService) -> None:
    """A keyring daemon that stands still ends in an error of the store, and not in a process that hangs."""
    keyring.stop()
    try:
        done = me.run("credential-process", "read-only", timeout=90)
    finally:
        keyring.resume()
    failed(done, 7, "keyring", "hint:")


def test_sealed_files_without_a_key(me: Me) -> None:
    """Where files are sealed already, a key_file that is gone is named, and no new one is made in its place."""
    me.key_id("read-only")
    (me.home / "seal.key").unlink()
    failed(me.run("credential-process", "read-only"), 7, "seal.key", "hint:")


def test_sealed_files_with_a_key_for_everybody(me: Me) -> None:
    """A key_file that others can read is refused."""
    (me.home / "seal.key").chmod(0o644)
    failed(me.run("credential-process", "read-only"), 7, "seal.key", "hint:")


# ── a person ──


@pytest.mark.parametrize("words", [(), ("--no-prompt",)])
def test_no_terminal_for_a_prompt(me: Me, words: tuple[str, ...]) -> None:
    """Where nobody can be asked for a code it fails, with the command that asks; nothing is called."""
    done = me.run("credential-process", "prod-admin", *words)
    failed(done, 4, 'an MFA code is needed for "prod-admin"', "hint: stsctl assume prod-admin")
    assert me.calls() == []


@pytest.mark.parametrize("token", ["12345", "1234567", "abcdef", ""])
def test_codes_that_are_none(me: Me, token: str) -> None:
    """A token without six digits is not sent."""
    failed(me.run("credential-process", "hub", "--mfa-token", token), 4, "six digits")
    assert me.calls() == []


def test_a_wrong_code_is_said_to_be_one(me: Me) -> None:
    """With --mfa-token there is one attempt."""
    wrong = f"{(int(me.code()) + 1) % 1_000_000:06d}"
    failed(me.run("credential-process", "hub", "--mfa-token", wrong), 5, "invalid MFA one time pass code", "next code")
    assert me.calls() == ["GetSessionToken!"]


def test_a_code_is_not_sent_twice(me: Me) -> None:
    """A code that was used is known to be, and not sent again."""
    code = me.code()
    me.key_id("hub", "--mfa-token", code)
    me.calls()
    failed(me.run("credential-process", "hub", "--refresh", "--no-session", "--mfa-token", code), 4, "used already")
    assert me.calls() == []


@pytest.mark.parametrize(
    ("text", "patience", "said"),
    [
        ("exit 3", "1m", "status 3"),
        ("echo no", "1m", "did not print a code of six digits"),
        ("sleep 100", "1s", "within 1 seconds"),
    ],
)
def test_an_mfa_process_that_does_not_answer(me: Me, text: str, patience: str, said: str) -> None:
    """Its program is named; nothing is called."""
    me.configure_as_usual(hub=f'mfa_process = ["{me.script("code", text)}"]')
    done = me.run("credential-process", "hub", "--prompt-timeout", patience)
    assert done.status in {1, 4}, done
    failed(done, done.status, said, "code", "hint:")
    assert me.calls() == []


def test_helpers_do_not_get_what_stsctl_exported(me: Me) -> None:
    """A helper finds the environment that the person has, not the session that the shell happens to hold."""
    me.ok("keys", "add", "mine", "--stdin", given=environment.pair(me.keys))
    noted = me.script("noted", f'env > "{me.home}/noted"; echo none')
    me.configure(f'[role.r]\nrole_arn = "{LOCKED}"\nfrom = "mine"\nmfa_process = ["{noted}"]\n')
    me.run("credential-process", "r", STSCTL_SESSION="0" * 64, STSCTL_ROLE="x", AWS_SESSION_TOKEN="exported")
    names = {line.partition("=")[0] for line in (me.home / "noted").read_text().splitlines()}
    assert "PATH" in names
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "STSCTL_SESSION"} & names


def test_an_mfa_process_that_is_not_there(me: Me) -> None:
    """It is named as it was written, and the person is turned to, who is not there either."""
    me.configure_as_usual(hub='mfa_process = ["/nowhere/code"]')
    failed(me.run("credential-process", "hub"), 4, '"/nowhere/code"', "hint: stsctl assume hub")


# ── AWS ──


def test_sts_refuses_the_last_hop(me: Me) -> None:
    """The hop is named, what was asked, AWS's own words, and what may help."""
    me.configure_as_usual(hub=me.code_process())
    done = me.run("credential-process", "prod-admin", "--external-id", "not-the-one")
    failed(
        done, 5,
        f'role "prod-admin" refused: hop 3 of 3, sts:AssumeRole on {ADMIN}',
        "stsctl: aws: AccessDenied: ",
        "(request ",
        "stsctl: hint: ",
    )  # fmt: skip


def test_sts_refuses_the_only_hop(me: Me) -> None:
    """A role that trusts somebody else."""
    failed(
        me.run("credential-process", "locked"), 5, f"hop 1 of 1, sts:AssumeRole on {LOCKED}", "AccessDenied", "hint:"
    )


def test_keys_that_aws_does_not_know(me: Me) -> None:
    """Keys that were deleted, or belong elsewhere."""
    done = me.run("credential-process", "read-only", AWS_ACCESS_KEY_ID="AKIAEXAMPLEEXAMPLE01")
    failed(done, 5, "InvalidClientTokenId", "hint:")


def test_a_wrong_secret_is_said_to_be_one(me: Me) -> None:
    """A signature that does not match is the secret's fault where the clock is right."""
    done = me.run("credential-process", "read-only", AWS_SECRET_ACCESS_KEY="w" * 40)
    failed(done, 5, "SignatureDoesNotMatch", "secret access key is wrong")


def test_no_keys_in_the_environment(me: Me) -> None:
    """The source is named, and what is missing."""
    half = me.run("credential-process", "read-only", AWS_ACCESS_KEY_ID=None)
    failed(half, 3, "half a pair", "AWS_ACCESS_KEY_ID")
    neither = me.run("credential-process", "read-only", AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    failed(neither, 3, '"work"', "AWS_ACCESS_KEY_ID", "hint:")


def test_sts_is_not_there(me: Me) -> None:
    """A closed port: the host is named, and the hop."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    done = me.run("credential-process", "read-only", AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
    failed(done, 6, f"127.0.0.1:{port}", "hop 1 of 1", "hint:")


def test_sts_that_never_answers_is_given_up(me: Me) -> None:
    """An endpoint that takes the connection and says nothing is asked three times, and then given up."""
    impatient = (
        "import sys, stsctl.sources.client as client\n"
        "client.READ_TIMEOUT = 1\n"
        "from stsctl.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = me.program(sys.executable, "-c", impatient, "credential-process", "read-only", AWS_ENDPOINT_URL=url)
        silent.settimeout(0)
        asked = 0
        with contextlib.suppress(BlockingIOError):
            while True:
                silent.accept()[0].close()
                asked += 1
    failed(done, 6, "hop 1 of 1", "hint:")
    assert asked == 3


def test_an_endpoint_that_is_no_sts(me: Me) -> None:
    """What answers something else is not believed, and its answer is not shown."""

    class Portal(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>please sign in: canary-in-a-body</html>")

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Portal) as portal:
        threading.Thread(target=portal.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{portal.server_address[1]}"
        done = me.run("credential-process", "read-only", AWS_ENDPOINT_URL=url)
        portal.shutdown()
    failed(done, 6, "not AWS", "hint:")
    assert "canary" not in done.err


def test_a_clock_that_is_wrong_is_said_with_by_how_much(me: Me) -> None:
    """A machine whose clock is ten minutes behind is told so, and how to set it."""
    # botocore signs with datetime's clock: the same program, in a process whose clock is moved.
    (me.home / "late.py").write_text(
        "import datetime, sys\n"
        "real = datetime.datetime\n"
        "class Late(real):\n"
        "    @classmethod\n"
        "    def now(cls, tz=None): return cls.fromtimestamp(real.now().timestamp() - 600, tz)\n"
        "    @classmethod\n"
        "    def utcnow(cls): return real.now(datetime.UTC).replace(tzinfo=None) - datetime.timedelta(minutes=10)\n"
        "datetime.datetime = Late\n"
        "from stsctl.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    done = me.program(sys.executable, str(me.home / "late.py"), "credential-process", "read-only")
    failed(done, 5, "behind AWS's", "hint: set the clock")
    assert re.search(r"this machine's clock is (9m5\ds|10m|10m\ds) behind", done.err)


# ── failing env ──


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "sh", "powershell", "cmd", "nu"])
def test_a_failing_env_prints_only_what_makes_the_eval_fail(me: Me, shell: str) -> None:
    """On stdout there is one statement, no variable and no error text; the error is on stderr."""
    for words in (
        ("env", "locked"),
        ("env", "nobody"),
        ("env",),
        ("env", "prod-admin"),
        ("env", "--nonsense", "read-only"),
        ("env", "read-only", "prod-admin"),
        ("emulator", "env", "--nonsense"),
    ):
        done = me.run(*words, "--shell", shell)
        assert done.status in {2, 3, 4, 5}, done
        assert len(done.out.splitlines()) == 1, done
        assert "AWS_" not in done.out
        assert "error" not in done.out
        assert done.err.count("stsctl: error:") == 1
        assert "hint:" in done.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "sh", "fish"])
def test_a_failing_env_stops_a_careful_script(me: Me, shell: str) -> None:
    """After a failing env the shell's status is not 0, and what was exported before is still there, whole."""
    evaluate, status = (
        ("eval (stsctl env locked)", "$status") if shell == "fish" else ("eval $(stsctl env locked)", "$?")
    )
    done = me.program(shell, "-c", f"{evaluate}; echo status {status}; echo key $AWS_ACCESS_KEY_ID")
    first, second = done.out.splitlines()[-2:]
    assert first.startswith("status ")
    assert first != "status 0", done
    assert second == f"key {me.keys.access_key_id}"


@pytest.mark.parametrize("form", ["json", "dotenv"])
def test_a_failing_env_prints_no_file(me: Me, form: str) -> None:
    """A file's form stays empty."""
    failed(me.run("env", "locked", "--format", form), 5, "AccessDenied")
    failed(me.run("env", "--nonsense", f"--format={form}"), 2, "--nonsense")


def test_closed_pipes_are_nobodys_bug(me: Me) -> None:
    """`stsctl list | head -0` ends without a word."""
    me.key_id("read-only")
    done = me.program("bash", "-c", "stsctl config show | true; echo ${PIPESTATUS[0]}")
    assert "Traceback" not in done.err
    assert "bug" not in done.err


def test_streams_that_are_closed_or_full_are_nobodys_bug(me: Me) -> None:
    """Where stdout takes nothing that is the error; without stderr the answer comes all the same."""
    me.key_id("read-only")
    for line in (
        "list --json >&-",
        "list >&-",
        "policy evaluate /dev/null >&-",
        "list --json > /dev/full",
        "--help > /dev/full",
    ):
        done = me.program("bash", "-c", f"stsctl {line}; echo status $? >&2")
        assert "bug" not in done.err, done
        assert "stsctl: error: " in done.err
        assert "status 1" in done.err
    done = me.program("bash", "-c", "stsctl credential-process read-only 2>&-")
    assert done.out.startswith('{"Version":1,'), done


def test_an_encoding_without_arrows_is_nobodys_bug(me: Me) -> None:
    """What an old encoding lacks is spelled out."""
    me.key_id("read-only")
    done = me.run("list", PYTHONIOENCODING="latin-1")
    assert done.status == 0, done
    assert "work \\u2192 read-only" in done.out


def test_what_is_nested_without_end_is_refused(me: Me) -> None:
    """A policy, a configuration and a chain that go deeper than anything can follow."""
    failed(me.run("plan", "read-only", "--policy", "[" * 5000), 2, "--policy is no JSON")
    me.aws_config(
        "".join(f"[profile p{n}]\nrole_arn = {ADMIN}\nsource_profile = p{n + 1}\n" for n in range(1500))
        + "[profile p1500]\ncredential_process = nobody\n"
    )
    failed(me.run("plan", "p0"), 3, '"p0"')
    me.configure("x = " + "[" * 3000)
    failed(me.run("plan", "read-only"), 3, "config.toml")


def test_no_output_steers_the_terminal(me: Me) -> None:
    """Names of other people's making are spelled out, in JSON as JSON does it."""
    me.aws_config(f"[profile a\x9b31m\u202e]\nrole_arn = {ADMIN}\nsource_profile = b\n")
    for words in (("list", "--names"), ("config", "show"), ("config", "show", "--json")):
        shown = me.ok(*words)
        assert "31m" in shown
        assert not {"\x9b", "\u202e"} & set(shown), words


def test_the_home_of_nobody(me: Me) -> None:
    """Without HOME the folders are still found, or the error says what is missing."""
    done = me.run("list", HOME=None)
    assert done.status in {0, 1, 3, 7}, done
    assert "Traceback" not in done.err
    assert "bug" not in done.err


def test_folders_that_are_files(me: Me, tmp_path: Path) -> None:
    """A state folder that is a file is an error that names it."""
    (tmp_path / "file").write_text("")
    done = me.run("credential-process", "read-only", XDG_STATE_HOME=tmp_path / "file")
    assert done.status not in {0, 70}, done
    failed(done, done.status, str(tmp_path / "file"))
