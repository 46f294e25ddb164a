"""Sign-ins and registrations that are held: in the store with their secrets, in the index without."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stsctl.credentials import Secret, Session
from stsctl.sign_in import Registration, SignIn, new_id
from stsctl.stores import codec
from stsctl.stores.codec import LongTermKeys
from stsctl.stores.held import Held
from stsctl.stores.index import Entry, Index
from stsctl.stores.interface import DamagedError, Item, Kind
from stsctl.stores.memory import MemoryStore
from tests.unit.stores.test_codec import changed

ACME = "center https://acme.example"


class Damaged(MemoryStore):
    """A store whose tokens cannot be read."""

    def get(self, kind: Kind, key: str) -> Secret | None:
        """Nothing that could be trusted."""
        if kind in (Kind.TOKEN, Kind.REGISTRATION):
            raise DamagedError("damaged")
        return super().get(kind, key)


@pytest.fixture
def registration(now: datetime) -> Registration:
    """What an authority knows stsctl by."""
    return Registration(client_id="client", secret=Secret("canary-client"), ends_at=now + timedelta(days=90))


@pytest.fixture
def sign_in(now: datetime, registration: Registration) -> SignIn:
    """One with every field set."""
    return SignIn(
        authority=ACME,
        id=new_id(),
        token=Secret("canary-access"),
        ends_at=now + timedelta(hours=1),
        signed_in_at=now,
        refresh_token=Secret("canary-refresh"),
        client=registration,
        about="dora",
    )


@pytest.fixture
def open_held(tmp_path: Path) -> Callable[[], Held]:
    """Opens what is held as a process does that has just begun."""
    store = MemoryStore()
    return lambda: Held(store, Index(tmp_path / "index"), tmp_path / "locks")


def test_a_sign_in_comes_back_as_it_was(sign_in: SignIn) -> None:
    """Every field survives, set or not."""
    assert all(getattr(sign_in, field.name) is not None for field in fields(sign_in))
    bare = replace(sign_in, refresh_token=None, client=None, about=None)
    for each in (sign_in, bare):
        assert codec.parse_sign_in(codec.sign_in_text(each), ACME) == each


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ((), {"version": 2}),
        ((), {"more": 1}),
        (("sign_in",), {"token": ...}),
        (("sign_in",), {"token": None}),
        (("sign_in",), {"ends_at": "soon"}),
        (("sign_in",), {"authority": "center https://other.example"}),
        (("sign_in", "client"), {"client_id": 5}),
    ],
    ids=str,
)
def test_a_changed_sign_in_is_none(sign_in: SignIn, path: tuple[str, ...], changes: dict[str, Any]) -> None:
    """A text that is foreign, or of another authority, is no sign-in."""
    text = codec.sign_in_text(sign_in)
    assert codec.parse_sign_in(changed(text, *path, **changes), ACME) is None


def test_a_registration_is_of_one_authority(registration: Registration) -> None:
    """It comes back as it was, where it was made."""
    text = codec.registration_text(registration, ACME)
    assert codec.parse_registration(text, ACME) == registration
    assert codec.parse_registration(text, "center https://other.example") is None
    assert codec.parse_registration(changed(text, version=2), ACME) is None
    public = Registration(client_id="public")
    assert codec.parse_registration(codec.registration_text(public, ACME), ACME) == public


def test_a_sign_in_is_held(open_held: Callable[[], Held], sign_in: SignIn) -> None:
    """Another process finds it, whole in the store and without its secrets in the index."""
    open_held().hold_sign_in(sign_in)
    held = open_held()
    assert held.sign_in(ACME) == sign_in
    entry = held.sign_in_entry(ACME)
    assert entry is not None
    assert held.sign_in_entries() == [entry]
    assert (entry.id, entry.about, entry.ends_at) == (sign_in.id, "dora", sign_in.ends_at)
    assert (entry.renewable, entry.store, entry.signed_in_at) == (True, "memory", sign_in.signed_in_at)
    assert held.sign_in_entry("center https://other.example") is None
    assert held.sign_in("center https://other.example") is None


def test_no_secret_is_in_the_index(open_held: Callable[[], Held], sign_in: SignIn, tmp_path: Path) -> None:
    """Neither a token nor a client's secret is in any file of it."""
    assert sign_in.client is not None
    held = open_held()
    held.hold_sign_in(sign_in)
    held.hold_registration(sign_in.client, ACME)
    written = b"".join(path.read_bytes() for path in (tmp_path / "index").iterdir())
    assert ACME.encode() in written
    assert b"canary" not in written


