"""What the live table says in words: of all that is watched, and of the session at the cursor."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from shlex import quote

from stsctl.needs import Need
from stsctl.pieces import Line, Piece, Style, cut, width
from stsctl.plan import Asks
from stsctl.standing import Standing
from stsctl.watch_columns import COLOR, Local, clock, remaining
from stsctl.watched import Agent, Presence, Row, Tended, Watched

_LABEL = 9
_ASKED = {Asks.MFA: "an MFA code", Asks.SIGN_IN: "a sign-in in the browser", Asks.PASSPHRASE: "a passphrase"}
Said = tuple[str, Style]


def overview(watched: Watched, columns: int, now: datetime, local: Local) -> list[Line]:
    """What the agent does, who one is in this terminal, and what will be asked of a person next."""
    time = f"{local(now):%H:%M:%S}"
    first = _line("agent", _agent(watched.agent, now, local), columns - len(time) - 2)
    gap = columns - sum(width(piece.text) for piece in first) - len(time) - 1
    return [
        (*first, Piece(text=" " * gap + time, style=Style.DIM)),
        _line("here", _here(watched, now), columns),
        _line("you", _you(watched, now, local), columns),
    ]


def _line(label: str, said: Said, columns: int) -> Line:
    text, style = said
    return (
        Piece(text=f" {label:{_LABEL}}"[: max(columns, 0)], style=Style.DIM),
        Piece(text=cut(text, max(columns - _LABEL - 1, 0)), style=style),
    )


def _agent(agent: Agent, now: datetime, local: Local) -> Said:
    match agent.presence:
        case Presence.ABSENT:
            return "none runs, so nothing is renewed: stsctl agent start", Style.DIM
        case Presence.SILENT:
            return agent.trouble or "does not answer", Style.BAD
        case Presence.LOCKED:
            return "is locked, and renews nothing: stsctl agent unlock", Style.WARNING
        case Presence.RUNNING if agent.trouble:
            return f"cannot see what is held: {agent.trouble}", Style.BAD
    if not agent.tended:
        return "runs; there is nothing to keep fresh yet", Style.PLAIN
    count = sum(each.standing is not Standing.NEEDS_PERSON for each in agent.tended)
    doing = "keeps 1 session fresh" if count == 1 else f"keeps {count or 'no'} sessions fresh"
    if agent.renewing:
        return f"{doing}, and renews {agent.renewing} now", Style.GOOD
    following = agent.next
    if following is None or following.next_at is None:
        return doing, Style.GOOD
    return f"{doing}, next {following.name} at {clock(following.next_at, now, local)}", Style.GOOD


def _here(watched: Watched, now: datetime) -> Said:
    if watched.current is None:
        return "no session is current in this terminal", Style.DIM
    row = next((row for row in watched.rows if row.is_current), None)
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        return f"{watched.current}, which has ended: stsctl assume {quote(watched.current)}", Style.BAD
    left = remaining(row.expires_at, now)
    return ", ".join(filter(None, (row.name, row.who, left if row.expires_at is None else f"{left} left"))), COLOR[
        row.state(now)
    ]


def _you(watched: Watched, now: datetime, local: Local) -> Said:
    waiting = [row for row in watched.rows if row.needs_person(now) and not row.is_step]
    if waiting:
        names = ", ".join(dict.fromkeys(row.name for row in waiting))
        return f"{_asked(waiting[0].need)} now, for {names}", Style.PERSON
    needed = [(row.need.at, row.name, row.need) for row in watched.rows if row.need is not None and row.wanted]
    if not needed:
        return "nothing will be asked of you", Style.DIM
    at, name, need = min(needed, key=lambda each: each[:2])
    return f"{_asked(need)} for {name}, from {clock(at, now, local)} on", Style.PLAIN


def _asked(need: Need | None) -> str:
    return "you are needed" if need is None or need.what is None else _ASKED[need.what]


def details(row: Row, agent: Agent, columns: int, now: datetime, local: Local) -> list[Line]:
    """All there is to say of a session."""
    title = cut(row.name, max(columns - 5, 0))
    rule = "─" * max(columns - width(title) - 4, 0)
    said: list[tuple[str, Said]] = [
        (
            "you are",
            (row.identity or "–", Style.PLAIN),
        ),
        ("chain", (_chain(row), Style.PLAIN)),
        ("lasts", (_lasts(row, now, local), Style.PLAIN)),
        ("agent", _renewal(row, agent, now, local)),
        ("you", _need(row, now, local)),
    ]
    head = (Piece(text="── ", style=Style.DIM), Piece(text=title), Piece(text=f" {rule}", style=Style.DIM))
    return [head, *(_line(label, what, columns) for label, what in said)]


def _chain(row: Row) -> str:
    chain = " → ".join(row.chain) or "–"
    return f"{chain}, as others wrote at {row.written_at}" if row.written_at else chain


def _lasts(row: Row, now: datetime, local: Local) -> str:
    if row.obtained_at == row.expires_at:
        return "not held"
    until = "for ever" if row.expires_at is None else f"to {_time(row.expires_at, now, local)}"
    begun = f"from {_time(row.obtained_at, now, local)} {until}"
    return ", ".join(filter(None, (begun, row.region, f"in {row.store}" if row.store else "not held any more")))


def _time(at: datetime, now: datetime, local: Local) -> str:
    """An instant to the second."""
    there = local(at)
    return f"{there:%H:%M:%S}" if there.date() == local(now).date() else f"{there:%Y-%m-%d %H:%M:%S}"


def _renewal(row: Row, agent: Agent, now: datetime, local: Local) -> Said:
    tended = row.tended
    if agent.presence is Presence.LOCKED:
        return "is locked, and renews nothing", Style.WARNING
    if tended is None:
        return _untended(row, agent)
    if agent.renewing == row.name:
        return "renews it now", Style.GOOD
    return _RENEWALS[tended.standing](tended, lambda at: clock(at, now, local))


def _untended(row: Row, agent: Agent) -> Said:
    if agent.presence is not Presence.RUNNING:
        return "–", Style.DIM
    return ("gets it when what it leads to is renewed" if row.wanted is None else "does not see it yet"), Style.DIM


_RENEWALS: dict[Standing, Callable[[Tended, Callable[[datetime], str]], Said]] = {
    Standing.FRESH: lambda tended, at: (f"renews it at {at(tended.next_at)}" if tended.next_at else "–", Style.PLAIN),
    Standing.RETRYING: lambda tended, at: (_again(tended, at), Style.WARNING),
    Standing.REFUSED: lambda tended, at: (_again(tended, at), Style.BAD),
    Standing.NEEDS_PERSON: lambda tended, _: (f"cannot renew it: {tended.why}", Style.PERSON),
}


def _again(tended: Tended, at: Callable[[datetime], str]) -> str:
    again = f", again at {at(tended.next_at)}" if tended.next_at else ""
    return f"{tended.why}{again}"


def _need(row: Row, now: datetime, local: Local) -> Said:
    if row.needs_person(now):
        return f"{_asked(row.need)} now", Style.PERSON
    if row.need is None:
        return "nothing is asked of you", Style.DIM
    return f"{_asked(row.need)}, from {clock(row.need.at, now, local)} on", Style.PLAIN
