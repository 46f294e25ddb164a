"""A request as the change log has it: recorded while it is answered, and made again from it."""

from __future__ import annotations

import base64
import io
import re
from typing import IO, Any

from stsctl.emulator.protocol.request import BODY_READ_KEY, HEADERS_KEY

ACTION_KEY = "stsctl.action"
"""Where the emulator leaves, in the WSGI environment, which operation of a service behind it was asked for."""

_NAMES = "moto.preserved_header_names"
_READING = (
    "BatchGet|Check|Count|Decode|Describe|Detect|Download|Estimate|Filter|Get|Head|Is|List|Lookup|Preview|Query|Scan|"
    "Search|Select|Simulate|Test|Validate|Verify|View"
)
_READS = re.compile(rf"[\w-]+:({_READING})([A-Z]\w*)?")
"""The operations that change nothing."""
_WAITS = "ReceiveMessage"


class Recorder:
    """Keeps a copy of what a request is, while its body is read."""

    def __init__(self, environ: dict[str, Any]) -> None:
        self._environ = {name: value for name, value in environ.items() if isinstance(value, str)}
        self._headers = [list(field) for field in environ.get(HEADERS_KEY, ())]
        self._names = dict(environ.get(_NAMES, {}))
        self._body = _Copied(environ["wsgi.input"])
        environ["wsgi.input"] = self._body

    def facts(self) -> dict[str, Any]:
        """What it takes to make the request again."""
        return {
            "environ": {name: value for name, value in self._environ.items() if not name.startswith("werkzeug")},
            "headers": self._headers,
            "names": self._names,
            "body": base64.b64encode(self._body.copy.getvalue()).decode(),
        }


class _Copied:
    """A stream whose reader leaves a copy behind."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.copy = io.BytesIO()

    def read(self, size: int = -1) -> bytes:
        """Reads on."""
        content = self._stream.read(size)
        self.copy.write(content)
        return content


def environ_of(facts: dict[str, Any]) -> dict[str, Any]:
    """The WSGI environment of a recorded request."""
    body = base64.b64decode(facts["body"])
    environ: dict[str, Any] = dict(facts["environ"])
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    environ["CONTENT_LENGTH"] = str(len(body))
    environ[HEADERS_KEY] = [(name, value) for name, value in facts["headers"]]
    environ[_NAMES] = facts["names"]
    environ["wsgi.input"] = io.BytesIO(body)
    environ["wsgi.errors"] = io.StringIO()
    environ["wsgi.version"], environ["wsgi.multithread"] = (1, 0), True
    environ[BODY_READ_KEY] = False
    return environ


def can_change(environ: dict[str, Any]) -> bool:
    """Whether a request may change something, as far as can be told before it is read; what waits may not.

    Requests that may are answered one after the other, so that they are repeated in the order they had.
    """
    operation = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    return environ["REQUEST_METHOD"] not in ("GET", "HEAD", "OPTIONS") and operation != _WAITS


def changed(action: str, status: int, body: bytes) -> bool:
    """Whether an answered request has changed the state: one that was not refused, of an operation that does.

    What STS issues is no such change: sessions are recorded where they are kept.
    """
    if status >= 400 or not action or _READS.fullmatch(action):
        return False
    return not action.endswith(f":{_WAITS}") or b"MessageId" in body
