"""From a signed request to the one who signed it."""

from __future__ import annotations

from datetime import datetime

from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.principals import Caller, IssuedSession, Kind, LongTermKey
from stsctl.emulator.protocol import signature
from stsctl.emulator.protocol.claim import Claim
from stsctl.emulator.protocol.refusal import Refusal, invalid_token
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.sts.sessions import Sessions
from stsctl.emulator.world.regions import is_opt_in


class Authentication:
    """Knows whose every access key is: the long-term ones of the directory, the temporary ones of STS."""

    def __init__(self, directory: Directory, sessions: Sessions) -> None:
        self._directory = directory
        self._sessions = sessions

    def caller(self, request: Request, claim: Claim, *, now: datetime, wall_at: datetime) -> Caller:
        """Who signed `request`; raises Refusal for anybody that AWS would not know, and for a wrong signature.

        Sessions end by the emulator's present `now`, signatures are checked by the machine's.
        """
        self._sessions.forget(min(now, wall_at))  # a clock that was moved ahead may be put back
        if claim.access_key_id.startswith("ASIA"):
            session = self._sessions.find(claim.access_key_id, claim.session_token, now)
            if session.token_version == 1 and is_opt_in(claim.region):
                raise invalid_token()
            self._check_region(session.account, claim.region)
            signature.verify(request, claim, self._sessions.secret(session.access_key_id), wall_at)
            return self.behind(session)
        key = self._directory.key(claim.access_key_id)
        if key is None or not key.active or claim.session_token is not None:
            raise invalid_token()
        self._check_region(key.account, claim.region)
        signature.verify(request, claim, key.secret, wall_at)
        return self.owner(key)

    def owner(self, key: LongTermKey) -> Caller:
        """Whose long-term keys these are."""
        if key.user is None:
            return self._root(key.account)
        return self._user(key.account, key.user)

    def behind(self, session: IssuedSession) -> Caller:
        """Who holds `session`; raises Refusal when the role or user behind it is gone."""
        match session.kind:
            case Kind.SESSION_OF_ROOT | Kind.ASSUMED_ROOT:
                return self._root(session.account, session)
            case Kind.SESSION_OF_USER:
                caller = self._user(session.account, session.principal, session)
                if caller.user_id != session.principal_id:
                    raise invalid_token()
                return caller
            case Kind.SESSION_OF_ROLE:
                return self._role(session)
            case Kind.FEDERATED_USER:
                return self._federated(session)
            case Kind.ROOT | Kind.USER:
                raise ValueError("long-term keys are no session")

    def _user(self, account: str, name: str, session: IssuedSession | None = None) -> Caller:
        user = self._directory.user(account, name)
        if user is None:
            raise invalid_token()
        kind = Kind.USER if session is None else Kind.SESSION_OF_USER
        return Caller(kind=kind, account=account, arn=user.arn, user_id=user.id, user=user, session=session)

    def _root(self, account: str, session: IssuedSession | None = None) -> Caller:
        kind = Kind.ROOT if session is None else session.kind
        arn = f"arn:{self._directory.regions[account].partition}:iam::{account}:root"
        return Caller(kind=kind, account=account, arn=arn, user_id=account, session=session)

    def _check_region(self, account: str, region: str) -> None:
        """Raises Refusal in a region that does not know the account: it is of another partition, or not enabled."""
        if not self._directory.regions[account].takes_credentials(region):
            raise invalid_token()

    def _federated(self, session: IssuedSession) -> Caller:
        user = self._directory.user(session.account, session.principal) if session.principal else None
        if session.principal and (user is None or user.id != session.principal_id):
            raise invalid_token()
        return Caller(
            kind=Kind.FEDERATED_USER,
            account=session.account,
            arn=f"arn:{self._directory.regions[session.account].partition}:sts::{session.account}:federated-user/{session.name}",
            user_id=f"{session.account}:{session.name}",
            user=user,
            session=session,
        )

    def _role(self, session: IssuedSession) -> Caller:
        role = self._directory.role_with_id(session.account, session.principal_id)
        if role is None:
            raise invalid_token()
        return Caller(
            kind=Kind.SESSION_OF_ROLE,
            account=session.account,
            arn=role_session_arn(role.arn, session.name),
            user_id=f"{role.id}:{session.name}",
            role=role,
            session=session,
        )


def role_session_arn(role_arn: str, session_name: str) -> str:
    """The ARN of a role's session: it has the role's name, and lost its path."""
    _, partition, _, _, account, resource = role_arn.split(":", 5)
    return f"arn:{partition}:sts::{account}:assumed-role/{resource.rsplit('/', 1)[-1]}/{session_name}"


def may_call_iam(caller: Caller) -> bool:
    """Whether IAM's API takes these credentials: those of GetSessionToken only when an MFA code was given for them.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
    """
    if caller.session is None or caller.kind in (Kind.SESSION_OF_ROLE, Kind.ASSUMED_ROOT):
        return True
    return caller.session.mfa_at is not None or caller.session.signed_in


def missing_signature() -> Refusal:
    """What AWS says to a request that nobody signed."""
    return Refusal("MissingAuthenticationToken", "Request is missing Authentication Token", 403)
