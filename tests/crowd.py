"""Many processes at once, and what became of each."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.program import STSCTL, Done, Me
from tests.ready import Forked, ready

PATIENT = {"STSCTL_PROMPT_TIMEOUT": "4m", "STSCTL_LOCK_TIMEOUT": "5m"}
"""For as long as a slow machine needs to start them all, nobody gives up."""

WAITING = "stsctl: waiting for "
"""What a process says that has waited for another's lock for a while."""


def until(condition: Callable[[], object], what: str, *, timeout: float = 200) -> None:
    """Waits until `condition` holds."""
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.05)


class Crowd:
    """Processes of one person; each writes into files of its own, because nobody reads hundreds of pipes in time."""

    def __init__(self, me: Me, folder: Path) -> None:
        self._me = me
        self._folder = folder
        self._folder.mkdir()
        self.processes: list[subprocess.Popen[str]] = []
        self._forked: list[Forked] = []

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        """One more `stsctl` with `words`."""
        number = len(self.processes)
        with self._file(number, "out").open("w") as out, self._file(number, "err").open("w") as err:
            self.processes.append(self._me.start(str(STSCTL), *words, stdout=out, stderr=err, **PATIENT | options))
        return self.processes[-1]

    def fork(self, *words: str, **variables: str) -> None:
        """One more, forked: for when there are very many."""
        number = len(self.processes) + len(self._forked)
        environ = self._me.environ | PATIENT | variables
        out, err = self._file(number, "out"), self._file(number, "err")
        with Path("/dev/null").open() as nothing, out.open("w") as stdout, err.open("w") as stderr:
            streams = (nothing, stdout, stderr)
            self._forked.append(ready().start(words, environ=environ, folder=self._me.home, streams=streams))

    def until_waiting(self, count: int) -> None:
        """Returns when `count` of them stand before a lock."""
        until(lambda: self.waiting() >= count, f"{count} processes that wait")

    def waiting(self) -> int:
        """How many of them have stood before a lock."""
        count = len(self.processes) + len(self._forked)
        return sum(WAITING in self._file(number, "err").read_text() for number in range(count))

    def done(self) -> list[Done]:
        """How each ended, in the order in which they were started."""
        ended = [process.wait(timeout=240) for process in self.processes]
        ended += [process.wait(240) for process in self._forked]
        return [
            Done(status=status, out=self._file(number, "out").read_text(), err=self._file(number, "err").read_text())
            for number, status in enumerate(ended)
        ]

    def _file(self, number: int, ending: str) -> Path:
        return self._folder / f"{number}.{ending}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        for forked in self._forked:
            forked.end()


def sessions(done: Sequence[Done]) -> set[str]:
    """The different sessions in answers of credential-process, which all have to be good."""
    for each in done:
        assert each.status == 0, each
    return {json.loads(each.out)["AccessKeyId"] for each in done}
