"""Roles for AWS's services: an instance's, a task's, a function's. The trust policy alone decides, and it is asked.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html (service roles). A role's
MaxSessionDuration does not limit what services assume, and no chain begins with them:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-settings.html.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from stsctl.credentials import Credentials
from stsctl.emulator.authorization.authorization import Asked, Authorization
from stsctl.emulator.authorization.condition_keys import Context
from stsctl.emulator.authorization.tagging import SessionTags
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.principals import IssuedSession, Kind, Role, Tags
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.sts.sessions import Sessions, instant
from stsctl.emulator.world import identifiers

_LASTS = timedelta(hours=6)
"""As the credentials that people read from instances and tasks; AWS's pages do not say."""
_RENEWED_BEFORE = timedelta(minutes=20)
"""AWS promises new ones "at least five minutes before the expiration of the old". SDKs ask again below fifteen minutes,
and believe the service to be out of order when they get the same.

Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """How a service takes a role: for what, and with which condition keys.

    `keys` are those of the AssumeRole itself, which the trust policy sees; `delivered` those of every request that is
    made with the credentials. `tags` are session tags, all of them transitive.
    """

    service: str
    session_name: str
    region: str
    keys: Tags = ()
    delivered: Tags = ()
    tags: Tags = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The credentials that a workload has now, of which role, and since when."""

    credentials: Credentials
    role: Role
    since: datetime


class ServiceRoles:
    """Gives roles to services that they trust."""

    def __init__(self, directory: Directory, authorization: Authorization, sessions: Sessions) -> None:
        self._directory = directory
        self._authorization = authorization
        self._sessions = sessions

    def check(self, account: str, name: str, assumption: Assumption, now: datetime) -> Role:
        """The role, where the service may assume it; raises Refusal, with the statements in `because`."""
        role = self._directory.role(account, name)
        asked = Asked(
            role_arn=role.arn if role else f"arn:aws:iam::{account}:role/{name}",
            role=role,
            session_name=assumption.session_name,
            tags=SessionTags(passed=assumption.tags, passed_transitive=_keys(assumption.tags), inherited=()),
            external_id=None,
            source_identity=None,
            mfa_at=None,
            now=now,
            source_ip="",  # a service has none that a policy could know
            region=assumption.region,
        )
        keys: Context = dict(assumption.keys)
        return self._authorization.assume_unsigned("sts:AssumeRole", assumption.service, keys, asked)

    def assume(self, account: str, name: str, assumption: Assumption, now: datetime) -> Delivered:
        """New credentials of the role; raises Refusal."""
        role = self.check(account, name, assumption, now)
        session = IssuedSession(
            access_key_id=identifiers.access_key_id("ASIA", role.account),
            kind=Kind.SESSION_OF_ROLE,
            account=role.account,
            principal=role.name,
            principal_id=role.id,
            name=assumption.session_name,
            issued_at=instant(now),
            expires_at=instant(now) + _LASTS,
            tags=assumption.tags,
            transitive=_keys(assumption.tags),
            keys=assumption.delivered,
        )
        return Delivered(credentials=self._sessions.keep(session, now=now), role=role, since=instant(now))

    def lasts(self, held: Delivered, account: str, name: str, now: datetime) -> bool:
        """Whether `held` still stands for the role of this name: nobody has deleted that, nor forgotten the session."""
        token = held.credentials.session_token
        try:
            session = self._sessions.find(held.credentials.access_key_id, token.reveal() if token else None, now)
        except Refusal:
            return False
        role = self._directory.role_with_id(account, session.principal_id)
        return role is not None and role.name == name


class Rotation:
    """The credentials of one workload, with new ones in their place before they end; safe among threads."""

    def __init__(self, roles: ServiceRoles, assumption: Assumption) -> None:
        self._roles = roles
        self._assumption = assumption
        self._lock = threading.Lock()
        self._held: Delivered | None = None

    def credentials(self, account: str, role: str, now: datetime) -> Delivered:
        """What the workload has now. Raises Refusal where nothing is left and the role is not to be had any more."""
        with self._lock:
            held = self._held
            if held is not None and not self._roles.lasts(held, account, role, now):
                held = None
            if held is not None and _is_fresh(held, now):
                return held
            try:
                self._held = self._roles.assume(account, role, self._assumption, now)
            except Refusal:
                if held is None:
                    raise
                return held
            return self._held


def _is_fresh(held: Delivered, now: datetime) -> bool:
    ends_at = held.credentials.expires_at
    return ends_at is not None and held.since <= now < ends_at - _RENEWED_BEFORE


def _keys(tags: Tags) -> tuple[str, ...]:
    return tuple(key for key, _ in tags)
