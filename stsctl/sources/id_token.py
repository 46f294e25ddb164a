"""An ID token, read and not verified: what it says, and who it is about.

Sources: RFC 7519 (JSON Web Token), https://openid.net/specs/openid-connect-core-1_0.html (its claims),
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html (the claims that AWS reads)
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime

from stsctl import federation
from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.request import Asker

_AWS = "https://aws.amazon.com/"
_EACH_TIME_ANOTHER = frozenset({"jti", "nonce", "at_hash", "c_hash", "s_hash", "sid", "uti", "rh", "aio"})
"""Claims that say nothing of the subject: ids of the token and of the sign-in (the last three are Microsoft's)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token, and what it claims."""

    content: Secret
    claims: Mapping[str, object] = field(repr=False)

    @property
    def asker(self) -> Asker:
        """Issuer, subject and whatever a trust policy could go by: the texts that are the same in the next token.

        Numbers are left out, most of them times; of structured claims only AWS's own (tags) shape a session.
        """
        about = {name: value for name, value in self.claims.items() if _tells(name, value)}
        return federation.web_identity(about)

    @property
    def audiences(self) -> tuple[str, ...]:
        """Whom it is for: `azp`, which counts first with AWS, and `aud`."""
        said = self.claims.get("aud")
        every = (self.claims.get("azp"), *(said if isinstance(said, list) else [said]))
        return tuple(dict.fromkeys(one for one in every if isinstance(one, str)))

    @property
    def ends_at(self) -> datetime | None:
        """When it expires; None where it does not say."""
        return _instant(self.claims.get("exp"))


def claims_of(text: str) -> dict[str, object] | None:
    """What a token claims; None for what is no token."""
    parts = text.split(".")
    if len(parts) != 3 or not text.isascii():
        return None
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = json.loads(base64.urlsafe_b64decode(padded), object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A claim that is there twice says one thing here, and perhaps another to STS."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("doubles")
    return found


def _tells(name: str, value: object) -> bool:
    if name in _EACH_TIME_ANOTHER:
        return False
    if name.startswith(_AWS):
        return True
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def _instant(value: object) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
