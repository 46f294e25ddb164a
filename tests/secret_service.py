"""A real gnome-keyring on a message bus of its own, for tests: nothing of the person's own session is reached.

with SecretService.start(folder) as service:
    subprocess.run([...], env=environment | service.environment)
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from jeepney import DBusAddress
    from secretstorage import Collection

PASSWORD = "the password of the test's keyring"

NEEDS = ("gnome-keyring-daemon", "dbus-daemon")

_LOGIN = "/org/freedesktop/secrets/collection/login"
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:dir={folder}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


def _internal() -> DBusAddress:
    """What the daemon offers for those who know the password."""
    from jeepney import DBusAddress

    return DBusAddress(
        "/org/freedesktop/secrets",
        bus_name="org.freedesktop.secrets",
        interface="org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface",
    )


def _path(collection: str) -> str:
    return _LOGIN.replace("login", collection.replace("-", "_2d"))


def available() -> bool:
    """Whether the programs are installed."""
    return all(shutil.which(program) for program in NEEDS)


class SecretService:
    """A bus, and on it a keyring daemon unless there is to be none."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bus: subprocess.Popen[str] | None = None
        self._daemon: subprocess.Popen[bytes] | None = None
        self.environment: Mapping[str, str] = {}
        """What a process needs to find it (and to use no other)."""

    @classmethod
    def start(cls, folder: Path, *, daemon: bool = True) -> Self:
        """Starts the bus and, unlocked, the keyring; with `daemon=False` the bus alone."""
        service = cls(folder)
        try:
            service._start_bus()
            if daemon:
                service.start_daemon()
        except BaseException:
            service.end()
            raise
        return service

    def start_daemon(self) -> None:
        """Starts the keyring daemon, its login keyring made where there is none, and unlocked."""
        command = ["gnome-keyring-daemon", "--foreground", "--components=secrets", "--unlock"]
        self._daemon = subprocess.Popen(
            [*command, f"--control-directory={self._runtime}"],
            env={"PATH": os.environ["PATH"], **self.environment, **self._folders},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert self._daemon.stdin is not None
        self._daemon.stdin.write(PASSWORD.encode())
        self._daemon.stdin.close()
        _wait_until(self._is_ready, "the keyring daemon to answer")

    def revive(self) -> None:
        """Starts the daemon again where it has ended by itself, so that one test's loss is not the next one's."""
        if self._daemon is not None and self._daemon.poll() is not None:
            self.start_daemon()

    def lock(self, collection: str = "login") -> None:
        """Locks the keyring, or another collection, as a screen lock or a log-out does."""
        with self._connection() as connection:
            import secretstorage

            secretstorage.Collection(connection, _path(collection)).lock()

    @contextlib.contextmanager
    def collection(self, name: str) -> Iterator[Collection]:
        """Meanwhile there is another collection, as a tool makes one of its own; nobody is asked for a password."""
        from jeepney import new_method_call
        from secretstorage import Collection
        from secretstorage.util import format_secret, open_session

        with self._connection() as connection:
            secret = format_secret(open_session(connection), PASSWORD.encode(), "text/plain")
            said = {"org.freedesktop.Secret.Collection.Label": ("s", name)}
            make = new_method_call(_internal(), "CreateWithMasterPassword", "a{sv}(oayays)", (said, secret))
            made = Collection(connection, connection.send_and_get_reply(make, timeout=10).body[0])
            yield made
            self.unlock(name)
            made.delete()

    def unlock(self, collection: str = "login") -> None:
        """Unlocks the keyring, or another collection, with its password, asking nobody."""
        from jeepney import new_method_call
        from secretstorage import Collection
        from secretstorage.util import format_secret, open_session

        with self._connection() as connection:
            secret = format_secret(open_session(connection), PASSWORD.encode(), "text/plain")
            connection.send_and_get_reply(
                new_method_call(_internal(), "UnlockWithMasterPassword", "o(oayays)", (_path(collection), secret)),
                timeout=10,
            )
            assert not Collection(connection, _path(collection)).is_locked()

    def is_locked(self) -> bool:
        """Whether the keyring is locked."""
        import secretstorage

        with self._connection() as connection:
            return secretstorage.Collection(connection, _LOGIN).is_locked()

    def items(self) -> dict[tuple[str, str], str]:
        """Every password that the `keyring` package put there: (service, user name) → text."""
        import secretstorage

        with self._connection() as connection:
            found = {}
            for item in secretstorage.Collection(connection, _LOGIN).get_all_items():
                attributes = item.get_attributes()
                found[attributes["service"], attributes["username"]] = item.get_secret().decode()
            return found

    @contextlib.contextmanager
    def silent_prompter(self) -> Iterator[None]:
        """Meanwhile the daemon's dialogues go to somebody who never answers."""
        from jeepney import message_bus

        with self._connection() as connection:
            connection.send_and_get_reply(message_bus.RequestName("org.gnome.keyring.SystemPrompter"))
            yield

    def stop(self) -> None:
        """Makes the daemon stand still (SIGSTOP): it takes requests and answers none."""
        assert self._daemon is not None
        self._daemon.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Lets a daemon that stands still go on."""
        assert self._daemon is not None
        self._daemon.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Ends the daemon without a chance to tidy up; the bus stays."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait()
            self._daemon = None

    def end(self) -> None:
        """Ends everything that was started."""
        self.kill()
        if self._bus is not None:
            self._bus.terminate()
            self._bus.communicate()
            self._bus = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    @property
    def _runtime(self) -> Path:
        return self._folder / "run"

    @property
    def _folders(self) -> dict[str, str]:
        return {
            "HOME": str(self._folder),
            "XDG_DATA_HOME": str(self._folder / "data"),
            "XDG_RUNTIME_DIR": str(self._runtime),
        }

    def _start_bus(self) -> None:
        for folder in (self._runtime, self._folder / "data"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        configuration = self._folder / "bus.conf"
        # No folder of services: nothing but what is started here can appear on this bus.
        configuration.write_text(_BUS.format(folder=self._runtime))
        self._bus = subprocess.Popen(
            ["dbus-daemon", f"--config-file={configuration}", "--nofork", "--nopidfile", "--print-address"],
            env={"PATH": os.environ["PATH"], **self._folders},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._bus.stdout is not None
        self.environment = {
            "DBUS_SESSION_BUS_ADDRESS": self._bus.stdout.readline().strip(),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.SecretService.Keyring",
        }

    @contextlib.contextmanager
    def _connection(self) -> Iterator[Any]:
        from jeepney.io.blocking import open_dbus_connection
        from secretstorage.util import add_match_rules

        connection = open_dbus_connection(self.environment["DBUS_SESSION_BUS_ADDRESS"])
        try:
            add_match_rules(connection)
            yield connection
        finally:
            connection.close()

    def _is_ready(self) -> bool:
        import secretstorage
        from secretstorage.exceptions import SecretStorageException

        with self._connection() as connection:
            try:
                return secretstorage.check_service_availability(connection) and not self.is_locked()
            except SecretStorageException:
                return False


def _wait_until(condition: Any, what: str) -> None:
    end = time.monotonic() + 60
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited too long for {what}")
        time.sleep(0.02)
