"""The whole program at a terminal: what the person is asked, types and sees."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pytest

from tests.program import READ_ONLY, STSCTL, Me, Organisation, somebody
from tests.program import organisation as shared_organisation

organisation = shared_organisation

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def me(home: Path, organisation: Organisation) -> Me:
    """Somebody who reads codes off a device, and whose keys are in a profile: the environment is the sessions'."""
    person = somebody(home, organisation)
    text = person.config.read_text().replace('type = "environment"', 'type = "profile"\nprofile = "keys"')
    person.config.write_text(text)
    person.aws_config(
        f"[profile keys]\naws_access_key_id = {person.keys.access_key_id}\n"
        f"aws_secret_access_key = {person.keys.secret_access_key.reveal()}\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del person.environ[name]
    return person


@pytest.fixture
def terminals(me: Me) -> Iterator[Callable[..., pexpect.spawn]]:
    """Opens terminals of that person's: a program in each, bash where none is said."""
    opened: list[pexpect.spawn] = []

    def open_one(*argv: str, **variables: str) -> pexpect.spawn:
        program, *rest = argv or ("bash", "--norc", "--noprofile")
        environ = {**me.environ, "TERM": "xterm-256color", "PS1": "ready> ", **variables}
        terminal = pexpect.spawn(
            program, rest, env=environ, cwd=str(me.home), encoding="utf-8", timeout=100, dimensions=(40, 160)
        )
        terminal.delaybeforesend = None
        opened.append(terminal)
        return terminal

    yield open_one
    for terminal in opened:
        terminal.close(force=True)


@pytest.fixture
def shell(terminals: Callable[..., pexpect.spawn]) -> pexpect.spawn:
    """One terminal with bash in it."""
    terminal = terminals()
    terminal.expect_exact("ready> ")
    return terminal


def type_line(shell: pexpect.spawn, line: str) -> str:
    """Types a line, and gives what is shown until the shell asks for the next."""
    shell.sendline(line)
    shell.expect_exact("ready> ")
    return _ANSI.sub("", shell.before).replace("\r", "")


def ask_for(shell: pexpect.spawn, line: str, what: str = "MFA code of ") -> None:
    """Types a line that leads to a question."""
    shell.sendline(line)
    shell.expect_exact(what)
    shell.expect_exact(": ")


def test_assume_asks_for_the_code_and_shows_who_you_are(me: Me, shell: pexpect.spawn) -> None:
    """The question names the device and the role; the panel says who, by which chain, until when, and what to type."""
    shell.sendline("stsctl assume prod-admin")
    shell.expect_exact(f'MFA code of mfa/{me.user} for "prod-admin": ')
    shell.sendline(me.code())
    shell.expect_exact("ready> ")
    panel = _ANSI.sub("", shell.before)
    assert "prod-admin" in panel
    assert "you are" in panel
    assert "Admin as " in panel
    assert "account 222222222222" in panel
    assert "work → hub → prod-admin" in panel
    assert "eval $(stsctl env)" in panel
    assert "╭" in panel
    assert "0" in type_line(shell, "echo $?")


def test_names_are_shown_as_they_are_written(me: Me, shell: pexpect.spawn) -> None:
    """What could be read as markup of the panel or of the spinner is the name's own."""
    with me.config.open("a") as file:
        file.write(f'\n[role."[/b]a [red]"]\nrole_arn = "{READ_ONLY}"\nfrom = "work"\n')
    shown = type_line(shell, "stsctl assume '[/b]a [red]'")
    assert "work → [/b]a [red]" in shown
    assert "stsctl exec '[/b]a [red]' -- COMMAND" in shown


def test_colours_and_boxes_are_left_out_where_nobody_wants_them(
    me: Me, terminals: Callable[..., pexpect.spawn]
) -> None:
    """NO_COLOR and TERM=dumb: no escape sequence at all."""
    for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        terminal = terminals(str(STSCTL), "assume", "read-only", **variables)
        terminal.expect(pexpect.EOF)
        assert "\x1b" not in terminal.before
        assert "╭" not in terminal.before
        assert "you are " in terminal.before


def test_the_question_is_put_on_the_terminal_although_stdin_and_stdout_are_pipes(me: Me, shell: pexpect.spawn) -> None:
    """As an SDK runs it: the answer goes to the pipe alone, what comes from the pipe answers nothing."""
    ask_for(shell, "echo 000000 | stsctl credential-process hub 2>err | cat >answer; echo ${PIPESTATUS[@]}")
    shell.sendline(me.code())
    shell.expect_exact("0 0 0")
    shell.expect_exact("ready> ")
    assert (me.home / "answer").read_text().startswith('{"Version":1,')
    assert "AccessKeyId" not in shell.before
    assert (me.home / "err").read_text() == ""


def test_eval_of_env_asks_on_the_terminal_too(me: Me, shell: pexpect.spawn) -> None:
    """Nothing of the question becomes part of what is evaluated."""
    ask_for(shell, "eval $(stsctl env hub)")
    shell.sendline(me.code())
    shell.expect_exact("ready> ")
    assert "hub ASIA" in type_line(shell, "echo $STSCTL_ROLE ${AWS_ACCESS_KEY_ID:0:4}")


def test_a_wrong_code_is_asked_for_again_three_times_in_all(me: Me, shell: pexpect.spawn) -> None:
    """Each time it says what was wrong; after the third AWS's refusal is the error, with its status."""
    right = int(me.code())
    ask_for(shell, "stsctl assume hub")
    shell.sendline(f"{(right + 111111) % 1_000_000:06d}")
    shell.expect_exact("AWS did not take that code")
    shell.expect_exact(": ")
    shell.sendline(f"{(right + 222222) % 1_000_000:06d}")
    shell.expect_exact("AWS did not take that code")
    shell.expect_exact(": ")
    shell.sendline(f"{(right + 333333) % 1_000_000:06d}")
    shell.expect_exact("ready> ")
    assert "error:" in shell.before
    assert "status 5" in type_line(shell, "echo status $?")
    assert me.calls() == ["GetSessionToken!"] * 3


def test_a_wrong_code_and_then_a_right_one(me: Me, shell: pexpect.spawn) -> None:
    """Somebody who mistypes is not made to begin anew; a code with a blank in it is taken as devices show it."""
    right = me.code()
    ask_for(shell, "stsctl assume hub")
    shell.sendline(f"{(int(right) + 111111) % 1_000_000:06d}")
    shell.expect_exact("AWS did not take that code")
    shell.expect_exact(": ")
    shell.sendline("12345")
    shell.expect_exact("six digits")
    shell.expect_exact(": ")
    shell.sendline(f"{right[:3]} {right[3:]}")
    shell.expect_exact("ready> ")
    assert "you are" in _ANSI.sub("", shell.before)
    assert me.calls() == ["GetSessionToken!", "GetSessionToken", "AssumeRole"]


def test_a_code_that_was_used_is_not_sent_again(me: Me, shell: pexpect.spawn) -> None:
    """It says so, and waits for the next."""
    code = me.code()
    ask_for(shell, "stsctl assume hub")
    shell.sendline(code)
    shell.expect_exact("ready> ")
    me.calls()
    ask_for(shell, "stsctl assume hub --no-session --duration 30m")
    shell.sendline(code)
    shell.expect_exact("used already")
    shell.expect_exact(": ")
    assert me.calls() == []
    shell.sendline(me.code())
    shell.expect_exact("ready> ")
    assert me.calls() == ["AssumeRole"]


def test_ctrl_c_in_the_question_ends_with_130_and_leaves_the_terminal_as_it_was(me: Me, shell: pexpect.spawn) -> None:
    """Nothing is held, nothing was called, and the terminal shows what is typed next."""
    before = type_line(shell, "stty -g")
    ask_for(shell, "stsctl assume hub")
    shell.sendintr()
    shell.expect_exact("ready> ")
    assert "status 130" in type_line(shell, "echo status $?")
    assert type_line(shell, "stty -g") == before
    assert me.calls() == []
    assert "no session is held" in type_line(shell, "stsctl list")


def test_ctrl_c_in_env_makes_the_eval_fail(shell: pexpect.spawn) -> None:
    """What is evaluated then is a failure, too."""
    ask_for(shell, "eval $(stsctl env hub)")
    shell.sendintr()
    shell.expect_exact("ready> ")
    assert "status 0." not in type_line(shell, "echo status $?.")
    assert "[]" in type_line(shell, "echo [$STSCTL_ROLE]")


def test_ctrl_d_is_no_answer(shell: pexpect.spawn) -> None:
    """An end of file instead of a code: a person is needed."""
    ask_for(shell, "stsctl assume hub")
    shell.sendeof()
    shell.expect_exact("ready> ")
    assert "status 4" in type_line(shell, "echo status $?")


def test_an_unanswered_question_has_an_end(shell: pexpect.spawn) -> None:
    """After --prompt-timeout nobody is waited for."""
    ask_for(shell, "stsctl assume hub --prompt-timeout 1s")
    shell.expect_exact("nobody answered within 1 seconds")
    shell.expect_exact("ready> ")
    assert "status 4" in type_line(shell, "echo status $?")


def test_a_job_in_the_background_does_not_ask(shell: pexpect.spawn) -> None:
    """It would be stopped for reading; so it fails, and says so."""
    type_line(shell, "set -m")
    shell.sendline("stsctl assume hub & wait $!; echo status $?")
    shell.expect_exact("status 4")
    assert "in the background" in shell.before


# ── the current session ──


def test_each_terminal_has_a_current_session_of_its_own(terminals: Callable[..., pexpect.spawn]) -> None:
    """What is assumed in one is current there, and in no other."""
    one, two, three = terminals(), terminals(), terminals()
    for terminal in (one, two, three):
        terminal.expect_exact("ready> ")
    type_line(one, "stsctl assume read-only")
    type_line(two, "stsctl assume long")
    assert "role/ReadOnly/" in type_line(one, "stsctl whoami")
    assert "role/Long/" in type_line(two, "stsctl whoami")
    assert "no session is current in this terminal" in type_line(three, "stsctl whoami")
    assert "read-only" in type_line(one, "stsctl exec -- sh -c 'echo $STSCTL_ROLE'")
    assert "long" in type_line(two, "sh -c 'stsctl exec -- sh -c \"echo \\$STSCTL_ROLE\"'")


def test_assume_dash_goes_back_and_forth(shell: pexpect.spawn) -> None:
    """`assume -` is the one before, with the flags that it had; where there was none, it says so."""
    type_line(shell, "stsctl assume read-only --session-name first")
    assert "no other session was assumed in this terminal" in type_line(shell, "stsctl assume -")
    type_line(shell, "stsctl assume long")
    for there in ("role/ReadOnly/first", "role/Long/", "role/ReadOnly/first"):
        type_line(shell, "stsctl assume -")
        assert there in type_line(shell, "stsctl whoami")


def test_assume_env_assume_env_ends_as_the_second(shell: pexpect.spawn) -> None:
    """The later word counts, although the variables of the first were still there when it was said."""
    for name in ("read-only", "long"):
        type_line(shell, f"stsctl assume {name}")
        type_line(shell, "eval $(stsctl env)")
        assert f"role {name}." in type_line(shell, "echo role $STSCTL_ROLE.")
    assert "role/Long/" in type_line(shell, "stsctl whoami")


def test_env_in_a_subshell_of_exec_is_the_subshells(shell: pexpect.spawn) -> None:
    """In it the variables count more than what the terminal's last assume was."""
    type_line(shell, "stsctl assume long")
    shell.sendline("SHELL=/bin/sh stsctl exec read-only")
    shell.expect_exact("ready> ")
    type_line(shell, "eval $(stsctl env)")
    assert "role read-only.1" in type_line(shell, "echo role $STSCTL_ROLE.$STSCTL_DEPTH")
    assert "role/ReadOnly/" in type_line(shell, "stsctl whoami")
    type_line(shell, "exit")
    assert "role .." in type_line(shell, "echo role $STSCTL_ROLE.$STSCTL_DEPTH.")
    assert "long" in type_line(shell, "stsctl exec -- sh -c 'echo $STSCTL_ROLE'")


def test_env_unset_takes_everything_back(shell: pexpect.spawn) -> None:
    """Afterwards nothing of the session is in the shell."""
    type_line(shell, "eval $(stsctl env read-only)")
    type_line(shell, "eval $(stsctl env --unset)")
    assert "[]" in type_line(shell, "echo [$AWS_ACCESS_KEY_ID$AWS_SESSION_TOKEN$STSCTL_ROLE$STSCTL_SESSION]")


def test_logout_alone_forgets_the_current_session(me: Me, shell: pexpect.spawn) -> None:
    """It is not held any more, nor current."""
    type_line(shell, "stsctl assume read-only")
    assert '"read-only" is forgotten' in type_line(shell, "stsctl logout")
    assert "no session is current" in type_line(shell, "stsctl whoami")
    assert "no session is held" in type_line(shell, "stsctl list")


def test_stsctl_alone_says_what_is_current(shell: pexpect.spawn) -> None:
    """And the commands that people use most."""
    assert "no session is current here" in type_line(shell, "stsctl")
    type_line(shell, "stsctl assume read-only")
    shown = type_line(shell, "stsctl")
    assert "role/ReadOnly/" in shown
    assert "stsctl exec NAME" in shown


def test_list_at_a_terminal_is_a_table_and_in_a_pipe_is_plain(shell: pexpect.spawn) -> None:
    """The bar of time left is for people; for grep there is a line a session, with tabs."""
    type_line(shell, "stsctl assume read-only")
    table = type_line(shell, "stsctl list")
    assert "━" in table
    assert "time left" in table
    plain = type_line(shell, "stsctl list | cat -A")
    assert "read-only^I" in plain
    assert "M-bM-^TM-" not in plain


# ── exec ──


def test_exec_hands_on_the_terminal(shell: pexpect.spawn) -> None:
    """The program reads from it, and it knows that it is one."""
    shell.sendline("stsctl exec read-only -- sh -c 'test -t 0 && test -t 1 && read x && echo got:$x:'")
    shell.sendline("hello")
    shell.expect_exact("got:hello:")


def test_ctrl_c_in_exec_is_the_childs(shell: pexpect.spawn) -> None:
    """Its handler decides."""
    shell.sendline(
        """stsctl exec read-only -- sh -c 'trap "echo caught; exit 7" INT; echo up; read x'; echo status $?"""
    )
    shell.expect_exact("up\r\n")
    shell.sendintr()
    shell.expect_exact("caught")
    shell.expect_exact("status 7")


def test_ctrl_z_stops_the_child_and_fg_goes_on(shell: pexpect.spawn) -> None:
    """Job control is the shell's and the child's; stsctl is not in between."""
    type_line(shell, "set -m")
    shell.sendline("stsctl exec read-only -- sh -c 'echo up; while read line; do echo got:$line:; done'")
    shell.expect_exact("up\r\n")
    shell.sendline("one")
    shell.expect_exact("got:one:")
    shell.send("\x1a")
    shell.expect_exact("Stopped")
    shell.sendline("fg")
    shell.sendline("two")
    shell.expect_exact("got:two:")
    shell.sendeof()
    shell.expect_exact("ready> ")


# ── keys ──


def test_keys_add_hides_the_secret(me: Me, shell: pexpect.spawn) -> None:
    """The id is shown as it is typed, the secret is not; both end in the store, and in no file that says so."""
    secret = me.keys.secret_access_key.reveal()
    shell.sendline("stsctl keys add mine; echo status $?")
    shell.expect_exact("Access key id: ")
    shell.sendline(me.keys.access_key_id)
    shell.expect_exact("Secret access key (not shown): ")
    shell.sendline(secret)
    shell.expect_exact("status 0")
    assert secret not in shell.before
    assert f'the keys of arn:aws:iam::111111111111:user/{me.user} are kept as "mine"' in shell.before
    assert f"MFA device: {me.mfa_serial}" in shell.before
    added = (me.home / ".config" / "stsctl" / "emulator" / "added.toml").read_text()
    assert "[source.mine]" in added
    assert secret not in added
    shell.expect_exact("ready> ")
    assert "mine" in type_line(shell, "stsctl keys list")
    type_line(shell, "stsctl keys remove mine")
    assert "no keys are in the store" in type_line(shell, "stsctl keys list")


def test_ctrl_c_while_a_secret_is_typed_gives_the_echo_back(me: Me, shell: pexpect.spawn) -> None:
    """Nothing is kept, and the terminal echoes again."""
    before = type_line(shell, "stty -g")
    shell.sendline("stsctl keys add mine")
    shell.expect_exact("Access key id: ")
    shell.sendline(me.keys.access_key_id)
    shell.expect_exact("(not shown): ")
    shell.send("half-a-secret")
    shell.sendintr()
    shell.expect_exact("ready> ")
    assert "half-a-secret" not in shell.before
    assert type_line(shell, "stty -g") == before
    assert "no keys are in the store" in type_line(shell, "stsctl keys list")


def test_a_passphrase_seals_what_is_held(me: Me, shell: pexpect.spawn) -> None:
    """Asked for twice the first time; afterwards once, and a wrong one opens nothing."""
    me.config.write_text(me.config.read_text().replace('key_file = "~/seal.key"', 'key = "passphrase"'))
    shell.sendline("stsctl assume read-only; echo status $?")
    for prompt in ("new passphrase for the sealed files: ", "the same once more: "):
        shell.expect_exact(prompt)
        shell.sendline("a long one, for a test")
    shell.expect_exact("status 0")
    assert "a long one" not in shell.before
    shell.sendline("stsctl exec read-only -- true; echo status $?")
    shell.expect_exact("passphrase of the sealed files: ")
    shell.sendline("a wrong one, for a test")
    shell.expect("status [^0]")
    assert me.calls() == ["AssumeRole"]
