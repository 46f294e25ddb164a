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
