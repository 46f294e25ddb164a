"""Where people sign in, and who is signed in there: the concrete authority of each source."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from stsctl import endpoint, sign_in
from stsctl.cli.report import Report
from stsctl.cli.waiting import Locks
from stsctl.dataclass import dataclass
from stsctl.errors import RefusedError, UsageError
from stsctl.request import Endpoint
from stsctl.settings import Settings
from stsctl.source import IdentityCenter, Issuer, Source
from stsctl.url import is_loopback

if TYPE_CHECKING:
    from stsctl.sign_in import SignIn
    from stsctl.sign_ins import Authority
    from stsctl.sources.client import Clients
    from stsctl.sources.http import Http
    from stsctl.sources.oauth import SignInPrompt as AsksToSignIn
    from stsctl.sources.oidc_issuer import OidcIssuer
    from stsctl.sources.sso_cache import SharedToken
    from stsctl.sources.sso_oidc import SsoOidc
    from stsctl.sources.sso_portal import Portal
    from stsctl.stores.held import Held
    from stsctl.stores.index import Index, SignInEntry
    from stsctl.stores.learned import Learned
    from stsctl.target import Target

_Answer = TypeVar("_Answer")

_AFTER_A_SIGN_IN = timedelta(seconds=30)
"""How much longer those wait who wait for another's sign-in: for the calls after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorities:
    """Makes them, and signs people in. `sdk_cache` is the folder in which SDKs look for tokens.

    `may_ask` says whether somebody is there who could sign in.
    """

    settings: Settings
    environ: Mapping[str, str]
    report: Report
    locks: Path
    lessons: Learned
    index: Callable[[], Index]
    held: Callable[[], Held]
    clients: Callable[[Target], Clients]
    http: Callable[[Target], Http]
    now: Callable[[], datetime]
    may_ask: Callable[[], bool]
    sdk_cache: Path

    def key(self, source: Source) -> str:
        """What tells the authority of a source from others; raises UsageError for a source that nobody signs in at."""
        issuer = source.proof.issuer if source.proof else None
        if issuer is not None:
            emulator = self.settings.emulator.value if is_loopback(issuer.url) else None
            return sign_in.at_issuer(issuer.url, issuer.client_id, issuer.scopes, emulator)
        center, where = self._center(source)
        return sign_in.at_identity_center(center.start_url, center.region, center.scopes, where.instance)

    def listed(self, source: Source) -> SignInEntry | None:
        """The sign-in that is held, ended or not; no store is opened for it."""
        return self.index().get_sign_in(self.key(source))

    def is_signed_in(self, source: Source) -> bool:
        """Whether nobody need be asked now."""
        listed = self.listed(source)
        return listed is not None and (listed.renewable or listed.ends_at > self.now())

    def sign_in(
        self,
        source: Source,
        *,
        rejected: SignIn | None = None,
        anew: bool = False,
        by_device: bool = False,
        may_ask: bool | None = None,
    ) -> SignIn:
        """The sign-in at a source, good now; see `sign_ins.SignIns`.

        `may_ask` says whether a person may be asked; None leaves that to whether somebody is there.
        """
        from stsctl.sign_ins import SignIns

        limit = self.settings.sign_in_timeout.value + _AFTER_A_SIGN_IN
        sign_ins = SignIns(
            holdings=self.held(),
            locks=Locks(self.locks, limit, self.report),
            lessons=self.lessons,
            notice=self.report.notice,
            now=self.now,
            may_ask=lambda: self.may_ask() if may_ask is None else may_ask,
        )
        return sign_ins.obtain(self._authority(source, by_device=by_device), rejected=rejected, anew=anew)

    def with_portal(self, source: Source, ask: Callable[[Portal], _Answer]) -> _Answer:
        """What the portal answers to who is signed in; who was signed out elsewhere signs in again, once."""
        self._center(source)  # before anybody is asked to sign in
        signed_in = self.sign_in(source)
        try:
            return ask(self.portal(source, signed_in))
        except RefusedError as error:
            if error.code != "UnauthorizedException":
                raise
            return ask(self.portal(source, self.sign_in(source, rejected=signed_in)))

    def portal(self, source: Source, signed_in: SignIn) -> Portal:
        """What a sign-in at Identity Center opens."""
        from stsctl.sources.sso_portal import Portal

        _, where = self._center(source)
        return Portal(
            clients=self.clients(endpoint.alone(source)), endpoint=where, token=signed_in.token, sleep=time.sleep
        )

    def shared(self, source: Source) -> SharedToken | None:
        """Where the token is for SDKs too; None where it is not."""
        from stsctl.sources.sso_cache import SharedToken

        center, _ = self._center(source)
        if not center.share_token:
            return None
        return SharedToken(
            folder=self.sdk_cache,
            start_url=center.start_url,
            region=center.region,
            session_name=center.session_name,
            now=self.now,
        )

    def _authority(self, source: Source, *, by_device: bool) -> Authority:
        from stsctl.cli.sign_in_prompt import SignInPrompt

        prompt = SignInPrompt(
            name=source.name,
            environ=self.environ,
            report=self.report,
            limit=self.settings.sign_in_timeout.value,
            by_device=by_device,
        )
        issuer = source.proof.issuer if source.proof else None
        return self._sso_oidc(source, prompt) if issuer is None else self._oidc_issuer(source, issuer, prompt)

    def _oidc_issuer(self, source: Source, issuer: Issuer, prompt: AsksToSignIn) -> OidcIssuer:
        from stsctl.sources.discovery import discover
        from stsctl.sources.oidc_issuer import OidcIssuer

        http = self.http(endpoint.alone(source))
        return OidcIssuer(
            key=self.key(source),
            name=source.name,
            issuer=issuer,
            discovered=cache(lambda: discover(http, issuer.url)),
            http=http,
            prompt=prompt,
            sleep=time.sleep,
            now=self.now,
        )

    def _sso_oidc(self, source: Source, prompt: AsksToSignIn) -> SsoOidc:
        from stsctl.sources.sso_oidc import SsoOidc

        center, where = self._center(source)
        return SsoOidc(
            name=source.name,
            start_url=center.start_url,
            scopes=center.scopes,
            endpoint=where,
            clients=self.clients(endpoint.alone(source)),
            registrations=self.held(),
            prompt=prompt,
            sleep=time.sleep,
            shared=self.shared(source),
        )

    def _center(self, source: Source) -> tuple[IdentityCenter, Endpoint]:
        if source.identity_center is None:
            raise UsageError(
                f'"{source.name}" is no Identity Center: it is a source of type {source.kind.value}',
                hint="people sign in at sources of type identity-center, and at those of type oidc that have an issuer",
            )
        return source.identity_center, endpoint.of_identity_center(source, self.settings)
