"""The sessions that the agent serves on loopback, each at a path of its own with a token of its own."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from urllib.parse import quote

from stsctl.agent.endpoint import Endpoint, Grant
from stsctl.agent.held_keys import HeldKeys
from stsctl.credentials import Secret, Session
from stsctl.errors import PersonNeededError

_MOST = 1000


class Serving:
    """The container endpoint for many roles. It listens from the first that is asked for.

    `session` gives that of a name; it asks nobody, and raises StsctlError where there is none.
    """

    def __init__(self, session: Callable[[str], Session], keys: HeldKeys) -> None:
        self._session = session
        self._keys = keys
        self._grants: dict[str, Grant] = {}
        self._names: dict[str, str] = {}
        self._endpoint: Endpoint | None = None
        self._changing = threading.Lock()

    @property
    def names(self) -> list[str]:
        """The names of the roles that are served."""
        return sorted(self._names.values())

    def grant(self, name: str) -> Mapping[str, str]:
        """Where a role's session is fetched, and with which token: the same each time."""
        path = f"/role/{quote(name, safe='/:@')}"
        with self._changing:
            if path not in self._grants and len(self._grants) >= _MOST:
                raise PersonNeededError("the agent serves too many roles already", hint="stsctl agent stop")
            if self._endpoint is None:
                self._endpoint = Endpoint(self._grants)
                threading.Thread(target=self._endpoint.serve, name="stsctl-endpoint", daemon=True).start()
            if path not in self._grants:
                self._grants[path] = Grant(
                    token=Secret(secrets.token_urlsafe(32)), session=lambda: self._unlocked(name)
                )
                self._names[path] = name
            return {"url": self._endpoint.url(path), "token": self._grants[path].token.reveal()}

    def close(self) -> None:
        """Serves nothing any more."""
        if self._endpoint is not None:
            self._endpoint.close()

    def _unlocked(self, name: str) -> Session:
        if self._keys.locked:
            raise PersonNeededError("the agent is locked", hint="stsctl agent unlock")
        return self._session(name)
