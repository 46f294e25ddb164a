"""Where SDKs and the AWS CLI keep the tokens of Identity Center: a file for each, which they read and refresh.

Its form is botocore's (tokens.py, utils.py: SSOTokenLoader):
https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.host import files
from stsctl.sign_in import Registration, SignIn, new_id

_LARGEST = 100_000
_FORM = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedToken:
    """The file of an `[sso-session NAME]`, or of a start URL where there is no such name, in `folder`."""

    folder: Path
    start_url: str
    region: str
    session_name: str | None
    now: Callable[[], datetime]

    @property
    def path(self) -> Path:
        """Where it is."""
        name = self.session_name if self.session_name is not None else self.start_url
        return self.folder / f"{hashlib.sha1(name.encode(), usedforsecurity=False).hexdigest()}.json"

    def read(self) -> SignIn | None:
        """The sign-in that somebody left there; None for a file that is none, or for another Identity Center.

        When it was made is not in it: it counts as made now, and as nobody's before.
        """
        content = files.read(self.path)
        if content is None or len(content) > _LARGEST:
            return None
        try:
            return self._sign_in(json.loads(content))
        except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
            return None

    def write(self, sign_in: SignIn) -> None:
        """Leaves the sign-in there, for its owner alone; raises FileError."""
        client = sign_in.client
        said: dict[str, str | None] = {
            "startUrl": self.start_url,
            "region": self.region,
            "accessToken": sign_in.token.reveal(),
            "expiresAt": sign_in.ends_at.astimezone(UTC).strftime(_FORM),
            "clientId": client.client_id if client else None,
            "clientSecret": client.secret.reveal() if client and client.secret else None,
            "registrationExpiresAt": client.ends_at.astimezone(UTC).strftime(_FORM)
            if client and client.ends_at
            else None,
            "refreshToken": sign_in.refresh_token.reveal() if sign_in.refresh_token else None,
        }
        content = json.dumps({name: value for name, value in said.items() if value is not None})
        files.replace(self.path, content.encode())

    def remove(self) -> bool:
        """Takes it away; False where there was none. Raises FileError."""
        return files.remove(self.path)

    def _sign_in(self, said: Any) -> SignIn | None:
        # Two sessions of one name, in two configurations, would share the file.
        if (said["startUrl"], said["region"]) != (self.start_url, self.region):
            return None
        client = None
        if isinstance(said.get("clientId"), str):
            client = Registration(
                client_id=said["clientId"],
                secret=Secret(_text(said, "clientSecret")),
                ends_at=_instant(said, "registrationExpiresAt"),
            )
        return SignIn(
            authority="",
            id=new_id(),
            token=Secret(_text(said, "accessToken")),
            ends_at=_instant(said, "expiresAt"),
            signed_in_at=self.now(),
            refresh_token=Secret(_text(said, "refreshToken")) if client and "refreshToken" in said else None,
            client=client,
        )


def _text(said: dict[str, Any], name: str) -> str:
    value = said[name]
    if not isinstance(value, str) or not value.isprintable():
        raise TypeError
    return value


def _instant(said: dict[str, Any], name: str) -> datetime:
    """An instant as botocore writes it (`…Z`), or as the AWS CLI used to (`…UTC`)."""
    instant = datetime.fromisoformat(_text(said, name).replace("UTC", "+00:00"))
    if instant.tzinfo is None:
        raise ValueError
    return instant
