"""The live table as keys and lines, without a terminal."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stsctl.needs import Need
from stsctl.pieces import Line, Style, width
from stsctl.plan import Asks
from stsctl.standing import Standing
from stsctl.target import Wanted
from stsctl.watched import Agent, Presence, Row, Tended, Watched, agent, joined
from stsctl.watching import Action, Table, Verb

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def row(name: str = "prod", *, left: timedelta = 50 * MINUTE, **said: Any) -> Row:
    """A session of an hour."""
    usual = {
        "key": f"key of {name}",
        "identity": f"arn:aws:sts::222222222222:assumed-role/{name.title()}/me",
        "account_id": "222222222222",
        "chain": ("work", name),
        "store": "keyring",
        "wanted": Wanted(name=name),
    }
    return Row(name=name, obtained_at=NOON + left - HOUR, expires_at=NOON + left, **{**usual, **said})


def table(*rows: Row, of: Agent | None = None, current: str | None = None) -> Table:
    """A table of those sessions."""
    found = Table(local=lambda at: at)
    watched = Watched(rows=joined(rows, of or Agent(presence=Presence.ABSENT)), current=current)
    found.show(replace(watched, agent=of) if of else watched)
    return found


def text(line: Line) -> str:
    """A line as it reads."""
    return "".join(piece.text for piece in line)


def screen(one: Table, columns: int = 80, height: int = 24, at: datetime = NOON) -> list[str]:
    """The lines as text."""
    return [text(line).rstrip() for line in one.lines(columns, height, at)]


def style_of(one: Table, said: str, at: datetime = NOON) -> Style:
    """How the piece looks that says that."""
    pieces = [piece for line in one.lines(120, 30, at) for piece in line if said in piece.text]
    return pieces[0].style


def press(one: Table, *keys: str) -> Action | None:
    """What the last of those keys has done."""
    done = None
    for key in keys:
        assert done is None
        done = one.press(key)
    return done


def at_cursor(one: Table, columns: int = 80, height: int = 24) -> str:
    """The line of the cursor."""
    (found,) = (line for line in screen(one, columns, height) if line.startswith("▌"))
    return found


NAMES = [f"role-{number:02}" for number in range(40)]


def many() -> Table:
    """A table that is longer than the screen."""
    return table(*map(row, NAMES))


# ── the screen ──


def test_the_screen() -> None:
    """What the agent does, who one is here, what will be asked; each session; all of the one at the cursor; keys."""
    tended = Tended(name="prod", expires_at=NOON + 50 * MINUTE, standing=Standing.FRESH, next_at=NOON + 30 * MINUTE)
    one = table(
        row("prod", is_current=True, need=Need(what=Asks.MFA, at=NOON + 8 * HOUR)),
        row("hub", left=30 * MINUTE, wanted=None),
        row("dev", left=7 * MINUTE + timedelta(seconds=4)),
        of=Agent(presence=Presence.RUNNING, tended=(tended,)),
        current="prod",
    )
    press(one, "down")
    assert screen(one) == [
        " agent    keeps 1 session fresh, next prod at 12:30                    12:00:00",
        " here     prod, 222222222222 Prod, 50 min left",
        " you      an MFA code for prod, from 20:00 on",
        "",
        "   name  you are            time left               renewed    needs you",
        "   dev   222222222222 Dev   ━╌╌╌╌╌╌╌╌╌ 7 min 04 s   –          –",
        "▌● prod  222222222222 Prod  ━━━━━━━━╌╌ 50 min       12:30      MFA code 20:00",
        "   hub   222222222222 Hub   ━━━━━╌╌╌╌╌ 30 min       –          –",
        *[""] * 8,
        "── prod ────────────────────────────────────────────────────────────────────────",
        " you are  arn:aws:sts::222222222222:assumed-role/Prod/me",
        " chain    work → prod",
        " lasts    from 11:50:00 to 12:50:00, in keyring",
        " agent    renews it at 12:30",
        " you      an MFA code, from 20:00 on",
        "",
        " ↑↓ move   r renew   d drop   c console   / filter   q quit",
    ]


def test_nothing_is_held() -> None:
    """Then it says so, and what to type."""
    lines = screen(table())
    assert "   no session is held" in lines
    assert "   stsctl assume NAME gets one" in lines
    assert press(table(), "r") is press(table(), "d") is press(table(), "c") is None


@pytest.mark.parametrize("size", [(1, 1), (5, 2), (20, 3), (30, 6), (40, 10), (80, 24), (200, 50), (500, 200)])
def test_any_size(size: tuple[int, int]) -> None:
    """Everything fits; the line of the cursor is there where there is room for one; so are the keys' line and it."""
    columns, height = size
    for one in (many(), table(), table(row("名前" * 30), row("x" * 300, need=Need(what=None, at=NOON)))):
        press(one, "end")
        for key in ("", "d", "n", "/"):
            one.press(key)
            lines = one.lines(columns, height, NOON)
            assert len(lines) == height
            assert all(width(text(line)) <= columns for line in lines), (size, [text(line) for line in lines])
            if one.current is not None and height > 2:
                assert sum(text(line).startswith("▌") for line in lines) == 1


