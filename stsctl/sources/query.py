"""AWS's query protocol, as far as STS speaks it: parameters as a form, and what is answered, read from XML.

Sources: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html,
https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_VERSION = "2011-06-15"

_SESSION = {"DurationSeconds": 900, "Policy": 1, "PolicyArns.arn": 20}
_ROLE = {"RoleArn": 20, "RoleSessionName": 2, **_SESSION}
_TAGS = {"Tags.Key": 1, "Tags.Value": 0}
_DEVICE = {"SerialNumber": 9, "TokenCode": 6}
LEAST: Mapping[str, Mapping[str, int]] = {
    "AssumeRole": {
        **_ROLE,
        **_TAGS,
        **_DEVICE,
        "TransitiveTagKeys": 1,
        "ExternalId": 2,
        "SourceIdentity": 2,
        "ProvidedContexts.ProviderArn": 20,
        "ProvidedContexts.ContextAssertion": 4,
    },
    "AssumeRoleWithSAML": {"RoleArn": 20, "PrincipalArn": 20, "SAMLAssertion": 4, **_SESSION},
    "AssumeRoleWithWebIdentity": {**_ROLE, "WebIdentityToken": 4},
    "GetSessionToken": {"DurationSeconds": 900, **_DEVICE},
    "GetFederationToken": {"Name": 2, **_SESSION, **_TAGS},
    "GetCallerIdentity": {},
    "GetAccessKeyInfo": {"AccessKeyId": 16},
}
"""The operations that can be asked, and the least length (or number) of each parameter that SDKs will send."""

REQUIRED = {"RoleArn", "RoleSessionName", "PrincipalArn", "SAMLAssertion", "WebIdentityToken", "Name", "AccessKeyId"}


def form(operation: str, parameters: Mapping[str, object]) -> bytes | None:
    """A call as the form that is posted; None for one that an SDK would not send, or that is not known here."""
    least = LEAST.get(operation)
    if least is None or not REQUIRED.intersection(least) <= parameters.keys():
        return None
    fields = [("Action", operation), ("Version", _VERSION)]
    for name, kind, value in _flat(parameters):
        if kind not in least or isinstance(value, bool) or not isinstance(value, str | int):
            return None
        if (len(value) if isinstance(value, str) else value) < least[kind]:
            return None
        if isinstance(value, int) is not (kind == "DurationSeconds"):
            return None
        fields.append((name, str(value)))
    try:
        return urlencode(fields).encode()
    except UnicodeEncodeError:
        return None


def _flat(parameters: Mapping[str, object]) -> Iterator[tuple[str, str, object]]:
    """Each value with its name in the form, and the name of what it is."""
    for name, value in parameters.items():
        if not isinstance(value, list):
            yield name, name, value
            continue
        if not value:
            yield name, "", value  # nobody sends an empty list
        for number, member in enumerate(value, 1):
            place = f"{name}.member.{number}"
            if isinstance(member, dict):
                yield from ((f"{place}.{key}", f"{name}.{key}", inner) for key, inner in member.items())
            else:
                yield place, name, member


def result(operation: str, content: bytes) -> dict[str, Any]:
    """What an answer says, by the names of the API reference; raises ValueError for what is no answer."""
    found = _child(_root(content, f"{operation}Response"), f"{operation}Result")
    if found is None:
        raise ValueError("there is no result")
    return {
        _name(part): {_name(inner): _value(inner) for inner in part} if len(part) else _value(part) for part in found
    }


def error(content: bytes) -> dict[str, Any]:
    """An error answer, in the form that botocore gives it; raises ValueError for what is none."""
    root = _root(content, "ErrorResponse")
    found, request_id = _child(root, "Error"), _child(root, "RequestId")
    if found is None:
        raise ValueError("there is no error")
    metadata = {} if request_id is None else {"RequestId": request_id.text or ""}
    return {"Error": {_name(part): part.text or "" for part in found}, "ResponseMetadata": metadata}


def _root(content: bytes, name: str) -> Element:
    """The outermost element, if it is called so; a document type, which could define entities, is refused."""
    from xml.etree.ElementTree import ParseError, TreeBuilder, XMLParser

    class _NoDoctype(TreeBuilder):
        def doctype(self, *_: object) -> None:
            raise ValueError("a document type could define entities")

    parser = XMLParser(target=_NoDoctype())  # noqa: S314 - entities need a document type
    try:
        parser.feed(content)
        root: Element = parser.close()
    except (ParseError, LookupError) as problem:
        raise ValueError("it is no XML") from problem
    if _name(root) != name:
        raise ValueError("it is something else")
    return root


def _child(element: Element, name: str) -> Element | None:
    return next((each for each in element if _name(each) == name), None)


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _value(element: Element) -> str | int | datetime:
    text = element.text or ""
    match _name(element):
        case "Expiration":
            found = datetime.fromisoformat(text)
            return found.astimezone(UTC) if found.tzinfo else found
        case "PackedPolicySize":
            return int(text)
        case _:
            return text
