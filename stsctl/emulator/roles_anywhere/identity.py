"""Who a certificate says its holder is: session tags, source identity and session name.

Source: https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html (mapping, source identity rules)
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stsctl.emulator.directory.principals import Tags

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Name

_LONGEST_VALUE = 256
_LONGEST_NAME = 61
"""The longest common name that a prefix still goes before."""
_PUNCTUATION = frozenset("_.:/=+-@")


def tags(certificate: Certificate) -> Tags:
    """The session tags: of subject and issuer, and of the first alternative name of each kind.

    What STS takes for no tag is left out. AWS lets a profile map attributes otherwise; the emulator has its default.
    """
    every = {
        **_of_name("x509Subject", certificate.subject),
        **_of_name("x509Issuer", certificate.issuer),
        **dict(_of_alternatives(certificate)),
    }
    return tuple((key, value) for key, value in every.items() if _is_tag_value(value))


def source_identity(certificate: Certificate) -> str:
    """The common name behind its prefix, or the serial number where there is none."""
    name = _common_name(certificate)
    if not name:
        return f"ID={serial(certificate)}"
    return f"CN={name}" if len(name) <= _LONGEST_NAME else name


def serial(certificate: Certificate) -> str:
    """The serial number in hexadecimal, which the session is called by, padded to whole bytes."""
    text = f"{certificate.serial_number:x}"
    return text.zfill(len(text) + len(text) % 2)


def _common_name(certificate: Certificate) -> str:
    return _of_name("", certificate.subject).get("/CN", "")


def _of_name(prefix: str, name: Name) -> dict[str, str]:
    """The attributes that RFC 4514 names; several of one are one value, with slashes between them."""
    found: dict[str, str] = {}
    for attribute in name:
        kind, value = attribute.rfc4514_attribute_name, attribute.value
        if "." not in kind and isinstance(value, str):
            key = f"{prefix}/{kind}"
            found[key] = f"{found[key]}/{value}" if key in found else value
    return found


def _of_alternatives(certificate: Certificate) -> Iterator[tuple[str, str]]:
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return
    for kind, called in ((x509.DNSName, "DNS"), (x509.UniformResourceIdentifier, "URI")):
        yield from ((f"x509SAN/{called}", value) for value in names.get_values_for_type(kind)[:1])
    for directory_name in names.get_values_for_type(x509.DirectoryName)[:1]:
        yield from _of_name("x509SAN/Name", directory_name).items()


def _is_tag_value(text: str) -> bool:
    """Whether STS takes it for a tag's value: letters, separators and digits of all scripts, and some punctuation."""
    known = all(unicodedata.category(each)[0] in "LZN" or each in _PUNCTUATION for each in text)
    return known and len(text) <= _LONGEST_VALUE
