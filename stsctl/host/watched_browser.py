"""A browser of its own for signing in: a person uses it as any other, and one form that it posts is taken from it."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError, PersonNeededError
from stsctl.host import files, programs
from stsctl.host.browser import CHROMES, BrowserError, can_show

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Playwright, Route

CHANNELS = ("chrome", "chrome-beta", "msedge", "msedge-beta")
"""What playwright calls browsers that it finds where their installers put them."""
_LOOK = 100
"""Milliseconds between two looks at what became of the browser."""
_BYE = "<!doctype html><meta charset=utf-8><title>stsctl</title><p>You can go back to your terminal."


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedBrowser:
    """An installed Chrome, Chromium, Edge or Brave; `program` is one of `CHANNELS` or a path, None whichever is there.

    What it remembers (cookies, so that nobody need give a password each time) is in the folder `profile`.
    """

    environ: Mapping[str, str]
    profile: Path
    program: str | None = None

    def take(
        self, page: str, *, posted_to: re.Pattern[str], field: str, limit: timedelta, opened: Callable[[], object]
    ) -> str:
        """The field of a form that a person comes to post to one of those addresses, starting at `page`.

        `opened` is called when the browser shows itself. The form goes nowhere: the browser is closed instead of
        sending it. Raises BrowserError, ConfigurationError where what it needs is not installed, and PersonNeededError
        where the window is closed or `limit` has passed.
        """
        try:
            from playwright.sync_api import Error, sync_playwright
        except ImportError:
            raise ConfigurationError(
                "signing in on an identity provider's page needs the extra browser",
                hint="pip install 'stsctl[browser]'",
            ) from None
        if not can_show(self.environ):
            raise PersonNeededError(
                "there is no screen here on which a browser could show itself", hint="run it on your desktop"
            )
        files.private_folder(self.profile)
        with sync_playwright() as playwright:
            try:
                context = self._launch(playwright)
            except Error as error:
                raise BrowserError(f"the browser cannot be started: {_reason(error)}") from None
            try:
                opened()
                return _Watch(context, posted_to, field).until_taken(page, limit)
            except Error as error:
                raise BrowserError(f"the browser cannot be watched: {_reason(error)}") from None
            finally:
                with suppress(Error):  # Ctrl-C reaches the browser too, which may be gone already
                    context.close()

    def _launch(self, playwright: Playwright) -> BrowserContext:
        how: dict[str, Any] = {"executable_path": self._path()}
        if how["executable_path"] is None:
            how = {"channel": self.program or CHANNELS[0]}
        return playwright.chromium.launch_persistent_context(
            self.profile,
            headless=False,
            no_viewport=True,
            env={**programs.environment(self.environ)},
            # Playwright itself would leave it out. Chromium has none as root.
            chromium_sandbox=sys.platform == "win32" or os.geteuid() != 0,
            # Some identity providers let nobody in who says that a program drives the browser: here a person does.
            ignore_default_args=["--enable-automation"],
            service_workers="block",  # what they send could not be seen
            **how,
        )

    def _path(self) -> str | None:
        """The program's file; None where playwright is to find it."""
        if self.program in CHANNELS:
            return None
        if self.program is not None:
            found = shutil.which(Path(self.program).expanduser())
            if found is None:
                raise ConfigurationError(
                    f'there is no browser "{self.program}"', hint=f"write a path, or one of {', '.join(CHANNELS)}"
                )
            return found
        return next(filter(None, (programs.find(name, self.environ) for name in CHROMES)), None)


class _Watch:
    """One use of the browser."""

    def __init__(self, context: BrowserContext, posted_to: re.Pattern[str], field: str) -> None:
        self._context = context
        self._field = field
        self._taken: str | None = None
        self._closed = False
        context.on("close", self._close)
        context.route(posted_to, self._look)

    def until_taken(self, page: str, limit: timedelta) -> str:
        """See `WatchedBrowser.take`."""
        from playwright.sync_api import Error

        ends = time.monotonic() + limit.total_seconds()
        self._go_to(page)
        while self._taken is None:
            if self._closed or not self._context.pages:
                raise PersonNeededError("the browser was closed before you had signed in", asked=True)
            if time.monotonic() >= ends:
                raise PersonNeededError(f"nobody signed in within {limit.total_seconds():g} seconds", asked=True)
            try:
                self._context.pages[-1].wait_for_timeout(_LOOK)
            except Error:
                continue  # that page was closed meanwhile
        return self._taken

    def _go_to(self, page: str) -> None:
        from playwright.sync_api import Error

        first = self._context.pages[0] if self._context.pages else self._context.new_page()
        try:
            first.goto(page, wait_until="commit")
        except Error as error:
            # A page that leads elsewhere at once was aborted, and one that nobody could load is shown as such.
            reason = _reason(error)
            if reason.startswith("net::") and reason != "net::ERR_ABORTED":
                raise BrowserError(f"the sign-in page cannot be opened: {reason}") from None

    def _look(self, route: Route) -> None:
        """Takes the form, where it is one, so that the browser does not send it."""
        request = route.request
        fields = parse_qs(request.post_data or "") if request.method == "POST" else {}
        if self._field in fields:
            self._taken = fields[self._field][0]
            route.fulfill(content_type="text/html", body=_BYE)
        else:
            route.continue_()

    def _close(self, _: object) -> None:
        self._closed = True


def _reason(error: Exception) -> str:
    """What the browser says, without the addresses and the command line that playwright adds."""
    text = str(error)
    code = re.search(r"net::ERR_\w+", text)
    if code is not None:
        return code[0]
    lines = text.splitlines()
    return lines[0].rpartition(": ")[2][:100].lower() if lines else "it does not say why"
