"""Issued sessions: found by their token, told from forged ones, forgotten."""

from __future__ import annotations

import base64
import gc
import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from stsctl.credentials import Credentials
from stsctl.emulator.directory.principals import IssuedSession, Kind, PolicyText
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.sts.sessions import Sessions
from stsctl.emulator.world import identifiers

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def issued(length: timedelta = timedelta(hours=1)) -> IssuedSession:
    """A session of a role that begins now."""
    return IssuedSession(
        access_key_id=identifiers.access_key_id("ASIA", "111111111111"),
        kind=Kind.SESSION_OF_ROLE,
        account="111111111111",
        principal="Hub",
        principal_id="AROAEXAMPLE",
        issued_at=NOW,
        expires_at=NOW + length,
        name="x",
    )


def token_of(credentials: Credentials) -> str:
    """The session token."""
    assert credentials.session_token is not None
    return credentials.session_token.reveal()


def test_found_by_its_token() -> None:
    """A session is found by key and token until it ends, and its secret is the one that was given."""
    sessions, session = Sessions(), issued()
    credentials = sessions.keep(session, now=NOW)
    assert sessions.find(session.access_key_id, token_of(credentials), NOW) == session
    assert sessions.secret(session.access_key_id) == credentials.secret_access_key
    assert len(credentials.secret_access_key.reveal()) == 40


def test_expired() -> None:
    """At its end it is refused as expired, even after it was forgotten."""
    sessions, session = Sessions(), issued()
    token = token_of(sessions.keep(session, now=NOW))
    later = NOW + timedelta(hours=1)
    for _ in range(2):
        with pytest.raises(Refusal, match="ExpiredToken"):
            sessions.find(session.access_key_id, token, later)
        sessions.keep(issued(timedelta(hours=5)), now=later)
    assert len(sessions) == 2


def test_expired_ones_are_forgotten() -> None:
    """What is over takes no memory."""
    sessions = Sessions()
    for _ in range(1000):
        sessions.keep(issued(timedelta(minutes=15)), now=NOW)
    assert len(sessions) == 1000
    sessions.keep(issued(timedelta(hours=2)), now=NOW + timedelta(minutes=15))
    assert len(sessions) == 1


def test_what_many_take() -> None:
    """A session with tags and a policy takes less than a kilobyte, and nothing once it is over, issued anew or not."""
    sessions, policy = Sessions(), PolicyText(label="session policy", text="x" * 500)
    count, over = 20_000, NOW + timedelta(hours=1)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(count):
            tags = (("project", f"p{number}"), ("build", f"b{number}"))
            sessions.keep(replace(issued(), name=f"build-{number}", tags=tags, policies=(policy,)), now=NOW)
        gc.collect()
        held = tracemalloc.get_traced_memory()[0] - before
        for _ in range(count // 1000):
            sessions.forget(over)
        gc.collect()
        left = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert count * 300 < held < count * 1000
    assert len(sessions) == 0
    assert left < held / 50


def forged(token: str) -> list[str]:
    """Tokens that are nearly right."""
    content = base64.b64decode(token)
    later = content[:8] + (int.from_bytes(content[8:16], "big") + 3600).to_bytes(8, "big") + content[16:]
    changed = [later, content[:-3], content + b"abc", content[:20], content[:-1] + bytes([content[-1] ^ 1]), b""]
    return ["", "no base64 at all!", "é", "A" * 5000, *(base64.b64encode(item).decode() for item in changed)]


def test_forged_tokens() -> None:
    """A token that is changed, cut, lengthened or prolonged is not ours, nor is another session's."""
    sessions, session = Sessions(), issued()
    token = token_of(sessions.keep(session, now=NOW))
    other = token_of(sessions.keep(issued(), now=NOW))
    for wrong in [other, None, *forged(token)]:
        with pytest.raises(Refusal, match="InvalidClientTokenId"):
            sessions.find(session.access_key_id, wrong, NOW)
    with pytest.raises(Refusal, match="InvalidClientTokenId"):
        Sessions().find(session.access_key_id, token, NOW)


@pytest.mark.parametrize("least", [0, 1, 500, 1000, 1001, 1002, 4096])
def test_least_size(least: int) -> None:
    """A token is as long as MinimumSessionTokenSize asks, and still ours."""
    sessions, session = Sessions(), issued()
    token = token_of(sessions.keep(session, now=NOW, least_size=least))
    assert max(least, 400) <= len(token) <= max(least, 500) + 8
    assert sessions.find(session.access_key_id, token, NOW) == session


def test_tags_make_it_longer() -> None:
    """A session with tags has a longer token, as AWS's have."""
    sessions, session = Sessions(), issued()
    plain = token_of(sessions.keep(session, now=NOW))
    tagged = token_of(sessions.keep(replace(session, tags=(("k" * 50, "v" * 200),)), now=NOW))
    assert len(tagged) > len(plain) + 100


def test_ids_look_like_awss() -> None:
    """Ids have AWS's prefixes, alphabet and lengths, and an access key id carries its account."""
    key = identifiers.access_key_id("ASIA", "123456789012")
    assert len(key) == 20
    number = int.from_bytes(base64.b32decode(key[4:])[:6], "big")
    assert (number & 0x7FFFFFFFFF80) >> 7 == 123456789012
    assert len(identifiers.unique_id("AROA")) == 21
    assert len(identifiers.secret_access_key()) == 40
