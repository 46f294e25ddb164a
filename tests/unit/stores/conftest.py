"""Sessions, keys and entries to store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Secret, Session
from stsctl.stores.codec import LongTermKeys
from stsctl.stores.index import Entry

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    """The time at which everything here was obtained."""
    return NOW


@pytest.fixture
def make_session() -> Callable[..., Session]:
    """Makes a session of an hour, the answer to the request with the key `key`."""

    def make(key: str = "k1", *, obtained_at: datetime = NOW, **changes: Any) -> Session:
        credentials = Credentials(
            access_key_id=f"ASIA{key}",
            secret_access_key=Secret(f"secret of {key}"),
            session_token=Secret(f"token of {key}"),
            expires_at=obtained_at + timedelta(hours=1),
        )
        fields: dict[str, Any] = {
            "credentials": credentials,
            "request_key": key,
            "obtained_at": obtained_at,
            "identity": Arn.parse("arn:aws:sts::222222222222:assumed-role/Admin/alice"),
            "account_id": "222222222222",
        }
        return Session(**(fields | changes))

    return make


@pytest.fixture
def make_entry() -> Callable[..., Entry]:
    """Makes the index entry of a session."""

    def make(session: Session, *, store: str = "memory", name: str = "prod-admin", **changes: Any) -> Entry:
        fields: dict[str, Any] = {
            "request_key": session.request_key,
            "name": name,
            "access_key_id": session.credentials.access_key_id,
            "obtained_at": session.obtained_at,
            "expires_at": session.expires_at,
            "store": store,
        }
        return Entry(**(fields | changes))

    return make


@pytest.fixture
def keys() -> LongTermKeys:
    """Long-term keys."""
    return LongTermKeys(
        name="work",
        credentials=Credentials(access_key_id="AKIAEXAMPLE", secret_access_key=Secret("long-term secret")),
        identity=Arn.parse("arn:aws:iam::111111111111:user/alice"),
        account_id="111111111111",
        added_at=NOW,
        mfa_serial="arn:aws:iam::111111111111:mfa/alice",
    )
