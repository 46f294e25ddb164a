"""The agent as the other commands see it: perhaps there is one, and perhaps it is to be started."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from stsctl.agent.messages import EVERY, AgentError, Ask
from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError, StsctlError
from stsctl.host.paths import Paths

if TYPE_CHECKING:
    import subprocess

_START_LIMIT = timedelta(seconds=60)
_STOP_LIMIT = timedelta(seconds=30)
_PAUSE = 0.02
_AT_ONCE = 0.5
"""Seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agency:
    """The agent of this user. `environ` is what it is started with, `flags` what was typed for all of stsctl."""

    paths: Paths
    environ: Callable[[], Mapping[str, str]]
    flags: Mapping[str, str]

    def ask(self, what: Ask, **given: str | Secret) -> dict[str, Any] | None:
        """What the agent answers; None where none runs. Raises StsctlError."""
        if not self.paths.agent_socket.parent.exists():
            return None
        from stsctl.agent import door

        return door.ask(self.paths.agent_socket, what, **given)

    def glance(self, *, wake: bool) -> dict[str, Any] | None:
        """Its status, at once; None where none runs. Raises StsctlError. `wake` has it look for what there is to do."""
        if not self.paths.agent_socket.parent.exists():
            return None
        from stsctl.agent import door

        return door.ask(self.paths.agent_socket, Ask.STATUS, _AT_ONCE, **({} if wake else {"glance": "yes"}))

    def need(self, what: Ask, **given: str | Secret) -> dict[str, Any]:
        """The same; raises AgentError where none runs."""
        answer = self.ask(what, **given)
        if answer is None:
            raise AgentError("no agent is running", hint="stsctl agent start")
        return answer

    def start(self) -> dict[str, Any]:
        """Starts it in the background; gives its status once it answers. Raises StsctlError with what it said."""
        if sys.platform == "win32":
            raise ConfigurationError("the agent needs a kind of socket that Windows lacks")
        log = self.log
        seen = log.stat().st_size if log.exists() else 0
        child = self._spawn()
        limit = time.monotonic() + _START_LIMIT.total_seconds()
        while time.monotonic() < limit:
            ended = child.poll()
            answer = self.ask(Ask.STATUS)
            if answer is not None:
                return answer
            if ended is not None:
                said = log.read_bytes()[seen:].decode(errors="replace").strip().splitlines()
                raise AgentError(
                    f"the agent did not start: {said[0] if said else 'it said nothing'}", hint=f"cat {log}"
                )
            time.sleep(_PAUSE)
        child.kill()
        child.wait()
        raise AgentError(f"the agent did not answer within {_START_LIMIT.total_seconds():g} s", hint=f"cat {log}")

    def _spawn(self) -> subprocess.Popen[bytes]:
        from stsctl.agent.environment import scrubbed
        from stsctl.host import detached

        return detached.spawn(self.command, scrubbed(self.environ()), self.log)

    @property
    def command(self) -> list[str]:
        """What runs it in the foreground."""
        flags = [word for name, value in self.flags.items() if name == "store" for word in (f"--{name}", value)]
        return [sys.executable, "-P", "-m", "stsctl", *flags, "agent", "start", "--foreground"]

    def stop(self) -> bool:
        """Ends it, and returns when it is over; False where none runs. Raises AgentError where it does not end."""
        status = self.ask(Ask.STATUS)
        if status is None or self.ask(Ask.STOP) is None:
            return False
        limit = time.monotonic() + _STOP_LIMIT.total_seconds()
        while self.paths.agent_socket.exists() and time.monotonic() < limit:
            time.sleep(_PAUSE)
        if self.paths.agent_socket.exists():
            pid = status["pid"]
            raise AgentError(f"the agent (process {pid}) does not end: it waits for AWS", hint=f"kill {pid}")
        return True

    @property
    def log(self) -> Any:
        """What it has to say while nobody listens."""
        return self.paths.agent / "log"

    def start_unless_running(self) -> None:
        """Starts it, and waits for nothing; what keeps it from starting is in its log."""
        try:
            if sys.platform != "win32" and self.ask(Ask.STATUS) is None:
                self._spawn()
        except StsctlError:
            return

    def get(self, of: str) -> Secret | None:
        """The key with that id, if it has it."""
        try:
            found = (self.ask(Ask.GET_KEY, of=of) or {}).get("key")
        except StsctlError:
            return None
        return Secret(found) if isinstance(found, str) else None

    def put(self, of: str, key: Secret) -> None:
        """Gives it a key to remember."""
        try:
            self.ask(Ask.PUT_KEY, of=of, key=key)
        except StsctlError:
            return

    def forget(self, keys: set[str] | None) -> None:
        """Tells it that somebody logged out of these sessions, or of all; where it cannot be told, it will see that."""
        try:
            self.ask(Ask.FORGET, keys=EVERY if keys is None else " ".join(keys))
        except StsctlError:
            return
