"""Sessions, sign-ins and long-term keys as the texts that a store keeps, and back.

What comes back is checked as strictly as if a stranger had written it: a text that is corrupt, foreign, of another
version, or the answer to another request is no session.
"""

from __future__ import annotations

from datetime import datetime

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Secret, Session
from stsctl.dataclass import dataclass
from stsctl.rotation import Rotation
from stsctl.sign_in import Registration, SignIn
from stsctl.stores import records
from stsctl.stores.interface import Kind

_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A virtual MFA device that was made and may not be enabled yet; AWS told its seed once."""

    serial: str
    seed: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTermKeys:
    """A user's access keys and what GetCallerIdentity said of them when they were added.

    `identity` is the user's ARN; `mfa_serial` the user's MFA device, where one is known, and `mfa_seed` its seed, where
    the person wants it here; `rotation` how far their rotation is, and `enrolment` that of a device whose seed is to be
    kept, where one has begun.
    """

    name: str
    credentials: Credentials
    identity: Arn
    account_id: str
    added_at: datetime
    mfa_serial: str | None = None
    mfa_seed: Secret | None = None
    rotation: Rotation | None = None
    enrolment: Enrolment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _SessionRecord:
    session: Session
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeysRecord:
    keys: LongTermKeys
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _SignInRecord:
    sign_in: SignIn
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _RegistrationRecord:
    authority: str
    registration: Registration
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _ManifestRecord:
    items: tuple[tuple[Kind, str], ...]
    version: int


def session_text(session: Session) -> Secret:
    """A session as a store keeps it."""
    return Secret(records.render(_SessionRecord(session=session, version=_VERSION)))


def parse_session(text: Secret, request_key: str) -> Session | None:
    """The session that `text` holds, if it answers the request with that key."""
    record = records.parse(_SessionRecord, text.reveal())
    if record is None or record.version != _VERSION or record.session.request_key != request_key:
        return None
    return record.session


def keys_text(keys: LongTermKeys) -> Secret:
    """Long-term keys as a store keeps them."""
    return Secret(records.render(_KeysRecord(keys=keys, version=_VERSION)))


def parse_keys(text: Secret, name: str) -> LongTermKeys | None:
    """The keys that `text` holds, if they were added under that name."""
    record = records.parse(_KeysRecord, text.reveal())
    if record is None or record.version != _VERSION or record.keys.name != name:
        return None
    return record.keys


def sign_in_text(sign_in: SignIn) -> Secret:
    """A sign-in as a store keeps it."""
    return Secret(records.render(_SignInRecord(sign_in=sign_in, version=_VERSION)))


def parse_sign_in(text: Secret, authority: str) -> SignIn | None:
    """The sign-in that `text` holds, if it is one at that authority."""
    record = records.parse(_SignInRecord, text.reveal())
    if record is None or record.version != _VERSION or record.sign_in.authority != authority:
        return None
    return record.sign_in


def registration_text(registration: Registration, authority: str) -> Secret:
    """A registration as a store keeps it, for one authority."""
    return Secret(records.render(_RegistrationRecord(authority=authority, registration=registration, version=_VERSION)))


def parse_registration(text: Secret, authority: str) -> Registration | None:
    """The registration that `text` holds, if it is one at that authority."""
    record = records.parse(_RegistrationRecord, text.reveal())
    if record is None or record.version != _VERSION or record.authority != authority:
        return None
    return record.registration


def manifest_text(items: frozenset[tuple[Kind, str]]) -> Secret:
    """A manifest as a store keeps it."""
    ordered = tuple(sorted(items, key=lambda item: (item[0].value, item[1])))
    return Secret(records.render(_ManifestRecord(items=ordered, version=_VERSION)))


def parse_manifest(text: Secret) -> frozenset[tuple[Kind, str]] | None:
    """The items that a manifest lists."""
    record = records.parse(_ManifestRecord, text.reveal())
    return frozenset(record.items) if record is not None and record.version == _VERSION else None
