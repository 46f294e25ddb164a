"""What every store does when what is behind it stands still, is locked, is gone, or gives back garbage.

Where the kernel's keyrings are forbidden, and full, is in tests/real/test_kernel_keyring.py.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from stsctl.credentials import Secret
from stsctl.errors import StoreError
from stsctl.host import keyctl
from stsctl.stores.interface import DamagedError, Item, Kind, Store
from stsctl.stores.kernel import KernelStore
from stsctl.stores.keyring import KeyringStore
from stsctl.stores.process import ProcessStore
from stsctl.stores.sealed_file import SealedFileStore
from stsctl.stores.sealing_key import KeyFile, KeyProcess, KeyringKey
from tests.contract.opened import LASTING, kernel_service
from tests.secret_service import SecretService

# The keyring package leaves a connection open when it fails, for Python to close.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

SHORT = timedelta(seconds=1)
CANARY = "canary value"
ITEM = Item(kind=Kind.SESSION, key="one", value=Secret(CANARY))

PROGRAM = """#!/bin/sh
case $(cat "$FOLDER/mood" 2>/dev/null) in still) sleep 300 ;; locked) exit 1 ;; esac
case $1 in
    get) cat "$FOLDER/value" 2>/dev/null || exit 66 ;;
    put) cat > "$FOLDER/value" ;;
    delete) rm "$FOLDER/value" 2>/dev/null || exit 66 ;;
    key) echo AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= ;;
esac
"""


def keyring(folder: Path) -> Store:
    """The keyring, which is not waited for long."""
    return KeyringStore(limit=SHORT, service=f"stsctl test {folder}")


def sealed_by_keyring(folder: Path) -> Store:
    """Sealed files whose key the keyring holds."""
    return SealedFileStore(folder / "sealed", KeyringKey(store=keyring(folder)))


def sealed_by_key_file(folder: Path) -> Store:
    """Sealed files whose key is in a file."""
    return SealedFileStore(folder / "sealed", KeyFile(path=folder / "key"))


def sealed_by_key_process(folder: Path) -> Store:
    """Sealed files whose key a program prints."""
    key = KeyProcess(argv=(program(folder), "key"), environ={**os.environ, "FOLDER": str(folder)}, timeout=SHORT)
    return SealedFileStore(folder / "sealed", key)


def process(folder: Path) -> Store:
    """A program, which is not waited for long."""
    return ProcessStore([program(folder)], environ={**os.environ, "FOLDER": str(folder)}, timeout=SHORT)


def program(folder: Path) -> str:
    """A program that keeps one value and prints a key, in whatever mood it is."""
    path = folder / "program"
    if not path.exists() and not path.with_suffix(".aside").exists():
        path.write_text(PROGRAM)
        path.chmod(0o700)
    return str(path)


@contextmanager
def mood(folder: Path, said: str) -> Iterator[None]:
    """Meanwhile the program is in that mood."""
    (folder / "mood").write_text(said)
    yield
    (folder / "mood").write_text("")


@contextmanager
def moved(path: Path) -> Iterator[None]:
    """Meanwhile a file is not there."""
    aside = path.rename(path.with_suffix(".aside"))
    yield
    aside.rename(path)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Meanwhile others can read a file."""
    path.chmod(0o644)
    yield
    path.chmod(0o600)


