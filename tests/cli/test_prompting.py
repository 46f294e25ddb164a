"""Questions where there is no terminal but a desktop: when they are asked, and what they say. zenity is a stand-in."""

from __future__ import annotations

import json
import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stsctl.credentials import Secret
from stsctl.totp import code_at, step_at
from tests.emulator_fixture import client
from tests.program import Me, Organisation, somebody


class Desk:
    """A person's desktop: a zenity that notes what it is asked, and answers with what `answers` says, in turn."""

    def __init__(self, me: Me) -> None:
        self._folder = me.home / "desk"
        self._folder.mkdir()
        program = self._folder / "zenity"
        program.write_text(
            f"#!{sys.executable} -IS\nimport json, pathlib, sys\nfolder = pathlib.Path({str(self._folder)!r})\n"
            "note, answers = folder / 'asked', folder / 'answers'\n"
            "with note.open('a') as out: out.write(json.dumps(sys.argv[1:]) + '\\n')\n"
            "first, _, rest = answers.read_text().partition('\\n')\n"
            "answers.write_text(rest)\nprint(first)\nsys.exit(not first)\n"
        )
        program.chmod(0o700)
        me.environ |= {"DISPLAY": ":9", "PATH": str(self._folder)}

    def answers(self, *answers: str) -> None:
        """What the person will type, window by window; nothing is a window that is closed."""
        (self._folder / "answers").write_text("".join(f"{answer}\n" for answer in answers))

    def asked(self) -> list[str]:
        """The questions that were shown."""
        note = self._folder / "asked"
        lines = note.read_text().splitlines() if note.exists() else []
        return [next(word for word in json.loads(line) if word.startswith("--text=")) for line in lines]


@pytest.fixture
def desk(me: Me) -> Desk:
    """The person's desktop."""
    return Desk(me)


def test_the_window_names_role_and_device(me: Me, desk: Desk) -> None:
    """A person who typed nothing has to know what it is about; the code is told to nobody but AWS."""
    code = me.code()
    desk.answers(code)
    done = me.run("--debug", "credential-process", "prod-admin")
    assert done.status == 0, done
    assert desk.asked() == [f'--text=MFA code of mfa/{me.user} for "prod-admin":']
    assert code not in done.err
    desk.answers()
    assert me.run("credential-process", "prod-admin").status == 0
    assert len(desk.asked()) == 1  # a session that is held needs nobody


def test_a_program_comes_before_a_window(me: Me, desk: Desk) -> None:
    """mfa_process is asked first; where it fails, the person is."""
    me.configure_as_usual(hub=me.code_process())
    me.environ["PATH"] += ":/usr/bin:/bin"
    me.ok("credential-process", "hub")
    assert (me.prompts(), desk.asked()) == (1, [])
    me.ok("logout", "--all")
    me.configure_as_usual(hub='mfa_process = ["false"]')
    desk.answers(me.code())
    done = me.run("credential-process", "hub")
    assert (done.status, len(desk.asked())) == (0, 1), done
    assert 'mfa_process: "false" failed with status 1' in done.err


def test_a_mistyped_code_is_asked_for_again(me: Me, desk: Desk) -> None:
    """The next window says what was wrong."""
    desk.answers("12345", me.code())
    assert me.run("credential-process", "hub").status == 0
    first, second = desk.asked()
    assert second == first.replace("--text=", "--text=an MFA code has six digits\n")


def test_keys_are_typed_into_windows(me: Me, desk: Desk) -> None:
    """The id is shown as it is typed, the secret is not."""
    desk.answers(me.keys.access_key_id, me.keys.secret_access_key.reveal())
    assert me.run("keys", "add", "mine").status == 0
    assert desk.asked() == ["--text=Access key id:", "--text=Secret access key (not shown):"]
    assert "--hide-text" in (me.home / "desk" / "asked").read_text().splitlines()[1]


def test_a_window_says_what_is_confirmed(home: Path, other_organisation: Organisation) -> None:
    """Whoever sees nothing but the window knows what they agree to; who closes it has not."""
    me = somebody(home, other_organisation)
    desk = Desk(me)
    desk.answers("n")
    done = me.run("sts", "revoke", "read-only", "--as", "work")
    assert (done.status, "nothing was changed" in done.err) == (1, True), done
    (text,) = desk.asked()
    assert "stsctl is about to deny everything to every session of" in text
    assert "role/ReadOnly" in text
    assert "Is that meant?" in text


def test_a_device_is_enabled_in_windows(me: Me, desk: Desk) -> None:
    """Two codes, a window each."""
    pair = f"{me.keys.access_key_id}\n{me.keys.secret_access_key.reveal()}\n"
    me.ok("keys", "add", "mine", "--stdin", given=pair)
    iam = client(me.organisation.running, "iam", me.keys)
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"{me.user}-window")["VirtualMFADevice"]
    seed = Secret(device["Base32StringSeed"].decode())
    step = step_at(datetime.now(UTC))
    desk.answers(code_at(seed, step - 1), code_at(seed, step))
    done = me.run("mfa", "enable", "mine", "--device", f"{me.user}-window")
    assert done.status == 0, done
    assert [text.partition(",")[0] for text in desk.asked()] == [
        "--text=The code that the device shows:",
        "--text=The next code that it shows",
    ]


def test_security_keys_are_of_no_use_to_sts(me: Me) -> None:
    """A user with nothing else is told why no code can be had."""
    pair = f"{me.keys.access_key_id}\n{me.keys.secret_access_key.reveal()}\n"
    me.ok("keys", "add", "mine", "--stdin", given=pair)
    iam = client(me.organisation.running, "iam", me.keys)
    serial = f"arn:aws:iam::111111111111:u2f/user/{me.user}/key-ABC"
    iam.enable_mfa_device(
        UserName=me.user, SerialNumber=serial, AuthenticationCode1="111111", AuthenticationCode2="222222"
    )
    assert "a security key: signs in to the console, and STS cannot ask it" in me.ok("mfa", "list", "mine")
    assert "security key" not in me.run("mfa", "code", "mine").err  # there is a device that shows codes beside it
    iam.deactivate_mfa_device(UserName=me.user, SerialNumber=me.mfa_serial)
    done = me.run("mfa", "code", "mine")
    assert (done.status, f"{serial} is a security key, and STS takes only codes" in done.err) == (3, True), done
    done = me.run("plan", "read-only", "--mfa-serial", shlex.quote(serial))
    assert (done.status, "is a security key" in done.err) == (2, True), done
