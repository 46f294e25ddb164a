"""Sessions and keys as texts: whole and foreign, corrupt and swapped."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import timedelta, timezone
from typing import Any

import pytest

from stsctl.credentials import Credentials, Secret, Session
from stsctl.stores import codec
from stsctl.stores.codec import LongTermKeys
from stsctl.stores.interface import Kind


def changed(text: Secret, *path: str | int, **changes: Any) -> Secret:
    """The JSON text with fields of the object at `path` set, or removed where the value is Ellipsis."""
    data = json.loads(text.reveal())
    at = data
    for step in path:
        at = at[step]
    for name, value in changes.items():
        if value is ...:
            del at[name]
        else:
            at[name] = value
    return Secret(json.dumps(data))


def test_a_session_comes_back_as_it_was(make_session: Callable[..., Session]) -> None:
    """Every field of a session survives, set or not."""
    full = make_session(user_id="AROA1:alice", source_identity="alice", packed_policy_size=8)
    assert all(getattr(full, field.name) is not None for field in fields(full))
    bare = replace(
        full,
        identity=None,
        account_id=None,
        user_id=None,
        source_identity=None,
        packed_policy_size=None,
        credentials=Credentials(access_key_id="AKIA1", secret_access_key=Secret("s")),
    )
    for session in (full, bare):
        assert codec.parse_session(codec.session_text(session), "k1") == session


def test_a_text_is_short_ascii_on_one_line(make_session: Callable[..., Session]) -> None:
    """What a store has to keep is little more than the session itself."""
    text = codec.session_text(make_session(source_identity="ünïcødé")).reveal()
    assert text.isascii()
    assert text.isprintable()
    assert len(text) < 500


def test_times_come_back_as_the_same_instants(make_session: Callable[..., Session]) -> None:
    """A session obtained in another time zone is held in UTC, at the same instant."""
    session = make_session()
    moved = replace(session, obtained_at=session.obtained_at.astimezone(timezone(timedelta(hours=5, minutes=30))))
    back = codec.parse_session(codec.session_text(moved), "k1")
    assert back == session
    assert back is not None
    assert back.obtained_at.utcoffset() == timedelta(0)


def test_the_answer_to_another_request_is_none(make_session: Callable[..., Session]) -> None:
    """A session found under another request's key is not that request's."""
    assert codec.parse_session(codec.session_text(make_session("k1")), "k2") is None


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ((), {"version": 2}),
        ((), {"version": "1"}),
        ((), {"version": True}),
        ((), {"version": ...}),
        ((), {"session": None}),
        ((), {"session": []}),
        ((), {"more": 1}),
        (("session",), {"more": 1}),
        (("session",), {"credentials": ...}),
        (("session",), {"identity": "arn:aws:sts"}),
        (("session",), {"identity": 5}),
        (("session",), {"account_id": 222222222222}),
        (("session",), {"obtained_at": "2026-01-02T03:04:05"}),
        (("session",), {"obtained_at": "yesterday"}),
        (("session",), {"obtained_at": 1}),
        (("session",), {"packed_policy_size": "8"}),
        (("session",), {"packed_policy_size": True}),
        (("session", "credentials"), {"secret_access_key": ...}),
        (("session", "credentials"), {"secret_access_key": None}),
        (("session", "credentials"), {"secret_access_key": {"_text": "x"}}),
        (("session", "credentials"), {"session_token": 1}),
        (("session", "credentials"), {"expires_at": "2026-01-02 03:04"}),
    ],
    ids=str,
)
def test_a_changed_session_is_none(
    make_session: Callable[..., Session], path: tuple[str, ...], changes: dict[str, Any]
) -> None:
    """A field that is missing, unknown, or of another type makes a text no session."""
    text = codec.session_text(make_session())
    assert codec.parse_session(changed(text, *path), "k1") is not None
    assert codec.parse_session(changed(text, *path, **changes), "k1") is None


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", "{", "1", '"x"', "\0", "[" * 100_000, "ü", "\ud800"],
    ids=lambda text: ascii(text[:5]),
)
def test_a_foreign_text_is_none(text: str) -> None:
    """Whatever a store gives back, there is an answer and no error."""
    assert codec.parse_session(Secret(text), "k1") is None
    assert codec.parse_keys(Secret(text), "work") is None
    assert codec.parse_manifest(Secret(text)) is None


def test_a_session_cut_anywhere_is_none(make_session: Callable[..., Session]) -> None:
    """No beginning of a text is a session."""
    text = codec.session_text(make_session()).reveal()
    assert all(codec.parse_session(Secret(text[:length]), "k1") is None for length in range(len(text)))


def test_keys_come_back_as_they_were(keys: LongTermKeys) -> None:
    """Every field of long-term keys survives, with and without an MFA device."""
    for each in (keys, replace(keys, mfa_serial=None)):
        assert codec.parse_keys(codec.keys_text(each), "work") == each


def test_keys_under_another_name_are_none(keys: LongTermKeys) -> None:
    """Keys found under a name that they were not added under are not those keys."""
    assert codec.parse_keys(codec.keys_text(keys), "home") is None


def test_a_session_is_no_keys(make_session: Callable[..., Session], keys: LongTermKeys) -> None:
    """One sort of text is never taken for the other."""
    assert codec.parse_keys(codec.session_text(make_session("work")), "work") is None
    assert codec.parse_session(codec.keys_text(keys), "work") is None


def test_a_manifest_comes_back_as_it_was() -> None:
    """Kinds and keys survive, whatever characters a key has."""
    items = frozenset({(Kind.SESSION, "k1"), (Kind.KEYS, "a\0b ü"), (Kind.KEYS, "")})
    assert codec.parse_manifest(codec.manifest_text(items)) == items
    assert codec.parse_manifest(codec.manifest_text(frozenset())) == frozenset()


@pytest.mark.parametrize(
    "items", [[["session"]], [["session", "a", "b"]], [["nothing", "a"]], [["session", 1]], ["ab"], 1]
)
def test_a_foreign_manifest_is_none(items: Any) -> None:
    """A list that is not one of kinds and keys is no manifest."""
    assert codec.parse_manifest(Secret(json.dumps({"items": items, "version": 1}))) is None
