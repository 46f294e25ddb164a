"""SAML documents, as those who write and those who read them have to agree: names, metadata, and what is XML at all.

Source: https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf and
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html (AWS's own names)
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from html import escape
from typing import Any

ASSERTION = "{urn:oasis:names:tc:SAML:2.0:assertion}"
PROTOCOL = "{urn:oasis:names:tc:SAML:2.0:protocol}"
METADATA = "{urn:oasis:names:tc:SAML:2.0:metadata}"
SIGNATURE = "{http://www.w3.org/2000/09/xmldsig#}"
NAME_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
ATTRIBUTE = "https://aws.amazon.com/SAML/Attributes/"
SIGN_IN = "https://signin.aws.amazon.com/saml"
"""Where AWS takes responses; a name of its audience too."""
AUDIENCE = "urn:amazon:webservices"

_SIGN_IN = re.compile(
    r"https://([a-z0-9-]+\.)?signin\.(aws\.amazon\.com|amazonaws-us-gov\.com|amazonaws\.cn)/saml(/acs/[\w-]+)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a provider's metadata says: its entity id, and the certificates that it signs with, as base64 of DER."""

    issuer: str
    certificates: tuple[str, ...]


def is_sign_in(url: str) -> bool:
    """Whether a URL is AWS's sign-in, of whatever region and partition."""
    return _SIGN_IN.fullmatch(url) is not None


def read_metadata(text: str) -> Metadata:
    """What a metadata document says; raises ValueError for what is none."""
    root = parse(text.encode("utf-8", "replace"))
    issuer = root.get("entityID")
    path = f"{METADATA}IDPSSODescriptor/{METADATA}KeyDescriptor"
    found = (
        "".join((element.text or "").split())
        for key in root.findall(path)
        if key.get("use", "signing") == "signing"
        for element in key.iter(f"{SIGNATURE}X509Certificate")
    )
    certificates = tuple(found)
    if root.tag != f"{METADATA}EntityDescriptor" or not issuer or not certificates:
        raise ValueError("it is no metadata of an identity provider with a certificate")
    for certificate in certificates:
        read_certificate(certificate)
    return Metadata(issuer=issuer, certificates=certificates)


def metadata(issuer: str, certificate: str, *, sign_on: str | None = None) -> str:
    """The metadata of a provider with this entity id and this certificate (PEM, or base64 of DER).

    `sign_on` is where it takes requests, where it takes any.
    """
    inner = "".join(line for line in certificate.split("\n") if not line.startswith("-----"))
    where = f'<SingleSignOnService Binding="{REDIRECT}" Location="{escape(sign_on)}"/>' if sign_on else ""
    return (
        f'<EntityDescriptor xmlns="{METADATA[1:-1]}" entityID="{escape(issuer)}"><IDPSSODescriptor '
        f'protocolSupportEnumeration="{PROTOCOL[1:-1]}"><KeyDescriptor use="signing"><KeyInfo '
        f'xmlns="{SIGNATURE[1:-1]}"><X509Data><X509Certificate>{escape("".join(inner.split()))}</X509Certificate>'
        f"</X509Data></KeyInfo></KeyDescriptor>{where}</IDPSSODescriptor></EntityDescriptor>"
    )


def parse(content: bytes) -> Any:
    """The root of an XML document; raises ValueError for one with a document type, an entity or a comment in it."""
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser=parser)
    except etree.XMLSyntaxError as error:
        raise ValueError("it is no XML") from error
    if root.getroottree().docinfo.doctype:
        raise ValueError("it has a document type")
    # Two readers could see two texts where a comment parts one.
    if next(root.getroottree().iter(etree.Comment, etree.ProcessingInstruction, etree.Entity), None) is not None:
        raise ValueError("it has a comment, an instruction or an entity")
    return root


def read_certificate(text: str) -> Any:
    """A certificate, from base64 of DER; raises ValueError for what is none."""
    from cryptography import x509

    return x509.load_der_x509_certificate(base64.b64decode(text, validate=True))
