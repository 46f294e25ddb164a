"""A TOML file becomes the organisation that an emulator starts with; a mistake in it is said with its line."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from importlib import resources
from pathlib import Path

from stsctl import toml_text
from stsctl.credentials import Secret
from stsctl.emulator.seeds import (
    identity_center_seed,
    idp_seed,
    organization_seed,
    permission_sets,
    roles_anywhere_seed,
    workload_seed,
)
from stsctl.emulator.seeds.organisation import (
    Account,
    NewDevice,
    NewGroup,
    NewKey,
    NewOidcProvider,
    NewRole,
    NewSamlProvider,
    NewUser,
    Organisation,
    Policies,
)
from stsctl.emulator.world import issuer_keys
from stsctl.emulator.world.issuer_keys import is_loopback
from stsctl.emulator.world.regions import FIRST, AccountRegions, is_opt_in
from stsctl.errors import ConfigurationError
from stsctl.host import files
from stsctl.nearest import suggestion
from stsctl.policy import document
from stsctl.policy.document import Kind
from stsctl.tables import Table

BUILT_IN = "built-in"
"""The name of the seed that comes with stsctl."""

_HOUR = timedelta(hours=1)
_NAME = r"[\w+=,.@-]{1,64}"
_REGIONS = ("partition", "opt_in_regions", "deactivated_sts_regions")
_GROUP_NAME = r"[\w+=,.@-]{1,128}"


def built_in_text() -> str:
    """The built-in seed as TOML, to be copied and changed."""
    return resources.files(__package__).joinpath("built_in.toml").read_text(encoding="utf-8")


def example_text() -> str:
    """The seed to learn from, with one of everything."""
    return resources.files(__package__).joinpath("example.toml").read_text(encoding="utf-8")


def built_in() -> Organisation:
    """The organisation that comes with stsctl."""
    return parse(built_in_text().encode(), BUILT_IN)


def read(path: Path) -> Organisation:
    """The organisation that a file holds; raises ConfigurationError, or FileError where it cannot be read."""
    return parse(content_of(path), str(path))


def content_of(path: Path) -> bytes:
    """What a seed's file says; raises ConfigurationError, or FileError where it cannot be read."""
    content = files.read(path)
    if content is None:
        raise ConfigurationError(f'there is no seed "{path}"', hint="without --seed it is the built-in one")
    return content


def parse(content: bytes, name: str) -> Organisation:
    """The organisation that a TOML text spells; raises ConfigurationError that begins with `name` and the line."""
    table = toml_text.read(content, name)
    table.only(["account", "identity_center", "idp", "organization"])
    organisation = Organisation(name=name, accounts=tuple(_account(*item) for item in table.tables("account").items()))
    if not organisation.accounts:
        raise table.problem(None, "there is no account", hint="write at least one [account.111111111111]")
    if "organization" in table:
        partitions = {account.id: account.regions.partition for account in organisation.accounts}
        members = organization_seed.parse(table.table("organization"), partitions)
        organisation = replace(organisation, organization=members)
    ids = [key.id for account in organisation.accounts for user in account.users for key in user.keys if key.id]
    if len(set(ids)) < len(ids):
        raise table.problem(None, "two keys have the same id")
    workload_seed.check(table, organisation)
    organisation = idp_seed.with_idps(organisation, table)
    if "identity_center" not in table:
        return organisation
    center = identity_center_seed.parse(table.table("identity_center"), organisation)
    return permission_sets.with_roles(organisation, center)


