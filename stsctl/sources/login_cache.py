"""Where the AWS CLI and the SDKs keep sessions of `aws login`: a file for each, which they read and refresh.

Its form is botocore's (utils.py: LoginTokenLoader; credentials.py: LoginCredentialFetcher):
https://docs.aws.amazon.com/sdkref/latest/guide/feature-login-credentials.html
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Secret
from stsctl.dataclass import dataclass
from stsctl.host import files
from stsctl.sources.interface import Given

_LARGEST = 100_000
_FORM = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginCache:
    """The files in `folder`, by the digests that `key_of` gives; botocore uses it as a dictionary of its own.

    A file that is none of this is not there. Writing raises FileError.
    """

    folder: Path

    def __contains__(self, key: str) -> bool:
        return self._read(key) is not None

    def __getitem__(self, key: str) -> dict[str, Any]:
        found = self._read(key)
        if found is None:
            raise KeyError(key)
        return found

    def __setitem__(self, key: str, token: dict[str, Any]) -> None:
        files.replace(self._path(key), json.dumps(token).encode())

    def remove(self, key: str) -> bool:
        """Takes a file away; False where there was none. Raises FileError."""
        return files.remove(self._path(key))

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"

    def _read(self, key: str) -> dict[str, Any] | None:
        content = files.read(self._path(key))
        if content is None or len(content) > _LARGEST:
            return None
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None


def key_of(login_session: Arn) -> str:
    """The name of the file for a session, which is called by the ARN of who signed in."""
    return hashlib.sha256(str(login_session).encode()).hexdigest()


def given(token: dict[str, Any], login_session: Arn) -> Given | None:
    """The credentials in a file; None where it is not as botocore writes it."""
    try:
        access, names = token["accessToken"], ("accessKeyId", "secretAccessKey", "sessionToken")
        key_id, secret, session_token = (_text(access[name]) for name in names)
        expires_at = datetime.fromisoformat(_text(access["expiresAt"])).astimezone(UTC)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    credentials = Credentials(
        access_key_id=key_id,
        secret_access_key=Secret(secret),
        session_token=Secret(session_token),
        expires_at=expires_at,
    )
    return Given(credentials=credentials, identity=login_session, account_id=login_session.account)


def token_of(
    answer: dict[str, Any], *, login_session: Arn, client_id: str, key: Secret, at: datetime
) -> dict[str, Any]:
    """The file for what AWS Sign-In answered at an instant of this machine's time; raises ValueError for no answer.

    `key` is the one that the refresh token is bound to.
    """
    access, lasts = answer["accessToken"], answer["expiresIn"]
    if not isinstance(lasts, int) or not 0 < lasts <= timedelta(hours=12).total_seconds():
        raise ValueError("no end")
    return {
        "accessToken": {
            **{name: _text(access[name]) for name in ("accessKeyId", "secretAccessKey", "sessionToken")},
            "accountId": login_session.account,
            "expiresAt": (at + timedelta(seconds=lasts)).astimezone(UTC).strftime(_FORM),
        },
        "tokenType": _text(answer["tokenType"]),
        "clientId": client_id,
        "refreshToken": _text(answer["refreshToken"]),
        "idToken": _text(answer["idToken"]),
        "dpopKey": key.reveal(),
    }


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ValueError("no text")
    return value
