"""Rotating a user's access keys: another pair is made, kept and tried before the old one is taken away.

What is kept is one item at every moment: the pair that works, with how far its rotation is. So wherever it is killed, a
working pair is in the store, no secret is lost that somebody could need, and the next rotation goes on from there.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id-credentials-access-keys-update.html (two keys at most)
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from stsctl.arn import Arn
from stsctl.credentials import Credentials
from stsctl.dataclass import dataclass
from stsctl.errors import RefusedError, StsctlError, UnavailableError

_Answer = TypeVar("_Answer")

_UNKNOWN = ("InvalidClientTokenId", "UnrecognizedClientException")
_DENIED = ("AccessDenied", "AccessDeniedException")
_SPREADING = timedelta(seconds=60)
"""So long a new key may take until every part of AWS knows it; seconds are usual."""
_SKEW = timedelta(minutes=5)
_AGAIN = "run it again: it goes on from where it is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """How far the rotation of a pair is, which began at `begun_at`.

    First `successor` is there, kept and not tried yet; once it has taken over, `retired` is the id that is still to be
    taken away. With neither, another pair may have been made whose secret nobody has.
    """

    begun_at: datetime
    successor: Credentials | None = None
    retired: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """A pair as IAM lists it; `used_at` is None for one that nobody has used."""

    id: str
    active: bool
    created_at: datetime
    used_at: datetime | None = None


class AccessKeys(Protocol):
    """The access keys of the user who signs; every call raises RefusedError or UnavailableError."""

    def listed(self, credentials: Credentials) -> tuple[AccessKey, ...]:
        """All of them."""

    def create(self, credentials: Credentials) -> Credentials:
        """Another pair."""

    def deactivate(self, credentials: Credentials, key_id: str) -> None:
        """AWS takes that key no more."""

    def delete(self, credentials: Credentials, key_id: str) -> None:
        """AWS forgets that key."""

    def identity(self, credentials: Credentials) -> Arn:
        """Whose credentials these are."""


@dataclass(slots=True, kw_only=True)
class Rotator:
    """Rotates the keys of `user`.

    `keep` puts a pair, and how far its rotation is, in place of what is kept, whole or not at all. `with_mfa` gives the
    session of the kept pair with an MFA code, for users who may do nothing without; None where there is no device.
    """

    user: Arn
    keys: AccessKeys
    keep: Callable[[Credentials, Rotation | None], None]
    with_mfa: Callable[[], Credentials] | None
    now: Callable[[], datetime]
    pause: Callable[[timedelta], None]
    notice: Callable[[str], None]
    _session: Credentials | None = None

    def rotate(self, current: Credentials, rotation: Rotation | None) -> Credentials:
        """The pair that is kept from now on; goes on where an earlier `rotation` stopped. Raises StsctlError."""
        try:
            if rotation is None:
                rotation = self._begin(current)
            if rotation.retired is None:
                current, rotation = self._replace(current, rotation)
            assert rotation.retired is not None
            self._retire(current, rotation.retired)
        except StsctlError as error:
            error.hint = error.hint or _AGAIN
            raise
        self.keep(current, None)
        return current

    def _begin(self, current: Credentials) -> Rotation:
        others = [key for key in self._listed(current) if key.id != current.access_key_id]
        if others:
            raise _no_room(others)
        rotation = Rotation(begun_at=self.now())
        self.keep(current, rotation)
        return rotation

    def _replace(self, current: Credentials, rotation: Rotation) -> tuple[Credentials, Rotation]:
        """A pair that was made, kept and tried takes the place of the current one."""
        successor = self._successor(current, rotation)
        identity = self._known(lambda: self.keys.identity(successor))
        if identity != self.user:
            raise StsctlError(f'the new key is that of "{identity}", not of "{self.user}": it is not used')
        rotation = Rotation(begun_at=rotation.begun_at, retired=current.access_key_id)
        self.keep(successor, rotation)
        self.notice(f"{successor.access_key_id} works, and has taken over")
        return successor, rotation

    def _successor(self, current: Credentials, rotation: Rotation) -> Credentials:
        listed = self._listed(current)
        if rotation.successor is not None and any(key.id == rotation.successor.access_key_id for key in listed):
            return rotation.successor
        for key in listed:
            if key.id != current.access_key_id:
                self._forget_orphan(current, key, rotation)
        successor = self._as(current, self.keys.create)
        self.keep(current, Rotation(begun_at=rotation.begun_at, successor=successor))
        self.notice(f"{successor.access_key_id} is made")
        return successor

    def _forget_orphan(self, current: Credentials, key: AccessKey, rotation: Rotation) -> None:
        """Deletes what an earlier rotation made and could not keep; raises StsctlError for a key that may be in use."""
        if key.used_at is not None or key.created_at < rotation.begun_at - _SKEW:
            raise _no_room([key])
        self._as(current, lambda credentials: self.keys.delete(credentials, key.id))
        self.notice(f"{key.id}, which was made and not kept, is deleted")

    def _retire(self, current: Credentials, key_id: str) -> None:
        for key in self._known(lambda: self._listed(current)):
            if key.id != key_id:
                continue
            if key.active:
                self._as(current, lambda credentials: self.keys.deactivate(credentials, key_id))
                self.notice(f"{key_id} is deactivated")
            # With the old one out of use, the new one has to work by itself.
            self._known(lambda: self.keys.identity(current))
            self._as(current, lambda credentials: self.keys.delete(credentials, key_id))
            self.notice(f"{key_id} is deleted")

    def _listed(self, credentials: Credentials) -> tuple[AccessKey, ...]:
        return self._as(credentials, self.keys.listed)

    def _as(self, own: Credentials, call: Callable[[Credentials], _Answer]) -> _Answer:
        """One call, with the pair itself; with an MFA session where AWS wants that."""
        try:
            return call(self._session or own)
        except RefusedError as error:
            ended = self._session is not None and error.code in _UNKNOWN
            wanted = self._session is None and error.code in _DENIED
            if self.with_mfa is None or not (ended or wanted):
                raise
        self._session = self.with_mfa()
        return call(self._session)

    def _known(self, call: Callable[[], _Answer]) -> _Answer:
        """A call with a new pair, which is made again until AWS knows the pair everywhere."""
        limit, wait = self.now() + _SPREADING, timedelta(seconds=0.5)
        while True:
            try:
                return call()
            except RefusedError as error:
                if error.code not in _UNKNOWN:
                    raise
                if self.now() + wait > limit:
                    seconds = int(_SPREADING.total_seconds())
                    raise UnavailableError(f"AWS does not know the new key after {seconds} s", hint=_AGAIN) from error
            self.pause(wait)
            wait = min(wait * 2, timedelta(seconds=8))


def _no_room(others: list[AccessKey]) -> StsctlError:
    """A user has two keys at most, and nobody but the person can say what the other is for."""
    key = others[0]
    how = "active" if key.active else "inactive"
    used = f"last used on {key.used_at:%Y-%m-%d}" if key.used_at else "never used"
    return StsctlError(
        f"the user has another key, {key.id} ({how}, {used}), and AWS takes no third",
        hint=f"if nobody needs it: aws iam delete-access-key --access-key-id {key.id}",
    )
