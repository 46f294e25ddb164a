"""Chains that begin with a proof, not with credentials: by which operation, and what that one does not take.

Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html,
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from stsctl.errors import UsageError
from stsctl.request import Asker, AskerKind, Operation
from stsctl.target import Hop, Source, SourceKind

_OPERATIONS = {
    SourceKind.OIDC: Operation.ASSUME_ROLE_WITH_WEB_IDENTITY,
    SourceKind.SAML: Operation.ASSUME_ROLE_WITH_SAML,
}


def web_identity(claims: Mapping[str, object]) -> Asker:
    """Who asks with a token that says `claims` of its issuer and subject."""
    return Asker(kind=AskerKind.WEB_IDENTITY, id=json.dumps(claims, sort_keys=True, separators=(",", ":")))


def saml(issuer: str, name_id: str, attributes: Sequence[tuple[str, Sequence[str]]]) -> Asker:
    """Who asks with an assertion that says `attributes` of its subject."""
    about = {"iss": issuer, "sub": name_id, "attributes": attributes}
    return Asker(kind=AskerKind.SAML, id=json.dumps(about, sort_keys=True, separators=(",", ":")))


def subject(asker: Asker) -> str:
    """Whom a proof is about, for people."""
    about = json.loads(asker.id)
    return f'"{about["sub"]}" of "{about["iss"]}"'


def first_operation(source: Source) -> Operation:
    """By which operation the first role is taken, from that source."""
    return _OPERATIONS.get(source.kind, Operation.ASSUME_ROLE)


def refuse_what_it_takes_not(hop: Hop, operation: Operation) -> None:
    """Raises UsageError where something is said of a role that only AssumeRole could be told."""
    if operation.is_signed:
        return
    said = {
        "an external id": hop.external_id,
        "tags": hop.tags,
        "a source identity": hop.source_identity,
    }
    for what, value in said.items():
        if value:
            raise UsageError(
                f'"{hop.name}" is given {what}, and {operation.value} takes none: its proof says who it is',
                hint=f"let the identity provider say it, or take it out{f' at {hop.origin}' if hop.origin else ''}",
            )
