"""Whose turn it is to ask for a proof, and what is remembered of who it was about."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from stsctl.credentials import Secret
from stsctl.errors import AskerChangedError, ConfigurationError, PersonNeededError
from stsctl.proofs import Turn
from stsctl.request import Asker, AskerKind
from stsctl.stores.askers import Askers
from stsctl.stores.learned import Learned

NOW = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
ALICE, BOB = (Asker(kind=AskerKind.SAML, id=name) for name in ("alice", "bob"))


@dataclass
class World:
    """What the processes of one person share: here they are threads."""

    folder: Path
    asked: list[str] = field(default_factory=list)
    now: datetime = NOW
    answer: Callable[[], Secret | None] = lambda: Secret("proof")
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def hold(self, name: str, label: str, *, settled: object = None) -> Iterator[bool]:
        """One at a time."""
        assert name == "k"
        assert "page" in label
        with self._lock:
            yield True

    @property
    def is_free(self) -> bool:
        """Whether nobody has the turn."""
        return not self._lock.locked()

    @property
    def memory(self) -> Askers:
        """Who is remembered."""
        return Askers(folder=self.folder / "askers", now=lambda: self.now)

    def turn(self) -> Turn:
        """A process that may want it."""
        lessons = Learned(folder=self.folder / "learned")
        return Turn("k", "the page", self._ask, memory=self.memory, locks=self, lessons=lessons, now=lambda: self.now)

    def _ask(self) -> Secret | None:
        self.asked.append("asked")
        self.now += timedelta(seconds=1)
        return self.answer()


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One in which nobody has asked yet."""
    return World(tmp_path)


def test_the_first_asks_once_and_keeps_the_turn_to_its_end(world: World) -> None:
    """From the first question on nobody else may ask; when it is over, who it was is remembered, and not before."""
    with world.turn() as turn:
        assert world.is_free
        assert turn.known() is None
        assert not world.is_free
        assert turn.read() == turn.read() == Secret("proof")
        turn.note(ALICE)
        assert turn.known() is None
        assert world.memory.asker("k") is None
    assert world.is_free
    assert world.asked == ["asked"]
    assert world.memory.asker("k") == ALICE


def test_who_is_remembered_is_not_asked_for(world: World) -> None:
    """What is known is said at once, without a turn."""
    world.memory.note("k", ALICE)
    with world.turn() as turn:
        assert turn.known() == ALICE
        assert world.is_free
    assert world.asked == []


def test_who_waits_finds_who_it_was(world: World) -> None:
    """Whoever wants to ask meanwhile waits, and then need not."""
    found: list[Asker | None] = []

    def wait() -> None:
        with world.turn() as other:
            found.append(other.known())

    with world.turn() as turn:
        assert turn.known() is None
        thread = threading.Thread(target=wait)
        thread.start()
        turn.read()
        turn.note(ALICE)
        thread.join(0.1)
        assert thread.is_alive()
    thread.join(5)
    assert (found, world.asked, world.is_free) == ([ALICE], ["asked"], True)


def test_somebody_else_meanwhile(world: World) -> None:
    """Where another was given a proof about somebody else since it was asked who asks, that is what counts."""
    world.memory.note("k", ALICE)
    with world.turn() as turn:
        assert turn.known() == ALICE
        world.memory.note("k", BOB)
        with pytest.raises(AskerChangedError):
            turn.read()
        assert world.is_free
        assert turn.known() == BOB
        assert turn.read() == Secret("proof")
    assert world.asked == ["asked"]


def test_a_failure_is_shared_with_those_who_waited(world: World) -> None:
    """Who closed the browser is not shown another for each process that waited; who comes later is asked again."""
    world.answer = lambda: _refuse(PersonNeededError("closed", asked=True))
    late = world.turn()
    with pytest.raises(PersonNeededError), world.turn() as turn:
        turn.read()
    started, world.now = world.now, NOW  # it began to wait before the failure
    with pytest.raises(PersonNeededError, match="closed"), late:
        late.read()
    world.now = started + timedelta(seconds=1)
    world.answer = lambda: Secret("proof")
    with world.turn() as turn:
        assert turn.read() == Secret("proof")
    assert len(world.asked) == 2
    assert world.is_free


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ConfigurationError("no")])
def test_what_goes_wrong_leaves_nothing(world: World, error: BaseException) -> None:
    """Ctrl-C and a program that fails leave no turn taken, and nobody remembered."""
    world.answer = lambda: _refuse(error)
    with pytest.raises(type(error)), world.turn() as turn:
        assert (turn.known(), turn.read()) == (None, None)
    assert world.is_free
    assert world.memory.asker("k") is None


def _refuse(error: BaseException) -> Secret:
    raise error


# ── what is remembered ──


def test_nobody_is_remembered_for_longer_than_their_sessions(world: World) -> None:
    """After twelve hours nobody is, nor what is of the future; and their files are taken away."""
    world.memory.note("k", ALICE)
    world.now += timedelta(hours=11)
    assert world.memory.asker("k") == ALICE
    world.now += timedelta(hours=2)
    assert world.memory.asker("k") is None
    world.memory.note("other", BOB)
    assert len(list((world.folder / "askers").iterdir())) == 1
    world.now = NOW
    assert world.memory.asker("other") is None


def test_what_is_damaged_is_nobody(world: World) -> None:
    """A file that was cut off, or that is another's, is no answer; forgetting takes everything."""
    world.memory.note("k", ALICE)
    (file,) = (world.folder / "askers").iterdir()
    assert file.stat().st_mode & 0o077 == 0
    text = file.read_bytes()
    for damaged in (b"", text[:-5], b"[]", text.replace(b'"k"', b'"l"')):
        file.write_bytes(damaged)
        assert world.memory.asker("k") is None
    file.write_bytes(text)
    assert world.memory.asker("k") == ALICE
    world.memory.forget()
    assert world.memory.asker("k") is None
    assert not list((world.folder / "askers").iterdir())
