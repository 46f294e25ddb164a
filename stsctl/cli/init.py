"""`stsctl init`: looks at the machine, and sets stsctl up with the person, one change after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stsctl.cli import config_import, first_session, key_move
from stsctl.cli.proposals import Screen, is_long
from stsctl.cli.survey import Survey
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError, PersonNeededError, StsctlError, UsageError
from stsctl.setup.proposal import Change, Kind, Proposal
from stsctl.setup.propose import propose

if TYPE_CHECKING:
    from stsctl.cli.app import App


class Mode(Enum):
    """Who says yes; with what the person is told of it."""

    ASKS = "Each change is shown, and made when you say yes."
    SAFE_ONES = "What is safe is done; what else there is, is shown."
    NOBODY = "This is what would be proposed; nothing is changed."


@click.command("init")
@click.option("--dry-run", is_flag=True, help="Show what would be proposed; ask nothing, change nothing.")
@click.option("--yes", is_flag=True, help="Take every change that is safe, unasked; keys are never moved by it.")
@click.pass_obj
def command(app: App, *, dry_run: bool, yes: bool) -> None:
    """Look at this machine, and set stsctl up with you, step by step.

    It finds your AWS profiles, the keyring, other tools of this kind and your shells. It proposes a store, a block for
    your shell's start-up file, and hooks for SDKs. Each change is shown before it is made, and made when you say yes;
    at the end you choose a role. Run it again at any time: what is so already is not asked again.
    """
    if dry_run and yes:
        raise UsageError("--dry-run and --yes do not go together")
    mode = Mode.NOBODY if dry_run else Mode.SAFE_ONES if yes else Mode.ASKS
    if mode is Mode.ASKS and not app.machine.can_ask():
        raise PersonNeededError(
            "each change is asked about, and there is no terminal", hint="stsctl init --dry-run, or stsctl init --yes"
        )
    Conversation(app=app, mode=mode, screen=Screen(app=app)).go()


class _LeftError(Exception):
    """The person wants no more questions."""


@dataclass(slots=True, kw_only=True)
class Conversation:
    """The changes, one after the other: looked for anew after each, since one may make room for the next."""

    app: App
    mode: Mode
    screen: Screen
    _met: set[tuple[Kind, str]] = field(default_factory=set)
    _done: list[str] = field(default_factory=list)
    _left: list[str] = field(default_factory=list)

    def go(self) -> None:
        """All of it, and the role at the end."""
        self.screen.title(f"Setting up stsctl on this machine. {self.mode.value}")
        survey = Survey(self.app)
        proposals = propose(survey.found(self.app))
        self.screen.so(each for each in proposals if each.is_so)
        try:
            while still_open := self._open(proposals):
                if self._put(still_open):
                    self.app = self.app.anew()
                    proposals = propose(survey.found(self.app))
        except (_LeftError, KeyboardInterrupt, PersonNeededError) as end:
            self._say_outcome(self._open(proposals))
            if not isinstance(end, _LeftError):
                raise
            return
        if self.mode is not Mode.ASKS:
            self._say_outcome()
        self.screen.by_hand(each for each in proposals if each.by_hand)
        if self.mode is Mode.ASKS:
            first_session.get(self.app, self.screen)

    def _open(self, proposals: Sequence[Proposal]) -> list[Proposal]:
        """Those that the person is still to be asked about."""
        return [each for each in proposals if each.is_open and each.key not in self._met]

    def _put(self, proposals: Sequence[Proposal]) -> bool:
        """Puts the first of them, and does what is agreed; whether there was anything to do."""
        first, number = proposals[0], len(self._met) + 1
        whole = self.mode is Mode.NOBODY
        self.screen.proposal(first, f"{number}/{number + len(proposals) - 1}", whole=whole)
        agreed = self._is_agreed(first)
        self._met.add(first.key)
        self._left.append(first.what)
        if not agreed:
            return False
        try:
            self._make(first)
        except StsctlError as error:
            self.app.report.error(error)
            return True
        self._done.append(self._left.pop())
        if self.mode is Mode.ASKS:
            self.screen.done(", ".join(each.place for each in first.changes) or first.what, first.then)
        return True

    def _is_agreed(self, proposal: Proposal) -> bool:
        if self.mode is not Mode.ASKS:
            return self.mode is Mode.SAFE_ONES and proposal.safe
        choices = "Y/n" if proposal.safe else "y/N"
        has_more = any(is_long(each) for each in proposal.changes)
        while True:
            match self.screen.ask(f"Do it? [{choices}{'/d for all of it' if has_more else ''}] ").lower():
                case "":
                    return proposal.safe
                case "y" | "yes":
                    return True
                case "n" | "no":
                    return False
                case "q" | "quit":
                    raise _LeftError
                case "d":
                    for change in proposal.changes:
                        self.screen.change(change, whole=True)
                case _:
                    self.screen.remark("y does it, n leaves it as it is, q leaves all that is still to come")

    def _make(self, proposal: Proposal) -> None:
        """Does what was agreed to; raises StsctlError."""
        app = self.app
        if proposal.kind is Kind.KEYS:
            key_move.of_profile(app, proposal.about).go()
            return
        if proposal.kept is not None:
            config_import.take(app, app.belongings(proposal.tool), proposal.kept)
        if proposal.kind is Kind.HOOKS:
            app.install_hook()
        for change in proposal.changes:
            edit = _edit(change)
            if proposal.kind is Kind.IMPORT:
                app.change_added(edit)
            elif proposal.kind is Kind.HOOKS:
                app.change_config(edit)
            else:
                app.change_file(Path(change.path), edit)

    def _say_outcome(self, unasked: Sequence[Proposal] = ()) -> None:
        self.screen.begin("Done:" if self._done else "Nothing was changed.")
        for each in self._done:
            self.screen.done(each)
        for each in (*self._left, *(each.what for each in unasked)):
            self.screen.left(each)


def _edit(change: Change) -> Callable[[bytes], bytes]:
    def edit(content: bytes) -> bytes:
        if content != (change.before or b""):
            raise ConfigurationError(f"{change.place} has changed meanwhile", hint="stsctl init")
        return change.after

    return edit
