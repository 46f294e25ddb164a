"""Every line that the documentation gives, typed as it stands, by a new user in bash, zsh and fish."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from stsctl.emulator import control
from stsctl.emulator.running import Running
from stsctl.host import process_table
from tests.conftest import missing
from tests.crowd import until
from tests.program import BIN, STSCTL
from tests.scripts.conftest import Typist, fresh

ADMIN = "arn:aws:iam::222222222222:role/Admin"

CONFIGURATION = f"""
[defaults]
store = "sealed-file"

[sealed_file]
key_file = "~/key"

[role.hub]
role_arn = "arn:aws:iam::111111111111:role/Hub"
from = "work"

[role.prod-admin]
role_arn = "{ADMIN}"
from = "hub"
external_id = "x-emulated-42"
"""


def _emulator(home: Path) -> Running | None:
    return control.find(home / ".local" / "state" / "stsctl" / "emulator")


@pytest.fixture(autouse=True)
def tidy(home: Path) -> Iterator[None]:
    """No emulator is left behind."""
    yield
    running = _emulator(home)
    if running is not None:
        control.stop(home / ".local" / "state" / "stsctl" / "emulator", running)


def _begin(typist: Typist, home: Path) -> Running:
    """The emulator, alice's keys in the store, and a configuration: what comes before the daily lines."""
    typist.types("stsctl emulator start")
    running = _emulator(home)
    assert running is not None
    typist.types("eval $(stsctl emulator env)")
    (home / ".config" / "stsctl").mkdir(parents=True)
    (home / ".config" / "stsctl" / "config.toml").write_text(CONFIGURATION)
    typist.types("head -c 32 /dev/urandom | base64 > ~/key; chmod 600 ~/key")
    alice = control.principal(running, "alice").credentials
    shown = typist.types(
        "stsctl keys add work",
        ("Access key id: ", alice.access_key_id),
        ("Secret access key (not shown): ", alice.secret_access_key.reveal()),
    )
    assert "MFA device: arn:aws:iam::111111111111:mfa/alice" in shown
    assert alice.secret_access_key.reveal() not in shown
    return running


@pytest.mark.slow
def test_every_line_works_as_it_stands(typist: Typist, home: Path) -> None:
    """From the emulator's start to its stop, with what each line leaves behind in the shell."""
    running = _begin(typist, home)
    code = control.code(running, "alice")

    assert "Admin" in typist.types("stsctl assume prod-admin", ('for "prod-admin": ', code))
    typist.types("eval $(stsctl env)")
    assert typist.says("$STSCTL_ROLE") == "prod-admin"
    typist.types("eval $(stsctl env --unset)")
    assert typist.says("$STSCTL_ROLE.") == "."
    typist.types("eval $(stsctl emulator env)")
    typist.types("eval $(stsctl env prod-admin)")
    assert typist.says("$STSCTL_ROLE") == "prod-admin"
    assert "assumed-role/Admin" in typist.types("stsctl whoami")

    typist.types(f'eval "$(stsctl shell-init {typist.shell})"')
    typist.types("stsctl assume hub")
    assert typist.says("$STSCTL_ROLE") == "hub"
    assert "assumed-role/Hub" in typist.types("stsctl whoami")

    if not (BIN / "aws").exists():
        missing("the AWS CLI")
    typist.types("stsctl exec prod-admin -- aws s3 ls")
    typist.types("stsctl exec prod-admin")
    assert typist.says("$STSCTL_ROLE.$STSCTL_DEPTH") == "prod-admin.1"
    typist.types("exit")
    assert typist.says("$STSCTL_ROLE") == "hub"

    assert '{"Version":1,' in typist.types("stsctl credential-process prod-admin")
    typist.types("stsctl profile write prod-admin --profile written")
    assert "written" in typist.types("stsctl profile list")
    typist.types("stsctl profile prune")
    typist.types("stsctl profile remove written")

    line = f"stsctl assume {ADMIN} --from work --via hub --duration 30m --tag project=blue"
    # The emulator's Admin wants its external id, which the configuration knows; whoever gives a wrong one is told so.
    assert "Admin" in typist.types(line)
    assert "refused" in typist.types(f"{line} --external-id another", status=5)
    assert typist.says("$STSCTL_ROLE") == ADMIN
    assert "sts:AssumeRole" in typist.types("stsctl plan prod-admin")
    assert "assumed-role/Admin" in typist.types("stsctl whoami")
    assert "work → hub → prod-admin" in typist.types("stsctl list")
    assert "work" in typist.types("stsctl keys list")
    assert "sealed-file" in typist.types("stsctl config show")
    assert "config.toml" in typist.types("stsctl config path")
    typist.types("stsctl assume nobody", status=3)
    typist.types("stsctl logout prod-admin")
    typist.types("stsctl logout --all")
    assert typist.says("$STSCTL_ROLE.") == "."
    assert "no session is held" in typist.types("stsctl list")
    typist.types("stsctl keys remove work")
    assert running.url in typist.types("stsctl emulator status")
    typist.types("stsctl emulator stop")
    assert _emulator(home) is None
    typist.types("stsctl emulator status", status=1)


