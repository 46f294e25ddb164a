"""The keyring store over a real Secret Service: unlocked, locked, standing still, gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Secret, Session
from stsctl.errors import StoreError
from stsctl.stores.codec import LongTermKeys
from stsctl.stores.held import Held
from stsctl.stores.index import Entry, Index
from stsctl.stores.interface import Item, Kind
from stsctl.stores.keyring import KeyringStore
from tests.program import BIN, STSCTL
from tests.secret_service import SecretService

# The keyring package leaves a connection open when it fails, for Python to close.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

ROOT = Path(__file__).parent.parent.parent
LIMIT = timedelta(seconds=60)
SHORT = timedelta(seconds=1)
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

ITEM = Item(kind=Kind.KEYS, key="work", value=Secret("the value"))


def everything(store: KeyringStore) -> list[Callable[[], object]]:
    """Every operation of a store."""
    return [lambda: store.get(Kind.KEYS, "work"), lambda: store.put(ITEM), lambda: store.delete(Kind.KEYS, "work")]


def test_items_are_filed_where_a_person_finds_them(secret_service: SecretService) -> None:
    """An item is one password of the service "stsctl", named for what it is; an emulator's are of another service."""
    KeyringStore(limit=LIMIT).put(ITEM)
    KeyringStore(limit=LIMIT, service="stsctl emulator").put(ITEM)
    assert secret_service.items() == {
        ("stsctl", "keys:work"): "=the value",
        ("stsctl emulator", "keys:work"): "=the value",
    }


def test_a_locked_keyring_is_an_error_until_it_is_unlocked(secret_service: SecretService) -> None:
    """Locked, every operation says so; unlocked again, the same store works and has lost nothing."""
    store = KeyringStore(limit=LIMIT)
    store.put(ITEM)
    secret_service.lock()
    for act in everything(store):
        with pytest.raises(StoreError, match="the keyring is locked"):
            act()
    secret_service.unlock()
    assert store.get(Kind.KEYS, "work") == ITEM.value


def test_a_keyring_that_stands_still_is_given_up(secret_service: SecretService) -> None:
    """With a stopped daemon every operation ends; when it goes on, it all works again."""
    store = KeyringStore(limit=SHORT)
    KeyringStore(limit=LIMIT).put(ITEM)
    secret_service.stop()
    for act in everything(store):
        with pytest.raises(StoreError, match="did not answer in 1 seconds"):
            act()
    secret_service.resume()
    store = KeyringStore(limit=LIMIT)
    store.put(ITEM)
    assert store.get(Kind.KEYS, "work") == ITEM.value


def test_a_dialogue_that_nobody_answers_is_given_up(secret_service: SecretService) -> None:
    """A locked keyring whose dialogue never ends does not hold up the caller for ever."""
    secret_service.lock()
    with secret_service.silent_prompter():
        for act in everything(KeyringStore(limit=SHORT)):
            with pytest.raises(StoreError, match="did not answer in 1 seconds") as failure:
                act()
            assert failure.value.hint is not None
            assert "answer its dialogue" in failure.value.hint


def test_a_process_ends_although_the_keyring_does_not_answer(secret_service: SecretService) -> None:
    """A program that gave up on the keyring ends by itself, with its message and nothing else."""
    secret_service.stop()
    code = """
    from datetime import timedelta
    from stsctl.errors import StoreError
    from stsctl.stores.interface import Kind
    from stsctl.stores.keyring import KeyringStore
    try:
        KeyringStore(limit=timedelta(seconds=1)).get(Kind.KEYS, "work")
    except StoreError as error:
        print(error.message)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout, done.stderr) == ("the keyring did not answer in 1 seconds\n", "")


def test_a_daemon_that_died_is_an_error(secret_service: SecretService) -> None:
    """A keyring that goes away in the middle is an error, for the store that used it and for a new one."""
    store = KeyringStore(limit=LIMIT)
    assert store.backend == "keyring.backends.SecretService"
    store.put(ITEM)
    secret_service.kill()
    for act in everything(store):
        with pytest.raises(StoreError, match="the keyring cannot be opened"):
            act()
    with pytest.raises(StoreError, match="there is no keyring here"):
        KeyringStore(limit=LIMIT).get(Kind.KEYS, "work")
    secret_service.start_daemon()
    assert store.get(Kind.KEYS, "work") == ITEM.value


def test_a_bus_without_a_keyring_is_an_error(bare_bus: Path, tmp_path: Path) -> None:
    """Where no Secret Service runs, the error says what to configure, and no file appears in its stead."""
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    for act in everything(KeyringStore(limit=LIMIT)):
        with pytest.raises(StoreError, match="there is no keyring here") as failure:
            act()
        assert failure.value.hint is not None
        assert 'store = "sealed-file"' in failure.value.hint
    assert {path for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("address", [None, "", "unix:path=/nonexistent/bus", "nonsense"])
def test_no_bus_is_an_error(monkeypatch: pytest.MonkeyPatch, address: str | None) -> None:
    """Without a message bus, in a container or over SSH, there is no keyring, whichever way it is missing."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.SecretService.Keyring")
    if address is not None:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    with pytest.raises(StoreError, match="there is no keyring here"):
        KeyringStore(limit=LIMIT).get(Kind.KEYS, "work")


