"""Checks what STS answered, so that nothing wrong is ever held."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Secret, Session
from stsctl.errors import RefusedError, StsctlError, UsageError
from stsctl.request import SessionRequest

_KEY_ID = re.compile(r"\w{16,128}", re.ASCII)
_LONGEST = timedelta(hours=36, minutes=10)


def role_session(request: SessionRequest, body: Mapping[str, Any], now: datetime, *, name: str | None) -> Session:
    """The session of a role in an answer; raises StsctlError unless it is of that role, and called `name`."""
    user = body.get("AssumedRoleUser") or {}
    identity = identity_of(text_of(user, "Arn"))
    _check_identity(request, identity, name)
    return Session(
        credentials=session_credentials(body, now),
        request_key=request.cache_key(),
        obtained_at=now,
        identity=identity,
        account_id=identity.account,
        user_id=text_of(user, "AssumedRoleId"),
        source_identity=body.get("SourceIdentity"),
        packed_policy_size=packed_policy_size(body),
    )


def session_credentials(body: Mapping[str, Any], now: datetime) -> Credentials:
    """The temporary credentials of an answer; raises StsctlError for what cannot be any."""
    given = body.get("Credentials") or {}
    key_id = text_of(given, "AccessKeyId")
    expires_at = given.get("Expiration")
    if not _KEY_ID.fullmatch(key_id):
        raise StsctlError("STS's answer has no access key id that could be one: it is not used")
    if not isinstance(expires_at, datetime) or expires_at.tzinfo is None:
        raise StsctlError("STS's answer does not say when its credentials end: it is not used")
    if not timedelta(0) < expires_at - now < _LONGEST:
        raise StsctlError(
            f"STS's answer ends at {expires_at:%Y-%m-%d %H:%M:%S} UTC, which cannot be by this machine's clock",
            hint="compare: date -u",
        )
    return Credentials(
        access_key_id=key_id,
        secret_access_key=Secret(text_of(given, "SecretAccessKey")),
        session_token=Secret(text_of(given, "SessionToken")),
        expires_at=expires_at,
    )


@contextmanager
def explained(meanings: Mapping[str, tuple[str, str]]) -> Iterator[None]:
    """Says of a refusal what its code means, and what to do; what `meanings` does not list stays as it is."""
    try:
        yield
    except RefusedError as error:
        if error.code in meanings:
            error.message, error.hint = meanings[error.code]
        raise


def text_of(part: Mapping[str, Any], name: str) -> str:
    """The text called `name`, which has to be there; what it is never appears in the error."""
    value = part.get(name)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise StsctlError(f"STS's answer has no usable {name}: it is not used")
    return value


def packed_policy_size(body: Mapping[str, Any]) -> int | None:
    """How much of the space for policies and tags is used, in percent, where the answer says it."""
    size = body.get("PackedPolicySize")
    return size if isinstance(size, int) else None


def identity_of(text: str) -> Arn:
    """The ARN that an answer says who it is by; raises StsctlError for what is none."""
    try:
        return Arn.parse(text)
    except UsageError as error:
        raise StsctlError("STS's answer has no usable Arn: it is not used") from error


def _check_identity(request: SessionRequest, identity: Arn, name: str | None) -> None:
    """Never the wrong session: the answer must be for the role and the name that were asked for."""
    role = request.role_arn
    assert role is not None
    wanted = (role.partition, role.account, role.resource_name, name)
    found = (identity.partition, identity.account, identity.session_role, identity.session_name)
    refuse_another(str(role), identity, is_it=found == wanted)


def refuse_another(wanted: str, identity: Arn, *, is_it: bool) -> None:
    """Raises StsctlError unless the answer is of what was asked for."""
    if not is_it:
        raise StsctlError(
            f'asked for "{wanted}", and was answered as "{identity}": the answer is not used',
            hint="check the endpoint: env | grep AWS_ENDPOINT_URL",
        )
