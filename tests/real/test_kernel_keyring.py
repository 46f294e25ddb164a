"""The kernel store on real keyrings: ends, other logins, other users, quotas, and where it is forbidden."""

from __future__ import annotations

import ctypes
import os
import struct
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stsctl.credentials import Secret
from stsctl.errors import StoreError
from stsctl.host import keyctl
from stsctl.stores.held import Held
from stsctl.stores.index import Index
from stsctl.stores.interface import DamagedError, Item, Kind
from stsctl.stores.kernel import KernelStore
from tests import kernel_keyring
from tests.conftest import missing
from tests.kernel_keyring import in_child, keys, open_kernel

SESSION_KEYRING = -3
SOMEBODY = 47_000
"""A user that nobody is, with a quota of their own; each test that needs one takes another."""

_as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[str]:
    """What the keys of this test are called."""
    if not kernel_keyring.available():
        missing("a kernel whose keyrings may be used")
    yield f"stsctl test {tmp_path}"
    kernel_keyring.clear(f"stsctl test {tmp_path}")


def session(key: str = "k", value: str = "value", ends_in: float | None = None) -> Item:
    """A session's item."""
    ends_at = None if ends_in is None else datetime.now(UTC) + timedelta(seconds=ends_in)
    return Item(kind=Kind.SESSION, key=key, value=Secret(value), ends_at=ends_at)


def got(store: KernelStore, key: str = "k") -> str | None:
    """The value that is there."""
    value = store.get(Kind.SESSION, key)
    return None if value is None else value.reveal()


def test_a_session_vanishes_when_it_ends(service: str) -> None:
    """The kernel forgets what has ended; what was renewed in its place lasts on, what has no end stays."""
    store = open_kernel(service)
    for item in (session("ends", ends_in=1.5), session("renewed", ends_in=1.5), session("endless")):
        store.put(item)
    store.put(session("renewed", "new", ends_in=600))
    assert [got(store, key) for key in ("ends", "renewed", "endless")] == ["value", "new", "value"]
    time.sleep(2)
    assert [got(store, key) for key in ("ends", "renewed", "endless")] == [None, "new", "value"]
    assert store.delete(Kind.SESSION, "ends") is False
    store.put(session("ends", "anew", ends_in=600))
    assert got(store, "ends") == "anew"
    listed = [line.split() for line in Path("/proc/keys").read_text().splitlines() if f"{service}:" in line]
    # What ended is listed until the kernel clears it away.
    assert sorted(line[3] for line in listed if line[3] != "expd") == ["9m", "9m", "perm"]


def test_what_has_ended_already_is_not_kept_for_ever(service: str) -> None:
    """A time-out of nothing is no time-out for the kernel, and so never asked of it."""
    store = open_kernel(service)
    store.put(session(ends_in=-5))
    time.sleep(1.2)
    assert got(store) is None


def test_an_end_goes_by_the_time_that_is_handed_in(service: str) -> None:
    """Where an emulator's clock was moved ahead, a session ends that much sooner."""
    store = KernelStore(now=lambda: datetime.now(UTC) + timedelta(minutes=50), service=service)
    store.put(session(ends_in=3600))
    (line,) = (line for line in Path("/proc/keys").read_text().splitlines() if f"{service}:" in line)
    assert line.split()[3] == "9m"


def test_another_login_of_the_user_finds_it(service: str) -> None:
    """A process whose session keyring does not lead to the user keyring gets, puts and deletes all the same."""
    store = open_kernel(service)
    store.put(session())

    def act() -> object:
        there = got(store)
        store.put(session("theirs"))
        return there, store.delete(Kind.SESSION, "k"), keyctl.members(SESSION_KEYRING)

    assert in_child(act) == str(("value", True, []))
    assert (got(store), got(store, "theirs")) == (None, "value")


@_as_root
def test_another_user_gets_nothing(service: str) -> None:
    """Neither is it in their keyring, nor can they read it by its number; and group and others have no right to it."""
    store = open_kernel(service)
    store.put(session())
    (serial,) = keys(service).values()

    def act() -> object:
        try:
            return got(store), keyctl.read(serial)
        except PermissionError:
            return got(store), "refused"

    assert in_child(act, uid=SOMEBODY) == str((None, "refused"))
    (line,) = (line for line in Path("/proc/keys").read_text().splitlines() if f"{service}:" in line)
    assert line.split()[4] == "3f010000"  # the possessor everything, the user a look, nobody else anything


def test_long_term_keys_are_refused(service: str) -> None:
    """What a reboot may not take is not put there, and the way out is said."""
    store = open_kernel(service)
    for kind in (Kind.KEYS, Kind.DATA_KEY):
        with pytest.raises(StoreError, match="long-term keys rest elsewhere") as caught:
            store.put(Item(kind=kind, key="work", value=Secret("value")))
        assert "session_store" in (caught.value.hint or "")
        assert kind not in store.capacity.kinds
    assert keys(service) == {}
    assert not store.capacity.outlives_reboot


