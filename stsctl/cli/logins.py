"""Sessions of `aws login` on this machine, and how a person is asked to sign in for one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from stsctl import endpoint
from stsctl.cli.report import Report
from stsctl.cli.sign_in_prompt import SignInPrompt
from stsctl.cli.waiting import Locks
from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.errors import UsageError
from stsctl.formats.visible import visible
from stsctl.settings import Settings
from stsctl.source import Source

if TYPE_CHECKING:
    from stsctl.sources.client import Clients
    from stsctl.sources.login import Login
    from stsctl.target import Target

_AFTER_A_SIGN_IN = timedelta(seconds=30)
"""How much longer those wait who wait for another's sign-in: for the call after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPrompt(SignInPrompt):
    """Asks for a sign-in to AWS's console; `ask` has what a person types, who is told what it is about.

    See `login.LoginPrompt`.
    """

    ask: Callable[[str, str, timedelta], Secret] = field(repr=False)

    def typed_back(self, page: str) -> Secret:
        """Says where to go with any browser, and asks for the code that it shows there."""
        what = f'sign in to "{self.name}" with any browser, and type here the code that it shows; open:'
        self.report.notice(what)
        self.report.lines([f"  {visible(page)}"])
        return self.ask("Code: ", f"{what}\n{page}", self.limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """Makes them. `folder` is where SDKs keep them, `may_ask` says whether somebody is there who could sign in."""

    folder: Path
    settings: Settings
    environ: Mapping[str, str]
    report: Report
    lock_folder: Path
    clients: Callable[[Target], Clients]
    may_ask: Callable[[], bool]
    ask: Callable[[str, str, timedelta], Secret]

    def of(self, source: Source, *, may_ask: bool = True, by_device: bool = False) -> Login:
        """The session of a source; raises UsageError for one that is of another type."""
        from stsctl.sources.login import Login
        from stsctl.sources.login_cache import LoginCache

        if source.login_session is None:
            raise UsageError(f'nobody signs in for "{source.name}": it is a source of type {source.kind.value}')
        prompt = LoginPrompt(
            name=source.name,
            environ=self.environ,
            report=self.report,
            limit=self.settings.sign_in_timeout.value,
            by_device=by_device,
            ask=self.ask,
        )
        return Login(
            name=source.name,
            login_session=source.login_session,
            cache=LoginCache(folder=self.folder),
            clients=self.clients(endpoint.alone(source)),
            endpoint=endpoint.of_login(source, self.settings),
            prompt=prompt,
            may_ask=lambda: may_ask and self.may_ask(),
            notice=self.report.notice,
        )

    @property
    def locks(self) -> Locks:
        """Those behind which another may be signing in."""
        return Locks(self.lock_folder, self.settings.sign_in_timeout.value + _AFTER_A_SIGN_IN, self.report)
