"""Small HTTP exchanges with a service on this machine or on its link: by no proxy, and wherever it redirects to, not.

A proxy would ask in this machine's place, and answer with its own machine's credentials.
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import field
from urllib.parse import urlsplit

from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError, UnavailableError

_LONGEST = 100_000


class NoAnswerError(UnavailableError):
    """Nobody answers. `connected` says that somebody listens all the same."""

    def __init__(self, message: str, *, connected: bool) -> None:
        super().__init__(message)
        self.connected = connected


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What was answered: perhaps a secret, which is not shown. The names of `headers` are in lower case."""

    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The body as a text; what is none of UTF-8's is replaced."""
        return self.body.decode(errors="replace")


def exchange(method: str, url: str, headers: Mapping[str, str], *, seconds: float, ca_file: str | None = None) -> Reply:
    """One request without a body; `seconds` limits each wait. Raises NoAnswerError, ConfigurationError.

    `ca_file` has the certificates to trust, where the URL is one of HTTPS.
    """
    connection, target = _connection(url, seconds, ca_file)
    connected = False
    try:
        connection.connect()
        connected = True
        connection.request(method, target, headers=dict(headers))
        with connection.getresponse() as answer:
            status, body = answer.status, answer.read(_LONGEST + 1)
            fields = {name.lower(): value for name, value in answer.getheaders()}
    except (OSError, http.client.HTTPException, ValueError):
        # The cause may show the headers, which hold tokens.
        what = "gives no answer" if connected else "is not there"
        raise NoAnswerError(f"{_shown(url)} {what}", connected=connected) from None
    finally:
        connection.close()
    if len(body) > _LONGEST:
        raise NoAnswerError(f"{_shown(url)} answers with more than anybody asked for", connected=True)
    return Reply(status=status, body=body, headers=fields)


def _connection(url: str, seconds: float, ca_file: str | None) -> tuple[http.client.HTTPConnection, str]:
    """A connection that is not made yet, and what is asked for by it."""
    try:
        place = urlsplit(url)
        if place.scheme not in ("http", "https") or not place.hostname:
            raise ValueError("no URL of HTTP")
        target = (place.path or "/") + (f"?{place.query}" if place.query else "")
        if place.scheme == "http":
            return http.client.HTTPConnection(place.hostname, place.port, timeout=seconds), target
        import ssl

        context = ssl.create_default_context(cafile=ca_file)
        return http.client.HTTPSConnection(place.hostname, place.port, timeout=seconds, context=context), target
    except (ValueError, OSError, http.client.InvalidURL):
        raise ConfigurationError(f'"{_shown(url)}" is no address that could be asked') from None


def _shown(url: str) -> str:
    """Scheme and host; the rest of the address may be a key to what is there."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0].rpartition("@")[2]
    return f"{scheme}://{host}" if host.isprintable() else "the address"
