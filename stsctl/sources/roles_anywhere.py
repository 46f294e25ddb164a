"""A certificate as the beginning of a chain, and rolesanywhere:CreateSession, which makes it a role.

Source: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from shlex import quote
from typing import Any

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Session
from stsctl.dataclass import dataclass
from stsctl.errors import AskerChangedError, ConfigurationError, RefusedError, StsctlError
from stsctl.request import Asker, AskerKind, SessionRequest
from stsctl.sources import client
from stsctl.sources.address import address
from stsctl.sources.answer import role_session
from stsctl.sources.client import Clients
from stsctl.sources.http import Http, Reply
from stsctl.sources.outcome import EMULATOR_HEADER, check_instance, refused
from stsctl.sources.x509_certificate import SigningCertificate
from stsctl.sources.x509_key import Sign
from stsctl.sources.x509_signature import SERVICE, signed_headers

_OPERATION = f"{SERVICE}:CreateSession"
_PASSING = frozenset({429, 500, 502, 503, 504})
_PAUSE = timedelta(milliseconds=300)
_SERIAL = re.compile(r"[0-9a-fA-F]{1,64}")
_HINTS = {
    "Invalid signature": "if the clock is right: openssl x509 -noout -text -in CERTIFICATE, its key is RSA or EC",
    "Untrusted certificate": "it has to be no CA's, with the key usage Digital Signature: openssl x509 -text -in …",
    "Untrusted signing certificate": "name what is between it and the trust anchor's CA as certificate_chain",
    "Specified Trust Anchor": "check trust_anchor_arn: it has to be there, in that region, and enabled",
    "Invalid or empty profile": "check profile_arn: it has to be there, in the trust anchor's account and region",
    "Requested Role": "add the role to the profile: aws rolesanywhere update-profile",
    "Not authorized to set roleSessionName": "take session_name out, or have the profile accept it",
    "Unable to assume role": "the role's trust policy has to let in rolesanywhere.amazonaws.com, by sts:AssumeRole,"
    " sts:TagSession and sts:SetSourceIdentity",
}
"""By how AWS's own message begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolesAnywhere:
    """The certificate of source `name`, and what of IAM Roles Anywhere trusts it.

    The certificate is read anew at each call, for it is replaced when it is renewed, and so is its key then.
    """

    name: str
    trust_anchor_arn: Arn
    profile_arn: Arn
    certificate: Callable[[], SigningCertificate]
    open_key: Callable[[], Sign]
    _opened: dict[str, Sign] = field(default_factory=dict, repr=False)

    def asker(self) -> Asker | None:
        """The certificate, what trusts it, and by which profile; see `Source`."""
        found = self.certificate()
        about = {
            "trust_anchor": str(self.trust_anchor_arn),
            "profile": str(self.profile_arn),
            "issuer": found.issuer,
            "serial": str(found.serial),
            "fingerprint": found.fingerprint,
        }
        return Asker(kind=AskerKind.CERTIFICATE, id=json.dumps(about, sort_keys=True, separators=(",", ":")))

    def credentials(self) -> Credentials | None:
        """A certificate is none; see `Source`."""
        raise ConfigurationError(
            f'source "{self.name}" has a certificate, which becomes a role and signs nothing else',
            hint=f"stsctl assume ROLE_ARN --from {quote(self.name)}",
        )

    def certificate_for(self, asker: Asker, now: datetime) -> SigningCertificate:
        """The certificate to sign with for `asker`; raises AskerChangedError, and ConfigurationError for one that is
        not good now.
        """
        found = self.certificate()
        if self.asker() != asker:
            raise AskerChangedError(f"{found.whose} is another meanwhile", hint="run the same command again")
        found.check(now)
        return found

    def key_of(self, certificate: SigningCertificate) -> Sign:
        """What signs with its key, opened once, so that nobody is asked twice for a passphrase."""
        if certificate.fingerprint not in self._opened:
            self._opened[certificate.fingerprint] = self.open_key()
        return self._opened[certificate.fingerprint]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateSession:
    """The exchange of a certificate for a role's session."""

    clients: Clients
    source: RolesAnywhere
    sleep: Callable[[float], None] = time.sleep

    def obtain(
        self,
        request: SessionRequest,
        credentials: Credentials | None,  # noqa: ARG002 - nobody's keys sign it
        code: str | None,  # noqa: ARG002 - and whose device would it be?
    ) -> Session:
        """The role's session; see `Exchange`."""
        certificate = self.source.certificate_for(request.asker, self.clients.now())
        url = f"{address(SERVICE, request.endpoint)}/sessions"
        body = json.dumps(self._parameters(request)).encode()
        headers = signed_headers(
            url,
            body,
            region=self.source.trust_anchor_arn.region,
            certificate=certificate,
            sign=self.source.key_of(certificate),
            at=self.clients.wall(),
        )
        reply = self._send(url, body, headers)
        check_instance(request.endpoint, reply.headers.get(EMULATOR_HEADER))
        if reply.status not in (200, 201):
            raise self._refused(reply)
        return _session(request, reply.json, certificate, self.clients.now())

    def _send(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """The answer, asked for again where AWS is throttling or out of order, as botocore does for its own calls."""
        http = Http(ca_bundle=self.clients.ca_bundle)
        for attempt in range(1, client.ATTEMPTS):
            reply = http.post_signed(_OPERATION, url, body, headers)
            if reply.status not in _PASSING:
                return reply
            self.sleep(_PAUSE.total_seconds() * attempt)
        return http.post_signed(_OPERATION, url, body, headers)

    def _parameters(self, request: SessionRequest) -> dict[str, object]:
        every: dict[str, object] = {
            "trustAnchorArn": str(self.source.trust_anchor_arn),
            "profileArn": str(self.source.profile_arn),
            "roleArn": str(request.role_arn),
            "durationSeconds": int(request.duration.total_seconds()) if request.duration else None,
            "roleSessionName": request.session_name,
        }
        return {name: value for name, value in every.items() if value is not None}

    def _refused(self, reply: Reply) -> StsctlError:
        """What AWS said against it, in its protocol's form for errors (REST-JSON)."""
        body = reply.json
        kind = str(reply.headers.get("x-amzn-errortype") or body.get("__type") or body.get("code") or "")
        response = {
            "Error": {
                "Code": kind.partition(":")[0].rpartition("#")[2][:100],
                "Message": str(body.get("message") or body.get("Message") or "")[:1000],
            },
            "ResponseMetadata": {
                "HTTPStatusCode": reply.status,
                "HTTPHeaders": reply.headers,
                "RequestId": reply.headers.get("x-amzn-requestid", ""),
            },
        }
        error = refused(_OPERATION, response, self.clients.wall())
        if isinstance(error, RefusedError) and error.hint is None:
            known = (hint for begins, hint in _HINTS.items() if error.reason.startswith(begins))
            error.hint = None if "MaxSessionDuration" in error.reason else next(known, None)
        return error


def _session(
    request: SessionRequest, body: Mapping[str, Any], certificate: SigningCertificate, now: datetime
) -> Session:
    """The session in an answer; raises StsctlError unless it is the one that was asked for."""
    found = body.get("credentialSet")
    if not isinstance(found, list) or len(found) != 1 or not isinstance(found[0], dict):
        raise StsctlError("AWS's answer has not one set of credentials: it is not used")
    given = found[0]
    user, credentials = _part(given, "assumedRoleUser"), _part(given, "credentials")
    answer = {
        "AssumedRoleUser": {"Arn": user.get("arn"), "AssumedRoleId": user.get("assumedRoleId")},
        "Credentials": {
            "AccessKeyId": credentials.get("accessKeyId"),
            "SecretAccessKey": credentials.get("secretAccessKey"),
            "SessionToken": credentials.get("sessionToken"),
            "Expiration": _instant(credentials.get("expiration")),
        },
        "SourceIdentity": given.get("sourceIdentity") if isinstance(given.get("sourceIdentity"), str) else None,
        "PackedPolicySize": given.get("packedPolicySize"),
    }
    return role_session(request, answer, now, name=request.session_name or _name(user, certificate))


def _name(user: Mapping[str, Any], certificate: SigningCertificate) -> str:
    """What the session is called where nobody said it: the certificate's serial number in hexadecimal.

    How AWS pads it is not known, so whatever spells that number is taken.
    """
    name = str(user.get("arn")).rpartition("/")[2]
    if not _SERIAL.fullmatch(name) or int(name, 16) != certificate.serial:
        raise StsctlError("AWS's answer is the session of another certificate: it is not used")
    return name


def _part(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = given.get(name)
    return part if isinstance(part, dict) else {}


def _instant(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
