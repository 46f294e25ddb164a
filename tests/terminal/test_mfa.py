"""Enrolling an MFA device at a terminal: what is shown, typed, enabled and kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pexpect
import pytest

from stsctl.credentials import Secret
from stsctl.totp import code_at, step_at
from tests.emulator_fixture import client
from tests.program import STSCTL, WORK, Me, Organisation, somebody
from tests.program import organisation as shared_organisation

organisation = shared_organisation


@pytest.fixture
def me(home: Path, organisation: Organisation) -> Me:
    """Somebody whose keys are in the store."""
    person = somebody(home, organisation)
    person.configure("")
    pair = f"{person.keys.access_key_id}\n{person.keys.secret_access_key.reveal()}\n"
    person.ok("keys", "add", "mine", "--stdin", given=pair)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del person.environ[name]
    return person


@pytest.fixture
def enrolling(me: Me) -> Iterator[pexpect.spawn]:
    """`stsctl mfa add` at a terminal, with its output in a file of its own, as far as the first question."""
    command = f"exec {STSCTL} mfa add mine --device {me.user}-phone --keep-seed > {me.home}/out 2> {me.home}/err"
    terminal = pexpect.spawn(
        "sh", ["-c", command], env={**me.environ, "TERM": "xterm-256color"}, encoding="utf-8", timeout=100,
        dimensions=(60, 120),
    )  # fmt: skip
    terminal.delaybeforesend = None
    terminal.expect_exact("The code that the device shows: ")
    yield terminal
    terminal.close(force=True)


def seed_in(shown: str) -> Secret:
    """The key that the person is to type into an app."""
    (groups,) = re.findall(r"^\s*((?:[A-Z2-7]{4} )+[A-Z2-7]{1,4})\s*$", shown, re.MULTILINE)
    return Secret(groups.replace(" ", ""))


def serials(me: Me) -> set[str]:
    """The devices that IAM lists for the person."""
    return {one["serial"] for one in json.loads(me.ok("mfa", "list", "mine", "--json"))}


def test_a_device_is_shown_enabled_and_kept(me: Me, enrolling: pexpect.spawn) -> None:
    """The QR code goes to the terminal alone; two codes enable the device, and its seed shows codes that STS takes."""
    seed, serial = seed_in(enrolling.before), f"arn:aws:iam::{WORK}:mfa/{me.user}-phone"
    assert "\u2580" in enrolling.before  # half blocks: the QR code
    step = step_at(datetime.now(UTC))
    enrolling.sendline("12345")
    enrolling.expect_exact("A code has six digits: ")
    enrolling.sendline(code_at(seed, step - 1))
    enrolling.expect_exact("The next code that it shows")
    enrolling.sendline(code_at(seed, step - 1))
    enrolling.expect_exact("That is the same code")
    enrolling.sendline(code_at(seed, step))
    enrolling.expect(pexpect.EOF)
    said = (me.home / "err").read_text()
    assert f"{serial} is enrolled" in said
    assert ((me.home / "out").read_text(), seed.reveal() in said) == ("", False)
    assert serials(me) == {serial, me.mfa_serial}
    assert me.ok("mfa", "code", "mine").strip() in {code_at(seed, step_at(datetime.now(UTC)) - back) for back in (0, 1)}
    # The source asks its own device by itself: nobody is needed.
    me.ok("credential-process", "mine")


def test_a_device_that_nobody_finished_is_taken_back(me: Me, enrolling: pexpect.spawn) -> None:
    """Ctrl-C at the first question: the device is deleted, and the name is free again."""
    enrolling.sendintr()
    enrolling.expect(pexpect.EOF)
    enrolling.close()
    assert enrolling.exitstatus == 130
    assert "was deleted again" in (me.home / "err").read_text()
    assert serials(me) == {me.mfa_serial}


def test_without_a_terminal_nothing_is_made(me: Me) -> None:
    """Nobody could be shown the code."""
    done = me.run("mfa", "add", "mine", "--device", "third")
    assert (done.status, "there is none" in done.err) == (4, True), done
    done = me.run("mfa", "code", "mine")
    assert (done.status, "is not in the store" in done.err) == (3, True), done


def at_a_terminal(me: Me, *words: str) -> pexpect.spawn:
    """`stsctl` with `words` at a terminal, its stderr in a file."""
    terminal = pexpect.spawn(
        "sh", ["-c", f"exec {STSCTL} {' '.join(words)} 2> {me.home}/err"], env={**me.environ, "TERM": "xterm-256color"},
        encoding="utf-8", timeout=100, dimensions=(60, 120),
    )  # fmt: skip
    terminal.delaybeforesend = None
    return terminal


def type_codes(terminal: pexpect.spawn, seed: Secret, *, back: int = 1) -> None:
    """Types two codes of a device, when they are asked for: the one of `back` steps ago, and the one after it."""
    step = step_at(datetime.now(UTC)) - back
    terminal.expect_exact("The code that the device shows: ")
    terminal.sendline(code_at(seed, step))
    terminal.expect_exact("The next code that it shows")
    terminal.sendline(code_at(seed, step + 1))


def test_codes_that_were_mistyped_are_asked_for_again(me: Me, enrolling: pexpect.spawn) -> None:
    """Nothing is undone for one wrong digit."""
    seed = seed_in(enrolling.before)
    enrolling.sendline("000000")
    enrolling.expect_exact("The next code that it shows")
    enrolling.sendline("000001")
    enrolling.expect_exact("they are no two codes in a row")
    type_codes(enrolling, seed)
    enrolling.expect(pexpect.EOF)
    assert f"{me.user}-phone is enrolled" in (me.home / "err").read_text()


def test_an_enrolment_that_was_killed_goes_on_by_itself(me: Me, enrolling: pexpect.spawn) -> None:
    """Its seed is kept since before the first question, so that nobody is needed; until then no role asks it."""
    serial = f"arn:aws:iam::{WORK}:mfa/{me.user}-phone"
    enrolling.kill(9)
    enrolling.wait()
    done = me.run("mfa", "list", "mine")
    assert f"the enrolment of {serial} was broken off" in done.err
    assert me.run("mfa", "code", "mine").status == 3
    me.ok("mfa", "enable", "mine")
    assert serials(me) == {serial, me.mfa_serial}
    me.ok("credential-process", "mine")


def test_an_enrolment_that_was_killed_is_shown_again(me: Me, enrolling: pexpect.spawn) -> None:
    """`mfa add` goes on with the same device, whose seed is kept."""
    seed = seed_in(enrolling.before)
    enrolling.kill(9)
    enrolling.wait()
    again = at_a_terminal(me, "mfa", "add", "mine", "--device", f"{me.user}-phone")
    type_codes(again, seed)
    again.expect(pexpect.EOF)
    said = (me.home / "err").read_text()
    assert "was broken off, and goes on" in said
    assert f"{me.user}-phone is enrolled" in said
    # Nothing was said of keeping it this time.
    assert me.run("mfa", "code", "mine").status == 3


def test_what_was_enabled_and_not_put_down_is_put_down(me: Me, enrolling: pexpect.spawn) -> None:
    """Killed between the two: the device is the user's, and the next run says so and needs no code."""
    seed, serial = seed_in(enrolling.before), f"arn:aws:iam::{WORK}:mfa/{me.user}-phone"
    enrolling.kill(9)
    enrolling.wait()
    step = step_at(datetime.now(UTC))
    client(me.organisation.running, "iam", me.keys).enable_mfa_device(
        UserName=me.user, SerialNumber=serial, AuthenticationCode1=code_at(seed, step - 1),
        AuthenticationCode2=code_at(seed, step),
    )  # fmt: skip
    assert f"{serial} is enrolled" in me.run("mfa", "enable", "mine").err
    assert me.ok("mfa", "code", "mine").strip().isdigit()