@contextmanager
def between(before: Callable[[], None], after: Callable[[], None]) -> Iterator[None]:
    """One thing first, another one at the end, however that comes."""
    before()
    try:
        yield
    finally:
        after()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that can be wrong with what is behind a store, and mended again."""

    name: str
    open: Callable[[Path], Store]
    wrong: Callable[[Path, SecretService], AbstractContextManager[None]]


FAULTS = [
    *(
        Fault(name=f"{name}, {how}", open=opened, wrong=wrong)
        for name, opened in (("keyring", keyring), ("sealed by keyring", sealed_by_keyring))
        for how, wrong in (
            ("stands still", lambda _folder, service: between(service.stop, service.resume)),
            ("locked", lambda _folder, service: between(service.lock, service.unlock)),
            ("gone", lambda _folder, service: between(service.kill, service.start_daemon)),
        )
    ),
    *(
        Fault(name=f"{name}, {how}", open=opened, wrong=wrong)
        for name, opened in (("process", process), ("sealed by key process", sealed_by_key_process))
        for how, wrong in (
            ("stands still", lambda folder, _service: mood(folder, "still")),
            ("locked", lambda folder, _service: mood(folder, "locked")),
            ("gone", lambda folder, _service: moved(folder / "program")),
        )
    ),
    Fault(
        name="sealed by key file, gone", open=sealed_by_key_file, wrong=lambda folder, _service: moved(folder / "key")
    ),
    Fault(
        name="sealed by key file, open to others",
        open=sealed_by_key_file,
        wrong=lambda folder, _service: readable(folder / "key"),
    ),
    Fault(
        name="sealed by key file, without its header",
        open=sealed_by_key_file,
        wrong=lambda folder, _service: moved(folder / "sealed" / "header.json"),
    ),
]


@pytest.fixture
def service(secret_service: SecretService, monkeypatch: pytest.MonkeyPatch) -> SecretService:
    """The real keyring, for this process."""
    secret_service.revive()
    for variable, value in secret_service.environment.items():
        monkeypatch.setenv(variable, value)
    return secret_service


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault.name))
def test_what_cannot_be_reached_is_an_error_in_time_and_loses_nothing(
    fault: Fault, service: SecretService, tmp_path: Path
) -> None:
    """Every method says what is wrong and what to do, soon, and no secret; mended, the item is there as it was."""
    fault.open(tmp_path).put(ITEM)
    acts: tuple[Callable[[Store], object], ...] = (
        lambda store: store.get(ITEM.kind, ITEM.key),
        lambda store: store.put(Item(kind=ITEM.kind, key=ITEM.key, value=Secret("another canary"))),
        lambda store: store.delete(ITEM.kind, ITEM.key),
    )
    with fault.wrong(tmp_path, service):
        for act in acts:
            store = fault.open(tmp_path)
            began = time.monotonic()
            with pytest.raises(StoreError) as caught:
                act(store)
            assert time.monotonic() - began < 60
            assert caught.value.message
            assert caught.value.hint
            assert "canary" not in f"{caught.value.message} {caught.value.hint}"
    fresh = fault.open(tmp_path)
    if isinstance(fresh, KeyringStore):
        # What was given up while it stood still may take effect when it goes on.
        assert fresh.get(ITEM.kind, ITEM.key) in (ITEM.value, Secret("another canary"), None)
        fresh.put(ITEM)
    assert fresh.get(ITEM.kind, ITEM.key) == ITEM.value


def trusted(store: Store) -> Secret | None:
    """The value of the item, if there is one that the store trusts."""
    try:
        return store.get(ITEM.kind, ITEM.key)
    except DamagedError:
        return None


def spoil(store: Store, folder: Path) -> None:
    """Writes garbage where the store has its item."""
    if isinstance(store, KeyringStore):
        store._write("session:one", "garbage")
    elif isinstance(store, KernelStore):
        description = f"{kernel_service(folder)}:session:one"
        serial = keyctl.add(store._kind, description, b"garbage", keyctl.PROCESS)
        keyctl.link(serial, keyctl.USER)
        keyctl.unlink(serial, keyctl.PROCESS)
    else:
        (path,) = (path for path in (*folder.rglob("*.sealed"), *folder.rglob("session/one")) if path.is_file())
        path.write_bytes(b"garbage")


@pytest.mark.parametrize("store_name", LASTING, indirect=True)
def test_garbage_is_no_value_and_can_be_replaced(store: Store, tmp_path: Path) -> None:
    """Whatever is in an item's place instead is never given out as its value; the next put, or delete, mends it."""
    store.put(ITEM)
    spoil(store, tmp_path)
    assert trusted(store) is None
    store.put(ITEM)
    assert store.get(ITEM.kind, ITEM.key) == ITEM.value
    spoil(store, tmp_path)
    assert store.delete(ITEM.kind, ITEM.key) is True
    assert store.get(ITEM.kind, ITEM.key) is None
