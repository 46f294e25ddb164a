"""What logind would say on a real message bus, where a program of the test's stands in for it."""

from __future__ import annotations

import os
import queue
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from jeepney import (
    DBusAddress,
    HeaderFields,
    MessageType,
    message_bus,
    new_error,
    new_method_return,
    new_signal,
)
from jeepney.io.blocking import DBusConnection, Proxy, open_dbus_connection

from stsctl.host import session_signals

MANAGER = DBusAddress("/org/freedesktop/login1", interface="org.freedesktop.login1.Manager")
SESSION = "org.freedesktop.login1.Session"


class Logind:
    """Says what it is told to, and whose session each is: of 1 mine, of 2 another's, of 3 it does not know."""

    def __init__(self) -> None:
        self._connection: DBusConnection = open_dbus_connection(bus="SYSTEM")
        Proxy(message_bus, self._connection).RequestName("org.freedesktop.login1")
        threading.Thread(target=self._answer, daemon=True).start()

    def say(self, place: DBusAddress, member: str, signature: str = "", *body: Any) -> None:
        """Sends a signal."""
        self._connection.send(new_signal(place, member, signature or None, body))

    def session(self, number: int, interface: str = SESSION) -> DBusAddress:
        """One of its sessions."""
        return DBusAddress(f"/org/freedesktop/login1/session/{number}", interface=interface)

    def hint(self, number: int, *, locked: bool) -> None:
        """Says by its property whether one is locked."""
        place = self.session(number, "org.freedesktop.DBus.Properties")
        self.say(place, "PropertiesChanged", "sa{sv}as", SESSION, {"LockedHint": ("b", locked)}, [])

    def _answer(self) -> None:
        while True:
            try:
                message = self._connection.receive()
            except OSError:
                return
            if message.header.message_type is MessageType.method_call:
                path = message.header.fields[HeaderFields.path]
                user = {"1": os.getuid(), "2": os.getuid() + 1}.get(path[-1])
                if user is None:
                    self._connection.send(new_error(message, "org.freedesktop.DBus.Error.UnknownObject"))
                else:
                    self._connection.send(new_method_return(message, "v", (("(uo)", (user, "/user")),)))


@pytest.fixture
def told(bare_bus: Path, monkeypatch: pytest.MonkeyPatch) -> queue.Queue[str]:
    """What is told of it, once it is listened to."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", os.environ["DBUS_SESSION_BUS_ADDRESS"])
    found: queue.Queue[str] = queue.Queue()
    threading.Thread(target=session_signals.watch, args=(found.put,), daemon=True).start()
    return found


def test_locks_and_sleep_are_told(told: queue.Queue[str]) -> None:
    """Those of this person's sessions; of waking up, unlocking and others' sessions nothing is."""
    logind = Logind()
    limit = time.monotonic() + 30
    while told.empty():  # until it listens
        assert time.monotonic() < limit
        logind.say(MANAGER, "PrepareForSleep", "b", True)
        time.sleep(0.05)
    while not told.empty():
        assert told.get() == "the machine goes to sleep"
    time.sleep(0.2)
    while not told.empty():
        told.get()
    logind.say(MANAGER, "PrepareForSleep", "b", False)
    logind.say(logind.session(2), "Lock")
    logind.say(logind.session(1), "Unlock")
    logind.hint(1, locked=False)
    logind.say(logind.session(1), "Lock")
    assert told.get(timeout=30) == "the session is locked"
    logind.hint(1, locked=True)
    assert told.get(timeout=30) == "the session is locked"
    logind.say(logind.session(3), "Lock")
    assert told.get(timeout=30) == "the session is locked"
    assert told.empty()


def test_without_a_bus_nothing_is_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The clocks still tell."""
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path / 'nowhere'}")
    session_signals.watch(lambda text: None)