def _account(number: str, table: Table) -> Account:
    table.check_name(number, r"[0-9]{12}", "an account's id, which has 12 digits")
    kinds = ["user", "group", "policy", "role", "oidc_provider", "saml_provider", "instance", "task"]
    kinds += ["trust_anchor", "roles_anywhere_profile"]
    table.only(["name", "outbound_web_identity_federation", *_REGIONS, *kinds])
    regions, policies = _regions(table), _policies(table, "policy")
    roles = tuple(_role(*item) for item in table.tables("role").items())
    named = {name for name, _ in policies}
    account = Account(
        id=number,
        name=table.text("name") or "",
        regions=regions,
        outbound_federation=bool(table.flag("outbound_web_identity_federation")),
        users=tuple(_user(*item) for item in table.tables("user").items()),
        groups=tuple(_group(*item) for item in table.tables("group").items()),
        policies=policies,
        roles=roles,
        saml_providers=tuple(_saml_provider(*item) for item in table.tables("saml_provider").items()),
        oidc_providers=tuple(_oidc_provider(*item) for item in table.tables("oidc_provider").items()),
        instances=workload_seed.instances(table, number),
        tasks=workload_seed.tasks(table, number),
        trust_anchors=roles_anywhere_seed.trust_anchors(table, number, regions),
        roles_anywhere_profiles=roles_anywhere_seed.profiles(table, number, regions, roles=roles, policies=named),
    )
    _check_references(table, account)
    return account


def _regions(table: Table) -> AccountRegions:
    partition = table.text("partition") or "aws"
    if partition not in FIRST:
        raise table.problem("partition", f'partition "{partition}" is none of {", ".join(FIRST)}')
    for region in table.texts("opt_in_regions"):
        if partition != "aws" or not is_opt_in(region):
            raise table.problem("opt_in_regions", f'"{region}" is no region that has to be enabled')
    if FIRST["aws"] in table.texts("deactivated_sts_regions"):
        raise table.problem("deactivated_sts_regions", f"STS cannot be deactivated in {FIRST['aws']}")
    return AccountRegions(
        partition=partition,
        opt_in=frozenset(table.texts("opt_in_regions")),
        deactivated=frozenset(table.texts("deactivated_sts_regions")),
    )


def _user(name: str, table: Table) -> NewUser:
    table.check_name(name, _NAME, "a name that IAM takes")
    table.only(["path", "key", "mfa", "tags", "groups", "policies", "managed", "boundary"])
    keys = table.tables("key")
    if len(keys) > 2:
        raise table.problem("key", f"a user has two keys at most, these are {len(keys)}")
    return NewUser(
        name=name,
        path=_path(table),
        keys=tuple(_key(key) for key in keys.values()),
        mfa=_device(table.table("mfa")) if "mfa" in table else None,
        tags=table.pairs("tags"),
        groups=table.texts("groups"),
        policies=_policies(table, "policies"),
        managed=table.texts("managed"),
        boundary=table.text("boundary"),
    )


def _key(table: Table) -> NewKey:
    table.only(["id", "secret"])
    secret = table.matching("secret", r"[!-~]{16,128}", "a secret access key")
    return NewKey(
        id=table.matching("id", r"AKIA[A-Z0-9]{12,124}", "an access key id, AKIA and more"),
        secret=Secret(secret) if secret else None,
    )


def _device(table: Table) -> NewDevice:
    table.only(["name", "seed"])
    seed = table.matching("seed", r"[A-Za-z2-7]{16,128}=*", "base32")
    return NewDevice(
        name=table.matching("name", r"[\w+=,.@-]{1,128}", "a device's name"),
        seed=Secret(seed.upper()) if seed else None,
    )


def _group(name: str, table: Table) -> NewGroup:
    table.check_name(name, _GROUP_NAME, "a name that IAM takes")
    table.only(["path", "policies", "managed"])
    return NewGroup(name=name, path=_path(table), policies=_policies(table, "policies"), managed=table.texts("managed"))


def _role(name: str, table: Table) -> NewRole:
    table.check_name(name, _NAME, "a name that IAM takes")
    table.only(["trust", "path", "description", "max_duration", "tags", "policies", "managed", "boundary"])
    trust = table.document("trust")
    if trust is None:
        raise table.problem(None, f"{table.title} has no trust", hint="add its trust policy, as JSON or as a table")
    longest = table.duration("max_duration") or _HOUR
    if not _HOUR <= longest <= 12 * _HOUR:
        raise table.problem("max_duration", "max_duration is from 1h to 12h")
    return NewRole(
        name=name,
        trust=_policy(table, "trust", trust, Kind.TRUST),
        path=_path(table),
        description=table.text("description") or "",
        max_duration=longest,
        tags=table.pairs("tags"),
        policies=_policies(table, "policies"),
        managed=table.texts("managed"),
        boundary=table.text("boundary"),
    )


