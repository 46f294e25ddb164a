"""Tokens and assertions that a program or a page gives: asked for by one process at a time, and as seldom as may be.

Who one is about is not known before it is there. So it is remembered whom the last one was about, and a session that is
held for them is given without asking for another. What is promised: such a session is that of whom the same program
spoke of when it was last run in the same folder and the same environment, or of who signed in last on the same page; an
answer about anybody else counts from the moment at which it is given, and never is a session given to one that was
obtained for another. Whoever cannot wait for that to be noticed asks with `--refresh`. Nothing is remembered of the
proof itself.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

from stsctl.credentials import Secret
from stsctl.errors import AskerChangedError, PersonNeededError, RefusedError, StsctlError, UnavailableError
from stsctl.locks import Locks
from stsctl.request import Asker


class Memory(Protocol):
    """Who asked last, by the same program or page; any of it may be lost."""

    def asker(self, key: str) -> Asker | None:
        """Who it was."""

    def note(self, key: str, asker: Asker) -> None:
        """Remembers them, in place of the one before."""


class Lessons(Protocol):
    """What happened to others who asked for the same."""

    def failed(self, key: str, error: StsctlError, now: datetime) -> None:
        """Remembers that it failed, for those who were waiting for it."""

    def failure(self, key: str, since: datetime) -> StsctlError | None:
        """How it failed, if that was after `since`."""


class Turn:
    """This process's turn to ask for a proof, until it is left: by then what came of the proof is held.

    Others who would ask for the same wait for that end. It is there that who it was is remembered, and not before: so
    whoever finds somebody remembered finds their session too, and nobody who waits for that session has this turn.
    """

    def __init__(
        self,
        key: str,
        label: str,
        ask: Callable[[], Secret | None],
        *,
        memory: Memory,
        locks: Locks,
        lessons: Lessons,
        now: Callable[[], datetime],
    ) -> None:
        self._key = key
        self._label = label
        self._ask = ask
        self._memory = memory
        self._locks = locks
        self._lessons = lessons
        self._now = now
        self._taken: ExitStack | None = None
        self._answers: list[Secret | None] = []
        self._known: Asker | None = None
        self._noted: Asker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._noted is not None:
            self._memory.note(self._key, self._noted)
        self._leave()

    def known(self) -> Asker | None:
        """Who asked last; None where nobody is remembered, and from then on it is this process's turn."""
        if self._answers:
            return None
        self._known = self._memory.asker(self._key)
        if self._known is None:
            self._take()
            self._known = self._memory.asker(self._key)
            if self._known is not None:
                self._leave()
        return self._known

    def read(self) -> Secret | None:
        """The proof, asked for once; raises what asking for it raises, and AskerChangedError.

        The latter where another process was given one about somebody else since `known` was asked.
        """
        if not self._answers:
            self._take()
            if self._memory.asker(self._key) != self._known:
                self._leave()
                raise AskerChangedError(f"{self._label} is about somebody else meanwhile")
            self._answers.append(self._asked())
        return self._answers[0]

    def note(self, asker: Asker) -> None:
        """Who the proof is about."""
        self._noted = asker

    def _take(self) -> None:
        if self._taken is not None:
            return
        started = self._now()
        taken = ExitStack()
        taken.enter_context(self._locks.hold(self._key, self._label))
        self._taken = taken
        failure = self._lessons.failure(self._key, started)
        if failure is not None:
            raise failure

    def _leave(self) -> None:
        taken, self._taken = self._taken, None
        if taken is not None:
            taken.close()

    def _asked(self) -> Secret | None:
        try:
            return self._ask()
        except (RefusedError, UnavailableError) as error:
            self._lessons.failed(self._key, error, self._now())
            raise
        except PersonNeededError as error:
            if error.asked:
                self._lessons.failed(self._key, error, self._now())
            raise
