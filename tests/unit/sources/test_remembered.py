"""What a machine gives is asked for once, and held while it is fresh."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from stsctl.credentials import Credentials, Secret
from stsctl.errors import AskerChangedError, ConfigurationError, StsctlError
from stsctl.request import Asker, AskerKind
from stsctl.sources.interface import Given
from stsctl.sources.remembered import Remembered
from stsctl.stores.held import Held
from stsctl.stores.holdings import SourceHoldings
from stsctl.stores.index import Index
from stsctl.stores.learned import Learned
from stsctl.stores.memory import MemoryStore
from tests.unit.scripted_sts import Clock


@dataclass
class Tool:
    """A program that gives other keys each time; `life` None: without an end."""

    clock: Clock
    who: str = "tool"
    life: timedelta | None = timedelta(hours=1)
    error: StsctlError | None = None
    temporary: bool = True
    asked: int = 0
    meanwhile: Callable[[], None] | None = None

    def asker(self) -> Asker:
        """The command line."""
        return Asker(kind=AskerKind.PROCESS, id=self.who)

    def give(self) -> Given:
        """The next keys."""
        self.asked += 1
        if self.error:
            raise self.error
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return Given(
            credentials=Credentials(
                access_key_id=f"ASIA{self.asked:016}",
                secret_access_key=Secret("canary"),
                session_token=Secret("canary") if self.temporary else None,
                expires_at=None if self.life is None else self.clock() + self.life,
            )
        )


@dataclass
class Doors:
    """Locks that nobody else holds; `meanwhile` is what another process does before one is had."""

    meanwhile: Callable[[], object] | None = None
    held: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def hold(self, name: str, label: str, *, settled: Callable[[], bool] | None = None) -> Iterator[bool]:
        """See `Locks`."""
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        self.held.append(label)
        yield not (settled is not None and settled())


class Here:
    """One machine on which processes ask."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.tool = Tool(self.clock)
        self.doors = Doors()
        self.index = Index(None)
        self.held = Held(MemoryStore(), self.index, None)
        self.lessons = Learned(folder=folder)
        self.said: list[str] = []

    def source(self, *, renew: bool = False, instance: str | None = None) -> Remembered:
        """The source as another process sees it."""
        return Remembered(
            name="other",
            giver=self.tool,
            holdings=SourceHoldings(lambda: self.held, "other", region=None, instance=instance),
            lessons=self.lessons,
            locks=self.doors,
            now=self.clock,
            notice=self.said.append,
            renew=renew,
            instance=instance,
        )

    def key_id(self, *, renew: bool = False) -> str:
        """The keys that a process gets."""
        found = self.source(renew=renew).credentials()
        assert found is not None
        return found.access_key_id


@pytest.fixture
def here(tmp_path: Path) -> Here:
    """A machine with a tool."""
    return Here(tmp_path)


def test_asked_once(here: Here) -> None:
    """Who asks is seen by asking; from then on neither that nor the keys need the tool, and `list` shows them."""
    who = Asker(kind=AskerKind.PROCESS, id="tool", temporary=True)
    assert here.source().asker() == who
    assert here.source().asker() == who
    assert here.key_id() == here.key_id()
    assert here.tool.asked == 1
    (entry,) = here.index.all()
    assert (entry.name, entry.chain, entry.request_key) == ("other", ("other",), who.session_key(None))


def test_who_asks_is_known_after_the_session(here: Here) -> None:
    """When the session has ended, or was dropped, who asks is known all the same: a role's session is a hit."""
    here.key_id()
    here.held.drop_all()
    assert here.source().asker() == Asker(kind=AskerKind.PROCESS, id="tool", temporary=True)
    assert here.tool.asked == 1


def test_renewed_when_it_is_due(here: Here) -> None:
    """An hour's session is taken until less than twenty minutes of it are left."""
    first = here.key_id()
    here.clock.move(minutes=40)
    assert here.key_id() == first
    here.clock.move(minutes=1)
    assert here.key_id() != first


