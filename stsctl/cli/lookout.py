"""What is watched, read anew where something of it has changed: from the index and the agent, and from no keyring."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stsctl.cli.report import Report
from stsctl.errors import StsctlError
from stsctl.host import files
from stsctl.host.witness import Witness
from stsctl.needs import Need, need
from stsctl.plan import Asks, Step
from stsctl.watched import NO_AGENT, Agent, Presence, Row, State, Watched, agent, joined

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.role_table import RoleEntry
    from stsctl.stores.index import Entry, SignInEntry

_PATIENCE = timedelta(seconds=10)
"""How long an agent that does not answer is left alone."""


class Notes(Report):
    """What is said while there is a full screen, kept for its last line."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__(environ)
        self.texts: list[str] = []

    @property
    def decorated(self) -> bool:
        """There is no room for a spinner."""
        return False

    def _write(self, text: str) -> None:
        self.texts.append(text.removeprefix("stsctl: "))


class Lookout:
    """Looks at what is held, again and again."""

    def __init__(self, app: App) -> None:
        self._first = app
        self._seen: Witness | None = None
        self._rows: Sequence[Row] = ()
        self._current: str | None = None
        self._agent = NO_AGENT
        self._asked_at: datetime | None = None
        self.app = app

    def look(self) -> Watched:
        """What is watched now; raises StsctlError where the files do not say."""
        changed = self._seen is None or not self._seen.holds()
        if changed:
            self._read()
        self._agent = self._glance(wake=changed)
        return Watched(rows=joined(self._rows, self._agent), agent=self._agent, current=self._current)

    def _read(self) -> None:
        self.app = app = self._first.anew(Notes(self._first.environ))
        self._seen, seen = None, Witness(app.environ)
        with seen.watching():
            current = app.current()
            found = rows(app, current.request_key if current else None)
        self._rows = [*found, *self._ended(found)]
        self._current = current.wanted.name if current else None
        self._seen = seen

    def _ended(self, found: Sequence[Row]) -> Iterator[Row]:
        """What has ended before these eyes: it is taken off the list when the next session is held."""
        now, keys = self.app.now(), {each.key for each in found}
        for each in self._rows:
            if each.key not in keys and each.wanted and each.state(now) is State.ENDED:
                yield replace(each, store=None, is_current=False)

    def forget(self, key: str) -> None:
        """Somebody dropped that session: it is not wanted any more, also where it has ended."""
        self._rows = [each for each in self._rows if each.key != key]

    def _glance(self, *, wake: bool) -> Agent:
        now = self.app.wall()
        rested = self._asked_at is None or not self._asked_at <= now < self._asked_at + _PATIENCE
        if self._agent.presence is Presence.SILENT and not rested:
            return self._agent
        self._asked_at = now
        try:
            status = self.app.agency.glance(wake=wake)
        except StsctlError as error:
            return Agent(presence=Presence.SILENT, trouble=error.message)
        return NO_AGENT if status is None else agent(status)


def rows(app: App, current: str | None) -> list[Row]:
    """The sessions that are listed, those excepted that were only a step on the way and have ended."""
    now = app.now()
    entries: list[Entry] = []
    sign_ins: dict[str, SignInEntry] = {}
    for store in app.stores.in_use:
        index = app.stores.index(store)
        if index.folder is not None:
            files.changed_at(index.folder)  # so that it is noticed when another session is listed there
        entries += [
            entry for entry in index.all() if entry.wanted or entry.expires_at is None or entry.expires_at > now
        ]
        sign_ins |= {each.id: each for each in index.all_sign_ins()}
    needs = _Needs(app, entries, sign_ins)
    return [
        row(entry, needs.of(entry), is_current=entry.request_key == current, role=written(app, entry))
        for entry in entries
    ]


def written(app: App, entry: Entry) -> RoleEntry | None:
    """The role whose session it is, by the name that it was asked for; None for what is no name of a role here."""
    said = app.configuration
    here = entry.wanted is not None and entry.wanted.project in (None, said.project)
    return said.roles.get(entry.name) if here else None


def row(entry: Entry, what: Need | None = None, *, is_current: bool = False, role: RoleEntry | None = None) -> Row:
    """A session as it is listed; `role` is the one that it is of, where that is configured."""
    return Row(
        key=entry.request_key,
        name=entry.name,
        obtained_at=entry.obtained_at,
        expires_at=entry.expires_at,
        identity=entry.identity,
        account_id=entry.account_id,
        chain=entry.chain,
        region=entry.region,
        store=entry.store,
        wanted=entry.wanted,
        is_current=is_current,
        need=what,
        written_at=str(role.hop.origin) if role and role.shared else None,
    )


class _Needs:
    """What will be needed of a person, by the plans for what was asked for; nothing is asked of anybody for them."""

    def __init__(self, app: App, entries: Sequence[Entry], sign_ins: Mapping[str, SignInEntry]) -> None:
        self._ends = {entry.request_key: entry.expires_at for entry in entries}
        self._sign_ins = sign_ins
        self._ways = dict(_ways(app, entries))
        self._steps = {
            step.request.cache_key(): steps[: place + 1]
            for steps in self._ways.values()
            for place, step in enumerate(steps)
        }

    def of(self, entry: Entry) -> Need | None:
        """What another session like this will need; None where that is nothing, or cannot be told."""
        due_at = row(entry).due_at
        if due_at is None:
            return None
        steps = self._steps.get(entry.request_key)
        if steps is None:  # who asks is known when they do (a SAML assertion), or the name means something else now
            like_it = need(self._ways.get(entry.request_key, ()), {}, due_at)
            return Need(what=like_it.what if like_it else None, at=due_at) if entry.needs_person else None
        found = need(steps, self._ends, due_at)
        sign_in = self._sign_ins.get(entry.sign_in or "")
        if found is None and sign_in is not None and not sign_in.renewable:
            return Need(what=Asks.SIGN_IN, at=max(due_at, sign_in.ends_at))
        return found


def _ways(app: App, entries: Sequence[Entry]) -> Iterator[tuple[str, Sequence[Step]]]:
    """The steps to each session that was asked for, by its key."""
    for entry in entries:
        if entry.wanted is None:
            continue
        try:
            yield entry.request_key, app.plan(app.target(entry.wanted)).steps
        except StsctlError:  # the name means nothing any more, which whoever renews it is told
            continue
