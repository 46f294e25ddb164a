"""SAML responses: whom an identity provider says somebody to be, verified as AssumeRoleWithSAML does.

Nothing is read but what the signature covers. Source:
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html and
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from stsctl.emulator.authorization.condition_keys import Context
from stsctl.emulator.directory.principals import SamlProvider
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
    Metadata,
    is_sign_in,
    parse,
    read_certificate,
    read_metadata,
)

_AUDIENCES = frozenset({SIGN_IN, AUDIENCE})
_FRESH = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlIdentity:
    """Whom a verified response is about; `attributes` are AWS's own, by their last part, `keys` the condition keys.

    `ends_at` is the response's SessionNotOnOrAfter.
    """

    subject: str
    subject_type: str
    issuer: str
    recipient: str
    name_qualifier: str
    attributes: dict[str, tuple[str, ...]]
    keys: Context
    ends_at: datetime | None

    def only(self, name: str) -> str | None:
        """The value of an attribute that has one at most; raises Refusal for more."""
        values = self.attributes.get(name, ())
        if len(values) > 1:
            raise _invalid(f"{name} in AuthnResponse must have one value")
        return values[0] if values else None


def verify(response: str, provider: SamlProvider, now: datetime) -> SamlIdentity:
    """Whom a response (base64) is about; raises Refusal unless the provider signed it, for AWS, for now."""
    content = _decoded(response)
    try:
        known = read_metadata(provider.metadata)
    except ValueError as error:
        raise _invalid("Issuer not present in specified provider", because=f"its metadata: {error}") from error
    assertion = _signed_assertion(content, known, now)
    issuer = _text(assertion.find(f"{ASSERTION}Issuer"))
    if issuer != known.issuer:
        raise _invalid("Issuer not present in specified provider")
    ends_at = _check_times(assertion, now)
    _check_audience(assertion)
    recipient = _recipient(assertion, now)
    name = assertion.find(f"{ASSERTION}Subject/{ASSERTION}NameID")
    subject = _text(name)
    if name is None or not subject:
        raise _invalid("NameID is missing in AuthnResponse")
    kind = (name.get("Format") or "").removeprefix(NAME_FORMAT)
    account, short = provider.arn.split(":")[4], provider.arn.rsplit("/", 1)[-1]
    # AWS's own definition of the name qualifier, which has SHA-1 in it.
    qualifier = hashlib.sha1(f"{issuer}{account}/{short}".encode("utf-8", "replace"), usedforsecurity=False).digest()
    keys: Context = {
        "saml:aud": recipient,
        "saml:doc": f"{account}/{short}",
        "saml:iss": issuer,
        "saml:namequalifier": base64.b64encode(qualifier).decode(),
        "saml:sub": subject,
        "saml:sub_type": kind,
    }
    return SamlIdentity(
        subject=subject,
        subject_type=kind,
        issuer=issuer,
        recipient=recipient,
        name_qualifier=base64.b64encode(qualifier).decode(),
        attributes=_attributes(assertion),
        keys=keys,
        ends_at=ends_at,
    )


def named_providers(response: str) -> list[str]:
    """The providers that a response (base64) names beside its roles, not yet believed; raises Refusal."""
    try:
        root = parse(_decoded(response))
    except ValueError as error:
        raise _invalid("Invalid SAML response", because=str(error)) from error
    attributes = root.iter(f"{ASSERTION}Attribute")
    values = [value for one in attributes if one.get("Name") == f"{ATTRIBUTE}Role" for value in one]
    parts = [part.strip() for value in values for part in (value.text or "").split(",")]
    return [part for part in parts if ":saml-provider/" in part]


def _decoded(response: str) -> bytes:
    try:
        return base64.b64decode("".join(response.split()).encode(), validate=True)
    except ValueError as error:
        raise _invalid("Invalid base64 SAMLResponse") from error


def _signed_assertion(content: bytes, known: Metadata, now: datetime) -> Any:
    """The assertion, as one of the provider's keys signed it: by itself, or within the response."""
    try:
        root = parse(content)
    except ValueError as error:
        raise _invalid("Invalid SAML response", because=str(error)) from error
    if root.tag != f"{PROTOCOL}Response":
        raise _invalid("Invalid SAML response", because="its root is no Response")
    status = root.find(f"{PROTOCOL}Status/{PROTOCOL}StatusCode")
    if status is not None and status.get("Value") != SUCCESS:
        raise Refusal("IDPRejectedClaim", "The identity provider did not authenticate the user", 403)
    assertions = root.findall(f"{ASSERTION}Assertion")
    if len(assertions) != 1:
        raise _invalid("Response signature invalid", because="it does not hold one assertion")
    whole = root.find(f"{SIGNATURE}Signature") is not None
    location, owner = ("./", root) if whole else (f"./{ASSERTION}Assertion/", assertions[0])
    reasons = []
    for certificate in known.certificates:
        try:
            signed = _verified(content, certificate, location, now)
        except Exception as error:  # noqa: BLE001 - signxml fails in as many ways as XML can be wrong
            reasons.append(f"{type(error).__name__}: {error}")
            continue
        if signed is None or (signed.tag, signed.get("ID")) != (owner.tag, owner.get("ID")):
            raise _invalid("Response signature invalid", because="the signature covers something else than its parent")
        return signed.find(f"{ASSERTION}Assertion") if whole else signed
    raise _invalid("Response signature invalid", because="; ".join(reasons)[:1000])


