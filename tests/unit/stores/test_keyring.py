"""The keyring store over back-ends of every sort; the real ones are in tests/real."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import keyring.core
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import InitError, KeyringLocked, NoKeyringError, PasswordDeleteError, PasswordSetError

from stsctl.credentials import Secret
from stsctl.errors import StoreError
from stsctl.stores.interface import Item, Kind
from stsctl.stores.keyring import KeyringStore, time_limit
from tests.contract.opened import ShortKeyring

LIMIT = timedelta(seconds=60)


class Failing(KeyringBackend):
    """A keyring that fails in a given way."""

    priority = 0

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error

    def get_password(self, service: str, username: str) -> str | None:
        """Fails."""
        raise self.error

    def set_password(self, service: str, username: str, password: str) -> None:
        """Fails."""
        raise self.error

    def delete_password(self, service: str, username: str) -> None:
        """Fails."""
        raise self.error


class Undeleting(ShortKeyring):
    """A keyring that reports any failure to delete as the package's own error, as macOS's does."""

    def delete_password(self, service: str, username: str) -> None:
        """Fails."""
        raise PasswordDeleteError("denied")


class PutAnew(ShortKeyring):
    """A keyring in which others are at work: what is to be deleted has just been deleted, and then put anew."""

    rivals = 0

    def delete_password(self, service: str, username: str) -> None:
        """Comes too late for as long as there are rivals."""
        if self.rivals:
            self.rivals -= 1
            raise PasswordDeleteError("not found")
        super().delete_password(service, username)


class Silent(KeyringBackend):
    """A keyring that never answers."""

    priority = 0

    def __init__(self) -> None:
        super().__init__()
        self.end = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        """Waits."""
        self.end.wait()
        return None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Waits."""
        self.end.wait()

    def delete_password(self, service: str, username: str) -> None:
        """Waits."""
        self.end.wait()


@pytest.fixture(autouse=True)
def choose_anew() -> Iterator[None]:
    """No test is given the back-end that another chose."""
    keyring.core._keyring_backend = None
    yield
    keyring.core._keyring_backend = None


@pytest.fixture
def short(tmp_path: Path) -> ShortKeyring:
    """A keyring whose items are short."""
    return ShortKeyring(tmp_path / "keyring")


@pytest.fixture
def store(short: ShortKeyring) -> KeyringStore:
    """A store over it."""
    return KeyringStore(limit=LIMIT, backend=short, longest=1000)


def put(store: KeyringStore, value: str, key: str = "work") -> None:
    """Puts keys."""
    store.put(Item(kind=Kind.KEYS, key=key, value=Secret(value)))


def got(store: KeyringStore, key: str = "work") -> str | None:
    """The keys that are there."""
    value = store.get(Kind.KEYS, key)
    return None if value is None else value.reveal()


@pytest.mark.parametrize(
    ("environ", "platform", "seconds"),
    [
        ({}, "linux", 5),
        ({"DISPLAY": ""}, "linux", 5),
        ({"DISPLAY": ":0"}, "linux", 60),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", 60),
        ({"SSH_CONNECTION": "a b c d", "DISPLAY": "localhost:10.0"}, "linux", 60),
        ({}, "darwin", 60),
        ({"SSH_CONNECTION": "a b c d"}, "darwin", 5),
        ({}, "win32", 5),
    ],
)
def test_the_limit_is_a_minute_where_a_dialogue_can_appear(
    environ: dict[str, str], platform: str, seconds: int
) -> None:
    """A person has time to answer a dialogue, and waits for nothing where none can appear."""
    assert time_limit(environ, platform) == timedelta(seconds=seconds)


def test_names_are_readable_and_differ_without_regard_to_case(store: KeyringStore, short: ShortKeyring) -> None:
    """A person who looks into the keyring knows what is what, and capitals make a difference where they count not."""
    for key in ("work", "Work"):
        put(store, key, key)
    assert short.names() == ["stsctl keys:%57ork", "stsctl keys:work"]
    assert (got(store, "work"), got(store, "Work")) == ("work", "Work")


def test_no_part_is_longer_than_the_keyring_takes(store: KeyringStore, short: ShortKeyring) -> None:
    """Values of any length and alphabet are divided into items that Windows would take."""
    for value in ("x" * 5000, "\U0001f511" * 2000, "\0" * 3000):
        put(store, value)
        assert got(store) == value
        assert all(len(path.read_bytes()) <= 2562 for path in short.folder.iterdir())


