"""Where the key of the sealed files comes from, and what can be wrong with it."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from stsctl.credentials import Secret
from stsctl.errors import StoreError
from stsctl.stores.interface import Item, Kind
from stsctl.stores.memory import MemoryStore
from stsctl.stores.sealed_file import SealedFileStore
from stsctl.stores.sealing_key import KeyFile, KeyProcess, KeyringKey, Passphrase, SealingKey, create_key_file

KEY = base64.b64encode(bytes(range(32))).decode()
NO_KEYS = ["", "\n", "abc", KEY[:-4], KEY + "AAAA", KEY.replace("A", "\0"), "ü" * 44, f"{KEY}\n{KEY}"]


def put(folder: Path, key: SealingKey) -> None:
    """Seals an item."""
    SealedFileStore(folder, key).put(Item(kind=Kind.KEYS, key="work", value=Secret("value")))


def got(folder: Path, key: SealingKey) -> str | None:
    """The item, opened."""
    value = SealedFileStore(folder, key).get(Kind.KEYS, "work")
    return None if value is None else value.reveal()


def typing(*answers: str) -> tuple[Callable[[str], Secret], list[str]]:
    """A person who types these answers, and the prompts that they saw."""
    prompts: list[str] = []
    rest = list(answers)

    def ask(prompt: str) -> Secret:
        prompts.append(prompt)
        return Secret(rest.pop(0))

    return ask, prompts


# A key file


def test_a_key_file_is_made_once_and_private(tmp_path: Path) -> None:
    """A made key file is private whatever the umask, holds a key of its own, and is never overwritten."""
    before = os.umask(0)
    try:
        for name in ("one", "two"):
            create_key_file(tmp_path / "new" / name)
    finally:
        os.umask(before)
    one, two = tmp_path / "new" / "one", tmp_path / "new" / "two"
    assert (one.stat().st_mode & 0o777, one.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    text = one.read_text()
    assert text != two.read_text()
    assert len(base64.b64decode(text)) == 32
    create_key_file(one)
    assert one.read_text() == text


def test_the_first_item_makes_the_key_file(tmp_path: Path) -> None:
    """Naming a key file is enough: the key is made, for its owner alone, when the first item is sealed."""
    path = tmp_path / "new folder" / "the key"
    put(tmp_path / "sealed", KeyFile(path=path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert got(tmp_path / "sealed", KeyFile(path=path)) == "value"


def test_a_key_file_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    """What is sealed needs the key that sealed it: another one in its place would hide that it is lost."""
    path = tmp_path / "the key"
    put(tmp_path / "sealed", KeyFile(path=path))
    path.unlink()
    for act in (got, put):
        with pytest.raises(StoreError, match="is missing"):
            act(tmp_path / "sealed", KeyFile(path=path))
    assert not path.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_key_file_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    """A key that others can read or change is no key; the error says what to type."""
    path = tmp_path / "the key"
    create_key_file(path)
    path.chmod(mode)
    with pytest.raises(StoreError, match="others can read") as failure:
        put(tmp_path / "sealed", KeyFile(path=path))
    assert failure.value.hint == f"chmod 600 '{path}'"


@pytest.mark.parametrize("text", NO_KEYS, ids=ascii)
def test_a_key_file_without_a_key_is_refused(tmp_path: Path, text: str) -> None:
    """Anything but base64 of 32 bytes is refused, and not shown."""
    path = tmp_path / "key"
    path.touch(mode=0o600)
    path.write_text(text)
    with pytest.raises(StoreError, match="is no key") as failure:
        put(tmp_path / "sealed", KeyFile(path=path))
    assert not text.strip() or text.strip() not in failure.value.message


# A program


def test_a_program_gives_the_key(tmp_path: Path) -> None:
    """What the program prints is the key; its arguments meet no shell."""
    code = f"import sys; assert sys.argv[1] == '$HOME; *'; print('{KEY}')"
    key = KeyProcess(argv=(sys.executable, "-c", code, "$HOME; *"), environ={})
    put(tmp_path / "sealed", key)
    assert got(tmp_path / "sealed", key) == "value"


@pytest.mark.parametrize(
    ("code", "seconds", "message"),
    [
        ("print('canary')", 60, "is no key"),
        ("print('canary', flush=True); exit(3)", 60, "failed with status 3"),
        ("import time; print('canary', flush=True); time.sleep(300)", 2, "gave no answer within"),
        ("import sys; sys.stdout.buffer.write(b'\\xff' * 44)", 60, "no text"),
    ],
)
def test_a_program_that_gives_no_key_is_an_error(tmp_path: Path, code: str, seconds: float, message: str) -> None:
    """A program that fails, hangs or prints something else is the store's failure; what it printed is not shown."""
    key = KeyProcess(argv=(sys.executable, "-c", code), environ={}, timeout=timedelta(seconds=seconds))
    with pytest.raises(StoreError, match=message) as failure:
        put(tmp_path / "sealed", key)
    assert failure.value.status == 7
    assert "canary" not in f"{failure.value.message}{failure.value.hint}"
    assert not (tmp_path / "sealed" / "header.json").exists()


