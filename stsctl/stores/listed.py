"""What the index lists of an item, by what is in the item itself."""

from __future__ import annotations

from stsctl.credentials import Session
from stsctl.sign_in import SignIn
from stsctl.stores.codec import LongTermKeys
from stsctl.stores.index import Entry, KeysEntry, SignInEntry


def session_entry(one: Session, store: str) -> Entry:
    """A session of which nobody knows how it was asked for: it is called as its role is, and may need a person."""
    role = None if one.identity is None else one.identity.session_role
    return Entry(
        request_key=one.request_key,
        name=role or one.credentials.access_key_id,
        identity=None if one.identity is None else str(one.identity),
        account_id=one.account_id,
        access_key_id=one.credentials.access_key_id,
        obtained_at=one.obtained_at,
        expires_at=one.expires_at,
        store=store,
        needs_person=True,
    )


def keys_entry(one: LongTermKeys, store: str) -> KeysEntry:
    """Long-term keys."""
    return KeysEntry(
        name=one.name,
        access_key_id=one.credentials.access_key_id,
        identity=str(one.identity),
        account_id=one.account_id,
        added_at=one.added_at,
        store=store,
        mfa_serial=one.mfa_serial,
    )


def sign_in_entry(one: SignIn, store: str) -> SignInEntry:
    """A sign-in."""
    return SignInEntry(
        authority=one.authority,
        id=one.id,
        signed_in_at=one.signed_in_at,
        ends_at=one.ends_at,
        store=store,
        about=one.about,
        renewable=one.refresh_token is not None,
    )
