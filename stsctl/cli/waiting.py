"""What the person sees while the broker waits: for a lock, for AWS."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from stsctl.cli.report import Report
from stsctl.plan import Plan


class Locks:
    """The locks of this user's processes, in `folder`; a wait ends after `limit`, and says who is waited for."""

    def __init__(self, folder: Path, limit: timedelta, report: Report) -> None:
        self._folder = folder
        self._limit = limit
        self._report = report

    @contextlib.contextmanager
    def hold(self, name: str, label: str, *, settled: Callable[[], bool] | None = None) -> Iterator[bool]:
        """Waits for a lock; see `broker.Locks`."""
        from stsctl.host.lock import Lock

        with contextlib.ExitStack() as spinner, Lock(self._folder, name, f"stsctl, for {label}") as lock:

            def waiting(holder: str) -> None:
                self._report.debug(f"waiting for {holder}")
                if self._report.decorated:
                    spinner.enter_context(self._report.waiting(f"waiting for {holder}"))
                else:
                    self._report.notice(f"waiting for {holder}")

            held = lock.acquire(self._limit, poll=settled, waiting=waiting)
            spinner.close()
            yield held


class Watcher:
    """Tells what happens meanwhile; see `broker.Watcher`."""

    def __init__(self, report: Report) -> None:
        self._report = report

    def notice(self, text: str) -> None:
        """Says it, once."""
        self._report.notice(text)

    def calling(self, plan: Plan, position: int) -> contextlib.AbstractContextManager[None]:
        """A spinner for as long as a call takes."""
        step, of = plan.steps[position], len(plan.steps)
        request = step.request
        where = request.endpoint.url or f"AWS in {request.endpoint.region}"
        self._report.debug(
            f"calling {request.operation.action} for {step.name} at {where}, request {request.cache_key()[:12]}"
        )
        return self._report.waiting(f"{request.operation.action} for {step.name} ({position + 1} of {of})")