def test_a_program_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A program that cannot be started is named."""
    with pytest.raises(StoreError, match="/nonexistent") as failure:
        put(tmp_path / "sealed", KeyProcess(argv=("/nonexistent",), environ={}))
    assert failure.value.status == 7


# The keyring


def test_a_store_holds_the_key(tmp_path: Path) -> None:
    """One key is written to the store, once, and opens the files from then on."""
    keyring = MemoryStore()
    put(tmp_path / "sealed", KeyringKey(store=keyring))
    key = keyring.get(Kind.DATA_KEY, "sealed-file")
    assert key is not None
    assert len(base64.b64decode(key.reveal())) == 32
    put(tmp_path / "other", KeyringKey(store=keyring))
    assert keyring.get(Kind.DATA_KEY, "sealed-file") == key
    assert [got(tmp_path / name, KeyringKey(store=keyring)) for name in ("sealed", "other")] == ["value", "value"]


def test_a_key_that_the_store_has_lost_is_not_made_anew(tmp_path: Path) -> None:
    """Sealed files whose key is gone are an error; a new key would open none of them."""
    keyring = MemoryStore()
    put(tmp_path / "sealed", KeyringKey(store=keyring))
    keyring.delete(Kind.DATA_KEY, "sealed-file")
    for act in (got, put):
        with pytest.raises(StoreError, match=r"is not in the store \(memory\) any more"):
            act(tmp_path / "sealed", KeyringKey(store=keyring))
    assert keyring.get(Kind.DATA_KEY, "sealed-file") is None


def test_a_key_that_the_store_has_damaged_is_an_error(tmp_path: Path) -> None:
    """A text in the store that is no key is said to be damaged."""
    keyring = MemoryStore()
    put(tmp_path / "sealed", KeyringKey(store=keyring))
    keyring.put(Item(kind=Kind.DATA_KEY, key="sealed-file", value=Secret("damaged")))
    with pytest.raises(StoreError, match="the key of the sealed files is damaged"):
        got(tmp_path / "sealed", KeyringKey(store=keyring))


# A passphrase


def test_a_passphrase_is_typed_twice_once_and_then_once_each_time(tmp_path: Path) -> None:
    """Setting a passphrase asks for it twice; each process after that asks once, however much it opens."""
    ask, prompts = typing("correct horse", "correct horse")
    store = SealedFileStore(tmp_path / "sealed", Passphrase(ask=ask))
    for key in ("work", "home"):
        store.put(Item(kind=Kind.KEYS, key=key, value=Secret("value")))
    assert prompts == ["new passphrase for the sealed files: ", "the same once more: "]
    ask, prompts = typing("correct horse")
    store = SealedFileStore(tmp_path / "sealed", Passphrase(ask=ask))
    assert [store.get(Kind.KEYS, key) for key in ("work", "home", "none")] == [Secret("value"), Secret("value"), None]
    assert prompts == ["passphrase of the sealed files: "]


def test_a_wrong_passphrase_is_told_from_damage(tmp_path: Path) -> None:
    """Another passphrase is said to be another one, and is not shown."""
    put(tmp_path / "sealed", Passphrase(ask=typing("correct horse", "correct horse")[0]))
    with pytest.raises(StoreError, match="the passphrase is not the one") as failure:
        got(tmp_path / "sealed", Passphrase(ask=typing("battery staple")[0]))
    assert failure.value.hint == "type it again"
    assert "staple" not in failure.value.message


@pytest.mark.parametrize("answers", [("",), ("one", "other")])
def test_a_passphrase_that_is_none_or_mistyped_sets_nothing(tmp_path: Path, answers: tuple[str, ...]) -> None:
    """An empty passphrase, or two different ones, are refused, and nothing is written."""
    with pytest.raises(StoreError, match="passphrase"):
        put(tmp_path / "sealed", Passphrase(ask=typing(*answers)[0]))
    assert not (tmp_path / "sealed" / "header.json").exists()


def test_one_passphrase_makes_another_key_each_time(tmp_path: Path) -> None:
    """The salt is random, so that equal passphrases are not seen to be equal."""
    for name in ("one", "two"):
        put(tmp_path / name, Passphrase(ask=typing("same", "same")[0]))
    one, two = (json.loads((tmp_path / name / "header.json").read_text()) for name in ("one", "two"))
    assert one["stretching"]["salt"] != two["stretching"]["salt"]
    assert one["key_id"] != two["key_id"]
    assert "same" not in json.dumps(one)


@pytest.mark.parametrize(
    "stretching",
    [
        None,
        {"salt": "00" * 16, "n": 2**30},
        {"salt": "00" * 16, "n": 2},
        {"salt": "00" * 16, "n": 2**14 + 1},
        {"salt": "00" * 16, "r": 10**9},
        {"salt": "00" * 16, "p": 0},
        {"salt": "00"},
        {"salt": "no hexadecimal"},
    ],
    ids=str,
)
def test_costs_that_stsctl_would_not_write_are_refused(tmp_path: Path, stretching: dict[str, Any] | None) -> None:
    """A header that asks for all the memory, or for no effort, is refused before the passphrase is typed."""
    (tmp_path / "sealed").mkdir()
    header = {"version": 1, "key": "passphrase", "key_id": "00", "stretching": stretching}
    (tmp_path / "sealed" / "header.json").write_text(json.dumps(header))
    with pytest.raises(StoreError, match="does not say how to use a passphrase"):
        got(tmp_path / "sealed", Passphrase(ask=typing()[0]))
