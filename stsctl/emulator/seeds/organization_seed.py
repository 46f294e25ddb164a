"""The table [organization] of a seed: organizational units, the accounts in them, and the policies on each.

    [organization]
    management_account = "111111111111"
    scps = ["NoLeaving"]                              # attached to the root

    [organization.unit.Workloads.unit.Production]
    accounts = ["222222222222"]
    rcps = ["OnlyUs"]

    [organization.account.222222222222]
    delegated_services = ["iam.amazonaws.com"]

Its policies stand in [organization.scp] and [organization.rcp], by name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from stsctl.emulator.seeds.new_organization import FEATURES, NewMember, NewOrganization, NewTarget, NewUnit, Policies
from stsctl.nearest import suggestion
from stsctl.policy import document
from stsctl.policy.document import Kind
from stsctl.tables import Table

_ON_TARGETS = ("scps", "rcps", "full_aws_access")
_MOST_ATTACHED = 5
"""Of each kind, to one root, unit or account, FullAWSAccess included (Quotas for AWS Organizations)."""


def parse(table: Table, accounts: Mapping[str, str]) -> NewOrganization:
    """The organization that the table spells; raises ConfigurationError.

    `accounts` are all that the seed has, with their partitions.
    """
    keys = ("management_account", "id", "features", "scp", "rcp", "accounts", "unit", "account")
    table.only([*keys, *_ON_TARGETS])
    management = table.text("management_account")
    if management is None:
        raise table.problem(None, f"{table.title} has no management_account", hint="every organization has one")
    policies = _Policies(_policies(table, "scp", Kind.SCP), _policies(table, "rcp", Kind.RCP))
    for name, _ in policies.rcps:
        if name in (other for other, _ in policies.scps):
            raise table.table("rcp").problem(name, f'there is an scp "{name}" too, and names are unique')
    root = _unit("Root", table, policies)
    places = list(_placed(table))
    for account, place, key in [(management, table, "management_account"), *places]:
        if account not in accounts:
            raise place.problem(key, f'there is no account "{account}"', hint=suggestion(account, accounts))
        if accounts[account] != accounts[management]:
            raise place.problem(key, f"account {account} is of another partition than the management account")
    members = {management, *(account for account, _, _ in places)}
    for index, (account, place, key) in enumerate(places):
        if account in (before for before, _, _ in places[:index]):
            raise place.problem(key, f"account {account} is placed twice")
    return NewOrganization(
        management_account=management,
        id=_id(table),
        features=_features(table),
        scps=policies.scps,
        rcps=policies.rcps,
        root=root,
        members=tuple(_member(*item, policies, members, management) for item in table.tables("account").items()),
    )


class _Policies:
    """The policies that can be attached, and who may be limited by them."""

    def __init__(self, scps: Policies, rcps: Policies) -> None:
        self.scps = scps
        self.rcps = rcps

    def target(self, table: Table) -> NewTarget:
        """What a table attaches; raises ConfigurationError for policies that are not there."""
        scps, rcps = table.texts("scps"), table.texts("rcps")
        whole = table.flag("full_aws_access")
        target = NewTarget(scps=scps, rcps=rcps, full_aws_access=whole is not False)
        for key, wanted, known in (("scps", scps, self.scps), ("rcps", rcps, self.rcps)):
            names = [name for name, _ in known]
            for name in wanted:
                if name not in names:
                    hint = suggestion(name, names) or f"write it as [organization.{key[:-1]}.{name}]"
                    raise table.problem(key, f'there is no {key[:-1]} "{name}"', hint=hint)
            if len(set(wanted)) + (key == "rcps" or target.full_aws_access) > _MOST_ATTACHED:
                raise table.problem(key, f"{key} are {_MOST_ATTACHED} at most, the one of AWS included")
        if not target.full_aws_access and not scps:
            raise table.problem("full_aws_access", "without FullAWSAccess there must be other scps")
        return target


def _unit(name: str, table: Table, policies: _Policies) -> NewUnit:
    return NewUnit(
        name=name,
        target=policies.target(table),
        accounts=table.texts("accounts"),
        units=tuple(_inner(*item, policies) for item in table.tables("unit").items()),
    )


def _inner(name: str, table: Table, policies: _Policies) -> NewUnit:
    table.only(["accounts", "unit", *_ON_TARGETS])
    if not 0 < len(name) <= 128:
        raise table.problem(None, "the name of an organizational unit has 1 to 128 characters")
    return _unit(name, table, policies)


def _member(account: str, table: Table, policies: _Policies, members: Collection[str], management: str) -> NewMember:
    table.only(["delegated_services", *_ON_TARGETS])
    if account == management and "delegated_services" in table:
        raise table.problem("delegated_services", "the management account delegates, it is no delegated administrator")
    if account not in members:
        hint = "name it in the accounts of the organization, or of a unit"
        raise table.problem(None, f"account {account} is not in the organization", hint=hint)
    return NewMember(
        account=account, target=policies.target(table), delegated_services=table.texts("delegated_services")
    )


def _placed(table: Table) -> Iterator[tuple[str, Table, str]]:
    """Every account that is placed, with the table and the key that place it."""
    for account in table.texts("accounts"):
        yield account, table, "accounts"
    for unit in table.tables("unit").values():
        yield from _placed(unit)


def _policies(table: Table, key: str, kind: Kind) -> Policies:
    found: list[tuple[str, str]] = []
    below = table.table(key)
    for name in below.origins():
        text = below.document(name) or ""
        try:
            document.parse(text, kind)
        except document.PolicyError as error:
            raise below.problem(name, f'{key} "{name}": {error.problems[0]}') from error
        found.append((name, text))
    return tuple(found)


def _id(table: Table) -> str | None:
    text = table.text("id")
    if text is not None and not re.fullmatch(r"o-[a-z0-9]{10,32}", text):
        raise table.problem("id", f'"{text}" is not the id of an organization', hint='write it as "o-exampleorgid"')
    return text


def _features(table: Table) -> tuple[str, ...]:
    features = table.texts("features")
    for name in features:
        if name not in FEATURES:
            hint = suggestion(name, FEATURES) or f"known are {', '.join(FEATURES)}"
            raise table.problem("features", f'there is no feature "{name}"', hint=hint)
    return features
