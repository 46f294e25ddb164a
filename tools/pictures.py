"""The pictures of terminals in docs/pictures/: stsctl really runs in them, against the emulator and a keyring.

`python -m tools.pictures --write` makes them anew, `--check` says which are out of date and ends with status 1. What is
different in each run (times, codes, ids) is replaced by something as long. It needs gnome-keyring.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from stsctl.cli.emulator import BUILT_IN_CONFIG
from stsctl.emulator import control
from stsctl.emulator.running import Running
from stsctl.formats import environment
from tests.secret_service import SecretService
from tools.screen import Screen

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
_WIDTH = 100

# More roles than the built-in organisation has, to pick from, and one whose external id is wrong.
_MORE = """
[role.prod-deploy]
role_arn = "arn:aws:iam::222222222222:role/Admin"
from = "hub"
external_id = "x-emulated-41"
description = "releases"
""" + "".join(
    f"""
[role.{name}]
role_arn = "arn:aws:iam::{account}:role/{role}"
from = "hub"
description = "{description}"
"""
    for name, account, role, description in (
        ("prod-audit", "222222222222", "Audit", "read only"),
        ("prod-billing", "222222222222", "Billing", "invoices and budgets"),
        ("staging-admin", "333333333333", "Admin", "everything in staging"),
        ("staging-deploy", "333333333333", "Deploy", "releases"),
        ("data-engineer", "444444444444", "Engineer", "pipelines and tables"),
        ("data-reader", "444444444444", "Reader", "tables"),
    )
)


# What somebody has who has not met stsctl yet.
_PROFILES = """\
[profile work]

[profile admin]
role_arn = arn:aws:iam::222222222222:role/Admin
source_profile = work
mfa_serial = arn:aws:iam::111111111111:mfa/alice
"""


class Person:
    """Alice, whose device shows codes."""

    def __init__(self, screen: Screen, running: Running) -> None:
        self.screen = screen
        self._running = running

    def gets(self, name: str) -> None:
        """Assumes a role, with a code where one is asked for."""
        self.screen.types(f"stsctl assume {name}\r")
        self.screen.until(r"MFA code.*:$|COMMAND[^$]*\n\$$")
        if not self.screen.shown().endswith("$"):
            self.screen.types(f"{control.code(self._running, 'alice')}\r")
        self.screen.until(r"COMMAND[^$]*\n\$$")


def _assume(person: Person) -> None:
    person.gets("prod-admin")
    person.screen.runs("stsctl whoami")
    person.screen.runs("stsctl exec prod-admin -- aws sts get-caller-identity --query Arn")


def _list(person: Person) -> None:
    person.gets("hub")
    person.gets("read-only")
    person.gets("prod-admin")
    person.screen.clear()
    person.screen.runs("stsctl list")


def _picker(person: Person) -> None:
    person.screen.types("stsctl assume\r")
    person.screen.until("Esc leaves")
    person.screen.types("prod")
    person.screen.until(r"> prod\n(?:.*\n)*4 found")
    person.screen.settle()  # what stands behind the names is looked up meanwhile


def _watch(person: Person) -> None:
    person.gets("prod-admin")
    person.screen.clear()
    person.screen.types("stsctl list --watch\r")
    person.screen.until("q quit")


def _init(person: Person) -> None:
    person.screen.runs("export HOME=~/new")
    person.screen.clear()
    person.screen.runs("stsctl init --dry-run")


def _refusal(person: Person) -> None:
    person.screen.runs("stsctl explain prod-deploy")


SCENES: dict[str, tuple[Callable[[Person], None], int]] = {
    "assume": (_assume, 40),
    "list": (_list, 60),
    "picker": (_picker, 24),
    "refusal": (_refusal, 60),
    "watch": (_watch, 13),
    "init": (_init, 60),
}
"""What is played for each picture, in order, and how many lines the terminal has."""


@contextmanager
def _alice(folder: Path) -> Iterator[tuple[dict[str, str], Running]]:
    """An emulator, and the environment of somebody with alice's keys in their keyring."""
    home = folder / "home"
    state = home / ".local" / "state" / "stsctl" / "emulator"
    (home / ".local" / "state" / "stsctl").mkdir(mode=0o700, parents=True)
    running = control.start(state)
    try:
        with SecretService.start(folder / "keyring") as service:
            alice = control.principal(running, "alice")
            environ = {
                "HOME": str(home),
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "LANG": "C.UTF-8",
                "TZ": "UTC",
                "LOGNAME": "alice",
                "SHELL": "/bin/bash",
                **service.environment,
            }
            environ = environment.child(environ, environment.emulator(running.url, running.instance, None, {}))
            (home / ".config" / "stsctl").mkdir(parents=True)
            (home / ".config" / "stsctl" / "config.toml").write_text(BUILT_IN_CONFIG + _MORE, encoding="utf-8")
            (home / "new" / ".aws").mkdir(parents=True)
            (home / "new" / ".aws" / "config").write_text(_PROFILES, encoding="utf-8")
            pair = environment.pair(alice.credentials)
            command = ["stsctl", "keys", "add", "work", "--stdin"]
            subprocess.run(command, env=environ, input=pair, text=True, check=True, capture_output=True)
            yield environ, running
    finally:
        control.stop(state, running)


def drawn() -> dict[str, str]:
    """Each picture, as it is now."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="picture-") as name, _alice(Path(name)) as (environ, running):
        for title, (scene, height) in SCENES.items():
            screen = Screen(environ, Path(environ["HOME"]), width=_WIDTH, height=height)
            try:
                scene(Person(screen, running))
                found[title] = screen.picture("stsctl")
            finally:
                screen.close()
    return found


def main() -> int:
    """Does as the arguments say; the status."""
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true")
    what.add_argument("--check", action="store_true")
    is_check = parser.parse_args().check
    status = 0
    for title, text in drawn().items():
        path = PICTURES / f"{title}.svg"
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        if is_check:
            sys.stderr.write(f"{path.name} is out of date: python -m tools.pictures --write\n")
            status = 1
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path.name}\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
