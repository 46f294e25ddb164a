"""Long-term keys in the store."""

from __future__ import annotations

import pytest

from stsctl.credentials import Credentials, Secret
from stsctl.errors import ConfigurationError
from stsctl.request import Asker
from stsctl.sources.keys import StoredKeys

KEYS = Credentials(access_key_id="AKIAEXAMPLE000000001", secret_access_key=Secret("canary-secret"))


def test_who_asks_is_known_without_opening_the_store() -> None:
    """The id comes from the index: a plan for stored keys reads no secret."""

    def opened() -> Credentials:
        raise AssertionError("the store was opened")

    source = StoredKeys(name="work", key_id=lambda: KEYS.access_key_id, read=opened)
    assert source.asker() == Asker.of_keys(KEYS.access_key_id)


def test_the_keys() -> None:
    """The credentials are what the store holds."""
    assert StoredKeys(name="work", key_id=lambda: None, read=lambda: KEYS).credentials() is KEYS


def test_keys_that_are_not_there() -> None:
    """Missing keys are an error with the command that adds them."""
    source = StoredKeys(name="work", key_id=lambda: None, read=lambda: None)
    for ask in (source.asker, source.credentials):
        with pytest.raises(ConfigurationError, match='no keys for source "work"') as raised:
            ask()
        assert raised.value.hint == "stsctl keys add work"
