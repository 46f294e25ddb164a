"""Credentials as tools print them in JSON: which of AWS's forms it is, and what it says; no error repeats any of it.

Sources: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html (credential_process),
https://docs.aws.amazon.com/cli/latest/reference/sts/assume-role.html (STS, as the AWS CLI prints it),
https://docs.aws.amazon.com/cli/latest/reference/sso/get-role-credentials.html,
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeGuard

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Secret
from stsctl.errors import UsageError
from stsctl.sources.interface import Given

LONGEST = 100_000
"""Characters that an answer may have; a session token has a few thousand."""


class NoCredentialsError(ValueError):
    """A text that holds no credentials. `why` ends the sentence "what is there …"; `hint` is something to type."""

    def __init__(self, why: str, *, hint: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.hint = hint


def of_process(text: Secret) -> Given:
    """The credentials in the answer of a credential_process; raises NoCredentialsError."""
    return _process(_fields(text))


def saved(text: Secret) -> Given:
    """The credentials in any of the forms; raises NoCredentialsError."""
    fields = _fields(text)
    if isinstance(fields.get("Credentials"), dict):
        return _sts(fields, fields["Credentials"])
    if isinstance(fields.get("roleCredentials"), dict):
        return _sso(fields["roleCredentials"])
    if isinstance(fields.get("AccessKey"), dict):
        raise NoCredentialsError(
            "is a user's access key, which has no end and belongs into the store", hint="stsctl keys add NAME"
        )
    if "accessToken" in fields:
        raise NoCredentialsError("is the token of a sign-in, and no credentials", hint="stsctl sso login NAME")
    return _process(fields)


def of_machine(fields: Mapping[str, Any]) -> Credentials:
    """The credentials in the answer of a machine's own endpoint, which calls the session token Token."""
    return Credentials(
        access_key_id=_text(fields, "AccessKeyId"),
        secret_access_key=Secret(_text(fields, "SecretAccessKey")),
        session_token=Secret(_text(fields, "Token")),
        expires_at=_instant(fields.get("Expiration"), "Expiration"),
    )


def _fields(text: Secret) -> dict[str, Any]:
    content = text.reveal()
    if not content.strip():
        raise NoCredentialsError("is empty")
    if len(content) > LONGEST:
        raise NoCredentialsError(f"has {len(content)} characters, and no answer of AWS's is so long")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise NoCredentialsError("is no JSON object", hint="aws … --output json") from None
    return found


def _process(fields: Mapping[str, Any]) -> Given:
    if fields.get("Version") != 1 or isinstance(fields["Version"], bool):
        raise NoCredentialsError("is in none of the forms that AWS describes: a Version of 1 is missing")
    credentials = Credentials(
        access_key_id=_text(fields, "AccessKeyId"),
        secret_access_key=Secret(_text(fields, "SecretAccessKey")),
        session_token=Secret(_text(fields, "SessionToken")) if fields.get("SessionToken") else None,
        expires_at=_instant(fields["Expiration"], "Expiration") if fields.get("Expiration") else None,
    )
    account = fields.get("AccountId")
    return Given(credentials=credentials, account_id=account if _is_account(account) else None)


def _sts(fields: Mapping[str, Any], given: Mapping[str, Any]) -> Given:
    user = next((fields[name] for name in ("AssumedRoleUser", "FederatedUser") if name in fields), None)
    identity = None if user is None else _identity(user)
    source_identity = fields.get("SourceIdentity")
    return Given(
        credentials=Credentials(
            access_key_id=_text(given, "AccessKeyId"),
            secret_access_key=Secret(_text(given, "SecretAccessKey")),
            session_token=Secret(_text(given, "SessionToken")),
            expires_at=_instant(given.get("Expiration"), "Expiration"),
        ),
        identity=identity,
        account_id=identity.account if identity else None,
        user_id=_user_id(user),
        source_identity=source_identity if _is_text(source_identity) else None,
    )


def _sso(given: Mapping[str, Any]) -> Given:
    """Its end is in milliseconds."""
    credentials = Credentials(
        access_key_id=_text(given, "accessKeyId"),
        secret_access_key=Secret(_text(given, "secretAccessKey")),
        session_token=Secret(_text(given, "sessionToken")),
        expires_at=_instant(given.get("expiration"), "expiration"),
    )
    return Given(credentials=credentials)


def _identity(user: object) -> Arn:
    try:
        return Arn.parse(_text(user if isinstance(user, dict) else {}, "Arn"))
    except UsageError:
        raise NoCredentialsError("has no usable Arn") from None


def _user_id(user: Mapping[str, Any] | None) -> str | None:
    said = (user or {}).get("AssumedRoleId") or (user or {}).get("FederatedUserId")
    return said if _is_text(said) else None


def _instant(value: object, name: str) -> datetime:
    """When credentials end: a text with its offset from UTC, or milliseconds since 1970."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            if found.tzinfo is not None:
                return found.astimezone(UTC)
        elif isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise NoCredentialsError(f"has no usable {name}") from None


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not _is_text(value):
        raise NoCredentialsError(f"has no usable {name}") from None
    return value


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value) and value.isprintable()


def _is_account(value: object) -> bool:
    return isinstance(value, str) and len(value) == 12 and value.isascii() and value.isdigit()
