"""How a person is asked to sign in: by their browser, or by a code to type elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import TYPE_CHECKING

from stsctl.cli.report import Report
from stsctl.dataclass import dataclass
from stsctl.formats.visible import visible

if TYPE_CHECKING:
    from stsctl.device_code import DeviceCode


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPrompt:
    """Asks for a sign-in at `name`; `by_device` opens no browser here. See `oauth.SignInPrompt`."""

    name: str
    environ: Mapping[str, str]
    report: Report
    limit: timedelta
    by_device: bool

    def open(self, page: str) -> bool:
        """Opens a page that leads back to this machine; False where no browser is here."""
        from stsctl.host.browser import Browser, BrowserError

        browser = Browser(environ=self.environ)
        if self.by_device or not browser.comes_back():
            return False
        try:
            browser.open(page)
        except BrowserError as error:
            self.report.debug(error.message)
            return False
        self.report.notice(f'sign in to "{self.name}" in your browser; if no page came up there, open:')
        self.report.lines([f"  {visible(page)}"])
        return True

    def show(self, device: DeviceCode) -> None:
        """Says where to go with any browser, and which code to type."""
        code = self.report.bright(visible(device.user_code))
        self.report.notice(f'sign in to "{self.name}" with any browser: open {device.page} and type the code')
        self.report.lines([f"  {code}"])
        if device.complete_page is not None:
            self.report.lines(["or open, with the code in it:", f"  {visible(device.complete_page)}"])

    def waiting(self) -> AbstractContextManager[None]:
        """A spinner, where there is a terminal."""
        return self.report.waiting(f'waiting for you to sign in to "{self.name}"')