def test_an_item_that_is_too_long_is_refused(service: str) -> None:
    """Beyond the declared capacity nothing is cut off; what was there stays."""
    store = open_kernel(service)
    longest = store.capacity.item_bytes
    assert longest is not None
    store.put(session(value="x" * longest))
    with pytest.raises(StoreError, match="more than a key of the kernel takes"):
        store.put(session(value="y" * (longest + 1)))
    assert got(store) == "x" * longest


@_as_root
@pytest.mark.parametrize("ended", [False, True], ids=["deleted", "ended"])
def test_a_full_keyring_says_so_and_has_room_again(service: str, ended: bool) -> None:
    """An ordinary user's quota is small: what is too much is refused, until something is deleted or has ended."""

    def act() -> object:
        store = open_kernel(service)
        most = 0
        try:
            for number in range(300):
                store.put(session(f"{number}", "x" * 2000, ends_in=3 if ended else 600))
                most = number + 1
        except StoreError as error:
            assert got(store, "0") is not None
            if ended:
                time.sleep(3.2)
            else:
                store.delete(Kind.SESSION, "0")
            store.put(session("new", "x" * 2000))
            return error.message, error.hint, most > 3, got(store, "new") is not None
        finally:
            kernel_keyring.clear(service)
        return "never full"

    said = in_child(act, uid=SOMEBODY + 1 + ended)
    assert said.startswith("(\"the kernel's keyring is full: a user has 200 keys and 20000 bytes there\", '")
    assert "stsctl logout --all" in said
    assert said.endswith("True, True)")


def _forbid(error: int) -> None:
    """Forbids this process the keyrings, as a container's seccomp filter does."""
    add_key, control = keyctl._NUMBERS[os.uname().machine]
    program = b"".join(
        struct.pack("HBBI", *step)
        for step in (
            (0x20, 0, 0, 0),  # load the number of the call
            (0x15, 1, 0, add_key),
            (0x15, 0, 1, control),
            (0x06, 0, 0, 0x00050000 | error),  # SECCOMP_RET_ERRNO
            (0x06, 0, 0, 0x7FFF0000),  # SECCOMP_RET_ALLOW
        )
    )
    steps = ctypes.create_string_buffer(program, len(program))
    whole = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(steps))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
    assert libc.prctl(22, 2, ctypes.create_string_buffer(whole, len(whole)), 0, 0) == 0, ctypes.get_errno()


@pytest.mark.parametrize(("error", "code"), [(1, "EPERM"), (38, "ENOSYS")])
def test_where_it_is_forbidden_that_is_said(service: str, error: int, code: str) -> None:
    """Where a container forbids the calls, or a kernel has none, every method says so, and what to write instead."""

    def act() -> object:
        _forbid(error)
        store = open_kernel(service)
        said = set()
        acts: tuple[Callable[[], object], ...] = (
            lambda: store.get(Kind.SESSION, "k"),
            lambda: store.put(session()),
            lambda: store.delete(Kind.SESSION, "k"),
            lambda: store.capacity,
        )
        for each in acts:
            try:
                each()
            except StoreError as refused:
                said.add((refused.message, refused.hint))
        return sorted(said)

    text = f"the kernel's keyrings are not to be had here ({code}), as in many containers"
    assert in_child(act) == str([(text, 'put session_store = "sealed-file" under [defaults] in config.toml')])


@pytest.mark.parametrize("payload", [b"foreign", b"=\xff\xfe"])
def test_what_somebody_else_put_there_is_no_session(service: str, payload: bytes, tmp_path: Path) -> None:
    """A key in an item's place that stsctl did not write is told from one that it did; a miss for a session."""
    store = open_kernel(service)
    store.put(session())
    serial = keyctl.add(store._kind, next(iter(keys(service))), payload, keyctl.PROCESS)
    keyctl.link(serial, keyctl.USER)
    keyctl.unlink(serial, keyctl.PROCESS)
    with pytest.raises(DamagedError):
        store.get(Kind.SESSION, "k")
    assert Held(store, Index(None), tmp_path).session("k") is None
    store.put(session(value="mended"))
    assert got(store) == "mended"


def test_two_services_are_apart(service: str) -> None:
    """What an emulator issued is never found where AWS's sessions are."""
    store, other = open_kernel(service), open_kernel(f"{service} emulator")
    store.put(session())
    try:
        assert got(other) is None
        other.put(session(value="other"))
        assert (got(store), got(other)) == ("value", "other")
    finally:
        kernel_keyring.clear(f"{service} emulator")
