"""Who is signed in where: held and good, or refreshed, or signed in, each once, however many ask.

Everything that it touches is handed to it, as to the broker.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from stsctl.credentials import LEAST_LEFT
from stsctl.dataclass import dataclass
from stsctl.errors import PersonNeededError, RefusedError, StsctlError, UnavailableError
from stsctl.locks import Locks
from stsctl.sign_in import SignIn


class Authority(Protocol):
    """Where people sign in."""

    @property
    def key(self) -> str:
        """All that tells it, and what it is asked for, from others; no secret."""

    @property
    def name(self) -> str:
        """What the person calls it."""

    @property
    def command(self) -> str:
        """What the person types to sign in."""

    def found(self, held: SignIn | None) -> SignIn | None:
        """A sign-in that another program has left for all; `held` is the one to compare it with."""

    def refresh(self, held: SignIn) -> SignIn:
        """The same sign-in with a new token; raises RefusedError when it has ended, UnavailableError."""

    def sign_in(self) -> SignIn:
        """A new sign-in, by a person; raises RefusedError, UnavailableError, PersonNeededError."""


class Listed(Protocol):
    """What is known of a sign-in without opening the store."""

    @property
    def id(self) -> str:
        """See `SignIn`."""

    @property
    def signed_in_at(self) -> datetime:
        """See `SignIn`."""

    @property
    def ends_at(self) -> datetime:
        """See `SignIn`."""


class Holdings(Protocol):
    """The sign-ins that are held; one that cannot be read is none."""

    def sign_in(self, authority: str) -> SignIn | None:
        """The one at an authority."""

    def sign_in_entry(self, authority: str) -> Listed | None:
        """What is listed of it, for which no store is opened."""

    def hold_sign_in(self, sign_in: SignIn) -> None:
        """Keeps it, in place of the one before."""


class Lessons(Protocol):
    """What happened to others who asked for the same."""

    def failed(self, key: str, error: StsctlError, now: datetime) -> None:
        """Remembers that a sign-in failed, for those who were waiting for it."""

    def failure(self, key: str, since: datetime) -> StsctlError | None:
        """How a sign-in failed, if that was after `since`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Want:
    """Which sign-ins will do: not the one that was refused, and where a new one is wanted, none from before."""

    rejected: SignIn | None
    newer_than: datetime | None

    def accepts(self, sign_in: SignIn, now: datetime) -> bool:
        refused = self.rejected is not None and sign_in.token == self.rejected.token
        return not refused and self._is_good(sign_in, now)

    def may_accept(self, listed: Listed, now: datetime) -> bool:
        """Whether it is worth opening the store for."""
        refused = self.rejected is not None and listed.ends_at == self.rejected.ends_at
        return not refused and self._is_good(listed, now)

    def _is_good(self, listed: Listed, now: datetime) -> bool:
        # What was signed in after now is of before an emulator's clock was moved back.
        if self.newer_than is not None and not self.newer_than < listed.signed_in_at <= now:
            return False
        return listed.ends_at - now >= LEAST_LEFT


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIns:
    """Gives tokens that are good now. `may_ask` says whether a person may be asked to sign in."""

    holdings: Holdings
    locks: Locks
    lessons: Lessons
    notice: Callable[[str], None]
    now: Callable[[], datetime]
    may_ask: Callable[[], bool]

    def obtain(self, authority: Authority, *, rejected: SignIn | None = None, anew: bool = False) -> SignIn:
        """The sign-in at an authority, with a token that is good now.

        `rejected` is one whose token the authority no longer takes; `anew` takes none that is held. Raises
        PersonNeededError where nobody may be asked, RefusedError, UnavailableError.
        """
        started = self.now()
        want = _Want(rejected=rejected, newer_than=started if anew else None)
        held = self._held(authority, want)
        if held is not None:
            return held
        key = f"sign-in {authority.key}"

        def settled() -> bool:
            # Asked many times a second: what is listed costs less than what is held.
            listed = self.holdings.sign_in_entry(authority.key)
            may_be = listed is not None and want.may_accept(listed, self.now())
            return may_be and self._held(authority, want) is not None

        with self.locks.hold(key, f'the sign-in "{authority.name}"', settled=settled):
            held = self._held(authority, want)
            if held is not None:
                return held
            failure = self.lessons.failure(key, started)
            if failure is not None:
                raise failure
            try:
                signed_in = self._renew(authority, want)
            except (RefusedError, UnavailableError) as error:
                self.lessons.failed(key, error, self.now())
                raise
            except PersonNeededError as error:
                if error.asked:
                    self.lessons.failed(key, error, self.now())
                raise
            self.holdings.hold_sign_in(signed_in)
            return signed_in

    def _held(self, authority: Authority, want: _Want) -> SignIn | None:
        held = self.holdings.sign_in(authority.key)
        return held if held is not None and want.accepts(held, self.now()) else None

    def _renew(self, authority: Authority, want: _Want) -> SignIn:
        """What another program left, else the held one refreshed, else a new one."""
        if want.newer_than is None:
            held = self.holdings.sign_in(authority.key)
            found = authority.found(held)
            if found is not None and want.accepts(found, self.now()):
                return found
            if held is not None and held.refresh_token is not None:
                try:
                    return authority.refresh(held)
                except RefusedError:
                    self.notice(f'the sign-in "{authority.name}" has ended')
        if not self.may_ask():
            raise PersonNeededError(
                f'"{authority.name}" needs you to sign in, and nobody may be asked here', hint=authority.command
            )
        return authority.sign_in()
