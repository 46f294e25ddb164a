"""The index: entries in files, damaged ones, and names that would be paths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stsctl.credentials import Session
from stsctl.stores.index import Entry, Index, KeysEntry
from stsctl.target import HopKind, MfaMode, Wanted


@pytest.fixture(params=["files", "memory"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Index:
    """An index of each sort."""
    return Index(tmp_path / "index" if request.param == "files" else None)


@pytest.fixture
def entry(now: datetime) -> Entry:
    """An entry with every field set."""
    return Entry(
        request_key="k1",
        name="prod-admin",
        access_key_id="ASIA1",
        obtained_at=now,
        store="keyring",
        identity="arn:aws:sts::222222222222:assumed-role/Admin/alice",
        account_id="222222222222",
        chain=("work", "hub"),
        region="eu-central-1",
        expires_at=now + timedelta(hours=1),
        needs_person=True,
        instance="e1",
        wanted=Wanted(
            name="prod-admin",
            kind=HopKind.ROOT,
            account_id="222222222222",
            task_policy_arn="IAMAuditRootUserCredentials",
            provided_contexts=(("arn:aws:iam::aws:contextProvider/IdentityCenter", "context.jwt"),),
            source="work",
            via=("hub", "a b"),
            duration=timedelta(minutes=30, microseconds=1),
            session_name="alice",
            external_id="x1",
            mfa_serial="arn:aws:iam::111111111111:mfa/alice",
            mfa=MfaMode.DIRECT,
            source_identity="alice",
            tags=(("project", "blue"), ("ü", "")),
            transitive=("project",),
            policy='{"Version": "2012-10-17"}',
            policy_arns=("arn:aws:iam::aws:policy/ReadOnlyAccess",),
            region="eu-west-1",
            project="/src/app/.stsctl.toml",
        ),
    )


@pytest.fixture
def keys_entry(now: datetime) -> KeysEntry:
    """The entry of keys."""
    return KeysEntry(
        name="work",
        access_key_id="AKIA1",
        identity="arn:aws:iam::111111111111:user/alice",
        account_id="111111111111",
        added_at=now,
        store="keyring",
        mfa_serial="arn:aws:iam::111111111111:mfa/alice",
    )


def test_an_index_that_was_never_written_to_is_empty(index: Index) -> None:
    """Without a folder there are no entries, and asking makes none."""
    assert (index.all(), index.all_keys(), index.get("k1"), index.get_keys("work")) == ([], [], None, None)
    assert (index.delete("k1"), index.delete_keys("work")) == (False, False)


def test_entries_come_back_as_they_were(index: Index, entry: Entry, keys_entry: KeysEntry) -> None:
    """Every field survives, what the person asked for included, until the entry is deleted."""
    assert entry.wanted is not None
    assert all(getattr(entry.wanted, field.name) for field in fields(Wanted))
    index.put(entry)
    index.put_keys(keys_entry)
    assert (index.get("k1"), index.all()) == (entry, [entry])
    assert (index.get_keys("work"), index.all_keys()) == (keys_entry, [keys_entry])
    assert (index.delete("k1"), index.delete_keys("work")) == (True, True)
    assert (index.all(), index.all_keys()) == ([], [])


def test_an_entry_with_nothing_but_what_it_needs_comes_back(index: Index, now: datetime) -> None:
    """Fields that nobody set come back unset, in the wish too."""
    entry = Entry(request_key="k", name="n", access_key_id="A", obtained_at=now, store="s", wanted=Wanted(name="n"))
    index.put(entry)
    assert index.get("k") == entry


def test_entries_are_listed_by_name(
    index: Index, make_session: Callable[..., Session], make_entry: Callable[..., Entry]
) -> None:
    """The list is in the order of names, however it was written."""
    for key, name in (("k1", "b"), ("k2", "a"), ("k3", "c")):
        index.put(make_entry(make_session(key), name=name))
    assert [entry.name for entry in index.all()] == ["a", "b", "c"]


def test_keys_and_sessions_with_one_name_are_different(index: Index, entry: Entry, keys_entry: KeysEntry) -> None:
    """A session whose request key is a name of keys is not those keys."""
    index.put_keys(keys_entry)
    assert index.get("work") is None
    index.put(entry)
    assert index.delete_keys("k1") is False
    assert index.get("k1") == entry


@pytest.mark.parametrize("name", ["../../x", "a/b", "", ".", "nul\0", "ü" * 1000, "\ud800"], ids=ascii)
def test_no_name_is_a_path(tmp_path: Path, keys_entry: KeysEntry, name: str) -> None:
    """Whatever keys are called, their entry is a file of the folder, private, and found again."""
    folder = tmp_path / "index"
    index = Index(folder)
    index.put_keys(replace(keys_entry, name=name))
    found = index.get_keys(name)
    assert found is not None
    assert found.name == name
    assert [path.parent for path in tmp_path.rglob("*") if path.is_file()] == [folder]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{}", b"[]", b'{"request_key": "k1"}', b"\0" * 100])
def test_a_damaged_entry_is_removed(tmp_path: Path, entry: Entry, content: bytes) -> None:
    """A file that holds no entry is no entry, fails nobody, and is gone afterwards."""
    index = Index(tmp_path)
    index.put(entry)
    (path,) = tmp_path.glob("session-*")
    path.write_bytes(content)
    assert index.all() == []
    assert not path.exists()
    index.put(entry)
    path.write_bytes(content)
    assert index.get("k1") is None
    assert not path.exists()


def test_what_cannot_be_read_is_skipped(tmp_path: Path, entry: Entry) -> None:
    """An entry that is no file at all hides only itself."""
    index = Index(tmp_path)
    index.put(entry)
    (tmp_path / "session-0.json").mkdir()
    assert index.all() == [entry]


def test_an_entry_in_another_ones_place_is_not_found(tmp_path: Path, entry: Entry) -> None:
    """A file that was copied over another's is not taken for what it replaced."""
    index = Index(tmp_path)
    index.put(entry)
    (path,) = tmp_path.glob("session-*")
    index.put(replace(entry, request_key="k2"))
    (other,) = set(tmp_path.glob("session-*")) - {path}
    other.write_bytes(path.read_bytes())
    assert index.get("k2") is None
    assert index.get("k1") == entry


def test_drafts_and_strangers_are_no_entries(tmp_path: Path, entry: Entry) -> None:
    """Files that the index did not name are left alone."""
    index = Index(tmp_path)
    index.put(entry)
    for name in (".session-0.json.0123", "notes.txt", "keys-0.json~"):
        (tmp_path / name).write_text("x")
    assert (index.all(), index.all_keys()) == ([entry], [])
    assert len(list(tmp_path.glob("*"))) >= 4


@pytest.mark.parametrize("value", [b"bytes", 1.5, {"a": 1}], ids=repr)
def test_an_entry_cannot_hold_just_anything(tmp_path: Path, entry: Entry, value: Any) -> None:
    """A value that would not come back the same is refused when it is written."""
    with pytest.raises(TypeError, match="cannot hold"):
        Index(tmp_path).put(replace(entry, region=value))
