"""The person's config.toml in their own editor: a copy, which takes its place once it is in order."""

from __future__ import annotations

import contextlib
import difflib
import shutil
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from stsctl.cli import findings
from stsctl.cli.checking import Checking
from stsctl.errors import ConfigurationError, PersonNeededError, StsctlError
from stsctl.formats.visible import visible
from stsctl.host import aws_files, editor, files, programs
from stsctl.host.lock import Lock
from stsctl.host.terminal import Terminal
from stsctl.severity import Severity

if TYPE_CHECKING:
    from stsctl.cli.app import App

TEMPLATE = b"""\
# The configuration of stsctl, which is yours: stsctl reads it, and writes into added.toml beside it alone.
# What can stand here: docs/configuration.md. What is wrong with it: stsctl config check.

# [defaults]
# region = "eu-west-1"
# duration = "1h"

# Keys that "stsctl keys add work" keeps need no line here; a sign-in at Identity Center is a source, too:
# [source.company]
# type = "identity-center"
# start_url = "https://example.awsapps.com/start"
# sso_region = "eu-west-1"

# [role.admin]
# role_arn = "arn:aws:iam::111111111111:role/Admin"
# from = "work"
"""
_PATIENCE = timedelta(days=1)
"""For an answer to what to do with problems: nobody else waits for it."""


class Editing:
    """One edit. The copy, and what it began from, stay in the state folder until it is put in place or dropped."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._copy = app.paths.edited
        self._begun = app.paths.edited.with_name("before")
        self._before: bytes | None = None

    def run(self) -> None:
        """Edits until the copy is put in place, kept or dropped; raises StsctlError."""
        with Lock(self._app.paths.locks, "edit of config.toml", label="editing config.toml") as lock:
            lock.acquire(timedelta(seconds=1))
            with self._kept_where_it_is_broken_off():
                self._begin()
                while not self._turn():
                    pass

    def _begin(self) -> None:
        """Makes the copy, or goes on with one that was left."""
        now, left = self._app.config_text(), files.read(self._copy)
        if left is not None and left not in (now, TEMPLATE, files.read(self._begun)):
            question = "An edit of config.toml was broken off. Go on with it, or drop it? [g]o on, [d]rop: "
            if self._ask(question, "gd") == "g":
                self._before = files.read(self._begun)
                return
        self._drop()
        self._starts_from(now)
        files.replace(self._copy, TEMPLATE if now is None else now)

    def _starts_from(self, now: bytes | None) -> None:
        self._before = now
        if now is not None:
            files.replace(self._begun, now)

    def _turn(self) -> bool:
        """The editor once, then what the person makes of what is wrong; True at the end."""
        editor.edit(self._copy, programs.environment(self._app.environ))
        text = files.read(self._copy)
        if text is None or text == self._before:
            self._drop()
            self._app.report.notice("nothing is changed")
            return True
        wrong = [*self._problems(text), *self._meanwhile()]
        if not wrong:
            return self._put(text)
        self._app.report.lines(wrong)
        match self._ask("[e]dit it again, [w]rite it as it is, [k]eep it for later, [d]rop it: ", "ewkd"):
            case "e":
                return False
            case "w":
                return self._put(text)
            case "k":
                self._tell_kept()
            case _:
                self._drop()
                self._app.report.notice("the edit is dropped")
        self._app.report.notice("config.toml stays as it was")
        return True

    def _problems(self, text: bytes) -> list[str]:
        """What is wrong in the file, or elsewhere because of it."""
        checking = Checking(self._app, text)
        known = {one.what for one in Checking(self._app, self._before).of_configuration()}
        here = str(self._app.paths.config)
        found = [
            one
            for one in checking.of_configuration()
            if one.severity is Severity.HIGH and (checking.where(one)[0] == here or one.what not in known)
        ]
        return findings.lines(found, colored=self._app.report.decorated)

    def _meanwhile(self) -> list[str]:
        """What somebody else changed since the edit began, which is known from then on."""
        now = self._app.config_text()
        if now == self._before:
            return []
        then, as_it_is = ((text or b"").decode(errors="replace").splitlines() for text in (self._before, now))
        self._starts_from(now)
        changes = difflib.unified_diff(then, as_it_is, "when you began", "now", lineterm="")
        return ["", "config.toml was changed meanwhile by somebody else:", *map(visible, changes)]

    def _put(self, text: bytes) -> bool:
        """Puts the copy in place; raises ConfigurationError where that has been changed in this very moment."""

        def edit(now: bytes) -> bytes:
            if now != (self._before or b""):
                raise ConfigurationError("config.toml was changed in this very moment", hint="stsctl config edit")
            return text

        aws_files.change(self._app.paths.config, edit, locks=self._app.paths.locks, private=False)
        self._drop()
        did = "changed" if self._before is not None else "made"
        self._app.report.notice(f"{self._app.short(self._app.paths.config)} is {did}")
        return True

    def _drop(self) -> None:
        """With what editors leave beside a file."""
        shutil.rmtree(self._copy.parent, ignore_errors=True)

    def _ask(self, question: str, letters: str) -> str:
        """One of the letters, the first where nothing is typed; raises ConfigurationError where there is nobody."""
        while True:
            try:
                answer = Terminal().ask(question, hidden=False, timeout=_PATIENCE).strip().lower()[:1] or letters[0]
            except PersonNeededError as error:
                raise ConfigurationError(f"config.toml stays as it was: {error.message}") from error
            if answer in letters:
                return answer

    @contextlib.contextmanager
    def _kept_where_it_is_broken_off(self) -> Iterator[None]:
        """Says where the copy is then, if there is anything in it."""
        try:
            yield
        except (StsctlError, KeyboardInterrupt):
            if files.read(self._copy) in (None, self._before, TEMPLATE):
                self._drop()
            else:
                self._tell_kept()
            raise

    def _tell_kept(self) -> None:
        place = self._app.short(self._copy)
        self._app.report.notice(f'your edit is kept in "{place}": "stsctl config edit" goes on with it')
