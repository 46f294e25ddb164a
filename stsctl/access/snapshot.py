"""An organisation's principals and policies, as they were when somebody looked: everything that `access` answers from.

A policy is kept as its text and parsed when it is first asked: of 20,000 roles a question is about few.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from stsctl.policy.document import Document, PolicyError, parse
from stsctl.policy.evaluate import Policy
from stsctl.policy.kind import Kind

Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyText:
    """A policy as it is saved; `name` is what answers call it by, `arn` a managed policy's."""

    name: str
    text: str
    kind: Kind
    arn: str | None = None

    @property
    def policy(self) -> Policy:
        """It, ready to be evaluated; raises PolicyError for a text that AWS would refuse."""
        return Policy(name=self.name, document=_parsed(self.text, self.kind))


@lru_cache(maxsize=50_000)
def _parsed(text: str, kind: Kind) -> Document:
    return parse(text, kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user of IAM; `policies` are all that speak for it: inline, attached, and those of its `groups`, by ARN."""

    arn: str
    id: str
    account: str
    policies: tuple[PolicyText, ...] = ()
    groups: tuple[str, ...] = ()
    boundary: PolicyText | None = None
    tags: Tags = ()

    @property
    def name(self) -> str:
        """Without its path."""
        return self.arn.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role; `longest` is its MaxSessionDuration, `profiles` the instance profiles that carry it, by ARN."""

    arn: str
    id: str
    account: str
    trust: PolicyText
    policies: tuple[PolicyText, ...] = ()
    boundary: PolicyText | None = None
    tags: Tags = ()
    longest: timedelta = timedelta(hours=1)
    profiles: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Without its path."""
        return self.arn.rpartition("/")[2]


Holder = User | Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of users; what `policies` say is said of them."""

    arn: str
    account: str
    policies: tuple[PolicyText, ...] = ()

    @property
    def name(self) -> str:
        """Without its path."""
        return self.arn.rpartition("/")[2]


Levels = tuple[tuple[PolicyText, ...], ...]
"""Control policies: a level for the root, each unit below it, and the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """An account's place in its organization.

    `path` is as aws:PrincipalOrgPaths has it. `scps` limit the account's principals and `rcps` its resources. The
    management account has none.
    """

    organization: str
    management_account: str
    path: str
    scps: Levels = ()
    rcps: Levels = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Users, roles, groups and managed policies by ARN, memberships by account, policies of resources by their ARN.

    `versions` are those of managed policies that are not in force, by the policy's ARN.

    `gaps` says, for people, what nobody could see: every answer is as good as that is unimportant. `as_of` is when the
    oldest part was read, where it was not just now.
    """

    users: Mapping[str, User] = field(default_factory=dict)
    roles: Mapping[str, Role] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    memberships: Mapping[str, Membership] = field(default_factory=dict)
    managed: Mapping[str, PolicyText] = field(default_factory=dict)
    versions: Mapping[str, tuple[PolicyText, ...]] = field(default_factory=dict)
    resources: Mapping[str, PolicyText] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()
    as_of: datetime | None = None

    @property
    def accounts(self) -> frozenset[str]:
        """The accounts whose principals are known."""
        return frozenset(arn.split(":")[4] for arn in self.arns())

    def holder(self, arn: str) -> Holder | None:
        """The user or role with that ARN."""
        return self.users.get(arn) or self.roles.get(arn)

    def has(self, holder: Holder) -> bool:
        """Whether a user or role is as it was then, and was given no other policies since."""
        return self.holder(holder.arn) is holder

    def arns(self) -> Iterator[str]:
        """Those of every user, then of every role."""
        yield from self.users
        yield from self.roles

    def holders(self) -> Iterator[Holder]:
        """Every user, then every role."""
        yield from self.users.values()
        yield from self.roles.values()

    def faults(self) -> Iterator[str]:
        """The policies that cannot be read as policies, with the reason."""
        for holder in self.holders():
            texts = [*holder.policies, *([holder.boundary] if holder.boundary else [])]
            for text in [*texts, *([holder.trust] if isinstance(holder, Role) else [])]:
                try:
                    _ = text.policy
                except PolicyError as error:
                    yield f"{text.name}: {error.message}"


def merged(snapshots: list[Snapshot]) -> Snapshot:
    """Several snapshots in one, as of several accounts."""
    if len(snapshots) == 1:
        return snapshots[0]
    return Snapshot(
        users={arn: user for each in snapshots for arn, user in each.users.items()},
        roles={arn: role for each in snapshots for arn, role in each.roles.items()},
        groups={arn: group for each in snapshots for arn, group in each.groups.items()},
        memberships={account: place for each in snapshots for account, place in each.memberships.items()},
        managed={arn: policy for each in snapshots for arn, policy in each.managed.items()},
        versions={arn: versions for each in snapshots for arn, versions in each.versions.items()},
        resources={arn: policy for each in snapshots for arn, policy in each.resources.items()},
        gaps=tuple(dict.fromkeys(gap for each in snapshots for gap in each.gaps)),
        as_of=min((each.as_of for each in snapshots if each.as_of), default=None),
    )
