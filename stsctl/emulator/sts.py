"""The Security Token Service: AssumeRole, GetSessionToken and GetCallerIdentity, with the refusals that AWS has.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/ and the pages that each rule names. Codes and messages are
AWS's own, as people have quoted them in public.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from stsctl.arn import Arn
from stsctl.emulator import authorization, identifiers, packing, parameters, tagging
from stsctl.emulator.authentication import role_session_arn
from stsctl.emulator.directory import Directory
from stsctl.emulator.principals import Caller, IssuedSession, Kind, PolicyText, Role
from stsctl.emulator.refusal import Refusal, access_denied
from stsctl.emulator.sessions import Sessions, instant
from stsctl.emulator.totp import UsedCodes
from stsctl.emulator.wire import Result
from stsctl.errors import UsageError

_HOUR = timedelta(hours=1)
_TWELVE_HOURS = timedelta(hours=12)

_NO_DEVICE = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  "
    "Please verify your MFA serial number is valid and associated with this user."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One signed call to STS; `parameters` are checked already."""

    operation: str
    parameters: Mapping[str, Any]
    caller: Caller
    now: datetime
    source_ip: str
    region: str


class Sts:
    """Answers the calls; what it issues goes to `sessions`, the MFA codes that it takes to `codes`."""

    def __init__(self, directory: Directory, sessions: Sessions, codes: UsedCodes) -> None:
        self._directory = directory
        self._sessions = sessions
        self._codes = codes
        self._operations: dict[str, Callable[[Call], Result]] = {
            "AssumeRole": self._assume_role,
            "GetCallerIdentity": self._get_caller_identity,
            "GetSessionToken": self._get_session_token,
        }

    def check(self, operation: str, version: str | None) -> None:
        """Raises Refusal unless this is an operation that STS has, and the emulator too."""
        if operation not in parameters.operations() or version != parameters.VERSION:
            shown = version or "NO_VERSION_SPECIFIED"
            raise Refusal("InvalidAction", f"Could not find operation {operation[:100]} for version {shown[:50]}", 400)
        if operation not in self._operations:
            raise Refusal("NotImplemented", f"The emulator does not have sts:{operation} yet", 501)

    def answer(self, call: Call) -> Result:
        """The result of a call; raises Refusal."""
        return self._operations[call.operation](call)

    def _get_caller_identity(self, call: Call) -> Result:
        """No permission is needed for it, and none can take it away."""
        return {"UserId": call.caller.user_id, "Account": call.caller.account, "Arn": call.caller.arn}

    def _get_session_token(self, call: Call) -> Result:
        """No permission is needed, only long-term keys. A root's session ends after an hour at most, without a word."""
        caller = call.caller
        if caller.session is not None:
            raise access_denied("Cannot call GetSessionToken with session credentials")
        mfa_at = self._check_mfa(call)
        length = timedelta(seconds=call.parameters.get("DurationSeconds", _TWELVE_HOURS.total_seconds()))
        if caller.kind is Kind.ROOT:
            length = min(length, _HOUR)
        session = IssuedSession(
            access_key_id=identifiers.access_key_id("ASIA", caller.account),
            kind=Kind.SESSION_OF_ROOT if caller.kind is Kind.ROOT else Kind.SESSION_OF_USER,
            account=caller.account,
            principal=caller.user.name if caller.user else "",
            principal_id=caller.user_id,
            issued_at=instant(call.now),
            expires_at=instant(call.now) + length,
            mfa_at=mfa_at,
        )
        return {"Credentials": self._issue(call, session)}

    def _assume_role(self, call: Call) -> Result:
        caller, given = call.caller, call.parameters
        if caller.kind in (Kind.ROOT, Kind.SESSION_OF_ROOT):
            raise access_denied("Roles may not be assumed by root accounts.")
        arn = _role_arn(given["RoleArn"])
        tags = tagging.read(dict(given), caller)
        inline = authorization.session_policy(given.get("Policy"))
        named = tuple(item["arn"] for item in given.get("PolicyArns", ()) if "arn" in item)
        packed = packing.check(inline, named, tags.all)
        mfa_at = self._check_mfa(call)
        role = self._directory.role(arn.account, arn.resource_name)
        asked = authorization.Asked(
            role_arn=str(arn),
            role=role if role is not None and role.arn == str(arn) else None,
            session_name=given["RoleSessionName"],
            tags=tags,
            external_id=given.get("ExternalId"),
            source_identity=_source_identity(call, str(arn)),
            mfa_at=mfa_at,
            now=call.now,
            source_ip=call.source_ip,
            region=call.region,
        )
        role = authorization.assume_role(caller, asked)
        policies = (*((inline,) if inline else ()), *self._managed(role, named))
        session = IssuedSession(
            access_key_id=identifiers.access_key_id("ASIA", role.account),
            kind=Kind.SESSION_OF_ROLE,
            account=role.account,
            principal=role.name,
            principal_id=role.id,
            name=asked.session_name,
            issued_at=instant(call.now),
            expires_at=instant(call.now) + _role_duration(call, role),
            tags=tags.all,
            transitive=tags.transitive,
            source_identity=asked.source_identity,
            policies=policies,
            chained=caller.is_session,
        )
        return {
            "Credentials": self._issue(call, session),
            "AssumedRoleUser": {
                "AssumedRoleId": f"{role.id}:{session.name}",
                "Arn": role_session_arn(role.arn, session.name),
            },
            "PackedPolicySize": packed,
            "SourceIdentity": session.source_identity,
        }

    def _issue(self, call: Call, session: IssuedSession) -> Result:
        least = call.parameters.get("MinimumSessionTokenSize", 0)
        credentials = self._sessions.keep(session, now=call.now, least_size=least)
        return {
            "AccessKeyId": credentials.access_key_id,
            "SecretAccessKey": credentials.secret_access_key.reveal(),
            "SessionToken": credentials.session_token.reveal() if credentials.session_token else None,
            "Expiration": credentials.expires_at,
        }

    def _check_mfa(self, call: Call) -> datetime | None:
        """When the caller's MFA code was checked: now, or None when none was given. A code is used up by it."""
        serial, code = call.parameters.get("SerialNumber"), call.parameters.get("TokenCode")
        if serial is None and code is None:
            return None
        if serial is None or code is None:
            raise access_denied(
                "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
            )
        user = call.caller.user
        device = self._directory.device(call.caller.account, serial) if user and serial in user.devices else None
        if device is None:
            raise access_denied(_NO_DEVICE)
        if not self._codes.use(serial, device.seed, code, call.now):
            raise access_denied("MultiFactorAuthentication failed with invalid MFA one time pass code.")
        return instant(call.now)

    def _managed(self, role: Role, arns: tuple[str, ...]) -> tuple[PolicyText, ...]:
        """The managed session policies, which are those of the role's account or of AWS."""
        found = []
        for arn in arns:
            policy = self._directory.managed_policy(role.account, arn)
            if policy is None:
                raise Refusal("MalformedPolicyDocument", f"Policy {arn} does not exist or is not attachable.", 400)
            found.append(policy)
        return tuple(found)


