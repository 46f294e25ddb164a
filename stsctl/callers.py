"""Who may call what: by which operation a hop is taken, from where it can be, and what that operation takes.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html,
https://docs.aws.amazon.com/STS/latest/APIReference/ (the parameters of each operation)
"""

from __future__ import annotations

from shlex import quote

from stsctl.errors import UsageError
from stsctl.request import Asker, Operation
from stsctl.source import Source, SourceKind
from stsctl.target import Hop, HopKind, Target

_BEGINNINGS = {
    SourceKind.OIDC: Operation.ASSUME_ROLE_WITH_WEB_IDENTITY,
    SourceKind.SAML: Operation.ASSUME_ROLE_WITH_SAML,
    SourceKind.IDENTITY_CENTER: Operation.GET_ROLE_CREDENTIALS,
    SourceKind.ROLES_ANYWHERE: Operation.CREATE_SESSION,
}
"""By which operation a proof becomes a session."""

_OPERATIONS = {
    HopKind.ROLE: Operation.ASSUME_ROLE,
    HopKind.PERMISSION_SET: Operation.GET_ROLE_CREDENTIALS,
    HopKind.SESSION_TOKEN: Operation.GET_SESSION_TOKEN,
    HopKind.FEDERATION_TOKEN: Operation.GET_FEDERATION_TOKEN,
    HopKind.ROOT: Operation.ASSUME_ROOT,
}

_OF_USERS = (HopKind.SESSION_TOKEN, HopKind.FEDERATION_TOKEN)
"""What only a user's long-term keys can ask for."""
_ENDINGS = {
    HopKind.FEDERATION_TOKEN: "a federated user may call nothing of STS but GetCallerIdentity",
    HopKind.ROOT: "a root user cannot assume roles",
}
"""What nothing can follow, and why."""

_TOLD = {
    "external_id": "an external id",
    "source_identity": "a source identity",
    "tags": "tags",
    "transitive": "transitive tags",
    "policy": "a session policy",
    "policy_arns": "session policies",
    "provided_contexts": "provided contexts",
    "mfa_serial": "an MFA device",
}
"""What can be said of a hop, for people."""
_TAKES = {
    Operation.ASSUME_ROLE: set(_TOLD),
    Operation.ASSUME_ROLE_WITH_WEB_IDENTITY: {"policy", "policy_arns", "mfa_serial"},
    Operation.ASSUME_ROLE_WITH_SAML: {"policy", "policy_arns", "mfa_serial"},
    Operation.GET_ROLE_CREDENTIALS: set(),
    Operation.CREATE_SESSION: {"mfa_serial"},
    Operation.GET_SESSION_TOKEN: {"mfa_serial"},
    Operation.GET_FEDERATION_TOKEN: {"policy", "policy_arns", "tags"},
    Operation.ASSUME_ROOT: {"mfa_serial"},
}
"""What each takes of that. A device that stands where it is not asked for is the source's, which `plan` says."""


def begins_with_proof(source: Source) -> bool:
    """Whether a chain begins with a token, an assertion or a certificate, not with credentials that sign."""
    return source.kind in _BEGINNINGS


def operation_of(target: Target, position: int) -> Operation:
    """By which operation a hop is taken."""
    hop = target.hops[position]
    if position == 0 and hop.kind is HopKind.ROLE:
        return _BEGINNINGS.get(target.source.kind, Operation.ASSUME_ROLE)
    return _OPERATIONS[hop.kind]


def refuse_what_cannot_be(target: Target, asker: Asker) -> None:
    """Raises UsageError where AWS has no way from one hop to the next, or a hop is told what nobody can be told."""
    for position, hop in enumerate(target.hops):
        _refuse_place(target, position, asker)
        _refuse_what_it_takes_not(hop, operation_of(target, position))


def _refuse_place(target: Target, position: int, asker: Asker) -> None:
    hop, source = target.hops[position], target.source
    before = target.hops[position - 1] if position else None
    of_identity_center = source.kind is SourceKind.IDENTITY_CENTER and before is None
    if before is not None and before.kind in _ENDINGS:
        raise UsageError(f'"{hop.name}" cannot come after "{before.name}": {_ENDINGS[before.kind]}')
    if (hop.kind is HopKind.PERMISSION_SET) is not of_identity_center:
        if of_identity_center:
            raise UsageError(
                f'"{hop.name}" cannot come from "{source.name}": Identity Center gives permission sets, not roles',
                hint=f'let it come from one: stsctl sso roles {quote(source.name)}, or write type = "permission-set"',
            )
        raise UsageError(
            f'"{hop.name}" is a permission set, which only a source of type identity-center gives',
            hint='write from = NAME of a source with type = "identity-center"',
        )
    signed = before is not None or not begins_with_proof(source)
    if hop.kind is HopKind.ROOT and not signed:
        raise UsageError(f'"{hop.name}" cannot come from "{source.name}" at once: it takes a role that may do it')
    if hop.kind in _OF_USERS and (before is not None or not signed or asker.temporary):
        whose = before.name if before else source.name
        raise UsageError(
            f'"{hop.name}" cannot come from "{whose}": {_OPERATIONS[hop.kind].value} takes a user\'s long-term keys',
            hint="--from a source of type keys: stsctl keys list",
        )


def _refuse_what_it_takes_not(hop: Hop, operation: Operation) -> None:
    for field, what in _TOLD.items():
        if getattr(hop, field) and field not in _TAKES[operation]:
            where = f" at {hop.origin}" if hop.origin else ""
            raise UsageError(
                f'"{hop.name}" is given {what}, and {operation.value} takes none', hint=f"take it out{where}"
            )
