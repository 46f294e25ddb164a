"""The policies of one user, group or role, each with what IAM's simulator calls it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from stsctl.emulator.directory.directory import Directory


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedPolicy:
    """A policy; `id` and `type` are the simulator's SourcePolicyId and SourcePolicyType.

    `arn` is a managed policy's; `holder` an inline one's: its name, and what it is in (`user`, `group` or `role`) by
    name.
    """

    id: str
    type: str
    text: str
    arn: str | None = None
    holder: tuple[str, str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A user, group or role with everything that speaks for it; a user's groups' policies are among its own."""

    arn: str
    unique_id: str
    account: str
    policies: tuple[AttachedPolicy, ...]
    boundary: str | None


def holder_of(directory: Directory, arn: str) -> Holder | None:
    """Whom an ARN means; None where there is no such user, group or role."""
    parts = arn.split(":", 5)
    account, (kind, _, path) = parts[4], parts[5].partition("/")
    if account not in directory.accounts:
        return None
    backend: Any = directory.backend(account)
    name = path.rpartition("/")[2]
    if kind == "user":
        found = backend.users.get(name)
    elif kind == "group":
        found = backend.groups.get(name)
    else:
        found = next((role for role in list(backend.roles.values()) if role.name == name), None)
    if found is None or found.arn != arn:
        return None
    policies = list(_of(kind, found))
    if kind == "user":
        for group in list(backend.groups.values()):
            policies += _of("group", group) if found in group.users else ()
    bounded = getattr(found, "permissions_boundary_arn", None)
    limit = directory.managed_policy(account, bounded) if bounded else None
    return Holder(
        arn=arn,
        unique_id=found.id,
        account=account,
        policies=tuple(policies),
        boundary=limit.text if limit else None,
    )


def _of(kind: str, found: Any) -> Iterator[AttachedPolicy]:
    for name, text in list(found.policies.items()):
        holder = (name, kind, found.name)
        yield AttachedPolicy(id=f"{kind}_{found.name}_{name}", type=kind, text=text, holder=holder)
    for policy in list(found.managed_policies.values()):
        version = next(version for version in policy.versions if version.version_id == policy.default_version_id)
        sort = "aws-managed" if ":iam::aws:policy/" in policy.arn else "user-managed"
        yield AttachedPolicy(id=policy.name, type=sort, text=version.document, arn=policy.arn)
