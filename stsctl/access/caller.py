"""Who asks, out of a snapshot: a user, a user's session, or a role's, with all that decides what they may do.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

from dataclasses import dataclass

from stsctl.access.snapshot import Holder, PolicyText, Role, Snapshot, Tags, User
from stsctl.errors import UsageError
from stsctl.policy.principal import Principal
from stsctl.policy.request import Context

_MFA = "aws:MultiFactorAuthPresent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One who makes requests.

    `holder` has the policies; `session` are session policies. `keys` are the condition keys that come with each of its
    requests. `temporary` says that it is a session, and `transitive` which of its `tags` go on down a chain. `device`
    is not set for a user whose keys somebody else made: that one has not got the user's MFA device. `provider` is who
    vouched for whoever became a role's session.
    """

    principal: Principal
    holder: Holder
    session: tuple[PolicyText, ...] = ()
    tags: Tags = ()
    transitive: tuple[str, ...] = ()
    source_identity: str | None = None
    temporary: bool = False
    mfa: bool | None = None
    device: bool = True
    provider: str | None = None

    @property
    def account(self) -> str:
        """The account that it is of."""
        return self.holder.account

    @property
    def keys(self) -> Context:
        """The condition keys that come with each of its requests."""
        tags = {key.lower(): (key, value) for key, value in (*self.holder.tags, *self.tags)}
        keys: dict[str, str | None] = {f"aws:PrincipalTag/{key}": value for key, value in tags.values()}
        if self.mfa is not None:
            keys[_MFA] = "true" if self.mfa else "false"
        if self.mfa:
            keys["aws:MultiFactorAuthAge"] = "0"
        if self.provider is not None:
            keys["aws:FederatedProvider"] = self.provider
        if self.temporary:
            keys["aws:SourceIdentity"] = self.source_identity
        return keys

    @property
    def handed_on(self) -> Tags:
        """The tags that sessions of roles which it assumes have, whoever asks for them."""
        keys = {key.lower() for key in self.transitive}
        return tuple(tag for tag in self.tags if tag[0].lower() in keys)


def user(found: User) -> Caller:
    """A user with long-term keys: nothing is known of MFA, the condition key is not there at all."""
    return Caller(principal=_user(found), holder=found)


def user_session(found: User, *, mfa: bool) -> Caller:
    """A user with a session of GetSessionToken."""
    return Caller(principal=_user(found), holder=found, temporary=True, mfa=mfa)


def _user(found: User) -> Principal:
    return Principal.of(found.arn, unique_id=found.id)


def role_session(
    found: Role,
    name: str,
    *,
    session: tuple[PolicyText, ...] = (),
    tags: Tags = (),
    transitive: tuple[str, ...] = (),
    source_identity: str | None = None,
) -> Caller:
    """A session of a role. It is without MFA even where a code opened it: the code counted for that call alone."""
    arn = f"arn:{found.arn.split(':')[1]}:sts::{found.account}:assumed-role/{found.name}/{name}"
    return Caller(
        principal=Principal.of(arn, issuer=found.arn, unique_id=found.id),
        holder=found,
        session=session,
        tags=tags,
        transitive=transitive,
        source_identity=source_identity,
        temporary=True,
        mfa=False,
    )


def plain(found: Holder) -> Caller:
    """A user with its long-term keys, or a session of a role with nothing to tell it from others."""
    return user(found) if isinstance(found, User) else role_session(found, "session")


def named(snapshot: Snapshot, text: str) -> Holder:
    """The user or role that an ARN, a session's ARN, or `account:name` means; raises UsageError for nobody."""
    found = snapshot.holder(text)
    if found is not None:
        return found
    account, name = _account_and_name(text)
    matching = [arn for arn in snapshot.arns() if arn.endswith(f"/{name}") and arn.split(":")[4] == account]
    found = snapshot.holder(matching[0]) if len(matching) == 1 else None
    if found is not None:
        return found
    if matching:
        raise UsageError(f'"{text}" could be {" or ".join(matching)}', hint="write its ARN")
    known = ", ".join(sorted(snapshot.accounts)) or "no account"
    raise UsageError(f'there is no user and no role "{text}" in the policies at hand (of {known})')


def _account_and_name(text: str) -> tuple[str, str]:
    """What an ARN of a session or of a principal without its path says, or `account:name`."""
    parts = text.split(":", 5)
    if len(parts) == 6:
        kind, _, rest = parts[5].partition("/")
        name = rest.partition("/")[0] if kind == "assumed-role" else rest.rpartition("/")[2]
        return parts[4], name
    account, _, name = text.rpartition(":")
    return account, name
