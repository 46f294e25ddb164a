"""Secrets, the credentials made of them, and the session that STS gave.

Nothing here prints a secret: `Secret` shows `Secret(***)` whoever asks, and `.reveal()` is the only way out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NoReturn, SupportsIndex

from stsctl.arn import Arn
from stsctl.dataclass import dataclass


class Secret:
    """A text that does not print, pickle, copy or turn into JSON."""

    __slots__ = ("_text",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "_text", text)

    def reveal(self) -> str:
        """The text itself; called only where it leaves for a store, a client or the person's shell."""
        text: str = object.__getattribute__(self, "_text")
        return text

    def digest(self) -> str:
        """What tells it from another without saying it, in 64 hexadecimal digits; for long random texts only."""
        from stsctl.digest import sha256

        return sha256(self.reveal().encode(errors="surrogatepass")).hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac

        # What the environment holds need not be UTF-8, and an encoding error would carry the text.
        mine, theirs = (secret.reveal().encode(errors="surrogatepass") for secret in (self, other))
        return hmac.compare_digest(mine, theirs)

    def __bool__(self) -> bool:
        return bool(self.reveal())

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Secret cannot be changed")

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a Secret is neither pickled nor copied")

    def __copy__(self) -> NoReturn:
        raise TypeError("a Secret is neither pickled nor copied")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("a Secret is neither pickled nor copied")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What signs a request: a pair of keys and, when they are temporary, a session token and an end.

    `expires_at` is aware (UTC); None says that they last until somebody deletes them.
    """

    access_key_id: str
    secret_access_key: Secret
    session_token: Secret | None = None
    expires_at: datetime | None = None


_CLOCKS_DIFFER = timedelta(minutes=5)
"""As much as AWS itself bears (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What STS answered to one request: credentials, and who they make you.

    `request_key` is the key of the request it answers. `identity` is the ARN that GetCallerIdentity would show, and
    `user_id` its unique id (`AROA…:name`); both are None where the answer does not tell (GetSessionToken's does not).
    `obtained_at` is aware (UTC). `packed_policy_size` is in percent.
    """

    credentials: Credentials
    request_key: str
    obtained_at: datetime
    identity: Arn | None = None
    account_id: str | None = None
    user_id: str | None = None
    source_identity: str | None = None
    packed_policy_size: int | None = None

    @property
    def expires_at(self) -> datetime | None:
        """When the credentials end."""
        return self.credentials.expires_at

    def left_at(self, now: datetime) -> timedelta:
        """How long it will still be valid; `timedelta.max` for one without an end."""
        return timedelta.max if self.expires_at is None else self.expires_at - now

    def fresh_at(self, now: datetime, margin: timedelta) -> bool:
        """Whether at least `margin` is left; of one that comes out of the future nobody can tell."""
        return self.left_at(now) >= margin and now >= self.known_from

    @property
    def known_from(self) -> datetime:
        """When at the earliest it can be: a clock that says less was set back since, and may be wrong."""
        return self.obtained_at - _CLOCKS_DIFFER

    def renewed_below(self) -> timedelta:
        """The time left below which a session that needs no person is renewed."""
        return timedelta(0) if self.expires_at is None else renewed_below(self.expires_at - self.obtained_at)


def renewed_below(life: timedelta) -> timedelta:
    """What is left of a session that lasts `life` when another is due in its place (DESIGN: the table of freshness).

    SDKs ask again below 15 minutes and insist below 10, so a shorter margin would hand out sessions they reject.
    """
    # STS counts from when it answers and in whole seconds, so an hour is a little less by the time it is here.
    minutes = round(life / timedelta(minutes=1))
    if minutes >= 60:
        return timedelta(minutes=20)
    return timedelta(minutes=16) if minutes >= 30 else life / 3


LEAST_LEFT = timedelta(minutes=1)
"""A session whose renewal needs a person is handed out until this much is left."""