@pytest.fixture
def nobodys(me: Me) -> tuple[str, Secret]:
    """A device that was made elsewhere: its serial, and its seed."""
    iam = client(me.organisation.running, "iam", me.keys)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"{me.user}-tablet")["VirtualMFADevice"]
    return device["SerialNumber"], Secret(device["Base32StringSeed"].decode())


def test_a_device_that_is_nobodys_is_enabled(me: Me, nobodys: tuple[str, Secret]) -> None:
    """Two codes are asked for, and no QR code is shown, for its seed is not known here."""
    serial, seed = nobodys
    terminal = at_a_terminal(me, "mfa", "enable", "mine", "--device", f"{me.user}-tablet")
    type_codes(terminal, seed)
    terminal.expect(pexpect.EOF)
    assert f"{serial} is enrolled" in (me.home / "err").read_text()
    assert serials(me) == {serial, me.mfa_serial}


@pytest.mark.parametrize("shows_codes", [True, False])
def test_a_device_that_an_app_may_show_is_asked_about(me: Me, nobodys: tuple[str, Secret], shows_codes: bool) -> None:
    """AWS tells a seed once: where no app has it, the device is made anew."""
    serial, seed = nobodys
    terminal = at_a_terminal(me, "mfa", "add", "mine", "--device", f"{me.user}-tablet")
    terminal.expect_exact("Does your authenticator app show its codes? [y/N] ")
    terminal.sendline("y" if shows_codes else "n")
    terminal.expect_exact("The code that the device shows: ")
    if not shows_codes:
        assert seed_in(terminal.before) != seed
        seed = seed_in(terminal.before)
    step = step_at(datetime.now(UTC)) - 1
    terminal.sendline(code_at(seed, step))
    terminal.expect_exact("The next code that it shows")
    terminal.sendline(code_at(seed, step + 1))
    terminal.expect(pexpect.EOF)
    assert serials(me) == {serial, me.mfa_serial}


@pytest.mark.parametrize(
    ("device", "says"),
    [
        ("none-such", "there is no virtual device arn:aws:iam::111111111111:mfa/none-such that is nobody's yet"),
        ("arn:aws:iam::111111111111:u2f/user/alice/key", "is a security key, and STS takes only codes"),
    ],
)
def test_what_cannot_be_enabled(me: Me, device: str, says: str) -> None:
    """Said before anybody is asked for a code."""
    done = me.run("mfa", "enable", "mine", "--device", device)
    assert (done.status, says in done.err) == (3, True), done


def test_a_device_that_is_somebodys_is_not_taken(me: Me) -> None:
    """The user's own device, which is enabled already and called as the user is."""
    for words in ((), ("--device", me.mfa_serial)):
        done = me.run("mfa", "enable", "mine", *words)
        assert (done.status, f"no virtual device {me.mfa_serial} that is nobody's yet" in done.err) == (3, True), done


def test_a_seed_is_shown_on_the_terminal_alone(me: Me) -> None:
    """Whatever else people are asked with: a window's text is on a command line, where all can read it."""
    (me.home / "bin").mkdir()
    window = me.script("bin/zenity", f'echo "$@" >> {me.home}/shown')
    me.environ |= {"DISPLAY": ":9", "STSCTL_PROMPT_WITH": "zenity", "PATH": f"{window.parent}:{me.environ['PATH']}"}
    terminal = at_a_terminal(me, "mfa", "add", "mine", "--device", f"{me.user}-hidden")
    terminal.expect_exact("The code that the device shows: ")
    assert seed_in(terminal.before)
    terminal.sendintr()
    terminal.expect(pexpect.EOF)
    assert not (me.home / "shown").exists()
