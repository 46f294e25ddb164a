"""Who asks, where a chain begins with a proof and not with credentials: what identity providers say of them.

Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html,
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from stsctl.request import Asker, AskerKind

ROLE = "https://aws.amazon.com/SAML/Attributes/Role"


def web_identity(claims: Mapping[str, object]) -> Asker:
    """Who asks with a token that says `claims` of its issuer and subject."""
    return Asker(kind=AskerKind.WEB_IDENTITY, id=json.dumps(claims, sort_keys=True, separators=(",", ":")))


def saml(issuer: str, name_id: str, attributes: Sequence[tuple[str, Sequence[str]]]) -> Asker:
    """Who asks with an assertion that says `attributes` of its subject."""
    about = {"iss": issuer, "sub": name_id, "attributes": attributes}
    return Asker(kind=AskerKind.SAML, id=json.dumps(about, sort_keys=True, separators=(",", ":")))


def offered_roles(asker: Asker) -> tuple[str, ...]:
    """The ARNs of the roles that an assertion offers of which `asker` is the subject, each once."""
    attributes = json.loads(asker.id)["attributes"]
    values = [value for name, said in attributes if name == ROLE for value in said]
    return tuple(dict.fromkeys(role for role, _ in map(role_and_provider, values) if role))


def role_and_provider(value: str) -> tuple[str, str]:
    """A value of the attribute `ROLE`: the ARNs of a role and of a provider, which AWS takes in either order."""
    parts = [part.strip() for part in value.split(",")]
    parts.sort(key=lambda arn: ":saml-provider/" in arn)
    return (parts[0], parts[1]) if len(parts) == 2 else ("", "")


def identity_center(start_url: str, region: str, sign_in_id: str) -> Asker:
    """Who asks by a sign-in at Identity Center."""
    about = {"start_url": start_url, "region": region, "sign_in": sign_in_id}
    return Asker(kind=AskerKind.IDENTITY_CENTER, id=json.dumps(about, sort_keys=True, separators=(",", ":")))


def sign_in_of(asker: Asker) -> str | None:
    """The id of the sign-in by which somebody asks; None for who asks otherwise."""
    if asker.kind is not AskerKind.IDENTITY_CENTER:
        return None
    found: str = json.loads(asker.id)["sign_in"]
    return found


def subject(asker: Asker) -> str:
    """Whom a proof is about, for people."""
    about = json.loads(asker.id)
    return f'"{about["sub"]}" of "{about["iss"]}"'
