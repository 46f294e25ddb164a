"""Finding names by a few words."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stsctl.search import Search, spans

ROLES = {
    "prod-admin": "Payments\n222222222222\neu-west-1\nwhole of production",
    "prod-billing": "Payments\n222222222222\nus-east-1\nteam=finance",
    "dev-admin": "Playground\n333333333333\neu-west-1",
    "admin": "arn:aws:iam::444444444444:role/Admin",
    "sandbox2-prod": "Playground",
}


def found(query: str, **liked: float) -> list[str]:
    """The names that are found, in order."""
    likings = {name.replace("_", "-"): liking for name, liking in liked.items()}
    return Search([*ROLES], lambda: [*ROLES.values()], likings).find(query)


def search(names: Collection[str]) -> Search:
    """A search of names that nothing else is known of."""
    return Search([*names], lambda: [""] * len(names), {})


def test_nearest_first() -> None:
    """The whole name comes before one that begins so, that before a part of one, that before what is elsewhere."""
    assert found("admin") == ["admin", "dev-admin", "prod-admin"]
    assert found("prod") == ["prod-admin", "prod-billing", "sandbox2-prod"]
    assert found("pay") == ["prod-admin", "prod-billing"]


def test_words_in_any_order() -> None:
    """Each word may be anywhere, and every one must be somewhere."""
    assert found("admin prod") == found("prod admin") == ["prod-admin"]
    assert found("eu-west admin") == ["dev-admin", "prod-admin"]
    assert found("finance us-east") == ["prod-billing"]
    assert found("444444444444") == ["admin"]
    assert found("prod xyz") == []


def test_liked_first_among_equals() -> None:
    """How often and lately a name was used decides between names that are as near, and no further."""
    assert found("", prod_billing=3.0, dev_admin=1.0)[:2] == ["prod-billing", "dev-admin"]
    assert found("admin", prod_admin=9.0) == ["admin", "prod-admin", "dev-admin"]


def test_letters_in_order_where_no_word_is_there() -> None:
    """A name is found by some of its letters, unless another has the word itself."""
    assert found("pbil") == ["prod-billing"]
    assert found("pad") == ["prod-admin"]
    assert found("zz") == []


def test_case_does_not_count() -> None:
    """Capitals and small letters are the same, beyond ASCII too."""
    assert found("PAYMENTS Admin") == ["prod-admin"]
    assert search(["ÜBER"]).find("über") == ["ÜBER"]


@pytest.mark.parametrize(
    ("query", "marked"),
    [
        ("adm", ["adm"]),
        ("admin prod", ["prod", "admin"]),
        ("pbil", ["p", "bil"]),
        ("x", []),
        ("", []),
        ("o od", ["od"]),
    ],
)
def test_spans(query: str, marked: list[str]) -> None:
    """What is marked is what was found, in the order of the text."""
    text = "prod-billing" if query == "pbil" else "prod-admin"
    assert [text[begin:end] for begin, end in spans(query, text)] == marked


@given(query=st.text("ab- ", max_size=6), names=st.lists(st.text("ab-", min_size=1, max_size=6), unique=True))
def test_typing_on_finds_what_typing_at_once_finds(query: str, names: list[str]) -> None:
    """Letter by letter, with a search that remembers, leads to what a search anew finds."""
    typed = search(names)
    for end in range(len(query) + 1):
        assert typed.find(query[:end]) == search(names).find(query[:end])
    for end in reversed(range(len(query))):
        assert typed.find(query[:end]) == search(names).find(query[:end])


@given(words=st.lists(st.text("ab", min_size=1, max_size=2), max_size=3), names=st.sets(st.text("ab-", max_size=6)))
def test_every_word_and_no_other(words: list[str], names: set[str]) -> None:
    """All that has each word is found, once, and nothing that lacks one (unless none has)."""
    having = sorted(name for name in names if all(word in name for word in words))
    answer = sorted(search(names).find(" ".join(words)))
    assert answer == having if having else set(answer) <= names
