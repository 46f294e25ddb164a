"""The agent's own process, from its lock to its end."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from stsctl import __version__
from stsctl.errors import ConfigurationError, StsctlError
from stsctl.formats.interface import rfc3339

if TYPE_CHECKING:
    from stsctl.cli.app import App

_OTHERS_END = timedelta(seconds=10)
"""How long one that was just stopped may take to go."""


def run(app: App) -> None:
    """Is the agent, until somebody stops it; raises StsctlError where there is one already."""
    if sys.platform == "win32":
        raise ConfigurationError("the agent needs a kind of socket that Windows lacks")
    from stsctl.agent.agent import Agent
    from stsctl.agent.door import Door
    from stsctl.agent.environment import scrubbed
    from stsctl.agent.held_keys import HeldKeys
    from stsctl.agent.messages import Ask
    from stsctl.agent.serving import Serving
    from stsctl.cli.agent_work import Work
    from stsctl.host import memory, session_signals
    from stsctl.host.lock import Lock, LockError

    if app.agency.ask(Ask.STATUS) is not None:
        raise StsctlError("an agent is running already", hint="stsctl agent status")
    protection = memory.protect()
    environ = scrubbed(app.agency.environ())
    os.environ.clear()
    os.environ.update(environ)
    path = app.paths.agent_socket
    keys = HeldKeys()
    work = Work(environ, app.agency.flags, keys)
    serving = Serving(work.session, keys)
    facts = {
        "pid": os.getpid(),
        "version": __version__,
        "started_at": rfc3339(datetime.now(UTC)),
        "log": app.short(app.agency.log),
        "memory": {"dumpable": protection.dumpable, "swappable": protection.swappable},
    }
    with Lock(path.parent, path.name, "the agent") as lock:
        try:
            first = lock.acquire(_OTHERS_END, poll=lambda: app.agency.ask(Ask.STATUS) is not None)
        except LockError as error:
            raise StsctlError("another agent does not end", hint="stsctl agent status") from error
        if not first:
            raise StsctlError("an agent is running already", hint="stsctl agent status")
        agent = Agent(work, serving, keys, facts)
        agent.look()  # before anybody can ask what it keeps
        door = Door(path, agent.answer)
        threading.Thread(target=door.serve, name="stsctl-door", daemon=True).start()
        if sys.platform == "linux":
            watching = threading.Thread(target=session_signals.watch, args=(agent.forget_keys,), daemon=True)
            watching.start()
        with contextlib.closing(door), contextlib.closing(serving), app.machine.ended_as_by_ctrl_c():
            work.note(f"the agent of stsctl {__version__} is running (process {os.getpid()})")
            with contextlib.suppress(KeyboardInterrupt):
                agent.run(reachable=path.exists)
            work.note("the agent is stopped")