def test_the_package_finds_it_without_being_told(
    secret_service: SecretService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no back-end configured the Secret Service is chosen, though others could be had."""
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    KeyringStore(limit=LIMIT).put(ITEM)
    assert secret_service.items() == {("stsctl", "keys:work"): "=the value"}


def test_nothing_is_left_after_everything_was_dropped(secret_service: SecretService, tmp_path: Path) -> None:
    """Sessions and keys are held in the keyring and, dropped, are gone from it; the manifest says that none is left."""
    session = Session(
        credentials=Credentials(
            access_key_id="ASIA1", secret_access_key=Secret("s"), session_token=Secret("t" * 1500), expires_at=NOW
        ),
        request_key="0" * 64,
        obtained_at=NOW,
    )
    keys = LongTermKeys(
        name="work",
        credentials=Credentials(access_key_id="AKIA1", secret_access_key=Secret("s")),
        identity=Arn.parse("arn:aws:iam::111111111111:user/alice"),
        account_id="111111111111",
        added_at=NOW,
    )
    held = Held(KeyringStore(limit=LIMIT), Index(tmp_path / "index"), tmp_path / "locks")
    held.hold(session, Entry(request_key="0" * 64, name="a", access_key_id="ASIA1", obtained_at=NOW, store="keyring"))
    held.hold_keys(keys)
    assert (held.session("0" * 64), held.keys("work")) == (session, keys)
    assert {name for _, name in secret_service.items()} == {f"session:{'0' * 64}", "keys:work", "manifest:manifest"}
    held.drop_all()
    held.drop_keys("work")
    assert secret_service.items() == {("stsctl", "manifest:manifest"): '={"items":[],"version":1}'}


def test_sealed_files_need_one_short_item_of_it(secret_service: SecretService, home: Path) -> None:
    """`key = "keyring"`: everything is moved out of the keyring, which holds the one key then, and opens with it."""
    state = home / ".local/state/stsctl"
    keyring = Held(KeyringStore(limit=LIMIT), Index(state / "index/aws/keyring"), state / "locks")
    for name in ("work", "home"):
        keys = LongTermKeys(
            name=name,
            credentials=Credentials(access_key_id="AKIA1", secret_access_key=Secret("s")),
            identity=Arn.parse("arn:aws:iam::111111111111:user/alice"),
            account_id="111111111111",
            added_at=NOW,
        )
        keyring.hold_keys(keys)
    config = home / ".config/stsctl/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text('[defaults]\nstore = "sealed-file"\n\n[sealed_file]\nkey = "keyring"\n')
    environ = {"HOME": str(home), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **secret_service.environment}

    def run(*words: str) -> str:
        done = subprocess.run([STSCTL, *words], env=environ, capture_output=True, text=True, check=True, timeout=100)
        return done.stdout

    run("store", "migrate", "--from", "keyring", "--to", "sealed-file")
    ((place, text),) = secret_service.items().items()
    assert place == ("stsctl", "data-key:sealed-file")
    assert len(text) == 45  # of the 1,280 characters that the Windows Credential Manager takes
    assert [line.split("\t")[0] for line in run("keys", "list").splitlines()] == ["home", "work"]
    again = run("store", "migrate", "--from", "sealed-file", "--to", "keyring", "--json")
    assert [(each["name"], each["fate"]) for each in json.loads(again)] == [("home", "moved"), ("work", "moved")]
    assert keyring.keys("work") is not None


@pytest.mark.crowd
def test_a_hundred_readers_at_once_are_all_answered(secret_service: SecretService) -> None:
    """A crowd of processes makes the keyring slow, and no reader takes that for a keyring that stands still."""
    KeyringStore(limit=LIMIT).put(ITEM)
    code = """
    import os
    from datetime import timedelta
    import keyring.core, secretstorage
    from stsctl.stores.interface import Kind
    from stsctl.stores.keyring import KeyringStore
    children = []
    for _ in range(100):
        child = os.fork()
        if child:
            children.append(child)
            continue
        try:
            value = KeyringStore(limit=timedelta(seconds=20)).get(Kind.KEYS, "work")
            os._exit(0 if value is not None and value.reveal() == "the value" else 2)
        finally:
            os._exit(1)
    print([os.waitpid(child, 0)[1] for child in children].count(0))
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("100\n", "")