def test_nothing_is_configured_and_it_says_how_to_begin(typist: Typist) -> None:
    """The first command of somebody who has read nothing."""
    shown = typist.types("stsctl assume", status=2)
    assert "stsctl keys add work" in shown
    assert "stsctl demo" in shown


def test_a_failing_env_stops_what_comes_behind_it(typist: Typist) -> None:
    """`eval $(stsctl env nobody) && …` does not go on, and the error is on the terminal."""
    then = "; and" if typist.shell == "fish" else " &&"
    shown = typist.shows(f"eval $(stsctl env nobody){then} echo went-on-$HOME")
    assert "went-on-/" not in shown
    assert "error:" in shown
    assert '"nobody"' in shown


# ── the tour ──


@pytest.mark.slow
def test_the_tour_without_a_person(home: Path) -> None:
    """`stsctl demo` runs to its end with no terminal, shows each step, and leaves nothing behind."""
    before = sorted(home.rglob("*"))
    done = subprocess.run(
        [str(STSCTL), "demo"], env=fresh(home), capture_output=True, text=True, stdin=subprocess.DEVNULL,
        start_new_session=True, timeout=250,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for shown in (
        "$ stsctl plan prod-admin",
        "$ stsctl assume prod-admin --mfa-token ",
        "$ aws --profile admin sts get-caller-identity",
        'role "locked" refused: hop ',
        "hint: ",
        "That was the tour",
    ):
        assert shown in done.stderr, shown
    assert "this shell is prod-admin until " in done.stdout
    assert done.stdout.count("assumed-role/Admin/") >= 3
    assert sorted(home.rglob("*")) == before


@pytest.mark.slow
def test_the_tour_with_a_person(home: Path) -> None:
    """At a terminal it shows a code and lets the person type it."""
    terminal = pexpect.spawn(
        str(STSCTL), ["demo"], env=fresh(home) | {"TERM": "xterm"}, encoding="utf-8", timeout=120, dimensions=(80, 250)
    )
    terminal.expect(r"shows ([0-9]{6}) now")
    code = terminal.match[1]
    terminal.expect_exact('for "prod-admin": ')
    terminal.sendline(code)
    terminal.expect_exact("That was the tour")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == 0


@pytest.mark.slow
def test_a_tour_whose_terminal_is_closed_leaves_nothing_behind(home: Path, tmp_path: Path) -> None:
    """The emulator ends, and the tour's folder with the keys in it is gone."""
    rooms = tmp_path / "rooms"
    rooms.mkdir()
    environ = fresh(home) | {"TERM": "xterm", "TMPDIR": str(rooms)}
    terminal = pexpect.spawn(str(STSCTL), ["demo"], env=environ, encoding="utf-8", timeout=120, dimensions=(80, 250))
    terminal.expect_exact('for "prod-admin": ')
    emulators = [control.find(folder) for folder in rooms.glob("stsctl-demo-*/emulator")]
    terminal.ptyproc.fileobj.close()
    until(lambda: not list(rooms.iterdir()), "the folder to be removed", timeout=60)
    assert [found is not None and process_table.look_up(found.pid) is not None for found in emulators] == [False]
