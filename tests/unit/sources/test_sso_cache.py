"""The file that SDKs keep a token of Identity Center in: botocore's own form, and strangers' files."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.utils import JSONFileCache, SSOTokenLoader

from stsctl.credentials import Secret
from stsctl.sign_in import Registration, SignIn, new_id
from stsctl.sources.sso_cache import SharedToken

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
START_URL = "https://acme.awsapps.com/start"

SIGN_IN = SignIn(
    authority="a",
    id=new_id(),
    token=Secret("access"),
    ends_at=NOW + timedelta(hours=1),
    signed_in_at=NOW,
    refresh_token=Secret("refresh"),
    client=Registration(client_id="client", secret=Secret("secret"), ends_at=NOW + timedelta(days=90)),
)


def shared(folder: Path, name: str | None = "acme") -> SharedToken:
    """The file of a session, or of a start URL."""
    return SharedToken(folder=folder, start_url=START_URL, region="eu-west-1", session_name=name, now=lambda: NOW)


@pytest.mark.parametrize("name", ["acme", None])
def test_botocore_reads_it(tmp_path: Path, name: str | None) -> None:
    """botocore's own loader finds the file by the session's name, or by the start URL, with every key that it knows."""
    shared(tmp_path, name).write(SIGN_IN)
    loader = SSOTokenLoader(cache=JSONFileCache(str(tmp_path)))
    assert loader(START_URL, session_name=name) == {
        "startUrl": START_URL,
        "region": "eu-west-1",
        "accessToken": "access",
        "expiresAt": "2026-01-02T04:04:05Z",
        "clientId": "client",
        "clientSecret": "secret",
        "registrationExpiresAt": "2026-04-02T03:04:05Z",
        "refreshToken": "refresh",
    }


def test_it_comes_back(tmp_path: Path) -> None:
    """What was written is read again, as a sign-in of nobody yet."""
    file = shared(tmp_path / "sso" / "cache")
    file.write(SIGN_IN)
    found = file.read()
    assert found is not None
    assert (found.token, found.refresh_token, found.client) == (SIGN_IN.token, SIGN_IN.refresh_token, SIGN_IN.client)
    assert (found.ends_at, found.signed_in_at) == (SIGN_IN.ends_at, NOW)
    assert found.id != SIGN_IN.id


def test_it_is_private_and_removed(tmp_path: Path) -> None:
    """Folder and file are for their owner; afterwards nothing is there."""
    file = shared(tmp_path / "sso" / "cache")
    assert file.remove() is False
    file.write(SIGN_IN)
    assert file.path.stat().st_mode & 0o777 == 0o600
    assert file.folder.stat().st_mode & 0o777 == 0o700
    assert file.remove() is True
    assert file.read() is None


GOOD: dict[str, Any] = {
    "startUrl": START_URL,
    "region": "eu-west-1",
    "accessToken": "access",
    "expiresAt": "2026-01-02T04:04:05Z",
}
CLIENT = {"clientId": "c", "clientSecret": "s", "registrationExpiresAt": "2026-04-02T03:04:05UTC"}


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"refreshToken": "r"},
        CLIENT,
        CLIENT | {"refreshToken": "r"},
        {"expiresAt": "2026-01-02T04:04:05UTC"},
        {"expiresAt": "2026-01-02T05:04:05+01:00"},
    ],
)
def test_what_others_write(tmp_path: Path, said: dict[str, Any]) -> None:
    """With or without a refresh token, in the AWS CLI's older form or the newer one."""
    file = shared(tmp_path)
    file.path.write_text(json.dumps(GOOD | said))
    found = file.read()
    assert found is not None
    assert found.ends_at == datetime(2026, 1, 2, 4, 4, 5, tzinfo=UTC)
    assert (found.client is not None) == ("clientId" in said)
    assert (found.refresh_token is not None) == ("clientId" in said and "refreshToken" in said)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b"[" * 90_000,
        b" " * 200_000,
        *(
            json.dumps(GOOD | change).encode()
            for change in (
                {"startUrl": "https://other.awsapps.com/start"},
                {"region": "us-east-1"},
                {"accessToken": 5},
                {"accessToken": "two\nlines"},
                {"expiresAt": "soon"},
                {"expiresAt": "2026-01-02T04:04:05"},
                {"expiresAt": None},
                {"clientId": "c"},
                CLIENT | {"clientSecret": 5},
                CLIENT | {"registrationExpiresAt": "x"},
                CLIENT | {"refreshToken": 5},
            )
        ),
        *(json.dumps({k: v for k, v in GOOD.items() if k != name}).encode() for name in GOOD),
    ],
    ids=lambda content: ascii(content[:40]),
)
def test_strangers_files_are_none(tmp_path: Path, content: bytes) -> None:
    """What is not whole, or is about another Identity Center, is no sign-in, and no failure."""
    file = shared(tmp_path)
    file.path.write_bytes(content)
    assert file.read() is None
