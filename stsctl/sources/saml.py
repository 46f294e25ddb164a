"""A SAML response as the beginning of a chain: who it is about, which roles it offers, and sts:AssumeRoleWithSAML.

Sources: https://docs.oasis-open.org/security/saml/v2.0/saml-core-2.0-os.pdf,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml_assertions.html (AWS's attributes),
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from stsctl import federation, lifetime
from stsctl.credentials import Credentials, Secret, Session
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError
from stsctl.request import Asker, SessionRequest
from stsctl.sources.answer import role_session
from stsctl.sources.client import Clients
from stsctl.sources.proof import ProofSource
from stsctl.target import HopKind

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
_ATTRIBUTE = "https://aws.amazon.com/SAML/Attributes/"
_FOR_AWS = re.compile(
    r"urn:amazon:webservices(:[\w-]+)*"
    r"|https://([a-z0-9-]+\.)?signin\.[a-z0-9.-]+/saml(/acs/[\w-]+)?",
    re.ASCII,
)
"""Whom AWS's sign-in is called, in whatever partition: which of the names it takes is for STS to say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """A response as it was read, not verified: that is for STS. `content` is in base64, as STS takes it."""

    content: Secret
    issuer: str
    subject: str
    attributes: tuple[tuple[str, tuple[str, ...]], ...]
    audiences: tuple[str, ...]
    ends_at: datetime | None

    @property
    def asker(self) -> Asker:
        """Issuer, subject and all that is said of it; not the id and the times of this one response."""
        return federation.saml(self.issuer, self.subject, self.attributes)

    @property
    def roles(self) -> tuple[tuple[str, str], ...]:
        """The ARNs of the roles that it offers, each with that of the provider."""
        found = map(federation.role_and_provider, self.values("Role"))
        return tuple((role, provider) for role, provider in found if role)

    @property
    def session_name(self) -> str | None:
        """What the session is called: that is the identity provider's to say."""
        return next(iter(self.values("RoleSessionName")), None)

    @property
    def session_duration(self) -> timedelta | None:
        """How long a session should last, where it says so in a form that AWS takes."""
        text = next(iter(self.values("SessionDuration")), "")
        length = timedelta(seconds=int(text)) if re.fullmatch("[0-9]{1,6}", text, re.ASCII) else timedelta()
        return None if lifetime.problem_with(HopKind.ROLE, length) else length

    def values(self, name: str) -> tuple[str, ...]:
        """The values of one of AWS's attributes."""
        return tuple(value for key, values in self.attributes if key == _ATTRIBUTE + name for value in values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Saml(ProofSource[Assertion]):
    """A source whose proofs are assertions."""

    what = "an assertion"
    longest = 100_000

    def _parse(self, content: Secret) -> Assertion:
        """The assertion in a response, in base64 or as XML."""
        text = content.reveal().strip()
        encoded = base64.b64encode(text.encode()).decode() if text.startswith("<") else "".join(text.split())
        self.sized(encoded)
        try:
            root = _xml(base64.b64decode(encoded, validate=True))
        except ValueError:
            root = None
        if root is None:
            raise ConfigurationError(
                f'what source "{self.name}" gives is no SAML response',
                hint="it takes the form field SAMLResponse, in base64",
            )
        assertions = root.findall(f"{_SAML}Assertion")
        if len(assertions) != 1:
            what = "encrypted" if root.find(f"{_SAML}EncryptedAssertion") is not None else "not one assertion"
            raise ConfigurationError(
                f'the response of source "{self.name}" is {what}, so that nobody can tell whose it is'
            )
        return _read(assertions[0], encoded)

    def _check(self, found: Assertion) -> None:
        if not any(_FOR_AWS.fullmatch(audience) for audience in found.audiences):
            raise self.not_for(found, "AWS", hint="take that of the application for AWS")
        if found.session_name is None:
            raise ConfigurationError(f"{self.whose} has no RoleSessionName, and AWS wants it")

    def _renewal(self) -> str:
        return "sign in again: AWS takes one for five minutes"

    def _offered(self) -> str:
        asker = self.asker()
        return f"; it offers {', '.join(federation.offered_roles(asker)) or 'none'}" if asker else ""

    def provider_for(self, found: Assertion, request: SessionRequest) -> str:
        """By which provider the wanted role is offered; raises ConfigurationError unless it is just one."""
        role, said = str(request.role_arn), request.provider_arn
        providers = [provider for offered, provider in found.roles if offered == role]
        if not providers:
            offered = ", ".join(arn for arn, _ in found.roles) or "no role"
            raise ConfigurationError(
                f'{self.whose} does not offer "{role}": it offers {offered}',
                hint="have the identity provider assign that role, or assume one that is offered",
            )
        if said is not None and str(said) not in providers:
            raise ConfigurationError(f'{self.whose} does not offer "{role}" by "{said}"')
        if said is None and len(providers) > 1:
            raise ConfigurationError(
                f'{self.whose} offers "{role}" by {len(providers)} providers',
                hint=f'say which in the source: provider_arn = "{providers[0]}"',
            )
        return str(said) if said is not None else providers[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumeRoleWithSaml:
    """The exchange of an assertion for a session of one of its roles."""

    clients: Clients
    source: Saml

    def obtain(
        self,
        request: SessionRequest,
        credentials: Credentials | None,  # noqa: ARG002 - nobody signs it
        code: str | None,  # noqa: ARG002 - and whose device would it be?
    ) -> Session:
        """The role's session; see `Exchange`. What nobody says of its length is what the assertion says."""
        found = self.source.proof_for(request.asker, self.clients.now())
        duration = request.duration or found.session_duration
        said: dict[str, object] = {
            "RoleArn": str(request.role_arn),
            "PrincipalArn": self.source.provider_for(found, request),
            "SAMLAssertion": found.content.reveal(),
            "DurationSeconds": int(duration.total_seconds()) if duration else None,
            "Policy": request.policy,
            "PolicyArns": [{"arn": arn} for arn in request.policy_arns],
        }
        said = {name: value for name, value in said.items() if value not in (None, [])}
        answer = self.clients.call("sts", "AssumeRoleWithSAML", request.endpoint, None, **said)
        return role_session(request, answer.body, self.clients.now(), name=found.session_name)


def _xml(content: bytes) -> Element | None:
    """The outermost element; None for what is no XML, or has a document type, which SAML never has."""
    from xml.etree.ElementTree import ParseError, TreeBuilder, XMLParser

    class _NoDoctype(TreeBuilder):
        def doctype(self, *_: object) -> None:
            raise ValueError("a document type could define entities")

    parser = XMLParser(target=_NoDoctype())  # noqa: S314 - entities need a document type
    try:
        parser.feed(content)
        return parser.close()
    except (ParseError, RecursionError, LookupError):
        return None


def _read(assertion: Element, encoded: str) -> Assertion:
    name_id = assertion.find(f"{_SAML}Subject/{_SAML}NameID")
    attributes = [
        (one.get("Name", ""), tuple(_text(value) for value in one.findall(f"{_SAML}AttributeValue")))
        for one in assertion.findall(f"{_SAML}AttributeStatement/{_SAML}Attribute")
    ]
    ends = list(_ends(assertion))
    return Assertion(
        content=Secret(encoded),
        issuer=_text(assertion.find(f"{_SAML}Issuer")),
        subject=_text(name_id),
        attributes=tuple(sorted(attributes)),
        audiences=tuple(_text(one) for one in assertion.iter(f"{_SAML}Audience")),
        ends_at=min(ends, default=None),
    )


def _ends(assertion: Element) -> Iterator[datetime]:
    """Every instant from which on it is not good any more."""
    for name in ("Conditions", "SubjectConfirmationData"):
        for one in assertion.iter(f"{_SAML}{name}"):
            try:
                found = datetime.fromisoformat(one.get("NotOnOrAfter", ""))
                yield (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
            except (ValueError, OverflowError):
                continue


def _text(element: Element | None) -> str:
    return "" if element is None else "".join(element.itertext()).strip()
