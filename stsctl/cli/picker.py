"""Picking names on the terminal: what is known of each, as far as no secret is read and nobody is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stsctl.cli.panel import left
from stsctl.duration import render_duration
from stsctl.errors import StsctlError
from stsctl.formats.visible import visible
from stsctl.picking import About, Outcome, Picker
from stsctl.plan import Asks, Plan
from stsctl.search import Search
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.listing import Listing
    from stsctl.stores.index import Entry

_ASKED = {Asks.NOTHING: "", Asks.MFA: "MFA", Asks.SIGN_IN: "sign-in", Asks.PASSPHRASE: "phrase"}


def pick(app: App, listing: Listing, *, several: bool = False) -> tuple[str, ...]:
    """The names that the person picks of these, at least one.

    Raises click.Abort where they leave without, PersonNeededError where the terminal cannot show them.
    """
    search = Search(listing.names, listing.texts, app.uses.worth(app.now()))
    facts = _Facts(app, listing)
    picker = Picker(search, about=facts.about, details=facts.details, several=several)
    outcome = Outcome.OPEN
    with app.machine.screen() as shown:
        while outcome is Outcome.OPEN:
            # Nobody who types on waits for what takes a while to find out.
            for facts.whole in (False, True):
                lines = picker.lines(*shown.size)
                shown.draw([[(piece.text, piece.style.value, piece.at_cursor) for piece in line] for line in lines])
                if shown.waits():
                    break
            outcome = picker.press(shown.key())
    if outcome is Outcome.LEFT:
        raise click.Abort
    return picker.chosen


class _Facts:
    """What is known of each name: at a glance, or as a `whole`, with its plan."""

    def __init__(self, app: App, known: Listing) -> None:
        self._app = app
        self._known = known
        self._now = app.now()
        held = [each for each in app.index.all() if each.expires_at is None or each.expires_at > self._now]
        self._held = {entry.request_key: entry for entry in held}
        self._called = {entry.name: entry for entry in held if entry.wanted == Wanted(name=entry.name)}
        self._abouts: dict[str, About] = {}
        self._plans: dict[str, Plan | StsctlError] = {}
        self.whole = False

    def _plan(self, name: str) -> Plan | StsctlError:
        if name not in self._plans:
            try:
                self._plans[name] = self._app.plan(self._app.target(Wanted(name=name)))
            except StsctlError as error:
                self._plans[name] = error
        return self._plans[name]

    def about(self, name: str) -> About:
        """What its line says."""
        if name in self._abouts:
            return self._abouts[name]
        if not self.whole:
            return About(left=self._left(self._called.get(name)), description=visible(self._known[name].description))
        return self._abouts.setdefault(name, self._about(name))

    def _about(self, name: str) -> About:
        plan, said = self._plan(name), visible(self._known[name].description)
        if isinstance(plan, StsctlError):
            return About(description=said)
        role = plan.target.hops[-1].role_arn if plan.target.hops else None
        return About(
            identity=visible(f"{role.account} {role.resource_name}") if role else "",
            left=self._left(self._held.get(plan.request_key)),
            asks=self._asks(plan),
            description=said if role is None or said != str(role) else "",
        )

    def _left(self, entry: Entry | None) -> str:
        if entry is None:
            return ""
        return "no end" if entry.expires_at is None else left(entry.expires_at - self._now)

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
        one = self._known[name]
        head = f"{name} ({one.kind}, {one.origin})"
        if not self.whole and name not in self._plans:
            return (visible(head),)
        plan = self._plan(name)
        if isinstance(plan, StsctlError):
            return visible(head), visible(plan.message), visible(plan.hint or "")
        steps = (
            f"{number}. {step.request.operation.action} {step.name}, {render_duration(step.effective)}: {step.reason}"
            for number, step in enumerate(plan.steps, start=1)
        )
        return tuple(map(visible, (head, " → ".join(plan.chain), *steps)))
