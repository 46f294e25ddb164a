"""Keys that other tools keep in a real Secret Service, filed as they file them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from stsctl.credentials import Credentials, Secret
from stsctl.errors import StoreError
from stsctl.sources.other_keyring import OtherKeyring, OtherPasswords
from tests.other_keyrings import item, pair
from tests.secret_service import SecretService

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

LIMIT = timedelta(seconds=60)
KEYS = Credentials(access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key=Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCY"))
SESSION = "d29yaw"


@pytest.fixture
def theirs(secret_service: SecretService) -> Iterator[str]:
    """A collection of another tool's, with a pair as aws-vault files it and the two halves of one as Leapp does."""
    name = "granted-aws-iam-credentials"
    with secret_service.collection(name) as collection:
        collection.create_item("work", {"profile": "work"}, item("work", pair(KEYS)).encode(), replace=True)
        collection.create_item("damaged", {"profile": "damaged"}, b"{", replace=True)
        for account, text in (
            ("u1-iam-user-aws-session-access-key-id", KEYS.access_key_id),
            ("u1-iam-user-aws-session-secret-access-key", KEYS.secret_access_key.reveal()),
            ("u1-iam-user-aws-session-token", json.dumps({"sessionToken": {}})),
        ):
            attributes = {"service": "Leapp", "account": account, "xdg:schema": "org.freedesktop.Secret.Generic"}
            collection.create_item(f"Leapp/{account}", attributes, text.encode(), replace=True)
        yield name


def test_a_collection_tells_its_names_and_gives_a_pair(theirs: str) -> None:
    """A name with a hyphen is spelled otherwise on the bus."""
    keyring = OtherKeyring(theirs, LIMIT)
    assert set(keyring.names() or ()) >= {"work", "damaged"}
    assert keyring.pair("work") == KEYS
    with pytest.raises(StoreError, match='what is filed under "damaged" is no pair'):
        keyring.pair("damaged")
    with pytest.raises(StoreError, match='has nothing under "other"'):
        keyring.pair("other")
    assert OtherKeyring("awsvault", LIMIT).names() is None


def test_two_passwords_of_a_service_are_a_pair(theirs: str) -> None:
    """Leapp's, wherever they are."""
    passwords = OtherPasswords("Leapp", LIMIT)
    assert passwords.names() == ("u1",)
    assert passwords.pair("u1") == KEYS
    with pytest.raises(StoreError, match="no pair"):
        passwords.pair("u2")


def test_a_locked_collection_is_told_and_not_unlocked(secret_service: SecretService, theirs: str) -> None:
    """Nobody is asked for its password by a look at it."""
    secret_service.lock(theirs)
    with pytest.raises(StoreError, match=r'the keyring "granted-aws-iam-credentials" is locked'):
        OtherKeyring(theirs, LIMIT).names()