def test_a_newer_one_takes_its_place(open_held: Callable[[], Held], sign_in: SignIn) -> None:
    """There is one sign-in at an authority."""
    held = open_held()
    held.hold_sign_in(sign_in)
    newer = replace(sign_in, id=new_id(), refresh_token=None)
    held.hold_sign_in(newer)
    assert held.sign_in(ACME) == newer
    assert [(one.id, one.renewable) for one in held.sign_in_entries()] == [(newer.id, False)]


def test_it_is_dropped(open_held: Callable[[], Held], sign_in: SignIn) -> None:
    """Afterwards there is nothing, and that is said; the registration stays."""
    assert sign_in.client is not None
    held = open_held()
    held.hold_sign_in(sign_in)
    held.hold_registration(sign_in.client, ACME)
    assert held.drop_sign_in(ACME) is True
    assert held.drop_sign_in(ACME) is False
    assert open_held().sign_in(ACME) is None
    assert open_held().sign_in_entries() == []
    assert open_held().registration(ACME) == sign_in.client


def test_logging_out_of_everything(
    open_held: Callable[[], Held],
    sign_in: SignIn,
    keys: LongTermKeys,
    make_session: Callable[..., Session],
    make_entry: Callable[..., Entry],
    tmp_path: Path,
) -> None:
    """Sessions and sign-ins go, even where the index is lost; long-term keys stay."""
    held = open_held()
    held.hold_sign_in(sign_in)
    held.hold_keys(keys)
    held.hold(make_session(), make_entry(make_session()))
    for path in (tmp_path / "index").iterdir():
        path.unlink()
    assert open_held().drop_all() == 2
    assert open_held().sign_in(ACME) is None
    assert open_held().keys("work") == keys


def test_a_lost_index_is_rebuilt(open_held: Callable[[], Held], sign_in: SignIn, tmp_path: Path) -> None:
    """The manifest knows what the index has lost."""
    open_held().hold_sign_in(sign_in)
    before = open_held().sign_in_entries()
    for path in (tmp_path / "index").iterdir():
        path.unlink()
    assert open_held().sign_in_entries() == []
    assert open_held().rebuild() == 1
    assert open_held().sign_in_entries() == before


def test_a_lost_manifest_is_made_of_the_index(sign_in: SignIn, tmp_path: Path) -> None:
    """Logging out of everything finds the sign-in without it."""
    store, index = MemoryStore(), Index(tmp_path / "index")
    Held(store, index, None).hold_sign_in(sign_in)
    store.delete(Kind.MANIFEST, "manifest")
    assert Held(store, index, None).drop_all() == 1
    assert store.get(Kind.TOKEN, ACME) is None


def test_a_damaged_one_is_none(tmp_path: Path) -> None:
    """A person signs in again; that is no reason to fail."""
    held = Held(Damaged(), Index(tmp_path / "index"), None)
    assert held.sign_in(ACME) is None
    assert held.registration(ACME) is None


def test_a_text_of_another_kind_is_none(sign_in: SignIn) -> None:
    """What lies under the key of a sign-in and is something else is no sign-in."""
    store = MemoryStore()
    store.put(Item(kind=Kind.TOKEN, key=ACME, value=codec.registration_text(Registration(client_id="c"), ACME)))
    store.put(Item(kind=Kind.REGISTRATION, key=ACME, value=codec.sign_in_text(sign_in)))
    held = Held(store, Index(None), None)
    assert held.sign_in(ACME) is None
    assert held.registration(ACME) is None