def test_renewed_on_demand(here: Here) -> None:
    """With --refresh the tool is asked at once, and the others get what it gave."""
    first = here.key_id()
    here.clock.move(seconds=1)
    second = here.key_id(renew=True)
    assert first != second == here.key_id()


def test_without_an_end_nothing_is_held(here: Here) -> None:
    """Keys without an end are asked for each time, which needs no lock once that is known; who asks needs none."""
    here.tool.life, here.tool.temporary = None, False
    assert here.source().asker() == Asker(kind=AskerKind.PROCESS, id="tool", temporary=False)
    assert here.key_id() != here.key_id()
    assert (here.tool.asked, here.index.all(), len(here.doors.held)) == (3, [], 1)


def test_a_session_that_cannot_be(here: Here) -> None:
    """An end in a hundred years is given, and not held."""
    here.tool.life = timedelta(days=36500)
    here.key_id()
    assert here.index.all() == []


def test_keys_that_have_ended(here: Here) -> None:
    """What has ended is told, and not given."""
    here.tool.life = timedelta(seconds=-90)
    with pytest.raises(ConfigurationError, match='source "other" gave credentials that ended 1m30s ago'):
        here.key_id()


def test_another_process_was_first(here: Here) -> None:
    """What another process got while this one waited is taken."""
    here.doors.meanwhile = here.key_id
    assert here.key_id() == here.key_id()
    assert here.tool.asked == 1


def test_another_process_failed(here: Here) -> None:
    """Who waited for one that failed fails with the same words, without asking again; who comes later asks."""
    here.tool.error = ConfigurationError("nobody touched the key", hint="touch it")

    def fails() -> None:
        here.clock.move(seconds=1)
        with pytest.raises(ConfigurationError):
            here.key_id()

    here.doors.meanwhile = fails
    with pytest.raises(ConfigurationError, match="nobody touched the key"):
        here.key_id()
    assert here.tool.asked == 1
    here.tool.error = None
    here.clock.move(seconds=1)
    assert here.key_id()


def test_a_renewal_that_fails(here: Here) -> None:
    """Where the tool fails, a session that lasts a while still is taken, with a notice; not in its last minute."""
    first = here.key_id()
    here.tool.error = ConfigurationError("the tool is broken")
    here.clock.move(minutes=45)
    assert here.key_id() == first
    assert here.said == ["the tool is broken; the session held lasts another 15m"]
    here.clock.move(minutes=14, seconds=30)
    with pytest.raises(ConfigurationError, match="the tool is broken"):
        here.key_id()


def test_another_kind_of_keys(here: Here) -> None:
    """A tool that gives long-term keys where it gave temporary ones is another asker: it is planned anew."""
    here.key_id()
    here.held.drop_all()
    here.tool.life, here.tool.temporary = None, False
    with pytest.raises(AskerChangedError):
        here.source().credentials()
    assert here.source().asker() == Asker(kind=AskerKind.PROCESS, id="tool", temporary=False)


def test_somebody_elses_keys(here: Here) -> None:
    """Keys that are somebody else's than was said are not held for the one before; the same source can say who now."""
    source = here.source()
    first = source.asker()
    here.clock.move(minutes=50)
    source = here.source()
    assert source.asker() == first
    here.tool.meanwhile = lambda: setattr(here.tool, "who", "another role")
    with pytest.raises(AskerChangedError):
        source.credentials()
    assert len(here.index.all()) == 1
    again = source.asker()
    assert again is not None
    assert again.id == "another role"
    assert source.credentials() is not None


def test_emulators_are_apart(here: Here) -> None:
    """What was given under one emulator is not taken under another, nor at AWS."""
    for instance in ("one", "two", None):
        assert here.source(instance=instance).credentials() is not None
    assert here.tool.asked == 3
