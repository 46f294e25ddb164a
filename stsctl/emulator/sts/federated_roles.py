"""Roles for those whom an identity provider vouches for, with calls that nobody signs.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html and
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from stsctl.arn import Arn
from stsctl.emulator.authorization import tagging
from stsctl.emulator.authorization.authorization import Asked, Authorization
from stsctl.emulator.authorization.condition_keys import Context
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.protocol.refusal import Refusal, access_denied
from stsctl.emulator.protocol.wire import Result
from stsctl.emulator.sts import parameters, saml, web_identity
from stsctl.emulator.sts.issuing import Issuing, check_duration, parse_role_arn, session_policies
from stsctl.emulator.sts.saml import SamlIdentity
from stsctl.emulator.sts.sessions import instant

_TAG = "PrincipalTag:"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedCall:
    """One call to STS that nobody signed; `parameters` are checked already."""

    operation: str
    parameters: Mapping[str, Any]
    now: datetime
    source_ip: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouched:
    """What a provider says of somebody; `provider` is its ARN, `keys` the condition keys.

    `default` is how long the session is where the call does not say, `ends_at` when it is over at the latest.
    """

    provider: str
    session_name: str
    keys: Context
    tags: tuple[tuple[str, str], ...]
    transitive: tuple[str, ...]
    source_identity: str | None
    default: timedelta = timedelta(hours=1)
    ends_at: datetime | None = None


class FederatedRoles:
    """Gives roles to those with a token of a provider that the role's account knows."""

    def __init__(self, directory: Directory, authorization: Authorization, issuing: Issuing) -> None:
        self._directory = directory
        self._authorization = authorization
        self._issuing = issuing

    def with_web_identity(self, call: UnsignedCall) -> Result:
        """Answers AssumeRoleWithWebIdentity; raises Refusal."""
        arn = parse_role_arn(call.parameters["RoleArn"])
        token = call.parameters["WebIdentityToken"]
        issuer = web_identity.issuer_of(token)
        provider = self._directory.oidc_provider(arn.account, issuer)
        if provider is None:
            message = f"No OpenIDConnect provider found in your account for {issuer[:300]}"
            raise Refusal("InvalidIdentityToken", message, 400)
        identity = web_identity.verify(token, provider, call.now)
        vouched = Vouched(
            provider=provider.arn,
            session_name=call.parameters["RoleSessionName"],
            keys=identity.keys,
            tags=identity.tags,
            transitive=identity.transitive,
            source_identity=identity.source_identity,
        )
        return {
            "SubjectFromWebIdentityToken": identity.subject,
            "Audience": identity.audience,
            "Provider": provider.arn,
            **self._assume(call, arn, vouched),
        }

    def with_saml(self, call: UnsignedCall) -> Result:
        """Answers AssumeRoleWithSAML; raises Refusal."""
        arn, named = parse_role_arn(call.parameters["RoleArn"]), call.parameters["PrincipalArn"]
        provider = self._directory.saml_provider(named)
        if provider is None or named.split(":")[4] != arn.account:
            raise Refusal("InvalidIdentityToken", "Specified provider doesn't exist", 400)
        identity = saml.verify(call.parameters["SAMLAssertion"], provider, call.now)
        pairs = [{part.strip() for part in value.split(",")} for value in identity.attributes.get("Role", ())]
        if {str(arn), named} not in pairs:
            message = "Not authorized to perform sts:AssumeRoleWithSAML"
            raise access_denied(message, because="the response has no such pair of role and provider")
        marks = {name: identity.only(name) for name in identity.attributes if name.startswith(_TAG)}
        vouched = Vouched(
            provider=named,
            session_name=_session_name(identity),
            keys=identity.keys,
            tags=tuple((name.removeprefix(_TAG), value or "") for name, value in marks.items()),
            transitive=identity.attributes.get("TransitiveTagKeys", ()),
            source_identity=identity.only("SourceIdentity"),
            default=_session_duration(identity),
            ends_at=identity.ends_at,
        )
        return {
            "Subject": identity.subject,
            "SubjectType": identity.subject_type,
            "Issuer": identity.issuer,
            "Audience": identity.recipient,
            "NameQualifier": identity.name_qualifier,
            **self._assume(call, arn, vouched),
        }

    def _assume(self, call: UnsignedCall, arn: Arn, vouched: Vouched) -> Result:
        """The part of the answer that every federated role has."""
        tags = _checked_tags(vouched, str(arn))
        policies = session_policies(call.parameters, tags.all)
        role = self._directory.role(arn.account, arn.resource_name)
        asked = Asked(
            role_arn=str(arn),
            role=role if role is not None and role.arn == str(arn) else None,
            session_name=vouched.session_name,
            tags=tags,
            external_id=None,
            source_identity=vouched.source_identity,
            mfa_at=None,
            now=call.now,
            source_ip=call.source_ip,
            region=call.region,
        )
        provider = ("aws:FederatedProvider", vouched.provider)
        keys = dict([*vouched.keys.items(), provider])
        role = self._authorization.assume_unsigned(f"sts:{call.operation}", vouched.provider, keys, asked)
        length = timedelta(seconds=call.parameters.get("DurationSeconds", vouched.default.total_seconds()))
        check_duration(length, role.max_duration)
        if vouched.ends_at is not None:
            length = min(length, vouched.ends_at - instant(call.now))
        return self._issuing.role_session(role, asked, policies, lasts=length, keys=(provider,))


def _session_name(identity: SamlIdentity) -> str:
    name = identity.only("RoleSessionName") or ""
    if not re.fullmatch(r"[a-zA-Z_0-9+=,.@-]{2,64}", name):
        message = "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}"
        raise Refusal("InvalidIdentityToken", message, 400)
    return name


def _session_duration(identity: SamlIdentity) -> timedelta:
    text = identity.only("SessionDuration")
    if text is None:
        return timedelta(hours=1)
    if not re.fullmatch(r"[0-9]{3,5}", text) or not 900 <= int(text) <= 43200:
        message = "SessionDuration in AuthnResponse must be between 900 and 43200"
        raise Refusal("InvalidIdentityToken", message, 400)
    return timedelta(seconds=int(text))


def _checked_tags(vouched: Vouched, role_arn: str) -> tagging.SessionTags:
    """The tags that the provider gives, checked as AssumeRole checks what its caller gives; so is the rest."""
    given: dict[str, Any] = {
        "RoleArn": role_arn,
        "RoleSessionName": vouched.session_name,
        "Tags": [{"Key": key, "Value": value} for key, value in vouched.tags],
        "TransitiveTagKeys": list(vouched.transitive),
    }
    if vouched.source_identity is not None:
        given["SourceIdentity"] = vouched.source_identity
        if vouched.source_identity.lower().startswith("aws:"):
            raise Refusal("ValidationError", "SourceIdentity must not begin with 'aws:'", 400)
    parameters.check("AssumeRole", given)
    return tagging.read(given, None)
