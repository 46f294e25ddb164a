"""Identity providers of the emulator's own, as a seed describes them: who signs in, and what is said of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from stsctl.credentials import Secret

Tags = tuple[tuple[str, str], ...]
Claims = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who signs in at an identity provider; one without a password signs in by the name alone.

    `roles` are what AWS may be told of them in SAML: the ARN of a role, or that and a provider's, with a comma between.
    `claims` go into OIDC tokens, as they are; `tags` are session tags, of which those in `transitive` stay in chains.
    """

    name: str
    password: Secret | None = None
    email: str | None = None
    groups: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    tags: Tags = ()
    transitive: tuple[str, ...] = ()
    source_identity: str | None = None
    claims: Claims = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcClient:
    """An application that an OIDC issuer knows; one without a secret is public (RFC 6749, section 2.1).

    `audience` is whom its tokens are for besides itself, `subject` and `claims` are what its machine tokens say, the
    ones that it gets for itself. `algorithm` signs its tokens.
    """

    id: str
    secret: Secret | None = None
    redirect_uris: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    algorithm: str = "RS256"
    subject: str | None = None
    claims: Claims = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Idp:
    """An identity provider; `entity_id` None is the URL of its metadata.

    `sign_in` is where its SAML responses go: AWS's own sign-in, or the emulator's, which is None.
    `session_duration` is what the responses ask AWS for.
    """

    name: str
    title: str
    entity_id: str | None = None
    sign_in: str | None = None
    session_duration: timedelta | None = None
    people: tuple[Person, ...] = ()
    clients: tuple[OidcClient, ...] = ()

    def person(self, name: str) -> Person:
        """The person of this name, who is there."""
        return next(person for person in self.people if person.name == name)

    def client(self, client_id: str) -> OidcClient | None:
        """The client of this id."""
        return next((client for client in self.clients if client.id == client_id), None)
