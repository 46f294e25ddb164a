"""What every operation that issues credentials does alike: session policies looked up, sessions kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from stsctl.arn import Arn
from stsctl.emulator.authorization.authorization import Asked
from stsctl.emulator.authorization.condition_keys import Circumstances
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.policies import inline_session_policy
from stsctl.emulator.directory.principals import IssuedSession, Kind, PolicyText, Role, Tags
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.wire import Result
from stsctl.emulator.sts import packing
from stsctl.emulator.sts.authentication import role_session_arn
from stsctl.emulator.sts.sessions import Sessions, instant
from stsctl.emulator.world import identifiers
from stsctl.emulator.world.regions import GLOBAL
from stsctl.errors import UsageError

_NOT_ACTIVE = (
    "STS is not activated in this region for account:{}. Your account administrator can activate STS in this region "
    "using the IAM Console."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPolicies:
    """The session policies of a request: one inline, others by ARN. `packed` is the PackedPolicySize with the tags."""

    inline: PolicyText | None
    arns: tuple[str, ...]
    packed: int | None


def session_policies(given: Mapping[str, Any], tags: Tags) -> SessionPolicies:
    """The session policies that a request names; raises Refusal for one that is none, and for too many."""
    inline = inline_session_policy(given.get("Policy"))
    arns = tuple(item["arn"] for item in given.get("PolicyArns", ()) if "arn" in item)
    return SessionPolicies(inline=inline, arns=arns, packed=packing.check(inline, arns, tags))


class Issuing:
    """Issues the credentials of sessions."""

    def __init__(self, directory: Directory, sessions: Sessions) -> None:
        self._directory = directory
        self._sessions = sessions

    def policies(self, account: str, asked: SessionPolicies) -> tuple[PolicyText, ...]:
        """All of the session policies; those with an ARN are the account's or AWS's. Raises Refusal where not."""
        found = [asked.inline] if asked.inline else []
        for arn in asked.arns:
            policy = self._directory.managed_policy(account, arn)
            if policy is None:
                raise Refusal("MalformedPolicyDocument", f"Policy {arn} does not exist or is not attachable.", 400)
            found.append(policy)
        return tuple(found)

    def role_session(
        self,
        role: Role,
        asked: Asked,
        policies: SessionPolicies,
        *,
        lasts: timedelta,
        least_size: int = 0,
        chained: bool = False,
        keys: Tags = (),
    ) -> Result:
        """The answer with a new session of `role`; raises Refusal for a session policy that is not to be had.

        `keys` are condition keys that come with every request of the session.
        """
        session = IssuedSession(
            access_key_id=identifiers.access_key_id("ASIA", role.account),
            kind=Kind.SESSION_OF_ROLE,
            account=role.account,
            principal=role.name,
            principal_id=role.id,
            name=asked.session_name,
            issued_at=instant(asked.now),
            expires_at=instant(asked.now) + lasts,
            tags=asked.tags.all,
            transitive=asked.tags.transitive,
            source_identity=asked.source_identity,
            policies=self.policies(role.account, policies),
            chained=chained,
            keys=keys,
        )
        return {
            "Credentials": self.credentials(session, asked, least_size),
            "AssumedRoleUser": {
                "AssumedRoleId": f"{role.id}:{session.name}",
                "Arn": role_session_arn(role.arn, session.name),
            },
            "PackedPolicySize": policies.packed,
            "SourceIdentity": session.source_identity,
        }

    def credentials(self, session: IssuedSession, asked: Circumstances, least_size: int = 0) -> Result:
        """The Credentials of an answer; `least_size` is the least length of the session token, in characters.

        Raises Refusal, RegionDisabledException, where the session's account has no STS in the region that was asked.
        """
        if not self._directory.regions[session.account].has_sts(asked.region):
            raise Refusal("RegionDisabledException", _NOT_ACTIVE.format(session.account), 403)
        if asked.region == GLOBAL:
            session = replace(session, token_version=self._directory.token_versions[session.account])
        credentials = self._sessions.keep(session, now=asked.now, least_size=least_size)
        return {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key.reveal(),
            "SessionToken": credentials.session_token.reveal() if credentials.session_token else None,
            "Expiration": credentials.expires_at,
        }


def parse_role_arn(text: str) -> Arn:
    """The ARN of the role that is asked for; raises Refusal for what is none."""
    try:
        return Arn.parse_role(text)
    except UsageError as error:
        raise Refusal("ValidationError", f"{text} is invalid", 400) from error


def check_duration(length: timedelta, longest: timedelta) -> None:
    """Raises Refusal for a session that is to be longer than its role allows."""
    if length > longest:
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise Refusal("ValidationError", message, 400)
