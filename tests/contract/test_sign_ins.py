"""Sign-ins in every store: tokens are longer than sessions, and as secret."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from stsctl.credentials import Secret
from stsctl.sign_in import Registration, SignIn, new_id
from stsctl.stores.held import Held
from stsctl.stores.index import Index
from stsctl.stores.interface import Store

NOW = datetime(2026, 1, 2, tzinfo=UTC)
AUTHORITY = "identity-center https://acme.awsapps.com/start eu-central-1 sso:account:access ü"
LONG = 3000
"""Characters of an Identity Center client's secret, which holds an encrypted token itself."""


def test_sign_ins_and_registrations_are_kept(store: Store, tmp_path: Path) -> None:
    """Both come back whole, are replaced whole, and are gone when they are dropped."""
    held = Held(store, Index(tmp_path / "index"), tmp_path / "locks")
    client = Registration(client_id="client", secret=Secret("c" * LONG), ends_at=NOW + timedelta(days=90))
    first = SignIn(
        authority=AUTHORITY,
        id=new_id(),
        token=Secret("t" * LONG),
        ends_at=NOW + timedelta(hours=1),
        signed_in_at=NOW,
        refresh_token=Secret("r" * LONG),
        client=client,
    )
    second = SignIn(authority=AUTHORITY, id=new_id(), token=Secret("short"), ends_at=NOW, signed_in_at=NOW)
    held.hold_registration(client, AUTHORITY)
    for each in (first, second):
        held.hold_sign_in(each)
        assert held.sign_in(AUTHORITY) == each
    assert held.registration(AUTHORITY) == client
    assert held.drop_sign_in(AUTHORITY) is True
    assert held.sign_in(AUTHORITY) is None
    assert held.registration(AUTHORITY) == client
