"""The trust anchors and profiles of an account's table: read, and checked against its roles.

Source: https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_CreateProfile.html and
https://docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_CreateTrustAnchor.html
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from stsctl.emulator.protocol import certificates
from stsctl.emulator.seeds.organisation import NewRole
from stsctl.emulator.seeds.roles_anywhere import RolesAnywhereProfile, TrustAnchor, made_id
from stsctl.emulator.world.regions import FIRST, AccountRegions, partition_of
from stsctl.nearest import suggestion
from stsctl.policy import document
from stsctl.policy.document import Kind
from stsctl.tables import Table

_NAME = r"[ a-zA-Z0-9_-]{1,255}"
_ID = r"[a-f0-9]{8}-([a-z0-9]{4}-){3}[a-z0-9]{12}"
_SHORTEST, _LONGEST = timedelta(minutes=15), timedelta(hours=12)


def trust_anchors(account: Table, number: str, regions: AccountRegions) -> tuple[TrustAnchor, ...]:
    """Those of an account's table; raises ConfigurationError with the line."""
    return tuple(_trust_anchor(name, table, number, regions) for name, table in account.tables("trust_anchor").items())


def profiles(
    account: Table, number: str, regions: AccountRegions, *, roles: Collection[NewRole], policies: Collection[str]
) -> tuple[RolesAnywhereProfile, ...]:
    """Those of an account's table; its roles are among `roles`, its own policies among `policies`, by name.

    Raises ConfigurationError with the line.
    """
    arns = {role.name: f"arn:{regions.partition}:iam::{number}:role{role.path}{role.name}" for role in roles}
    return tuple(
        _profile(name, table, _arn(table, "profile", name, number, regions), roles=arns, policies=policies)
        for name, table in account.tables("roles_anywhere_profile").items()
    )


def _trust_anchor(name: str, table: Table, number: str, regions: AccountRegions) -> TrustAnchor:
    table.check_name(name, _NAME, "a trust anchor's name")
    table.only(["id", "region", "certificates", "enabled"])
    bundle = table.text("certificates")
    if bundle is not None:
        try:
            certificates.read_bundle(bundle)
        except ValueError as error:
            raise table.problem("certificates", f"certificates: {error}") from error
    return TrustAnchor(
        arn=_arn(table, "trust-anchor", name, number, regions),
        name=name,
        certificates=bundle,
        enabled=table.flag("enabled") is not False,
    )


def _profile(
    name: str, table: Table, arn: str, *, roles: dict[str, str], policies: Collection[str]
) -> RolesAnywhereProfile:
    table.check_name(name, _NAME, "a profile's name")
    table.only(
        ["id", "region", "roles", "duration", "session_policy", "managed", "accept_role_session_name", "enabled"]
    )
    length = table.duration("duration") or timedelta(hours=1)
    if not _SHORTEST <= length <= _LONGEST:
        raise table.problem("duration", "duration is from 15m to 12h")
    listed = table.texts("roles")
    if not listed:
        raise table.problem(None, f"{table.title} has no roles", hint='add roles = ["NameOfARole"]')
    for role in listed:
        if role not in roles:
            what = f'there is no role "{role}" in this account'
            raise table.problem("roles", what, hint=suggestion(role, roles))
    return RolesAnywhereProfile(
        arn=arn,
        name=name,
        roles=tuple(roles[role] for role in listed),
        duration=length,
        session_policy=_session_policy(table),
        policy_arns=_managed(table, arn, policies),
        accept_role_session_name=bool(table.flag("accept_role_session_name")),
        enabled=table.flag("enabled") is not False,
    )


def _session_policy(table: Table) -> str | None:
    text = table.document("session_policy")
    if text is not None:
        try:
            document.parse(text, Kind.SESSION)
        except document.PolicyError as error:
            raise table.problem("session_policy", f"session_policy: {error.problems[0]}") from error
    return text


def _managed(table: Table, arn: str, policies: Collection[str]) -> tuple[str, ...]:
    _, partition, _, _, account, _ = arn.split(":", 5)
    for text in table.texts("managed"):
        if not text.startswith("arn:") and text not in policies:
            hint = suggestion(text, policies) or "AWS's own policies are written as ARNs"
            raise table.problem("managed", f'there is no policy "{text}" in this account', hint=hint)
    own = f"arn:{partition}:iam::{account}:policy/"
    return tuple(text if text.startswith("arn:") else own + text for text in table.texts("managed"))


def _arn(table: Table, kind: str, name: str, number: str, regions: AccountRegions) -> str:
    region = table.matching("region", r"[a-z]{2}(-[a-z]+)+-[0-9]", "a region") or FIRST[regions.partition]
    if partition_of(region) != regions.partition:
        raise table.problem("region", f'region "{region}" is not in partition {regions.partition}')
    own = table.matching("id", _ID, "an id, as 11111111-2222-3333-4444-555555555555") or made_id(kind, number, name)
    return f"arn:{regions.partition}:rolesanywhere:{region}:{number}:{kind}/{own}"
