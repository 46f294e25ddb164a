"""IAM Identity Center as a seed describes it: who signs in, and with which permission sets in which accounts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from stsctl.credentials import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryUser:
    """A user of Identity Center's directory; one without a password signs in by its name alone."""

    name: str
    email: str
    password: Secret | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Who has a permission set in an account: users and groups, by name."""

    account: str
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionSet:
    """A permission set. `policy` is its inline policy; `managed` and `boundary` are ARNs, or names in each account."""

    name: str
    description: str = ""
    policy: str | None = None
    managed: tuple[str, ...] = ()
    boundary: str | None = None
    session_duration: timedelta = timedelta(hours=1)
    relay_state: str | None = None
    assignments: tuple[Assignment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityCenter:
    """An instance of Identity Center; `session_duration` is how long a user stays signed in to its portal."""

    start_url: str
    region: str
    instance_id: str
    session_duration: timedelta
    users: tuple[DirectoryUser, ...] = ()
    groups: tuple[str, ...] = ()
    permission_sets: tuple[PermissionSet, ...] = ()

    @property
    def issuer_url(self) -> str:
        """The other name of the instance, beside its start URL."""
        return f"https://identitycenter.amazonaws.com/{self.instance_id}"

    def is_at(self, url: str) -> bool:
        """Whether a URL is the portal's, as people copy it: with a slash or a fragment at its end."""
        return url.partition("#")[0].rstrip("/") == self.start_url

    def permission_set(self, name: str) -> PermissionSet | None:
        """The permission set of this name."""
        return next((one for one in self.permission_sets if one.name == name), None)

    def accounts_of(self, user: DirectoryUser) -> tuple[str, ...]:
        """The accounts in which a user has a permission set."""
        found = {item.account for one in self.permission_sets for item in one.assignments if _is_for(item, user)}
        return tuple(sorted(found))

    def permission_sets_of(self, user: DirectoryUser, account: str) -> tuple[PermissionSet, ...]:
        """What a user has in an account, by name."""
        found = (
            one
            for one in self.permission_sets
            if any(item.account == account and _is_for(item, user) for item in one.assignments)
        )
        return tuple(sorted(found, key=lambda one: one.name))


NOWHERE = IdentityCenter(start_url="https://", region="us-east-1", instance_id="", session_duration=timedelta(hours=8))
"""What a seed without an Identity Center has: the services answer all the same, and no URL is the portal's."""


def _is_for(assignment: Assignment, user: DirectoryUser) -> bool:
    return user.name in assignment.users or not set(assignment.groups).isdisjoint(user.groups)
