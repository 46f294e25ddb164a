"""Where SDKs keep sessions of `aws login`."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import LoginCredentialFetcher
from botocore.utils import JSONFileCache, LoginTokenLoader

from stsctl.arn import Arn
from stsctl.credentials import Secret
from stsctl.sources.login_cache import LoginCache, given, key_of, token_of

WHO = Arn.parse("arn:aws:iam::111111111111:user/zoe")
NOW = datetime(2026, 5, 1, 12, 0, 0, 900_000, tzinfo=UTC)
ANSWER = {
    "accessToken": {"accessKeyId": "ASIALOGIN00000000001", "secretAccessKey": "canary", "sessionToken": "canary"},
    "tokenType": "aws_sigv4",
    "expiresIn": 900,
    "refreshToken": "canary",
    "idToken": "a.b.c",
}


def token(**changed: Any) -> dict[str, Any]:
    """What is kept of an answer."""
    return token_of(ANSWER | changed, login_session=WHO, client_id="client", key=Secret("pem"), at=NOW)


@pytest.fixture
def cache(tmp_path: Path) -> LoginCache:
    """An empty cache."""
    return LoginCache(folder=tmp_path / "login" / "cache")


def test_botocore_reads_it(cache: LoginCache) -> None:
    """botocore finds what was written, by the same name, and takes the same credentials from it."""
    cache[key_of(WHO)] = token()
    loader = LoginTokenLoader(JSONFileCache(str(cache.folder)))
    fetcher = LoginCredentialFetcher(str(WHO), loader, client_creator=None)
    theirs, ours = fetcher.load_cached_credentials(), given(cache[key_of(WHO)], WHO)
    assert ours is not None
    assert ours.credentials.access_key_id == theirs["access_key"]
    assert (
        ours.credentials.expires_at
        == datetime.fromisoformat(theirs["expiry_time"])
        == NOW.replace(microsecond=0) + timedelta(minutes=15)
    )
    assert (ours.identity, ours.account_id) == (WHO, theirs["account_id"])
    assert "canary" not in repr(ours)


def test_it_reads_what_botocore_writes(cache: LoginCache) -> None:
    """What botocore writes is found, with the fields that only it knows."""
    cache.folder.mkdir(parents=True)
    LoginTokenLoader(JSONFileCache(str(cache.folder))).save_token(str(WHO), token() | {"theirs": 1})
    assert cache[key_of(WHO)]["theirs"] == 1


def test_private(cache: LoginCache) -> None:
    """The file, and the folders that are made for it, are for their owner alone."""
    cache[key_of(WHO)] = token()
    for path in (cache.folder.parent, cache.folder, *cache.folder.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_remove(cache: LoginCache) -> None:
    """A session is taken away once."""
    cache[key_of(WHO)] = token()
    assert cache.remove(key_of(WHO))
    assert not cache.remove(key_of(WHO))
    assert key_of(WHO) not in cache
    with pytest.raises(KeyError):
        cache[key_of(WHO)]


@pytest.mark.parametrize("content", [b"", b"canary", b"[]", b"\xff", b"[" * 60_000, b"{}" + b" " * 100_000])
def test_a_file_that_is_none(cache: LoginCache, content: bytes) -> None:
    """A file that holds something else is not there."""
    cache.folder.mkdir(parents=True)
    (cache.folder / f"{key_of(WHO)}.json").write_bytes(content)
    assert key_of(WHO) not in cache


@pytest.mark.parametrize(
    "changed",
    [
        {"accessToken": None},
        {"accessToken": {}},
        {"accessToken": ANSWER["accessToken"] | {"secretAccessKey": 1}},
        {"accessToken": ANSWER["accessToken"] | {"sessionToken": "canary\n"}},
        {"accessToken": ANSWER["accessToken"] | {"expiresAt": "canary"}},
        {"accessToken": ANSWER["accessToken"] | {"expiresAt": "0001-01-01T00:00:00+23:00"}},
    ],
    ids=range(6),
)
def test_a_token_that_is_none(changed: dict[str, Any]) -> None:
    """A file with anything else for its keys has no credentials."""
    assert given(token() | changed, WHO) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"expiresIn": 0},
        {"expiresIn": -1},
        {"expiresIn": 10**9},
        {"expiresIn": "900"},
        {"refreshToken": None},
        {"idToken": ""},
        {"tokenType": 1},
        {"accessToken": ANSWER["accessToken"] | {"accessKeyId": ""}},
    ],
    ids=range(8),
)
def test_an_answer_that_is_none(changed: dict[str, Any]) -> None:
    """An answer that could not be kept is not."""
    with pytest.raises(ValueError):
        token(**changed)


def test_the_whole_file() -> None:
    """What is kept is all that SDKs look for."""
    assert set(token()) >= set(LoginCredentialFetcher._REQUIRED_TOKEN_FIELDS)
    assert json.dumps(token())
