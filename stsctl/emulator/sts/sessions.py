"""The sessions that STS has issued: made, found again by their token, forgotten when they are over.

Secret and token of a session are derived from its access key id with a key that dies with the emulator, so that a
session costs no more memory than its facts, and an expired one can be told from a forged one after it is forgotten.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import heapq
import hmac
import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from stsctl.credentials import Credentials, Secret
from stsctl.emulator.directory.principals import IssuedSession
from stsctl.emulator.protocol.refusal import Refusal, invalid_token

_MARK = b"stsctl\x00\x01"
_HEAD = len(_MARK) + 8
_LEAST_FILL = 336
"""So much is in the token of a session without tags or policies, as in AWS's."""

_FORGOTTEN_AT_ONCE = 1000


class Sessions:
    """Every session that is not over; safe among threads.

    `key` is what secrets and tokens are derived from; `kept` is told of each session.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)
        self.kept: Callable[[IssuedSession], None] = lambda _: None
        self._lock = threading.Lock()
        self._by_id: dict[str, IssuedSession] = {}
        self._ends: list[tuple[float, str]] = []

    def __len__(self) -> int:
        return len(self._by_id)

    def keep(self, session: IssuedSession, *, now: datetime, least_size: int = 0) -> Credentials:
        """Keeps `session` and gives the credentials that stand for it; forgets the ones that are over.

        `least_size` is the least length of the token, in characters.
        """
        self.forget(now)
        with self._lock:
            self._by_id[session.access_key_id] = session
            heapq.heappush(self._ends, (session.expires_at.timestamp(), session.access_key_id))
        self.kept(session)
        return Credentials(
            access_key_id=session.access_key_id,
            secret_access_key=self.secret(session.access_key_id),
            session_token=Secret(self._token(session, least_size)),
            expires_at=session.expires_at,
        )

    def forget(self, now: datetime) -> None:
        """Lets go of sessions that are over; of very many only some at a time, so that no request waits for it."""
        with self._lock:
            for _ in range(_FORGOTTEN_AT_ONCE):
                if not self._ends or self._ends[0][0] > now.timestamp():
                    break
                self._by_id.pop(heapq.heappop(self._ends)[1], None)
                if not self._by_id:
                    self._by_id.clear()  # or its table would stay as large as it ever was

    def find(self, access_key_id: str, token: str | None, now: datetime) -> IssuedSession:
        """The session behind a temporary key and its token.

        Raises Refusal: ExpiredToken for one that is over, InvalidClientTokenId for one that this emulator never gave.
        """
        expires_at = self._opened(access_key_id, token or "")
        if expires_at <= now.timestamp():
            raise Refusal("ExpiredToken", "The security token included in the request is expired", 403)
        session = self._by_id.get(access_key_id)
        if session is None:
            raise invalid_token()
        return session

    def secret(self, access_key_id: str) -> Secret:
        """The secret access key that belongs to a temporary key id."""
        return Secret(base64.b64encode(self._derived(b"secret", access_key_id, 0, 30)).decode())

    def _token(self, session: IssuedSession, least_size: int) -> str:
        content = sum(len(key) + len(value) for key, value in session.tags) + sum(
            len(policy.text) for policy in session.policies
        )
        fill = max(_LEAST_FILL + content // 2, least_size * 3 // 4 - _HEAD + 3)
        fill += -(fill + _HEAD) % 3
        expires = int(session.expires_at.timestamp())
        sealed = self._derived(b"token", session.access_key_id, expires, fill)
        return base64.b64encode(_MARK + expires.to_bytes(8, "big") + sealed).decode()

    def _opened(self, access_key_id: str, token: str) -> int:
        """When the token's session ends, as seconds since 1970; raises Refusal for a token that is not ours."""
        try:
            content = base64.b64decode(token.encode("ascii", "replace"), validate=True)
        except (binascii.Error, ValueError) as error:
            raise invalid_token() from error
        fill = content[_HEAD:]
        expires = int.from_bytes(content[len(_MARK) : _HEAD], "big")
        if len(fill) < _LEAST_FILL or not content.startswith(_MARK):
            raise invalid_token()
        if not hmac.compare_digest(self._derived(b"token", access_key_id, expires, len(fill)), fill):
            raise invalid_token()
        return expires

    def _derived(self, purpose: bytes, access_key_id: str, number: int, length: int) -> bytes:
        """Bytes that only this emulator can make, different for every purpose, key, number and length."""
        facts = b"\x00".join(
            [purpose, access_key_id.encode("utf-8", "surrogateescape"), b"%d" % number, b"%d" % length]
        )
        return hashlib.shake_256(self._key + facts).digest(length)


def instant(now: datetime) -> datetime:
    """`now` in whole seconds, as AWS's credentials end."""
    return now.astimezone(UTC).replace(microsecond=0)