def _role_arn(text: str) -> Arn:
    try:
        return Arn.parse_role(text)
    except UsageError as error:
        raise Refusal("ValidationError", f"{text} is invalid", 400) from error


def _role_duration(call: Call, role: Role) -> timedelta:
    """How long the role's session may be; raises Refusal for what the role, or the chain's hour, does not allow.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html (role chaining)
    """
    length = timedelta(seconds=call.parameters.get("DurationSeconds", _HOUR.total_seconds()))
    if call.caller.is_session and length > _HOUR:
        raise Refusal(
            "ValidationError",
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.",
            400,
        )
    if length > role.max_duration:
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise Refusal("ValidationError", message, 400)
    return length


def _source_identity(call: Call, role_arn: str) -> str | None:
    """The new session's source identity: once set, it stays through the chain."""
    asked: str | None = call.parameters.get("SourceIdentity")
    if asked is not None and asked.lower().startswith("aws:"):
        raise Refusal("ValidationError", "SourceIdentity must not begin with 'aws:'", 400)
    held = call.caller.session.source_identity if call.caller.session else None
    if held is not None and asked not in (None, held):
        raise access_denied(
            f"User: {call.caller.arn} is not authorized to perform: sts:SetSourceIdentity on resource: {role_arn}",
            because="the session's source identity is set already, and cannot be changed",
        )
    return held or asked
