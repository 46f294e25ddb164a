"""The hook's own reader of the Secret Service, against a real keyring and against strangers in its place."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from stsctl import hook
from stsctl.credentials import Secret
from stsctl.stores.interface import Item, Kind
from stsctl.stores.keyring import KeyringStore
from tests.secret_service import SecretService

# The keyring package leaves a connection open when it fails, for Python to close.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

WORK = {b"service": b"stsctl", b"username": b"keys:work"}
ITEM = Item(kind=Kind.KEYS, key="work", value=Secret("the value"))
PATIENT = 30.0


def put() -> None:
    """Puts the item there as the rest of stsctl does."""
    KeyringStore(limit=timedelta(seconds=60)).put(ITEM)


def test_an_item_is_found_and_read(secret_service: SecretService) -> None:
    """What the store has put, the hook finds by its attributes and reads by its path; another name's is none."""
    put()
    found = hook.find(os.environb, WORK, PATIENT)
    assert found is not None
    item, secret = found
    assert secret == b"=the value"
    assert hook.secret(os.environb, item) == secret
    assert hook.find(os.environb, WORK | {b"username": b"keys:other"}, PATIENT) is None


def test_several_items_are_none(secret_service: SecretService) -> None:
    """Where two items have the attributes, the hook does not choose."""
    put()
    assert hook.find(os.environb, {b"username": b"keys:work"}, PATIENT) is not None
    KeyringStore(limit=timedelta(seconds=60), service="stsctl emulator").put(ITEM)
    assert hook.find(os.environb, {b"username": b"keys:work"}, PATIENT) is None


def test_a_locked_keyring_gives_nothing(secret_service: SecretService) -> None:
    """A locked item is not read, neither by its attributes nor by its path, and nobody is asked for a password."""
    put()
    found = hook.find(os.environb, WORK, PATIENT)
    assert found is not None
    secret_service.lock()
    assert hook.find(os.environb, WORK, PATIENT) is None
    with pytest.raises(hook.UnusualError):
        hook.secret(os.environb, found[0])


def test_a_keyring_that_stands_still_is_given_up(secret_service: SecretService) -> None:
    """A daemon that does not answer is waited for no longer than was said."""
    put()
    secret_service.stop()
    began = time.monotonic()
    assert hook.find(os.environb, WORK, 0.2) is None
    assert time.monotonic() - began < 20
    secret_service.resume()


def test_without_a_keyring_there_is_nothing(bare_bus: Path) -> None:
    """A bus on which no keyring is, and a socket that is not there, give nothing."""
    assert hook.find(os.environb, WORK, PATIENT) is None
    assert hook.find({b"DBUS_SESSION_BUS_ADDRESS": b"unix:path=/nowhere"}, WORK, PATIENT) is None
    assert hook.find({b"XDG_RUNTIME_DIR": b"/nowhere"}, WORK, PATIENT) is None
    assert hook.find({b"DBUS_SESSION_BUS_ADDRESS": b"tcp:host=127.0.0.1,port=1"}, WORK, PATIENT) is None


@contextmanager
def stranger(folder: Path, talk: Callable[[socket.socket], None]) -> Iterator[hook.Environ]:
    """A server in the place of the message bus that does as `talk` does, once."""
    path = folder / "bus"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            with server.accept()[0] as connection:
                connection.recv(4096)
                try:
                    talk(connection)
                except OSError:
                    return

        thread = threading.Thread(target=serve)
        thread.start()
        yield {b"DBUS_SESSION_BUS_ADDRESS": b"unix:path=" + str(path).encode()}
        thread.join()


def message(call: int, signature: bytes, body: bytes) -> bytes:
    """A well-formed answer to a call."""
    head = b"\5\1u\0" + call.to_bytes(4, "little") + b"\x08\1g\0" + bytes((len(signature),)) + signature + b"\0"
    lengths = b"".join(each.to_bytes(4, "little") for each in (len(body), 1, len(head)))
    return b"l\2\0\1" + lengths + head + b"\0" * (-len(head) % 8) + body


OK = b"OK 0123\r\n"
ANSWERS = {
    "nothing": b"",
    "no authentication": b"REJECTED EXTERNAL\r\n",
    "noise": b"\xff" * 5000,
    "no message": OK + b"\xff" * 64,
    "a message as long as can be": OK + b"l\2\0\1\xff\xff\xff\xff\1\0\0\0\0\0\0\0",
    "a head as long as can be": OK + b"l\2\0\1\0\0\0\0\1\0\0\0\xff\xff\xff\xff",
    "an end in the middle": OK + message(2, b"vo", b"\1s\0\0" + b"\0" * 40)[:30],
    "other types": OK + message(3, b"s", b"\1\0\0\0x\0"),
    "a list longer than its message": OK + message(3, b"aoao", b"\xff\xff\xff\x7f" * 2),
    "texts longer than their list": OK + message(3, b"aoao", b"\4\0\0\0\xff\xff\xff\x00"),
    "a field of an unknown type": OK + b"l\2\0\1\0\0\0\0\1\0\0\0\x08\0\0\0\5\1v\0\0\0\0\0",
    "a field that never ends": OK + b"l\2\0\1\0\0\0\0\1\0\0\0\x08\0\0\0\5\xff" + b"g" * 6,
    "big-endian": OK + b"B\2\0\1\0\0\0\0\0\0\0\1\0\0\0\0",
    "two items": OK + message(3, b"aoao", b"\x16\0\0\0\4\0\0\0/a/b\0\0\0\0\4\0\0\0/a/c\0\0\0\0\0\0\0\0"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_strangers_are_not_believed(answer: bytes, tmp_path: Path) -> None:
    """Whatever comes in the place of a keyring's answer is nothing, and is no error either."""
    with stranger(tmp_path, lambda connection: connection.sendall(answer)) as environ:
        assert hook.find(environ, WORK, PATIENT) is None


def test_messages_for_nobody_do_not_go_on_for_ever(tmp_path: Path) -> None:
    """Somebody who sends one message after the other, none of them an answer, is left when the time is over."""

    def talk(connection: socket.socket) -> None:
        connection.sendall(OK)
        while True:
            connection.sendall(message(77, b"", b""))

    with stranger(tmp_path, talk) as environ:
        assert hook.find(environ, WORK, 0.2) is None
