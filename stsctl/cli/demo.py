"""`stsctl demo`: the tour, on an emulator of its own; no account, no configuration, and nothing left behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import field
from pathlib import Path

import click

from stsctl.cli.app import App
from stsctl.cli.emulator import BUILT_IN_CONFIG, check_installed
from stsctl.cli.report import Report
from stsctl.dataclass import dataclass
from stsctl.emulator import control
from stsctl.emulator.running import Running
from stsctl.errors import StoreError, StsctlError
from stsctl.formats import environment
from stsctl.host import programs

_BOTO3 = 'import boto3; print(boto3.Session(profile_name="prod-admin").client("sts").get_caller_identity()["Arn"])'


@click.command("demo")
@click.pass_obj
def command(app: App) -> None:
    """Show what stsctl does, step by step, on an emulator of its own.

    It needs no AWS account and no configuration. It works in a folder of its own, which is gone at the end with the
    emulator and all that was held. At a terminal you type the MFA code that it shows; without one it types it itself.
    """
    check_installed()
    with app.machine.ended_as_by_ctrl_c(), tempfile.TemporaryDirectory(prefix="stsctl-demo-") as name:
        folder = Path(name)
        with app.report.waiting("starting an emulator"):
            running = control.start(folder / "emulator")
        try:
            tour = Tour(app=app, folder=folder, running=running)
            tour.prepare()
            try:
                tour.go()
            finally:
                tour.clean_up()
        finally:
            control.stop(folder / "emulator", running)


@dataclass(slots=True, kw_only=True)
class Tour:
    """The steps of the tour; each runs the real command in an environment that knows only the emulator."""

    app: App
    folder: Path
    running: Running
    environ: dict[str, str] = field(default_factory=dict)
    _step: int = 0

    def prepare(self) -> None:
        """Makes the environment, chooses the store and writes the configuration."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STSCTL_"))}
        changes = environment.emulator(self.running.url, self.running.instance, None, kept)
        self.environ = environment.child(kept, changes) | {
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "AWS_CONFIG_FILE": str(self.folder / "aws" / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "aws" / "credentials"),
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_PAGER": "",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{programs.absolute_path(kept)}",
        }
        stored = self._keyring_is_free()
        self.say(
            f"An emulator of AWS runs at {self.running.url}, in this tour's own folder.",
            "Sessions rest in your keyring for as long as the tour lasts."
            if stored
            else "No keyring is free for the tour here, so sessions rest in sealed files, with a key made for it.",
        )
        self._write_configuration(stored=stored)

    def _keyring_is_free(self) -> bool:
        """Whether there is a keyring with nothing of another emulator, which the tour's end would take out too."""
        try:
            return App(self.environ, Report(self.environ)).held.rebuild() == 0
        except StoreError:
            return False

    def _write_configuration(self, *, stored: bool) -> None:
        config = BUILT_IN_CONFIG
        if not stored:
            key = self.folder / "key"
            config = f'[defaults]\nstore = "sealed-file"\n\n[sealed_file]\nkey_file = "{key}"\n\n{config}'
        (self.folder / "config" / "stsctl").mkdir(parents=True)
        (self.folder / "config" / "stsctl" / "config.toml").write_text(config, encoding="utf-8")
        (self.folder / "aws").mkdir()
        (self.folder / "aws" / "config").write_text(
            "[profile admin]\ncredential_process = stsctl credential-process prod-admin\n", encoding="utf-8"
        )

    @property
    def alice(self) -> control.Principal:
        """The user whose keys the tour uses."""
        return control.principal(self.running, "111111111111:alice")

    def go(self) -> None:
        """All the steps."""
        self.keys()
        self.assume()
        self.env()
        self.heading("A program runs with it: stsctl turns into the program.")
        self.run("stsctl", "exec", "prod-admin", "--", "aws", "sts", "get-caller-identity", "--output", "text")
        self.heading("Any SDK asks stsctl by itself: credential_process in ~/.aws/config, here with the AWS CLI.")
        self.show((self.folder / "aws" / "config").read_text(encoding="utf-8"))
        self.run("aws", "--profile", "admin", "sts", "get-caller-identity", "--output", "text")
        self.heading("For what reads only ~/.aws/credentials there is a section, here with boto3.")
        self.run("stsctl", "profile", "write", "prod-admin")
        self.run("python", "-c", _BOTO3)
        self.heading("A refusal says which hop it was, what AWS said, and what to type next.")
        self.run("stsctl", "assume", "locked", expected=5)
        self.heading("What is held, and how it was come by; then everything is forgotten.")
        self.run("stsctl", "list")
        self.run("stsctl", "logout", "--all")
        self.say("", "That was the tour. Yours begins with: stsctl keys add work")

    def keys(self) -> None:
        """Long-term keys go into the store."""
        self.heading("alice's access keys go into the store; the secret is asked for, and never an argument.")
        keys = self.alice.credentials
        self.run("stsctl", "keys", "add", "work", "--stdin", given=environment.pair(keys))

    def assume(self) -> None:
        """The chain of two roles, with the code."""
        self.heading('"prod-admin" trusts only "hub", and "hub" wants an MFA code: this is the plan.')
        self.run("stsctl", "plan", "prod-admin")
        self.heading("One command takes both hops. It asks for the code that alice's device shows.")
        if not self.app.machine.can_ask():
            self.run("stsctl", "assume", "prod-admin", "--mfa-token", self._code())
            return
        for expected in (None, None, 0):  # who reads first and types late is shown the code of that moment
            self.say(f"alice's device shows {self._code()} now: type it where you are asked for it.")
            if self.run("stsctl", "assume", "prod-admin", expected=expected) == 0:
                return

    def _code(self) -> str:
        return control.code(self.running, "111111111111:alice")

    def env(self) -> None:
        """The session in a shell."""
        self.heading("It is exported into a shell. The shell is one line, to show that the line is all it takes.")
        line = 'eval $(stsctl env prod-admin) && echo "this shell is $STSCTL_ROLE until $AWS_CREDENTIAL_EXPIRATION"'
        self.run("sh", "-c", line)

    def clean_up(self) -> None:
        """Takes out of the store what the tour put there."""
        for words in (("logout", "--all"), ("keys", "remove", "work")):
            subprocess.run(  # noqa: S603 - our own program
                [sys.executable, "-P", "-m", "stsctl", *words], env=self.environ, check=False, capture_output=True
            )

    # ── how it is shown ──

    def heading(self, text: str) -> None:
        """What comes next."""
        self._step += 1
        self.say("", self.app.report.bright(f"{self._step}. {text}"))

    def say(self, *lines: str) -> None:
        """Words of the tour."""
        self.app.report.lines(lines)

    def show(self, text: str) -> None:
        """A file, indented."""
        self.say(*(f"    {line}" for line in text.splitlines()))

    def run(self, *command: str, given: str | None = None, expected: int | None = 0) -> int:
        """Shows a command line, runs it, and stops the tour where it does not end as expected (None: either way)."""
        shown = " ".join(word if word.isprintable() and " " not in word else f"'{word}'" for word in command)
        self.say(self.app.report.bright(f"$ {shown}"))
        program = shutil.which(command[0], path=self.environ["PATH"])
        if program is None:
            self.say(f'  ("{command[0]}" is not installed here, so this step is left out)')
            return 0
        done = subprocess.run(  # noqa: S603 - the tour's own commands
            [program, *command[1:]], env=self.environ, input=given, text=True, check=False
        )
        if expected is not None and done.returncode != expected:
            raise StsctlError(f"the tour ends here: {shown} ended with status {done.returncode}, not {expected}")
        return done.returncode