def _oidc_provider(url: str, table: Table) -> NewOidcProvider:
    if "idp" in table:
        table.only(["idp", "client_ids"])
        return NewOidcProvider(url=url, client_ids=_client_ids(table), idp=table.text("idp"))
    if not re.fullmatch(r"https://[a-z0-9.-]+\.[a-z0-9-]+(:[0-9]+)?(/[!-~]*)?", url) and not is_loopback(url):
        raise table.problem(None, f'"{url}" is not the URL of an issuer', hint='write it as "https://issuer.example"')
    table.only(["client_ids", "jwks"])
    client_ids, keys = _client_ids(table), table.document("jwks")
    if keys is None and not is_loopback(url):
        raise table.problem(None, f"{table.title} has no jwks", hint="an issuer elsewhere is never asked for its keys")
    if keys is not None:
        _check_keys(table, keys)
    return NewOidcProvider(url=url, client_ids=client_ids, keys=keys)


def _client_ids(table: Table) -> tuple[str, ...]:
    client_ids = table.texts("client_ids")
    if not client_ids:
        raise table.problem(None, f"{table.title} has no client_ids", hint='add client_ids = ["sts.amazonaws.com"]')
    return client_ids


def _saml_provider(name: str, table: Table) -> NewSamlProvider:
    from stsctl.emulator.protocol import saml_document

    table.check_name(name, r"[\w.-]{1,128}", "a provider's name")
    if "idp" in table:
        table.only(["idp"])
        return NewSamlProvider(name=name, metadata="", idp=table.text("idp"))
    table.only(["metadata", "issuer", "certificate"])
    metadata, issuer, certificate = (table.text(key) for key in ("metadata", "issuer", "certificate"))
    if metadata is None:
        if issuer is None or certificate is None:
            hint = "add its metadata, its issuer and its certificate, or the idp of the emulator that it is"
            raise table.problem(None, f"{table.title} has no metadata", hint=hint)
        metadata = saml_document.metadata(issuer, certificate)
    key = "metadata" if certificate is None else "certificate"
    try:
        saml_document.read_metadata(metadata)
    except ValueError as error:
        raise table.problem(key, f"{key}: {error}") from error
    return NewSamlProvider(name=name, metadata=metadata)


def _check_keys(table: Table, keys: str) -> None:
    try:
        found = issuer_keys.read(keys)
    except ValueError as error:
        raise table.problem("jwks", f"jwks: {error}") from error
    if not found:
        raise table.problem("jwks", "jwks has no RSA or EC key")


def _policies(table: Table, key: str) -> Policies:
    """The policies in the table under `key`, by name."""
    below = table.table(key)
    found = ((name, below.document(name) or "") for name in below.origins())
    return tuple((name, _policy(below, name, text, Kind.IDENTITY)) for name, text in found)


def _policy(table: Table, key: str, text: str, kind: Kind) -> str:
    try:
        document.parse(text, kind)
    except document.PolicyError as error:
        raise table.problem(key, f'policy "{key}": {error.problems[0]}') from error
    return text


def _path(table: Table) -> str:
    return table.matching("path", r"/([!-~]+/)*", "a path, which begins and ends with a slash") or "/"


def _check_references(table: Table, account: Account) -> None:
    """The groups and policies that are named are there."""
    groups = {group.name for group in account.groups}
    policies = {name for name, _ in account.policies}
    holders: list[tuple[str, NewUser | NewGroup | NewRole]] = [("user", user) for user in account.users]
    holders += [("group", group) for group in account.groups] + [("role", role) for role in account.roles]
    for kind, holder in holders:
        place = table.table(kind).table(holder.name)
        boundary = None if isinstance(holder, NewGroup) else holder.boundary
        for name in (*holder.managed, *([boundary] if boundary else [])):
            if not name.startswith("arn:") and name not in policies:
                hint = suggestion(name, policies) or "AWS's own policies are written as ARNs"
                raise place.problem(None, f'there is no policy "{name}" in this account', hint=hint)
        for name in holder.groups if isinstance(holder, NewUser) else ():
            if name not in groups:
                raise place.problem(
                    "groups", f'there is no group "{name}" in this account', hint=suggestion(name, groups)
                )
