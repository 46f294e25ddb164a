"""The picker as keys and lines, without a terminal."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from stsctl.picking import About, Outcome, Picker
from stsctl.pieces import Piece, Style
from stsctl.search import Search

NAMES = [f"role-{number:03}" for number in range(50)]


def search(names: Sequence[str]) -> Search:
    """A search of names that nothing else is known of."""
    return Search(names, lambda: [""] * len(names), {})


def picker(*names: str, several: bool = False) -> Picker:
    """A picker of those names."""
    return Picker(
        search(names or NAMES),
        about=lambda name: About(identity=f"who {name} is", left="5 min" if name.endswith("1") else "", asks="MFA"),
        details=lambda name: ((Piece(text=f"all about {name}"),),),
        several=several,
    )


def press(one: Picker, *keys: str) -> Outcome:
    """What the last of those keys led to; none of those before it ended anything."""
    outcome = Outcome.OPEN
    for key in keys:
        assert outcome is Outcome.OPEN
        outcome = one.press(key)
    return outcome


def screen(one: Picker, width: int = 100, height: int = 30) -> list[str]:
    """The lines as text."""
    return ["".join(piece.text for piece in line) for line in one.lines(width, height)]


def test_typing_narrows_and_enter_takes() -> None:
    """What is typed is searched for, letter by letter, and Enter takes what the cursor is at."""
    one = picker()
    assert press(one, *"04", "down", "enter") is Outcome.CHOSEN
    assert one.chosen == ("role-041",)


@pytest.mark.parametrize("key", ["escape", "ctrl-c", "ctrl-g"])
def test_leaving(key: str) -> None:
    """Escape, Ctrl-C and Ctrl-G leave without a choice."""
    assert press(picker(), "down", key) is Outcome.LEFT


def test_nothing_to_take() -> None:
    """Where nothing is found Enter takes nothing, and the picker stays."""
    one = picker()
    assert press(one, *"zzz", "enter") is Outcome.OPEN
    assert one.current is None
    assert one.chosen == ()


@pytest.mark.parametrize(
    ("keys", "at"),
    [
        (("down",), "role-001"),
        (("ctrl-n", "ctrl-n", "ctrl-p"), "role-001"),
        (("up",), "role-000"),
        (("end",), "role-049"),
        (("end", "down"), "role-049"),
        (("end", "home"), "role-000"),
        (("page-down",), "role-018"),
        (("page-down", "page-up"), "role-000"),
    ],
)
def test_moving(keys: tuple[str, ...], at: str) -> None:
    """The cursor moves by lines and screens, and stays within what is found."""
    one = picker()
    screen(one)
    press(one, *keys)
    assert one.current == at


@pytest.mark.parametrize(
    ("keys", "left"),
    [(("backspace",), "ab c"), (("ctrl-w",), "ab "), (("ctrl-w", "ctrl-w"), ""), (("ctrl-u",), ""), (("f1",), "ab cd")],
)
def test_editing(keys: tuple[str, ...], left: str) -> None:
    """A letter, a word or all can be taken back; a key that means nothing does nothing."""
    one = picker()
    press(one, *"ab cd", *keys)
    assert screen(one)[0] == f"> {left}"


def test_several() -> None:
    """Tab marks and unmarks, and goes on; Enter then takes what is marked, in the order of marking."""
    one = picker(several=True)
    press(one, "down", "tab", "tab", "up", "tab", "home", "tab")
    assert screen(one)[-1] == "50 found, 2 marked   Enter takes them, Esc leaves, Tab marks"
    assert press(one, "enter") is Outcome.CHOSEN
    assert one.chosen == ("role-001", "role-000")
    other = picker()
    press(other, "tab", "enter")
    assert other.chosen == ("role-000",)


def test_the_screen() -> None:
    """Each line says what is known of its name; the pane tells of the one at the cursor; all of it fits."""
    one = picker()
    press(one, "down")
    lines = screen(one)
    assert len(lines) == 30
    assert all(len(line) <= 100 for line in lines)
    assert lines[2] == "▌  role-001  5 min   MFA     who role-001 is"
    assert "all about role-001" in lines
    assert lines[-1] == "50 found   Enter takes it, Esc leaves"


@pytest.mark.parametrize(("width", "height"), [(20, 5), (1, 1), (40, 2), (200, 60)])
def test_any_size(width: int, height: int) -> None:
    """However small the screen, the line of the cursor is on it where there is room for one line of names."""
    one = picker()
    press(one, "end")
    lines = screen(one, width, height)
    assert len(lines) <= height
    if height > 2:
        assert any(line.startswith("▌") for line in lines)


def test_the_cursor_stays_on_the_screen() -> None:
    """The list scrolls as far as it must, both ways."""
    one = picker()
    for key in ["down"] * 49 + ["up"] * 49:
        press(one, key)
        assert sum(line.startswith("▌") for line in screen(one)) == 1


def test_what_was_found_is_marked() -> None:
    """The letters that were typed are marked, in the name and beside it."""
    one = picker("prod-admin")
    press(one, *"adm")
    marked = [piece.text for piece in one.lines(80, 20)[1] if piece.style is Style.MATCH]
    assert marked == ["adm", "adm"]


def test_only_what_is_shown_is_asked_about() -> None:
    """Of thousands of names, those on the screen are looked up and no others."""
    asked: list[str] = []

    def about(name: str) -> About:
        asked.append(name)
        return About()

    many = search([f"n{number}" for number in range(5000)])
    Picker(many, about=about, details=lambda _: ()).lines(80, 12)
    assert len(asked) == 10


def test_what_was_found_elsewhere_is_marked_there() -> None:
    """In what else its line says, as a word: by single letters no more than a name is found."""
    said = About(identity="222222222222 Admin", description="all of payments, unloaded")
    texts = Search(["plod"], lambda: ["222222222222\npayments"], {})
    for query, marked in (("222 pay", ["222", "pay"]), ("pld", ["pl", "d"])):
        one = Picker(texts, about=lambda _: said, details=lambda _: ())
        press(one, *query)
        assert [piece.text for piece in one.lines(80, 20)[1] if piece.style is Style.MATCH] == marked


def test_what_is_left_has_a_column_of_its_own() -> None:
    """However long a session lasts, what stands behind it is in one column."""
    left = {"hub": "5 min", "work": "11 h 59 min"}
    one = Picker(search(list(left)), about=lambda name: About(left=left[name], asks="MFA"), details=lambda _: ())
    rows = screen(one)[1:3]
    assert [row.index("MFA") for row in rows] == [rows[0].index("5 min") + len("11 h 59 min ")] * 2


def test_a_name_that_leads_nowhere() -> None:
    """Its line says so."""
    one = Picker(search(["lost"]), about=lambda _: About(is_wrong=True), details=lambda _: ())
    assert screen(one)[1].split() == ["▌", "lost", "wrong"]


def test_wide_letters_take_two_columns() -> None:
    """What stands behind a name in other letters stands where it stands behind any."""
    one = Picker(search(["開発", "dev"]), about=lambda _: About(left="5 min"), details=lambda _: ())
    assert [line.index("5 min") for line in screen(one)[1:3]] == [3 + 4 + 2, 3 + 2 + 2]
