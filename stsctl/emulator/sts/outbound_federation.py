"""Outbound identity federation: GetWebIdentityToken, IAM's switch for it, and where its tokens can be verified.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetWebIdentityToken.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html (the claims) and
https://docs.aws.amazon.com/IAM/latest/APIReference/API_EnableOutboundWebIdentityFederation.html
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from stsctl.emulator.authorization import tagging
from stsctl.emulator.authorization.authorization import Authorization
from stsctl.emulator.authorization.condition_keys import Context, of_tags
from stsctl.emulator.directory.organizations import Organizations
from stsctl.emulator.directory.principals import Caller
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer, Result
from stsctl.emulator.sts.call import Call
from stsctl.emulator.sts.outbound_issuer import ALGORITHMS, OutboundIssuer
from stsctl.emulator.sts.sessions import instant
from stsctl.emulator.world.journal import Entry
from stsctl.emulator.world.regions import GLOBAL

_PATH = "/_sts/"
"""No bucket's name begins so."""
_NAMESPACE = "https://sts.amazonaws.com/"
_DEFAULT_SECONDS = 300
_LONGEST = 20_000
"""So long a token is at most, in characters: as AssumeRoleWithWebIdentity takes. AWS's own limit is not published."""


class OutboundFederation:
    """An issuer for each account that has it enabled; a site that tells everybody their keys.

    `url` is the emulator's. `enabled` are the accounts that have it from the start.
    """

    def __init__(
        self, url: str, organizations: Organizations, authorization: Authorization, enabled: Iterable[str]
    ) -> None:
        self._url = url
        self._organizations = organizations
        self._authorization = authorization
        self._issuers: dict[str, OutboundIssuer] = {}
        self._enabled: set[str] = set(enabled)

    @property
    def operations(self) -> Mapping[str, Callable[[Caller, Mapping[str, Any]], Result]]:
        """IAM's operations about it."""
        return {
            "EnableOutboundWebIdentityFederation": lambda caller, _: self._enable(caller),
            "DisableOutboundWebIdentityFederation": lambda caller, _: self._disable(caller),
            "GetOutboundWebIdentityFederationInfo": lambda caller, _: self._info(caller),
        }

    def answer(self, asked: Request, entry: Entry) -> Answer | None:
        """The configuration and the keys of an issuer, for whoever asks."""
        if not asked.path.startswith(_PATH):
            return None
        url, _, document = f"{self._url}{asked.path}".partition("/.well-known/")
        issuer = next((issuer for issuer in list(self._issuers.values()) if issuer.url == url), None)
        entry.service, entry.action, entry.resource = "sts", f"outbound:{document[:100]}", url[:200]
        known = {} if issuer is None else {"openid-configuration": issuer.configuration, "jwks.json": issuer.key_set}
        if document not in known or asked.method not in ("GET", "HEAD"):
            return Answer(status=404, headers=(("Content-Type", "text/plain"),), body=b"there is no such document\n")
        body = json.dumps(known[document]()).encode()
        return Answer(status=200, headers=(("Content-Type", "application/json"),), body=body)

    def get_web_identity_token(self, call: Call) -> Result:
        """Answers GetWebIdentityToken; raises Refusal."""
        if call.region == GLOBAL:
            raise Refusal("InvalidAction", "Unknown Operation", 400)
        given = call.parameters
        seconds, algorithm = given.get("DurationSeconds", _DEFAULT_SECONDS), given["SigningAlgorithm"]
        _check_choices(call)
        tags = tagging.read({"Tags": given.get("Tags", ())}, None).passed
        self._allow(call, seconds, of_tags(tags))
        if call.caller.account not in self._enabled:
            message = "Outbound web identity federation is disabled for this account."
            raise Refusal("OutboundWebIdentityFederationDisabledException", message, 403)
        issued_at = instant(call.now)
        expires_at = issued_at + timedelta(seconds=seconds)
        if call.caller.session is not None and expires_at > call.caller.session.expires_at:
            message = "The requested token duration would extend the session beyond its original expiration time."
            raise Refusal("SessionDurationEscalationException", message, 403)
        audience: list[str] = given["Audience"]
        claims = {
            "aud": audience if len(audience) > 1 else audience[0],
            "sub": _subject(call.caller),
            "iat": int(issued_at.timestamp()),
            "exp": int(expires_at.timestamp()),
            "jti": str(uuid.uuid4()),
            _NAMESPACE: self._identity(call, dict(tags)),
        }
        token = self._issuer(call.caller.account).sign(claims, algorithm)
        if len(token) > _LONGEST:
            message = "The requested token payload size exceeds the maximum allowed size."
            raise Refusal("JWTPayloadSizeExceededException", message, 400)
        return {"WebIdentityToken": token, "Expiration": expires_at}

    def _allow(self, call: Call, seconds: int, tags: Context) -> None:
        """Raises Refusal unless the caller may have such a token, and put tags in it."""
        context: Context = {
            "sts:IdentityTokenAudience": tuple(call.parameters["Audience"]),
            "sts:SigningAlgorithm": call.parameters["SigningAlgorithm"],
            "sts:DurationSeconds": str(seconds),
            "sts:SubjectMode": call.parameters.get("SubjectMode", "AWSIdentity"),
            **tags,
        }
        own = f"arn:{call.caller.partition}:sts::{call.caller.account}:self"
        for action in ("GetWebIdentityToken", *(["TagGetWebIdentityToken"] if tags["aws:TagKeys"] else [])):
            self._authorization.allow(call, f"sts:{action}", own, context=context)

    def _identity(self, call: Call, request_tags: dict[str, str]) -> dict[str, object]:
        """What the token says in AWS's own words; what does not apply is left out."""
        caller, session = call.caller, call.caller.session
        place = self._organizations.membership(caller.account)
        claims = {
            "aws_account": caller.account,
            "source_region": call.region,
            "principal_id": _subject(caller),
            "org_id": place.organization if place else None,
            "ou_path": [place.path] if place else None,
            "principal_tags": dict(caller.tags),
            "request_tags": request_tags,
            "original_session_exp": _stamp(session.expires_at) if session else None,
            "source_identity": session.source_identity if session else None,
        }
        return {name: value for name, value in claims.items() if value}

    def _issuer(self, account: str) -> OutboundIssuer:
        """An account's issuer, the same one whenever it is enabled again."""
        return self._issuers.setdefault(account, OutboundIssuer(f"{self._url}{_PATH}{uuid.uuid4()}"))

    def _enable(self, caller: Caller) -> Result:
        if caller.account in self._enabled:
            message = "Outbound identity federation is already enabled for your Amazon Web Services account."
            raise Refusal("FeatureEnabled", message, 409)
        self._enabled.add(caller.account)
        return {"IssuerIdentifier": self._issuer(caller.account).url}

    def _disable(self, caller: Caller) -> Result:
        self._info(caller)
        self._enabled.discard(caller.account)
        return {}

    def _info(self, caller: Caller) -> Result:
        if caller.account not in self._enabled:
            message = "Outbound identity federation is already disabled for your Amazon Web Services account."
            raise Refusal("FeatureDisabled", message, 404)
        return {"IssuerIdentifier": self._issuer(caller.account).url, "JwtVendingEnabled": "true"}


def _check_choices(call: Call) -> None:
    """Raises Refusal for what the service model does not limit, and for what only other sessions can have."""
    algorithm, mode = call.parameters["SigningAlgorithm"], call.parameters.get("SubjectMode", "AWSIdentity")
    if algorithm not in ALGORITHMS:
        raise Refusal("ValidationError", f"SigningAlgorithm is one of {', '.join(ALGORITHMS)}", 400)
    if mode == "OriginIdentity":
        # That takes a session with a trusted identity propagation context, and the emulator issues none.
        raise Refusal("ValidationError", "The calling session has no aws:OriginIdentity/Subject", 400)
    if "Scope" in call.parameters:
        raise Refusal("ValidationError", "Scope can be specified only when SubjectMode is OriginIdentity", 400)


def _subject(caller: Caller) -> str:
    """The ARN of who asked; a session's is its role's."""
    return caller.role.arn if caller.role else caller.arn


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
