"""Picking names on the terminal: what is known of each, as far as no secret is read and nobody is asked."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import click

from stsctl.cli.panel import left
from stsctl.duration import render_duration
from stsctl.errors import StsctlError
from stsctl.formats.visible import visible
from stsctl.picking import About, Outcome, Picker
from stsctl.plan import Asks, Plan
from stsctl.search import Candidate, Search
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.names import Named
    from stsctl.stores.index import Entry

_ASKED = {Asks.NOTHING: "", Asks.MFA: "MFA", Asks.SIGN_IN: "sign-in", Asks.PASSPHRASE: "phrase"}


def pick(app: App, *, several: bool = False) -> tuple[str, ...]:
    """The names that the person picks, at least one.

    Raises click.Abort where they leave without, PersonNeededError where the terminal cannot show them.
    """
    from stsctl.host import screen

    known = {one.name: one for one in app.listing() if one.name.isprintable()}
    candidates = (Candidate(name=one.name, also=(one.description, *one.also)) for one in known.values())
    facts = _Facts(app, known)
    picker = Picker(
        Search(candidates, app.uses.worth(app.now())), about=facts.about, details=facts.details, several=several
    )
    outcome = Outcome.OPEN
    with screen.opened(app.environ) as shown:
        while outcome is Outcome.OPEN:
            lines = picker.lines(*shown.size)
            shown.draw([[(piece.text, piece.style.value, piece.at_cursor) for piece in line] for line in lines])
            outcome = picker.press(shown.key())
    if outcome is Outcome.LEFT:
        raise click.Abort
    return picker.chosen


class _Facts:
    """What is known of each name; looked for when it is shown."""

    def __init__(self, app: App, known: dict[str, Named]) -> None:
        self._app = app
        self._known = known
        self._now = app.now()
        self._held = {entry.request_key: entry for entry in app.held.entries() if self._lasts(entry)}
        # The methods are asked for every line at every key.
        self.about = functools.cache(self._about)
        self._plan = functools.cache(self._planned)

    def _lasts(self, entry: Entry) -> bool:
        return entry.expires_at is None or entry.expires_at > self._now

    def _planned(self, name: str) -> Plan | StsctlError:
        try:
            return self._app.plan(self._app.target(Wanted(name=name)))
        except StsctlError as error:
            return error

    def _about(self, name: str) -> About:
        plan, one = self._plan(name), self._known[name]
        said = visible(one.description)
        if isinstance(plan, StsctlError):
            return About(description=said)
        role = plan.target.hops[-1].role_arn if plan.target.hops else None
        identity = f"{role.account} {role.resource_name}" if role else ""
        held = self._held.get(plan.request_key)
        return About(
            identity=visible(identity),
            left="" if held is None else "no end" if held.expires_at is None else left(held.expires_at - self._now),
            asks=self._asks(plan),
            description=said if role is None or said != str(role) else "",
        )

    def _asks(self, plan: Plan) -> str:
        """What a person would be asked now: nothing for a step that is held, nor for those before it."""
        for step in reversed(plan.steps):
            if step.request.cache_key() in self._held:
                break
            if step.asks is not Asks.NOTHING and not step.mfa_process:
                return _ASKED[step.asks]
        return ""

    def details(self, name: str) -> tuple[str, ...]:
        """The plan, in short."""
        plan, one = self._plan(name), self._known[name]
        head = f"{name} ({one.kind}, {one.origin})"
        if isinstance(plan, StsctlError):
            return visible(head), visible(plan.message), visible(plan.hint or "")
        steps = (
            f"{number}. {step.request.operation.action} {step.name}, {render_duration(step.effective)}: {step.reason}"
            for number, step in enumerate(plan.steps, start=1)
        )
        return tuple(map(visible, (head, " → ".join(plan.chain), *steps)))
