"""The Security Token Service: its signed operations, with the refusals that AWS has.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/ and the pages that each rule names. Codes and messages are
AWS's own, as people have quoted them in public.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from stsctl.emulator.authorization import tagging
from stsctl.emulator.authorization.authorization import Asked, Authorization
from stsctl.emulator.authorization.messages import Messages
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.principals import IssuedSession, Kind, Role
from stsctl.emulator.directory.totp import UsedCodes
from stsctl.emulator.protocol.refusal import Refusal, access_denied
from stsctl.emulator.protocol.wire import Result
from stsctl.emulator.sts import provided_contexts, shapes
from stsctl.emulator.sts.call import Call
from stsctl.emulator.sts.federated_roles import FederatedRoles, UnsignedCall
from stsctl.emulator.sts.federation import get_federation_token
from stsctl.emulator.sts.issuing import Issuing, check_duration, parse_role_arn, session_policies
from stsctl.emulator.sts.sessions import instant
from stsctl.emulator.world import identifiers

_HOUR = timedelta(hours=1)
_TWELVE_HOURS = timedelta(hours=12)

_NO_DEVICE = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  "
    "Please verify your MFA serial number is valid and associated with this user."
)


_FOR_SESSIONS = {
    Kind.SESSION_OF_ROOT: frozenset({"AssumeRole", "GetCallerIdentity"}),
    Kind.SESSION_OF_USER: frozenset({"AssumeRole", "GetCallerIdentity"}),
    Kind.ASSUMED_ROOT: frozenset({"GetCallerIdentity"}),
    Kind.FEDERATED_USER: frozenset({"GetCallerIdentity"}),
}
"""What these kinds of temporary credentials may call; a role's may call all but what wants long-term keys.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
"""
_LONG_TERM_ONLY = frozenset({"GetFederationToken", "GetSessionToken"})


class Sts:
    """Answers the calls; the MFA codes that it takes go to `codes`, and others answer the `further` operations."""

    def __init__(
        self,
        directory: Directory,
        authorization: Authorization,
        issuing: Issuing,
        codes: UsedCodes,
        further: Mapping[str, Callable[[Call], Result]],
    ) -> None:
        self._directory = directory
        self._authorization = authorization
        self._codes = codes
        self._issuing = issuing
        self.messages = Messages()
        self._operations: dict[str, Callable[[Call], Result]] = {
            "AssumeRole": self._assume_role,
            "DecodeAuthorizationMessage": self._decode_authorization_message,
            "GetAccessKeyInfo": self._get_access_key_info,
            "GetCallerIdentity": self._get_caller_identity,
            "GetDelegatedAccessToken": self._get_delegated_access_token,
            "GetFederationToken": lambda call: get_federation_token(call, self._issuing, authorization),
            "GetSessionToken": self._get_session_token,
            **further,
        }
        roles = FederatedRoles(directory, authorization, self._issuing)
        self._unsigned: dict[str, Callable[[UnsignedCall], Result]] = {
            "AssumeRoleWithSAML": roles.with_saml,
            "AssumeRoleWithWebIdentity": roles.with_web_identity,
        }

    def check(self, operation: str, version: str | None) -> None:
        """Raises Refusal unless this is an operation that STS has, and the emulator too."""
        if operation not in shapes.operations() or version != shapes.VERSION:
            shown = version or "NO_VERSION_SPECIFIED"
            raise Refusal("InvalidAction", f"Could not find operation {operation[:100]} for version {shown[:50]}", 400)
        if operation not in self._operations and operation not in self._unsigned:
            raise Refusal("NotImplemented", f"The emulator does not have sts:{operation} yet", 501)

    def answer(self, call: Call) -> Result:
        """The result of a call; raises Refusal."""
        try:
            _check_credentials(call)
            return self._operations[call.operation](call)
        except Refusal as refusal:
            if refusal.decision is not None:
                refusal.encoded = self.messages.seal(refusal.decision, call.caller.account)
            raise

    def answer_unsigned(self, call: UnsignedCall) -> Result:
        """The result of a call that nobody signs; raises Refusal."""
        try:
            return self._unsigned[call.operation](call)
        except Refusal as refusal:
            if refusal.decision is not None:
                account = call.parameters["RoleArn"].split(":")[4]
                refusal.encoded = self.messages.seal(refusal.decision, account)
            raise

    def _decode_authorization_message(self, call: Call) -> Result:
        self._authorization.allow(call, "sts:DecodeAuthorizationMessage")
        return {"DecodedMessage": self.messages.open(call.parameters["EncodedMessage"], call.caller.account)}

    def _get_access_key_info(self, call: Call) -> Result:
        """Whose a key is, of this emulator or not: the id of a key tells its account."""
        self._authorization.allow(call, "sts:GetAccessKeyInfo")
        asked = call.parameters["AccessKeyId"]
        known = self._directory.key(asked)
        account = known.account if known else identifiers.account_of(asked)
        if account is None:
            raise Refusal("ValidationError", f"{asked} is not a valid access key ID", 400)
        return {"Account": account}

    def _get_caller_identity(self, call: Call) -> Result:
        """No permission is needed for it, and none can take it away."""
        return {"UserId": call.caller.user_id, "Account": call.caller.account, "Arn": call.caller.arn}

    def _get_delegated_access_token(self, call: Call) -> Result:
        """Nobody hands out trade-in tokens here, so that every one is of a kind that AWS takes no more."""
        self._authorization.allow(call, "sts:GetDelegatedAccessToken")
        raise Refusal("ExpiredTradeInTokenException", "The trade-in token provided in the request has expired", 400)

    def _get_session_token(self, call: Call) -> Result:
        """No permission is needed, only long-term keys. A root's session ends after an hour at most, without a word."""
        caller = call.caller
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
        return {"Credentials": self._issuing.credentials(session, call, _least_size(call))}

    def _assume_role(self, call: Call) -> Result:
        caller, given = call.caller, call.parameters
        if caller.kind in (Kind.ROOT, Kind.SESSION_OF_ROOT):
            raise access_denied("Roles may not be assumed by root accounts.")
        arn = parse_role_arn(given["RoleArn"])
        tags = tagging.read(dict(given), caller)
        policies = session_policies(given, tags.all)
        mfa_at = self._check_mfa(call)
        role = self._directory.role(arn.account, arn.resource_name) if arn.partition == caller.partition else None
        asked = Asked(
            role_arn=str(arn),
            role=role if role is not None and role.arn == str(arn) else None,
            session_name=given["RoleSessionName"],
            tags=tags,
            external_id=given.get("ExternalId"),
            source_identity=_source_identity(call, str(arn)),
            context_providers=provided_contexts.providers(given, caller.partition),
            mfa_at=mfa_at,
            now=call.now,
            source_ip=call.source_ip,
            region=call.region,
        )
        role = self._authorization.assume_role(caller, asked)
        provided_contexts.verify(asked.context_providers)
        return self._issuing.role_session(
            role,
            asked,
            policies,
            lasts=_role_duration(call, role),
            least_size=_least_size(call),
            chained=caller.is_session,
        )

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
        if not self._codes.use(serial, device.seed, code, call.wall_at):
            raise access_denied("MultiFactorAuthentication failed with invalid MFA one time pass code.")
        return instant(call.now)


def _check_credentials(call: Call) -> None:
    """Raises Refusal where credentials of this kind cannot call the operation, whatever policies say."""
    kind = call.caller.kind
    if call.caller.session is None:
        return
    allowed = None if call.caller.session.signed_in else _FOR_SESSIONS.get(kind)
    if call.operation not in allowed if allowed is not None else call.operation in _LONG_TERM_ONLY:
        raise access_denied(f"Cannot call {call.operation} with session credentials")


def _least_size(call: Call) -> int:
    size: int = call.parameters.get("MinimumSessionTokenSize", 0)
    return size


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
    check_duration(length, role.max_duration)
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