def test_a_wide_terminal_tells_more() -> None:
    """Who one is comes first of what there is room for, then the chain, the region and the store."""
    one = table(row("prod", region="eu-west-1"))
    titles = [screen(one, columns)[4].split() for columns in (40, 70, 85, 200)]
    assert titles[0] == ["name", "time", "left", "needs", "you"]
    assert titles[1] == ["name", "time", "left", "renewed", "needs", "you"]
    assert titles[2] == ["name", "you", "are", "time", "left", "renewed", "needs", "you"]
    assert titles[3][-3:] == ["chain", "region", "store"]


def test_colours() -> None:
    """By how much is left, by whether it has ended, and by whether a person has to do something now."""
    one = table(row(need=Need(what=Asks.MFA, at=NOON + 45 * MINUTE)))
    styles = [style_of(one, "╌", NOON + minute * MINUTE) for minute in (0, 29, 31, 51)]
    assert styles == [Style.GOOD, Style.GOOD, Style.WARNING, Style.BAD]
    assert style_of(one, "MFA code 12:45") is Style.PLAIN
    assert style_of(one, "MFA code now", NOON + 46 * MINUTE) is Style.PERSON


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(seconds=-1), "ended"),
        (timedelta(seconds=41), "41 s"),
        (9 * MINUTE + timedelta(seconds=9), "9 min 09 s"),
        (59 * MINUTE, "59 min"),
        (HOUR - timedelta(seconds=2), "1 h 00 min"),
        (11 * HOUR + 5 * MINUTE, "11 h 05 min"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_time_left(left: timedelta, said: str) -> None:
    """To the second when it matters."""
    assert said in screen(table(row(left=left)))[5]
    assert "no end" in screen(table(replace(row(), expires_at=None)))[5]


def test_what_has_ended_and_is_held_no_more() -> None:
    """It can be renewed and dropped as it was asked for, and what the agent says of it is said."""
    gone = row(left=-MINUTE, store=None, need=Need(what=Asks.MFA, at=NOON))
    one = table(gone)
    assert "ended" in at_cursor(one)
    assert "MFA code now" in at_cursor(one)
    assert " you      an MFA code now, for prod" in screen(one)
    assert " lasts    from 10:59:00 to 11:59:00, not held any more" in screen(one)
    assert press(one, "r") == Action(verb=Verb.RENEW, row=gone)
    assert press(one, "d", "y") == Action(verb=Verb.DROP, row=gone)


def test_a_locked_agent_renews_nothing() -> None:
    """So nothing says when it will."""
    one = table(row(), of=agent(status(locked=True)))
    assert "12:28" not in "".join(screen(one))
    assert " agent    is locked, and renews nothing" in screen(one)


def test_where_others_wrote_it() -> None:
    """Who looks at a session of a shared role sees that it is one."""
    assert " chain    work → prod, as others wrote at ~/team.toml:3" in screen(table(row(written_at="~/team.toml:3")))


def test_another_day() -> None:
    """A time on another day is said with it."""
    one = table(row(need=Need(what=Asks.SIGN_IN, at=NOON + 14 * HOUR)))
    assert "sign-in Sat 02:00" in at_cursor(one)
    assert " you      a sign-in in the browser for prod, from Sat 02:00 on" in screen(one)


def test_who_is_here() -> None:
    """A current session that has ended is said to have; none is said, too."""
    assert screen(table())[1] == " here     no session is current in this terminal"
    for one in (table(row(is_current=True, left=-MINUTE), current="prod"), table(current="prod")):
        assert screen(one)[1] == " here     prod, which has ended: stsctl assume prod"


# ── the agent ──


def status(**said: Any) -> dict[str, Any]:
    """An answer of the agent's."""
    session = {
        "name": "prod",
        "expires_at": "2026-05-01T12:50:00Z",
        "renewed_at": "2026-05-01T12:28:30Z",
        "standing": "fresh",
        "why": "",
        "since": None,
    }
    usual = {"locked": False, "trouble": None, "renewing": None, "sessions": [session]}
    return {**usual, **said}


@pytest.mark.parametrize(
    ("said", "line", "style"),
    [
        (status(), "keeps 1 session fresh, next prod at 12:28", Style.GOOD),
        (status(renewing="prod"), "keeps 1 session fresh, and renews prod now", Style.GOOD),
        (status(locked=True), "is locked, and renews nothing: stsctl agent unlock", Style.WARNING),
        (status(sessions=[]), "runs; there is nothing to keep fresh yet", Style.PLAIN),
        (status(trouble="no such file"), "cannot see what is held: no such file", Style.BAD),
        ({}, "it is of another version: stsctl agent stop", Style.BAD),
    ],
)
def test_the_agent(said: dict[str, Any], line: str, style: Style) -> None:
    """What it does is said in words."""
    one = table(row(), of=agent(said))
    assert screen(one)[0].startswith(f" agent    {line}")
    assert style_of(one, line[:20]) is style


@pytest.mark.parametrize(
    "broken",
    [
        status(sessions=None),
        status(sessions=[{}]),
        status(sessions=[[]]),
        status(renewing=7),
        status(sessions=[{**status()["sessions"][0], "expires_at": "2026-05-01T12:50:00"}]),
        status(sessions=[{**status()["sessions"][0], "expires_at": "soon"}]),
        status(sessions=[{**status()["sessions"][0], "standing": "on its head"}]),
    ],
)
def test_what_is_no_answer_of_the_agent(broken: dict[str, Any]) -> None:
    """Another version's answer is no failure here."""
    assert agent(broken).presence is Presence.SILENT


@pytest.mark.parametrize(
    ("standing", "cell", "detail", "style"),
    [
        ("retrying", "retries", " agent    throttled, again at 12:28", Style.WARNING),
        ("refused", "refused", " agent    throttled, again at 12:28", Style.BAD),
        ("needs you", "you now", " agent    cannot renew it: throttled", Style.PERSON),
    ],
)
def test_what_failed(standing: str, cell: str, detail: str, style: Style) -> None:
    """A renewal of the agent's that failed is seen in the line, with why and when again below."""
    session = {**status()["sessions"][0], "standing": standing, "why": "throttled"}
    one = table(row(), of=agent(status(sessions=[session])))
    assert cell in at_cursor(one)
    assert style_of(one, cell) is style
    assert detail in screen(one)


def test_what_only_the_agent_knows() -> None:
    """What it has still to get is shown, and what it has not seen renewed yet is not shown twice."""
    sessions = [
        {**status()["sessions"][0], "name": "kept", "expires_at": "2000-01-01T00:00:00Z", "standing": "refused"},
        {**status()["sessions"][0], "expires_at": "2026-05-01T11:50:00Z"},
    ]
    one = table(row(), of=agent(status(sessions=sessions)))
    lines = screen(one)
    assert next(line for line in lines if line.startswith(("▌  kept", "   kept"))).split()[1:] == [
        *("kept", *["╌╌╌╌╌╌╌╌╌╌"], "not", "held", "refused", "–")
    ]
    assert sum("prod" in line for line in lines[4:12]) == 1
    assert press(one, "r") is None
    assert ' "kept" is not held: stsctl assume kept' in screen(one)
    assert press(one, "d") is None
    assert not any("drop " in line for line in screen(one)[:-1])


# ── keys ──


@pytest.mark.parametrize("key", ["q", "escape", "ctrl-c"])
def test_leaving(key: str) -> None:
    """Each of these leaves."""
    assert press(table(row()), key) == Action(verb=Verb.QUIT)


@pytest.mark.parametrize(
    ("keys", "at"),
    [
        (("down", "down"), "role-02"),
        (("ctrl-n", "j", "ctrl-p"), "role-01"),
        (("j", "j", "k"), "role-01"),
        (("up",), "role-00"),
        (("end",), "role-39"),
        (("end", "down"), "role-39"),
        (("end", "home"), "role-00"),
        (("page-down",), "role-11"),
        (("page-down", "page-up"), "role-00"),
    ],
)
def test_moving(keys: tuple[str, ...], at: str) -> None:
    """The cursor moves by lines and screens, stays within what there is, and is always on the screen."""
    one = many()
    screen(one)
    press(one, *keys)
    assert at_cursor(one).split()[1] == at


def test_the_cursor_stays_at_its_session() -> None:
    """Also where others come and go before it; where it goes itself, the next one is taken."""
    one = table(row("b"), row("d"))
    press(one, "down")
    one.show(Watched(rows=(row("a"), row("b"), row("c"), row("d"), row("e"))))
    assert one.current is not None
    assert one.current.name == "d"
    one.show(Watched(rows=(row("a"), row("b"), row("c"), row("e"))))
    assert one.current.name == "e"
    one.show(Watched(rows=()))
    assert one.current is None


def test_what_is_to_be_done() -> None:
    """Renewing and the console at once; what is only a step on the way to another is neither renewed nor opened."""
    prod = row()
    assert press(table(prod), "r") == Action(verb=Verb.RENEW, row=prod)
    assert press(table(prod), "c") == Action(verb=Verb.CONSOLE, row=prod)
    assert press(table(prod), "ctrl-z") == Action(verb=Verb.STOP)
    one = table(row("hub", wanted=None))
    assert press(one, "r") is press(one, "c") is None
    assert ' "hub" is a step on the way to another, and renewed with that' in screen(one)


def test_dropping_asks() -> None:
    """Nothing but a y drops a session."""
    prod = row()
    one = table(prod)
    assert press(one, "d") is None
    assert screen(one)[-2:] == [' drop "prod" (50 min)?', " y drops it   any other key keeps it"]
    assert press(one, "") is None
    assert press(one, "y") == Action(verb=Verb.DROP, row=prod)
    for key in ("n", "d", "enter", "escape", "ctrl-c", "q"):
        assert press(table(prod), "d", key) is None


def test_what_is_asked_about_is_what_is_dropped() -> None:
    """A session that has gone meanwhile is not answered for by the one in its place."""
    one = table(row("a"), row("b"))
    press(one, "d")
    one.show(Watched(rows=(row("b"),)))
    assert press(one, "y") is None
    assert one.current == row("b")


def test_filtering() -> None:
    """Words in any order, each anywhere; Enter keeps what is found, Escape shows all again, before it leaves."""
    one = table(row("prod-admin"), row("prod-read"), row("dev-admin"))
    press(one, "/", *"ADM prod")
    assert at_cursor(one).split()[1] == "prod-admin"
    assert screen(one)[-2] == " /ADM prod▏"
    press(one, "enter")
    assert screen(one)[-2] == " /ADM prod   1 of 3"
    assert press(one, "r") == Action(verb=Verb.RENEW, row=row("prod-admin"))
    press(one, "/", "ctrl-u", *"xx", "ctrl-w", *"zzz", "backspace")
    assert '   no session is found by "zz"' in screen(one)
    press(one, "escape")
    assert sum("admin" in line for line in screen(one)[5:10]) == 2
    press(one, "/", "a", "enter", "escape")
    assert press(one, "escape") == Action(verb=Verb.QUIT)


def test_letters_are_looked_for_while_filtering() -> None:
    """What is a key elsewhere is a letter there, but Ctrl-C leaves."""
    one = table(row("jrdcq"), row("other"))
    press(one, "/", *"jrdcq")
    assert screen(one)[-2] == " /jrdcq▏"
    assert press(one, "ctrl-c") == Action(verb=Verb.QUIT)


def test_what_is_said_stays_until_the_next_key() -> None:
    """However often it is drawn meanwhile; what is too long for a line is said in several."""
    one = table(row())
    one.say("sts:AssumeRole refused: " + "because of this and that " * 6, Style.BAD)
    one.press("")
    lines = screen(one)
    assert " ".join(line.strip() for line in lines[-4:-1]).count("because of this and that") == 6
    assert lines[-1].startswith(" ↑↓ move")
    press(one, "down")
    assert "refused" not in "".join(screen(one))
