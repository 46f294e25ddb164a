"""What is known of a name, as far as no secret is read and nobody is asked: in a line of the picker, and in whole."""

from __future__ import annotations

from collections.abc import Iterator
from shlex import quote
from typing import TYPE_CHECKING

from stsctl.cli.panel import left
from stsctl.duration import render_duration
from stsctl.errors import StsctlError, UsageError
from stsctl.formats.visible import visible
from stsctl.picking import About
from stsctl.pieces import Line, Piece, Style
from stsctl.plan import Asks, Plan
from stsctl.target import Hop, Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.listing import Listing
    from stsctl.stores.index import Entry

_ASKED = {
    Asks.MFA: ("MFA", "asks for an MFA code"),
    Asks.SIGN_IN: ("sign-in", "asks you to sign in"),
    Asks.PASSPHRASE: ("phrase", "asks for a passphrase"),
}
"""What a person is asked for, in a word and in words."""


class Facts:
    """What is known of each name: at a glance, or as a `whole`, with its plan."""

    def __init__(self, app: App, listing: Listing, *, whole: bool = False) -> None:
        self._app = app
        self._listing = listing
        self._now = app.now()
        held = [each for each in app.index.all() if each.expires_at is None or each.expires_at > self._now]
        self._held = {entry.request_key: entry for entry in held}
        self._called = {entry.name: entry for entry in held if entry.wanted == Wanted(name=entry.name)}
        self._abouts: dict[str, About] = {}
        self._plans: dict[str, Plan | StsctlError] = {}
        self.whole = whole

    def about(self, name: str) -> About:
        """What its line says."""
        if name in self._abouts:
            return self._abouts[name]
        if not self.whole:
            return About(left=self._left(self._called.get(name)), description=visible(self._listing[name].description))
        return self._abouts.setdefault(name, self._about(name))

    def _about(self, name: str) -> About:
        plan, said = self._plan(name), visible(self._listing[name].description)
        if isinstance(plan, StsctlError):
            return About(description=said, is_wrong=True)
        last = plan.target.hops[-1] if plan.target.hops else None
        return About(
            identity=visible(self._identity(last)) if last else "",
            left=self._left(self._held.get(plan.request_key)),
            asks=_ASKED[asked][0] if (asked := self._asked(plan)) else "",
            description="" if last is not None and said == last.what else said,
        )

    def details(self, name: str) -> tuple[Line, ...]:
        """All that there is to say of it, and how it is reached."""
        one = self._listing[name]
        head = (_said(name, Style.BOLD), _said(f"  {one.kind}, {one.origin}", Style.DIM))
        if not self.whole and name not in self._plans:
            return (head,)
        plan = self._plan(name)
        if isinstance(plan, StsctlError):
            return head, (_said(plan.message, Style.BAD),), *([(_said(plan.hint),)] if plan.hint else [])
        return head, *self._who(name, plan), self._state(plan), *_way(plan)

    def _who(self, name: str, plan: Plan) -> Iterator[Line]:
        """Who one is then, and what was written of that."""
        told = [self._listing[name].description]
        if plan.target.hops:
            last = plan.target.hops[-1]
            where = (last.what, self._account(last), self._app.region_of(plan.target))
            yield (_said("  ".join(each for each in where if each)),)
            told = [each for each in told if each != last.what]
            told += [f"{key}={value}" for key, value in last.tags]
        told += [f"also {alias}" for alias, called in self._listing.aliases.items() if called == name]
        if told:
            yield (_said(" · ".join(told), Style.DIM),)

    def _state(self, plan: Plan) -> Line:
        """Whether it is held, and what it would take to have it."""
        asked = self._asked(plan)
        then = _said(_ASKED[asked][1], Style.WARNING) if asked else _said("asks nobody", Style.DIM)
        entry = self._held.get(plan.request_key)
        if entry is None:
            return _said("not held, ", Style.DIM), then
        return (_said(f"held, {self._left(entry)} left" if entry.expires_at else "held, without an end", Style.GOOD),)

    def _identity(self, hop: Hop) -> str:
        """Who one is as a hop, in short."""
        role = hop.role_arn.resource_name if hop.role_arn else hop.role_name
        if role is None:
            return hop.what
        return " ".join(each for each in (self._account(hop), hop.account, role) if each)

    def _account(self, hop: Hop) -> str | None:
        """What people call the account that a hop leads into."""
        return self._app.configuration.accounts.get(hop.account or "")

    def _plan(self, name: str) -> Plan | StsctlError:
        if name not in self._plans:
            try:
                self._plans[name] = self._app.plan(self._app.target(Wanted(name=name)))
            except StsctlError as error:
                self._plans[name] = error
        return self._plans[name]

    def _left(self, entry: Entry | None) -> str:
        if entry is None:
            return ""
        return "no end" if entry.expires_at is None else left(entry.expires_at - self._now)

    def _asked(self, plan: Plan) -> Asks | None:
        """What a person would be asked now: nothing for a step that is held, nor for those before it."""
        for step in reversed(plan.steps):
            if step.request.cache_key() in self._held:
                break
            if step.asks is not Asks.NOTHING and not step.mfa_process:
                return step.asks
        return None


_CODES = {Style.BOLD: 1, Style.DIM: 2, Style.BAD: 31, Style.GOOD: 32, Style.WARNING: 33}
"""The styles' numbers among ANSI's (ECMA-48, SGR)."""


def preview_of(app: App, name: str) -> str:
    """All that there is to say of a name, in colours: who asks for it shows them, though it is no terminal.

    Raises StsctlError for what is none.
    """
    listing = app.listing()
    name = listing.aliases.get(name, name)
    if name not in listing.names:
        app.target(Wanted(name=name))
        raise UsageError(f'"{name}" is no name of the configuration', hint=f"stsctl plan {quote(name)}")
    lines = Facts(app, listing, whole=True).details(name)
    plain = bool(app.environ.get("NO_COLOR"))
    return "\n".join("".join(piece.text if plain else _colored(piece) for piece in line) for line in lines)


def _colored(piece: Piece) -> str:
    return f"\033[{_CODES[piece.style]}m{piece.text}\033[0m" if piece.style in _CODES else piece.text


def _way(plan: Plan) -> Iterator[Line]:
    yield (_said(" → ".join(plan.chain)),)
    for number, step in enumerate(plan.steps, start=1):
        yield (
            _said(f"{number}. {step.request.operation.action} {step.name}, {render_duration(step.effective)}"),
            _said(f"  {step.reason}", Style.DIM),
        )


def _said(text: str, style: Style = Style.PLAIN) -> Piece:
    return Piece(text=visible(text), style=style)
