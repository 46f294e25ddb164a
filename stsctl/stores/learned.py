"""What AWS's answers taught, shared by all processes: role maxima, used codes, failures; no secret, none vital."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from stsctl.arn import Arn
from stsctl.dataclass import dataclass
from stsctl.digest import sha256
from stsctl.errors import (
    ConfigurationError,
    HelperError,
    PersonNeededError,
    RefusedError,
    StsctlError,
    ThrottledError,
    UnavailableError,
    UsageError,
)
from stsctl.host import files
from stsctl.lifetime import Maximum
from stsctl.request import Endpoint

_CODE_LASTS = timedelta(minutes=3)
"""Longer than AWS could still take a code: a step of 30 s, and one before and after it (RFC 6238)."""
_FAILURE_LASTS = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """Small files in `folder`, one a role, a device and a failed request; an unreadable one is none."""

    folder: Path

    def maximum(self, role: Arn, endpoint: Endpoint) -> Maximum | None:
        """What is known of the longest session that `role` gives."""
        known = self._read(self._of("role", role, endpoint))
        lengths = {name: _seconds(known.get(name)) for name in ("at_least", "below")}
        return Maximum(**lengths) if any(lengths.values()) else None

    def learn_maximum(self, role: Arn, endpoint: Endpoint, maximum: Maximum) -> None:
        """Adds what an answer says; where it contradicts what was known, a maximum was changed, and the new counts."""
        known = self.maximum(role, endpoint) or Maximum()
        at_least, below = maximum.at_least or known.at_least, maximum.below or known.below
        if at_least and below and at_least >= below:
            at_least, below = maximum.at_least, maximum.below
        content = {"at_least": at_least, "below": below}
        self._write(
            self._of("role", role, endpoint),
            {name: length.total_seconds() for name, length in content.items() if length},
        )

    def used(self, serial: str, endpoint: Endpoint, code: str, now: datetime) -> bool:
        """Whether AWS was given `code` a short while ago."""
        return _digest(code) in self._codes(serial, endpoint, now)

    def spend(self, serial: str, endpoint: Endpoint, code: str, now: datetime) -> None:
        """Remembers that AWS was given `code`."""
        codes = self._codes(serial, endpoint, now) | {_digest(code): now.timestamp()}
        self._write(self._of("device", serial, endpoint), codes)

    def gives_sessions(self, key: str) -> bool | None:
        """Whether the source with that key gave temporary credentials; None where that is not known."""
        known = self._read(self._file("source", key)).get("gives_sessions")
        return known if isinstance(known, bool) else None

    def learn_gives_sessions(self, key: str, *, temporary: bool) -> None:
        """Remembers what kind of credentials a source gives."""
        if self.gives_sessions(key) != temporary:
            self._write(self._file("source", key), {"gives_sessions": temporary})

    def identity(self, place: str, access_key_id: str) -> Arn | None:
        """Whose the keys with that id are, which were last seen at `place`; None where AWS was not asked."""
        known = self._read(self._file("identity", place))
        arn = known.get("arn")
        try:
            return Arn.parse(arn) if isinstance(arn, str) and known.get("access_key_id") == access_key_id else None
        except UsageError:
            return None

    def learn_identity(self, place: str, access_key_id: str, identity: Arn) -> None:
        """Remembers whose the keys at `place` are now: an id is never given to anybody else."""
        self._write(self._file("identity", place), {"access_key_id": access_key_id, "arn": str(identity)})

    def failed(self, key: str, error: StsctlError, now: datetime) -> None:
        """Remembers how the request `key` failed."""
        shared = ("code", "reason", "request_id", "operation", "by", "asked")
        facts = {name: getattr(error, name) for name in shared if hasattr(error, name)}
        self._write(
            self._file("failure", key),
            {
                "at": now.timestamp(),
                "kind": type(error).__name__,
                "message": error.message,
                "hint": error.hint,
                "facts": facts,
            },
        )

    def failure(self, key: str, since: datetime) -> StsctlError | None:
        """How the request `key` failed, if that was after `since`."""
        known = self._read(self._file("failure", key))
        kind = _FAILURES.get(str(known.get("kind")))
        at = known.get("at")
        if kind is None or not isinstance(at, float) or not 0 < at - since.timestamp() < _FAILURE_LASTS.total_seconds():
            return None
        try:
            return kind(str(known["message"]), hint=known["hint"], **known["facts"])
        except (KeyError, TypeError):
            return None

    def _codes(self, serial: str, endpoint: Endpoint, now: datetime) -> dict[str, float]:
        known = self._read(self._of("device", serial, endpoint))
        first = (now - _CODE_LASTS).timestamp()
        return {digest: at for digest, at in known.items() if isinstance(at, float) and at > first}

    def _of(self, kind: str, thing: object, endpoint: Endpoint) -> Path:
        return self._file(kind, f"{thing} {endpoint.url} {endpoint.instance}")

    def _file(self, kind: str, name: str) -> Path:
        return self.folder / f"{kind}-{_digest(name)}.json"

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            found = json.loads(files.read(path) or b"{}")
        except (ValueError, RecursionError, files.FileError):
            return {}
        return found if isinstance(found, dict) else {}

    def _write(self, path: Path, content: dict[str, Any]) -> None:
        # None of it is vital: it may not stand in the way of a session, nor of the error that is being remembered.
        with contextlib.suppress(files.FileError):
            files.replace(path, json.dumps(content).encode())


_SHARED = (RefusedError, UnavailableError, ThrottledError, PersonNeededError, ConfigurationError, HelperError)
_FAILURES = {kind.__name__: kind for kind in _SHARED}


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:32]


def _seconds(value: object) -> timedelta | None:
    return timedelta(seconds=value) if isinstance(value, int | float) and 0 < value < 10**6 else None
