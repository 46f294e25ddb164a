"""The [identity_center] of a seed: read, and checked against the accounts that it assigns permission sets in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta

from stsctl.credentials import Secret
from stsctl.emulator.seeds.identity_center import Assignment, DirectoryUser, IdentityCenter, PermissionSet
from stsctl.emulator.seeds.organisation import Organisation
from stsctl.nearest import suggestion
from stsctl.policy import document
from stsctl.tables import Table

_HOUR = timedelta(hours=1)
_TWELVE_HOURS = timedelta(hours=12)
_START_URL = "https://emulated.awsapps.com/start"
_USER_NAME = r"[\w+=,.@-]{2,64}"
"""What a user is called is what their sessions are called, so it is held to what STS takes for that."""


def parse(table: Table, organisation: Organisation) -> IdentityCenter:
    """The Identity Center that a table spells; raises ConfigurationError with the line."""
    table.only(["start_url", "region", "instance_id", "session_duration", "user", "group", "permission_set"])
    start_url = table.matching("start_url", r"https://[a-z0-9.-]+(/[!-~]*)?", "the URL of a portal") or _START_URL
    return IdentityCenter(
        start_url=start_url.rstrip("/"),
        region=table.matching("region", r"[a-z]{2}(-[a-z]+)+-[0-9]", "a region") or "us-east-1",
        instance_id=table.matching("instance_id", r"ssoins-[0-9a-f]{16}", "an id as ssoins-0123456789abcdef")
        or f"ssoins-{hashlib.sha256(start_url.encode()).hexdigest()[:16]}",
        session_duration=_duration(table, "15m", "90d", timedelta(minutes=15), timedelta(days=90)) or 8 * _HOUR,
        groups=_groups(table),
        users=_users(table),
        permission_sets=tuple(
            _permission_set(name, one, table, organisation) for name, one in table.tables("permission_set").items()
        ),
    )


def _groups(table: Table) -> tuple[str, ...]:
    groups = table.tables("group")
    for group in groups.values():
        group.only([])
    return tuple(groups)


def _users(table: Table) -> tuple[DirectoryUser, ...]:
    users = tuple(_user(name, user, table) for name, user in table.tables("user").items())
    names = [user.name.lower() for user in users]
    for name, user in table.tables("user").items():
        if names.count(name.lower()) > 1:
            raise user.problem(None, f'two users are called "{name.lower()}": their case does not tell them apart')
    return users


def _user(name: str, table: Table, center: Table) -> DirectoryUser:
    table.check_name(name, _USER_NAME, "a user name of 2 to 64 letters, digits and +=,.@-_")
    table.only(["email", "password", "groups"])
    password, groups = table.text("password"), table.texts("groups")
    _known(table, groups, center.tables("group"), "group", key="groups")
    return DirectoryUser(
        name=name,
        email=table.matching("email", r"[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,255}", "an e-mail address")
        or f"{name}@example.com",
        password=Secret(password) if password else None,
        groups=groups,
    )


def _permission_set(name: str, table: Table, center: Table, organisation: Organisation) -> PermissionSet:
    table.check_name(name, r"[\w+=,.@-]{1,32}", "a name of at most 32 letters, digits and +=,.@-_")
    table.only(["description", "policy", "managed", "boundary", "session_duration", "relay_state", "assign"])
    found = PermissionSet(
        name=name,
        description=table.text("description") or "",
        policy=_policy(table),
        managed=table.texts("managed"),
        boundary=table.text("boundary"),
        session_duration=_duration(table, "1h", "12h", _HOUR, _TWELVE_HOURS) or _HOUR,
        relay_state=table.matching("relay_state", r"https://[!-~]{1,240}", "a URL"),
        assignments=tuple(_assignment(*item, center, organisation) for item in table.tables("assign").items()),
    )
    _check_policies(table, found, organisation)
    return found


def _assignment(account: str, table: Table, center: Table, organisation: Organisation) -> Assignment:
    _known(table, (account,), [one.id for one in organisation.accounts], "account")
    table.only(["users", "groups"])
    users, groups = table.texts("users"), table.texts("groups")
    if not users and not groups:
        raise table.problem(None, f"{table.title} assigns to nobody", hint='add users = ["…"] or groups = ["…"]')
    _known(table, users, center.tables("user"), "user", key="users")
    _known(table, groups, center.tables("group"), "group", key="groups")
    return Assignment(account=account, users=users, groups=groups)


def _check_policies(table: Table, permission_set: PermissionSet, organisation: Organisation) -> None:
    """The account's own policies that a permission set names are there, in each of its accounts."""
    names = [*permission_set.managed, *([permission_set.boundary] if permission_set.boundary else [])]
    own = {account.id: [name for name, _ in account.policies] for account in organisation.accounts}
    for assignment in permission_set.assignments:
        known = own[assignment.account]
        for name in names:
            if name not in known and not name.startswith("arn:"):
                what = f'there is no policy "{name}" in account {assignment.account}'
                raise table.problem(
                    None, what, hint=suggestion(name, known) or "AWS's own policies are written as ARNs"
                )


def _policy(table: Table) -> str | None:
    text = table.document("policy")
    if text is None:
        return None
    try:
        document.parse(text, document.Kind.IDENTITY)
    except document.PolicyError as error:
        raise table.problem("policy", f"policy: {error.problems[0]}") from error
    return text


def _duration(table: Table, least: str, most: str, shortest: timedelta, longest: timedelta) -> timedelta | None:
    found = table.duration("session_duration")
    if found is not None and not shortest <= found <= longest:
        raise table.problem("session_duration", f"session_duration is from {least} to {most}")
    return found


def _known(table: Table, names: Iterable[str], known: Iterable[str], what: str, key: str | None = None) -> None:
    known = tuple(known)
    for name in names:
        if name not in known:
            raise table.problem(key, f'there is no {what} "{name}" in this seed', hint=suggestion(name, known))