def test_what_a_shorter_value_does_not_need_is_removed(store: KeyringStore, short: ShortKeyring) -> None:
    """No secret stays behind when a value becomes shorter, or is deleted."""
    put(store, "x" * 5000)
    put(store, "y" * 2500)
    assert len(short.names()) == 1 + 3
    put(store, "z")
    assert short.names() == ["stsctl keys:work"]
    put(store, "x" * 5000)
    store.delete(Kind.KEYS, "work")
    assert short.names() == []


@pytest.mark.parametrize("lost", range(6))
def test_a_value_with_a_missing_part_is_a_miss(store: KeyringStore, short: ShortKeyring, lost: int) -> None:
    """Without its head or any of its parts an item is not there, and can be put anew."""
    put(store, "x" * 4500)
    (short.folder / short.names()[lost]).unlink()
    assert got(store) is None
    put(store, "again" * 500)
    assert got(store) == "again" * 500
    store.delete(Kind.KEYS, "work")
    assert short.names() == []


def test_a_value_with_a_foreign_part_is_a_miss(store: KeyringStore, short: ShortKeyring) -> None:
    """Parts that do not belong together are never one value."""
    put(store, "x" * 2500)
    path = short.folder / short.names()[2]
    path.write_text("y" * 1000, encoding="utf-16")
    assert got(store) is None


@pytest.mark.parametrize("text", ["", "*", "*a", "*c 1 0", "*a -1 0", "*a 1 0", "*a 99 0", "plain", '"', "[1]", "1"])
def test_a_foreign_password_is_a_miss(store: KeyringStore, short: ShortKeyring, text: str) -> None:
    """A password that somebody else wrote under the item's name is no item, and is replaced."""
    (short.folder / "stsctl keys:work").write_text(text, encoding="utf-16")
    assert got(store) is None
    put(store, "mine")
    assert got(store) == "mine"


class Dying(ShortKeyring):
    """A keyring whose caller dies before the call with a given number."""

    calls = 0
    dies_at = 1000

    def set_password(self, service: str, username: str, password: str) -> None:
        """Counts."""
        self._count()
        super().set_password(service, username, password)

    def delete_password(self, service: str, username: str) -> None:
        """Counts."""
        self._count()
        super().delete_password(service, username)

    def _count(self) -> None:
        self.calls += 1
        if self.calls == self.dies_at:
            raise OSError("killed")


@pytest.mark.parametrize("old", ["o", "o" * 2500])
@pytest.mark.parametrize("new", ["n", "n" * 3500])
@pytest.mark.parametrize("dies_at", range(1, 10))
def test_a_put_that_is_killed_leaves_the_old_or_the_new(tmp_path: Path, old: str, new: str, dies_at: int) -> None:
    """Wherever a put ends, the item is the old or the new one, and the next put or delete leaves nothing behind."""
    put(KeyringStore(limit=LIMIT, backend=ShortKeyring(tmp_path / "k"), longest=1000), old)
    dying = Dying(tmp_path / "k")
    dying.dies_at = dies_at
    with contextlib.suppress(StoreError):
        put(KeyringStore(limit=LIMIT, backend=dying, longest=1000), new)
    after = ShortKeyring(tmp_path / "k")
    store = KeyringStore(limit=LIMIT, backend=after, longest=1000)
    assert got(store) in (old, new)
    put(store, "last")
    assert after.names() == ["stsctl keys:work"]
    assert got(store) == "last"


