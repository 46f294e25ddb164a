"""What a request for a session presents: its parameters, the certificate that signed it, and what leads to a CA.

Source: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-create-session.html and
https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication.html (the headers)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from stsctl.emulator.protocol import certificates
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.web import rest_json

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

CERTIFICATE = "x-amz-x509"
CHAIN = "x-amz-x509-chain"
DEEPEST = 5
"""So many certificates may stand between the one that signed and the trust anchor."""
_SHORTEST, _LONGEST = 900, 43200
_INVALID = "ValidationException"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What is asked for; `duration` None leaves it to the profile."""

    trust_anchor_arn: str
    profile_arn: str
    role_arn: str
    duration: timedelta | None
    role_session_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """The certificate that signed, and those between it and a CA; nothing of it is believed yet."""

    certificate: Certificate
    chain: tuple[Certificate, ...]


def parameters(asked: Request) -> Parameters:
    """The parameters, from the body or from the query, as AWS's own credential helper has them.

    Raises Refusal, ValidationException; what AWS's messages say is not known.
    """
    given = rest_json.fields(asked, _INVALID) if asked.body else rest_json.Fields({}, _INVALID)

    def arn(name: str) -> str:
        return asked.argument(name) or given.text(name)

    seconds, name = given.number("durationSeconds", _SHORTEST, _LONGEST), given.optional("roleSessionName")
    if name is not None and not re.fullmatch(r"[\w+=,.@-]{2,64}", name, re.ASCII):
        raise given.problem("Invalid parameter: roleSessionName")
    return Parameters(
        trust_anchor_arn=arn("trustAnchorArn"),
        profile_arn=arn("profileArn"),
        role_arn=arn("roleArn"),
        duration=None if seconds is None else timedelta(seconds=seconds),
        role_session_name=name,
    )


def presented(asked: Request) -> Presented:
    """The certificates in the headers; raises Refusal: what AWS says of those that are none is not known."""
    sent = asked.header(CERTIFICATE)
    if not sent:
        raise Refusal("AccessDeniedException", "Missing X-Amz-X509 header", 403)
    chain = [part.strip() for part in (asked.header(CHAIN) or "").split(",") if part.strip()]
    if len(chain) > DEEPEST:
        raise Refusal(_INVALID, f"X-Amz-X509-Chain exceeds the maximum depth of {DEEPEST} certificates", 400)
    return Presented(
        certificate=_certificate(sent, "X-Amz-X509"),
        chain=tuple(_certificate(part, "X-Amz-X509-Chain") for part in chain),
    )


def _certificate(text: str, header: str) -> Certificate:
    try:
        return certificates.read_base64(text)
    except ValueError as error:
        raise Refusal(_INVALID, f"Invalid certificate in {header}: {error}", 400) from error
