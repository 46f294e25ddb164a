"""A person's sign-in at an authority (an Identity Center, an OIDC issuer): a token, and who it was that signed in.

Signing in anew, even as the same person, is another sign-in with another id; refreshing its token is the same one. So
what was obtained by a sign-in is found by its id, and never handed to whoever signs in next.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from stsctl.credentials import Secret
from stsctl.dataclass import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What an authority knows this client by; `secret` is None for a public client, `ends_at` where it never ends."""

    client_id: str
    secret: Secret | None = None
    ends_at: datetime | None = None

    def lasts_at(self, now: datetime, margin: timedelta) -> bool:
        """Whether at least `margin` is left of it."""
        return self.ends_at is None or self.ends_at - now >= margin


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """What an authority gave when a person signed in, or when that was refreshed.

    `authority` is the key of what gave it, `client` whom it was given to. `about` says who signed in, where the
    authority tells it; it is no secret.
    """

    authority: str
    id: str
    token: Secret
    ends_at: datetime
    signed_in_at: datetime
    refresh_token: Secret | None = None
    client: Registration | None = None
    about: str | None = None

    def lasts_at(self, now: datetime, margin: timedelta) -> bool:
        """Whether the token is good for at least `margin`."""
        return self.ends_at - now >= margin


def at_identity_center(start_url: str, region: str, scopes: tuple[str, ...], instance: str | None) -> str:
    """The key of an Identity Center as an authority; `instance` is the id of the emulator that plays it."""
    return " ".join(("identity-center", start_url, region, *sorted(scopes), instance or "")).rstrip()


def at_issuer(url: str, client_id: str, scopes: tuple[str, ...], instance: str | None) -> str:
    """The key of an OIDC issuer as an authority, for what is asked of it; `instance` as above."""
    return " ".join(("oidc", url, client_id, *sorted(scopes), instance or "")).rstrip()


def new_id() -> str:
    """The id of a sign-in that has just been made."""
    import secrets

    return secrets.token_hex(16)