def _verified(content: bytes, certificate: str, location: str, now: datetime) -> Any:
    """What the signature covers, and nothing else."""
    from signxml.algorithms import SignatureMethod
    from signxml.verifier import SignatureConfiguration, XMLVerifier

    # The key is the provider's, never one that the document brings along; a shared secret is none.
    methods = frozenset(method for method in SignatureMethod if method.name.startswith(("RSA_SHA", "ECDSA_SHA")))
    config = SignatureConfiguration(
        location=location,
        expect_references=1,
        signature_methods=frozenset(method for method in methods if "SHA1" not in method.name),
        verification_time=now,
    )
    result = XMLVerifier().verify(content, x509_cert=read_certificate(certificate), expect_config=config)
    assert not isinstance(result, list)
    return result.signed_xml


def _check_times(assertion: Any, now: datetime) -> datetime | None:
    """Raises Refusal for what is too old, too new or over; the end of the session where the provider gives one."""
    issued = _time(assertion.get("IssueInstant"))
    if issued is None or now - issued > _FRESH:
        raise Refusal("ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance", 400)
    conditions = assertion.find(f"{ASSERTION}Conditions")
    begins = _time(conditions.get("NotBefore")) if conditions is not None else None
    if max(issued, begins or issued) > now + _FRESH:
        raise _invalid("Response is not valid yet")
    if conditions is not None:
        _check_end(conditions.get("NotOnOrAfter"), now)
    statement = assertion.find(f"{ASSERTION}AuthnStatement")
    text = statement.get("SessionNotOnOrAfter") if statement is not None else None
    _check_end(text, now)
    return _time(text)


def _check_end(text: str | None, now: datetime) -> None:
    end = _time(text)
    if end is not None and end <= now:
        raise Refusal("ExpiredTokenException", "Response has expired", 400)


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _invalid("Invalid SAML response", because="a time in it is none") from error


def _check_audience(assertion: Any) -> None:
    restrictions = assertion.findall(f"{ASSERTION}Conditions/{ASSERTION}AudienceRestriction")
    for restriction in restrictions:
        if not {_text(audience) for audience in restriction.findall(f"{ASSERTION}Audience")} & _AUDIENCES:
            restrictions = []
            break
    if not restrictions:
        raise _invalid("Response does not contain the required audience.")


def _recipient(assertion: Any, now: datetime) -> str:
    """Where the response was sent to, which must be AWS's sign-in."""
    for confirmation in assertion.findall(f"{ASSERTION}Subject/{ASSERTION}SubjectConfirmation"):
        data = confirmation.find(f"{ASSERTION}SubjectConfirmationData")
        recipient = data.get("Recipient", "") if data is not None else ""
        if confirmation.get("Method") == BEARER and data is not None and is_sign_in(recipient):
            _check_end(data.get("NotOnOrAfter"), now)
            return str(recipient)
    raise _invalid("Response does not contain the required recipient.")


def _attributes(assertion: Any) -> dict[str, tuple[str, ...]]:
    """AWS's own attributes; raises Refusal for one that is there twice."""
    found: dict[str, tuple[str, ...]] = {}
    for attribute in assertion.findall(f"{ASSERTION}AttributeStatement/{ASSERTION}Attribute"):
        name = attribute.get("Name", "")
        if name.startswith(ATTRIBUTE):
            short = name.removeprefix(ATTRIBUTE)
            if short in found:
                raise _invalid(f"{short[:200]} is in AuthnResponse more than once")
            found[short] = tuple(_text(value) for value in attribute.findall(f"{ASSERTION}AttributeValue"))
    return found


def _text(element: Any) -> str:
    """The text of an element that holds no other."""
    if element is None:
        return ""
    if len(element):
        raise _invalid("Invalid SAML response", because="there are elements where a text is wanted")
    return (element.text or "").strip()


def _invalid(message: str, *, because: str = "") -> Refusal:
    return Refusal("InvalidIdentityToken", message, 400, because=because)
