"""added.toml: written whole, under a header that says by whom."""

from __future__ import annotations

import tomllib

import pytest

from stsctl import configuration
from stsctl.errors import ConfigurationError
from stsctl.formats import added


def test_a_source_is_added_and_can_be_read() -> None:
    """By the configuration, with what was already there."""
    first = added.with_source(b"", "work", {"type": "keys", "access_key_id": "AKIA1"})
    both = added.with_source(first, 'old "keys"', {"type": "process", "process": ["get", "it"]})
    read = configuration.load(None, both)
    assert set(read.sources) == {"work", 'old "keys"'}
    assert read.sources["work"].source.access_key_id == "AKIA1"
    assert both.startswith(b"# stsctl writes this file")
    assert both.count(b"# stsctl writes this file") == 1


def test_a_source_takes_the_place_of_its_former_self() -> None:
    """Nothing of what it said before is left."""
    text = added.with_source(b"", "work", {"type": "keys", "mfa_serial": "123456789"})
    text = added.with_source(text, "work", {"type": "keys"})
    assert tomllib.loads(text.decode()) == {"source": {"work": {"type": "keys"}}}


def test_a_source_is_removed() -> None:
    """The others and the roles stay."""
    text = b'[role.r]\nfrom = "a"\n[source.a]\ntype = "keys"\n[source.b]\ntype = "keys"\n'
    text = added.without_source(text, "a")
    assert tomllib.loads(text.decode()) == {"role": {"r": {"from": "a"}}, "source": {"b": {"type": "keys"}}}
    assert tomllib.loads(added.without_source(text, "b").decode()) == {"role": {"r": {"from": "a"}}}
    with pytest.raises(ConfigurationError, match=r'^added\.toml has no source "c"$'):
        added.without_source(text, "c")


def test_a_role_is_added_and_removed() -> None:
    """With lists and tables of its own; sources stay, and what was said before of it does not."""
    text = b'[source.work]\ntype = "keys"\n[role.old]\nrole_arn = "arn:aws:iam::111111111111:role/Old"\nfrom = "work"\n'
    said = {"role_arn": "arn:aws:iam::111111111111:role/New", "from": "work", "transitive": ["team"]}
    text = added.with_role(text, "new", {**said, "tags": {"team": "a"}, "description": "gone soon"})
    text = added.with_role(text, "new", {**said, "tags": {"team": "b"}})
    read = configuration.load(None, text)
    assert set(read.roles) == {"old", "new"}
    assert set(read.sources) == {"work"}
    assert (read.roles["new"].hop.tags, read.roles["new"].hop.description) == ((("team", "b"),), None)
    assert set(configuration.load(None, added.without_role(text, "old")).roles) == {"new"}
    with pytest.raises(ConfigurationError, match=r'^added\.toml has no role "work"$'):
        added.without_role(text, "work")


@pytest.mark.parametrize("text", [b"[source", b"\xff", b"source = 3\n"])
def test_a_damaged_file_is_not_overwritten(text: bytes) -> None:
    """It may hold what somebody still needs."""
    with pytest.raises(ConfigurationError, match=r"^added\.toml "):
        added.with_source(text, "work", {"type": "keys"})
