"""SAML responses as an identity provider writes them for AWS, and the requests that ask it for one.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html and
https://docs.oasis-open.org/security/saml/v2.0/saml-bindings-2.0-os.pdf (section 3.4, HTTP Redirect)
"""

from __future__ import annotations

import base64
import re
import secrets
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from stsctl.emulator.directory.served_idp import ServedIdp
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.saml_document import (
    ASSERTION,
    ATTRIBUTE,
    AUDIENCE,
    BEARER,
    NAME_FORMAT,
    PROTOCOL,
    SIGN_IN,
    SIGNATURE,
    SUCCESS,
    is_sign_in,
    parse,
)
from stsctl.emulator.seeds.idp import Person

_FRESH = timedelta(minutes=5)
_LONGEST_REQUEST = 64 * 1024
_PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"  # noqa: S105 - the name of a way


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Where a response goes: `recipient` is who it says it is for, `posted_to` where the browser takes it.

    `in_response_to` is the id of the request, None where nobody asked. `afresh`: who is signed in has to do it again.
    """

    recipient: str
    posted_to: str
    in_response_to: str | None = None
    afresh: bool = False


def unasked(served: ServedIdp) -> Wanted:
    """What a response is like that begins at the identity provider."""
    return Wanted(recipient=served.idp.sign_in or SIGN_IN, posted_to=served.idp.sign_in or _own(served))


def read_request(encoded: str, served: ServedIdp) -> Wanted:
    """What an AuthnRequest wants, as a redirect carries it; raises Refusal for what is none.

    Nobody signs these, so the response goes to AWS's sign-in or the emulator's own, and nowhere else.
    """
    try:
        root = parse(_inflated(base64.b64decode(encoded.encode(), validate=True)))
    except (ValueError, zlib.error) as error:
        raise _invalid("SAMLRequest is no deflated AuthnRequest") from error
    if root.tag != f"{PROTOCOL}AuthnRequest":
        raise _invalid("SAMLRequest is no AuthnRequest")
    request_id = root.get("ID", "")
    if not re.fullmatch(r"[A-Za-z_][\w.-]{0,255}", request_id, re.ASCII):
        raise _invalid("The AuthnRequest has no ID")
    goal = root.get("AssertionConsumerServiceURL") or unasked(served).posted_to
    if goal != _own(served) and not is_sign_in(goal):
        raise _invalid("AssertionConsumerServiceURL is not AWS's sign-in, nor the emulator's own")
    return Wanted(
        recipient=goal if is_sign_in(goal) else SIGN_IN,
        posted_to=goal,
        in_response_to=request_id,
        afresh=root.get("ForceAuthn") in ("true", "1"),
    )


def response(served: ServedIdp, person: Person, wanted: Wanted, now: datetime) -> str:
    """The signed response about somebody who signed in, as base64."""
    from lxml import etree
    from lxml.builder import ElementMaker

    make = ElementMaker(namespace=PROTOCOL[1:-1], nsmap={"samlp": PROTOCOL[1:-1], "saml": ASSERTION[1:-1]})
    asked = {"InResponseTo": wanted.in_response_to} if wanted.in_response_to else {}
    whole = make.Response(
        _issuer(served),
        make.Status(make.StatusCode(Value=SUCCESS)),
        served.keys.sign_element(_assertion(served, person, wanted, now)),
        ID=_id(),
        Version="2.0",
        IssueInstant=_at(now),
        Destination=wanted.recipient,
        **asked,
    )
    return base64.b64encode(etree.tostring(whole)).decode()


def _assertion(served: ServedIdp, person: Person, wanted: Wanted, now: datetime) -> Any:
    from lxml.builder import ElementMaker

    make, ends = _maker(), _at(now + _FRESH)
    asked = {"InResponseTo": wanted.in_response_to} if wanted.in_response_to else {}
    placeholder = ElementMaker(namespace=SIGNATURE[1:-1], nsmap={"ds": SIGNATURE[1:-1]}).Signature(Id="placeholder")
    return make.Assertion(
        _issuer(served),
        placeholder,
        make.Subject(
            make.NameID(person.name, Format=f"{NAME_FORMAT}persistent"),
            make.SubjectConfirmation(
                make.SubjectConfirmationData(NotOnOrAfter=ends, Recipient=wanted.recipient, **asked), Method=BEARER
            ),
        ),
        make.Conditions(
            make.AudienceRestriction(make.Audience(AUDIENCE)), NotBefore=_at(now - _FRESH), NotOnOrAfter=ends
        ),
        make.AuthnStatement(
            make.AuthnContext(make.AuthnContextClassRef(_PASSWORD)), AuthnInstant=_at(now), SessionIndex=_id()
        ),
        make.AttributeStatement(
            *(
                make.Attribute(*(make.AttributeValue(value) for value in values), Name=name)
                for name, values in _attributes(served, person)
            )
        ),
        ID=_id(),
        Version="2.0",
        IssueInstant=_at(now),
    )


def _attributes(served: ServedIdp, person: Person) -> Iterator[tuple[str, list[str]]]:
    yield f"{ATTRIBUTE}RoleSessionName", [person.name]
    if person.roles:
        yield f"{ATTRIBUTE}Role", served.role_pairs(person)
    if served.idp.session_duration:
        yield f"{ATTRIBUTE}SessionDuration", [str(int(served.idp.session_duration.total_seconds()))]
    for key, value in person.tags:
        yield f"{ATTRIBUTE}PrincipalTag:{key}", [value]
    if person.transitive:
        yield f"{ATTRIBUTE}TransitiveTagKeys", list(person.transitive)
    if person.source_identity:
        yield f"{ATTRIBUTE}SourceIdentity", [person.source_identity]
    if person.email:
        yield "email", [person.email]
    if person.groups:
        yield "groups", list(person.groups)


def _maker() -> Any:
    from lxml.builder import ElementMaker

    return ElementMaker(namespace=ASSERTION[1:-1], nsmap={"saml": ASSERTION[1:-1]})


def _issuer(served: ServedIdp) -> Any:
    return _maker().Issuer(served.entity_id)


def _own(served: ServedIdp) -> str:
    """The emulator's own sign-in, which stands for AWS's."""
    return f"{served.emulator}/saml"


def _inflated(data: bytes) -> bytes:
    """A raw DEFLATE stream, unpacked as far as a request may go; raises ValueError and zlib.error."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    content = inflater.decompress(data, _LONGEST_REQUEST)
    if not inflater.eof:
        raise ValueError("it is too long, or not whole")
    return content


def _id() -> str:
    return f"_{secrets.token_hex(16)}"


def _at(now: datetime) -> str:
    return f"{now:%Y-%m-%dT%H:%M:%SZ}"


def _invalid(message: str) -> Refusal:
    return Refusal("InvalidAuthnRequest", message, 400)