@pytest.mark.parametrize("dies_at", range(1, 7))
def test_a_delete_that_is_killed_is_finished_by_the_next(tmp_path: Path, dies_at: int) -> None:
    """Wherever a delete ends, the item is whole or gone, and deleting again leaves nothing behind."""
    put(KeyringStore(limit=LIMIT, backend=ShortKeyring(tmp_path / "k"), longest=1000), "o" * 3500)
    dying = Dying(tmp_path / "k")
    dying.dies_at = dies_at
    with contextlib.suppress(StoreError):
        KeyringStore(limit=LIMIT, backend=dying, longest=1000).delete(Kind.KEYS, "work")
    after = ShortKeyring(tmp_path / "k")
    store = KeyringStore(limit=LIMIT, backend=after, longest=1000)
    assert got(store) in ("o" * 3500, None)
    store.delete(Kind.KEYS, "work")
    assert after.names() == []


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (KeyringLocked("x"), "the keyring is locked"),
        (NoKeyringError("x"), "there is no keyring here"),
        (InitError("x"), "the keyring cannot be opened"),
        (PasswordSetError("x"), "the keyring failed (PasswordSetError)"),
        (OSError("x"), "the keyring failed (OSError)"),
        (EOFError("x"), "the keyring failed (EOFError)"),
    ],
)
def test_a_failure_names_the_way_out_and_no_secret(error: Exception, message: str) -> None:
    """Every failure of a keyring is a StoreError that says what to put into the configuration."""
    store = KeyringStore(limit=LIMIT, backend=Failing(error))
    for act in (lambda: got(store), lambda: put(store, "the secret")):
        with pytest.raises(StoreError) as failure:
            act()
        assert failure.value.message == message
        assert failure.value.hint is not None
        assert 'store = "sealed-file" under [defaults]' in failure.value.hint
        assert 'key_file = "~/.config/stsctl/key" under [sealed_file]' in failure.value.hint
        assert "secret" not in f"{failure.value.message}{failure.value.hint}"
        assert failure.value.status == 7


def test_what_cannot_be_deleted_is_an_error(tmp_path: Path) -> None:
    """An item that is still there after a delete is not called deleted."""
    store = KeyringStore(limit=LIMIT, backend=Undeleting(tmp_path / "k"))
    assert store.delete(Kind.KEYS, "work") is False
    put(store, "kept")
    with pytest.raises(StoreError, match="PasswordDeleteError"):
        store.delete(Kind.KEYS, "work")


def test_what_others_delete_and_put_at_the_same_time_is_no_failure(tmp_path: Path) -> None:
    """The delete that comes too late is tried again where the password is there all the same."""
    backend = PutAnew(tmp_path / "keyring")
    store = KeyringStore(limit=LIMIT, backend=backend, longest=1000)
    put(store, "x" * 3000)
    backend.rivals = 2
    assert store.delete(Kind.KEYS, "work")
    assert backend.names() == []


def test_a_keyring_that_never_answers_is_given_up() -> None:
    """Each operation on a keyring that stands still ends with an error that says so."""
    backend = Silent()
    store = KeyringStore(limit=timedelta(seconds=0.2), backend=backend)
    for act in (lambda: got(store), lambda: put(store, "x"), lambda: store.delete(Kind.KEYS, "work")):
        with pytest.raises(StoreError, match=r"did not answer in 0\.2 seconds"):
            act()
    backend.end.set()


def test_interrupting_interrupts(store: KeyringStore) -> None:
    """Ctrl-C during a call is Ctrl-C, not a failure of the keyring."""
    with pytest.raises(KeyboardInterrupt):
        got(KeyringStore(limit=LIMIT, backend=Failing(KeyboardInterrupt())))


def test_no_keyring_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the package finds no keyring, nothing is stored anywhere else."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    with pytest.raises(StoreError, match="there is no keyring here"):
        put(KeyringStore(limit=LIMIT), "x")


BACKENDS = """
from keyring.backend import KeyringBackend

class Plaintext(KeyringBackend):
    priority = 9
    def get_password(self, service, username): return None
    def set_password(self, service, username, password): open({path!r}, "w").write(password)
    def delete_password(self, service, username): pass
"""


@pytest.mark.parametrize("name", ["keyring.backends.null.Keyring", "strangers_keyring.Plaintext"])
def test_a_back_end_that_is_not_trusted_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str) -> None:
    """A back-end that forgets, or that keeps secrets nobody knows how, is given none; the error names it."""
    (tmp_path / "strangers_keyring.py").write_text(BACKENDS.format(path=str(tmp_path / "plain")))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
    with pytest.raises(StoreError, match=f'"{name}" is not one that stsctl trusts') as failure:
        put(KeyringStore(limit=LIMIT), "x")
    assert failure.value.hint is not None
    assert "unset PYTHON_KEYRING_BACKEND" in failure.value.hint
    assert not (tmp_path / "plain").exists()
    sys.modules.pop("strangers_keyring", None)


@pytest.mark.parametrize("name", ["no.such.Keyring", "keyring.backends.fail.NoSuch"])
def test_a_back_end_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A back-end that is configured and cannot be loaded is not replaced by another."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
    with pytest.raises(StoreError, match="that is configured cannot be loaded"):
        got(KeyringStore(limit=LIMIT))
