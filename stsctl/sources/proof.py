"""What a chain can begin with in place of credentials: a token or an assertion that says of somebody who they are.

It is read, and not verified: that is for STS. What STS would refuse is told apart here, before it is sent.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime, timedelta
from shlex import quote
from typing import ClassVar, Generic, Protocol, TypeVar

from stsctl.credentials import Credentials, Secret
from stsctl.dataclass import dataclass
from stsctl.duration import render_duration
from stsctl.errors import AskerChangedError, ConfigurationError
from stsctl.request import Asker


class Proof(Protocol):
    """A token or an assertion as it was read."""

    @property
    def asker(self) -> Asker:
        """Who it is about, as far as a session could differ by it."""

    @property
    def audiences(self) -> tuple[str, ...]:
        """Whom it is for."""

    @property
    def ends_at(self) -> datetime | None:
        """When it expires; None where it does not say."""


_Proof = TypeVar("_Proof", bound=Proof)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofSource(ABC, Generic[_Proof]):
    """The proofs of source `name`; `read` gives None where there is none, and may give another each time.

    `known` is whom the last was about, where that is remembered, and `note` is told whom one is about that was read. No
    error repeats anything of a proof.
    """

    what: ClassVar[str]
    """What its proofs are, for people."""
    longest: ClassVar[int]
    """Characters of one that AWS takes."""

    name: str
    read: Callable[[], Secret | None]
    known: Callable[[], Asker | None] = lambda: None
    note: Callable[[Asker], None] = lambda _: None

    def asker(self) -> Asker | None:
        """Who the proof is about; see `Source`."""
        known = self.known()
        if known is not None:
            return known
        found = self.proof()
        return None if found is None else found.asker

    def credentials(self) -> Credentials | None:
        """A proof is none; see `Source`."""
        raise ConfigurationError(
            f'source "{self.name}" has {self.what}, which becomes a role and signs nothing by itself{self._offered()}',
            hint=f"stsctl assume ROLE_ARN --from {quote(self.name)}",
        )

    def proof(self) -> _Proof | None:
        """The proof as it is now; raises ConfigurationError for what is none."""
        content = self.read()
        if content is None:
            return None
        found = self._parse(content)
        self.note(found.asker)
        return found

    def proof_for(self, asker: Asker, now: datetime) -> _Proof:
        """The proof to send for `asker`; raises AskerChangedError, and ConfigurationError for what STS would refuse."""
        found = self.proof()
        if found is None or found.asker != asker:
            raise AskerChangedError(f"{self.whose} is about somebody else meanwhile", hint="run the same command again")
        if found.ends_at is not None and found.ends_at <= now:
            ago = render_duration(timedelta(seconds=int((now - found.ends_at).total_seconds())))
            raise ConfigurationError(f"{self.whose} expired {ago} ago", hint=self._renewal())
        self._check(found)
        return found

    @property
    def whose(self) -> str:
        """How errors call the proof."""
        return f'the {self.what.partition(" ")[2]} of source "{self.name}"'

    def sized(self, text: str) -> str:
        """`text`; raises ConfigurationError where it is longer than AWS takes."""
        if len(text) > self.longest:
            raise ConfigurationError(
                f"{self.whose} has {len(text)} characters, AWS takes {self.longest}",
                hint="have the identity provider put less into it",
            )
        return text

    def not_for(self, found: _Proof, wanted: str, *, hint: str) -> ConfigurationError:
        """That the proof is for somebody else."""
        meant = ", ".join(f'"{audience}"' for audience in found.audiences) or "nobody"
        return ConfigurationError(f"{self.whose} is for {meant}, not for {wanted}", hint=hint)

    @abstractmethod
    def _parse(self, content: Secret) -> _Proof:
        """The proof in a text."""

    @abstractmethod
    def _check(self, found: _Proof) -> None:
        """Raises ConfigurationError for what STS would refuse in one of this kind."""

    def _renewal(self) -> str:
        """What to do about one that has expired."""
        return "get a new one"

    def _offered(self) -> str:
        """What becomes of it, where it says so itself."""
        return ""
