"""Where tokens and assertions come from: the concrete way of each source that begins with one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from stsctl import signing_in
from stsctl.cli.report import Report
from stsctl.cli.waiting import Locks
from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.errors import PersonNeededError
from stsctl.host.paths import Paths
from stsctl.proofs import Turn
from stsctl.request import Asker, AskerKind
from stsctl.settings import Settings
from stsctl.source import Proof, Source, SourceKind

if TYPE_CHECKING:
    from stsctl.cli.authorities import Authorities
    from stsctl.sources.http import Http
    from stsctl.sources.saml import Saml
    from stsctl.sources.web_identity import WebIdentity
    from stsctl.stores.askers import Askers
    from stsctl.stores.learned import Learned

_EACH_SHELL_ITS_OWN = ("_", "SHLVL", "PWD", "OLDPWD", "COLUMNS", "LINES")
"""Variables that change all the time, and nobody's identity with them."""
_KINDS = {SourceKind.OIDC: AskerKind.WEB_IDENTITY, SourceKind.SAML: AskerKind.SAML}


@dataclass(slots=True, kw_only=True)
class Proofs:
    """Makes their sources. `run` runs a program, in the environment `for_programs`; paths begin at the folder of the
    configuration.
    """

    environ: Mapping[str, str]
    for_programs: Callable[[], Mapping[str, str]]
    run: Callable[[Sequence[str]], str]
    http: Callable[[], Http]
    authorities: Callable[[], Authorities]
    settings: Settings
    paths: Paths
    lessons: Learned
    report: Report
    now: Callable[[], datetime]
    _turns: ExitStack = field(default_factory=ExitStack)

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Meanwhile this process may have its turn to ask for a proof; when this ends it is others' (`proofs.Turn`)."""
        with ExitStack() as self._turns:
            yield

    def of(self, source: Source, given: Secret | None, *, may_sign_in: bool) -> WebIdentity | Saml:
        """The source; `given` is the proof that came with the command."""
        said = source.proof or Proof()
        way = self._way(source, said, given, may_sign_in=may_sign_in)
        if source.kind is SourceKind.OIDC:
            from stsctl.sources.web_identity import WebIdentity

            return WebIdentity(name=source.name, read=way.read, known=way.known, note=way.note, audience=said.audience)
        from stsctl.sources.saml import Saml

        return Saml(name=source.name, read=way.read, known=way.known, note=way.note)

    def known_asker(self, source: Source) -> Asker:
        """Who would ask, as far as that is known without asking for a proof."""
        said = source.proof or Proof()
        known = self._signed_in(source) if said.issuer else None
        if said.process or said.sign_in_url:
            known = self._memory.asker(self._key(source, said))
        return known or Asker(kind=_KINDS[source.kind], id="")

    def asker_at_hand(self, source: Source) -> Asker | None:
        """Whom a proof is about that nobody need be asked for: that in a file, in a variable, or the last one."""
        said = source.proof or Proof()
        if said.process or said.sign_in_url or said.issuer:
            known = self.known_asker(source)
            return known if known.id else None
        return self.of(source, None, may_sign_in=False).asker()

    def is_signed_in(self, source: Source) -> bool:
        """Whether nobody need sign in for a new session now."""
        if source.proof is not None and source.proof.issuer is not None:
            return self.authorities().is_signed_in(source)
        return source.proof is None or source.proof.sign_in_url is None

    def forget(self) -> None:
        """Remembers nobody any more."""
        self._memory.forget()

    def _way(self, source: Source, said: Proof, given: Secret | None, *, may_sign_in: bool) -> _Way:
        """How a proof is read: a file anew each time, for it is replaced; anything else once."""
        from stsctl.sources import found_token

        if given is not None:
            return _Way(read=lambda: given)
        if said.issuer is not None:
            authorities = self.authorities()
            return _Way(
                read=lambda: authorities.sign_in(source, may_ask=None if may_sign_in else False).token,
                known=lambda: self._signed_in(source),
            )
        if said.file is not None:
            path = (Path() if source.profile else self.paths.config_home) / Path(said.file).expanduser()
            return _Way(read=lambda: found_token.in_file(path, str(source.origin or source.name)))
        if said.process:
            return self._by_turns(
                source, said, lambda: Secret(self.run(said.process)), self.settings.lock_timeout.value
            )
        if said.sign_in_url is not None:
            url, limit = said.sign_in_url, self.settings.sign_in_timeout.value
            return self._by_turns(source, said, lambda: self._on_page(source, url, said, may_sign_in), limit * 2)
        return _Way(read=cache(lambda: self._found(source, said)))

    def _found(self, source: Source, said: Proof) -> Secret | None:
        """What is ready where this runs."""
        from stsctl.sources import found_token

        if said.variable is not None:
            return found_token.in_variable(self.environ, said.variable, str(source.origin or source.name))
        if source.kind is not SourceKind.OIDC:
            return None
        here = found_token.Surroundings(
            environ=self.environ, run=self.run, http=self.http(), said_audience=said.audience
        )
        return found_token.find(here, said.token_from)

    def _signed_in(self, source: Source) -> Asker | None:
        listed = self.authorities().listed(source)
        return Asker(kind=AskerKind.WEB_IDENTITY, id=listed.about) if listed and listed.about else None

    def _by_turns(self, source: Source, said: Proof, ask: Callable[[], Secret | None], limit: timedelta) -> _Way:
        """A way that takes somebody's time, or their patience: one process at a time, and who it was is remembered."""
        turn = Turn(
            self._key(source, said),
            f'the sign-in "{source.name}"',
            ask,
            memory=self._memory,
            locks=Locks(self.paths.locks, limit, self.report),
            lessons=self.lessons,
            now=self.now,
        )
        self._turns.enter_context(turn)
        return _Way(read=turn.read, known=turn.known, note=turn.note)

    def _on_page(self, source: Source, url: str, said: Proof, may_sign_in: bool) -> Secret:
        """What an identity provider's page posts for AWS, when the person has signed in there."""
        from stsctl.host.watched_browser import WatchedBrowser

        command = f"stsctl assume {quote(source.name)}"
        if not (may_sign_in and self.settings.prompt.value):
            raise PersonNeededError(f'"{source.name}" needs you to sign in, and nobody may be asked here', hint=command)
        emulator = self.settings.endpoint_url.value if self.settings.emulator.value else None
        browser = WatchedBrowser(environ=self.environ, profile=self.paths.sign_in_profile(url), program=said.browser)
        with self.report.waiting(f'waiting for you to sign in to "{source.name}"'):
            return Secret(
                browser.take(
                    url,
                    posted_to=signing_in.saml_addresses(emulator),
                    field="SAMLResponse",
                    limit=self.settings.sign_in_timeout.value,
                    opened=lambda: self.report.notice(f'sign in to "{source.name}" in the browser that opens'),
                )
            )

    @property
    def _memory(self) -> Askers:
        from stsctl.stores.askers import Askers

        return Askers(folder=self.paths.askers, now=self.now)

    def _key(self, source: Source, said: Proof) -> str:
        """What tells the program or the page from others, and the surroundings in which it may say something else.

        A program sees where it runs and its whole environment, by which the jobs of a CI system differ; a browser
        remembers by itself who signed in.
        """
        about: list[object] = [source.kind.value, said.sign_in_url, said.process]
        if said.process:
            environ = self.for_programs()
            told = {name: environ[name] for name in environ if name not in _EACH_SHELL_ITS_OWN}
            about += [str(Path.cwd()), told]
        text = json.dumps(about, sort_keys=True)
        return f"proof {hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """How a proof is read; who is known to have been asked about, and who is to be told, where that is remembered."""

    read: Callable[[], Secret | None]
    known: Callable[[], Asker | None] = lambda: None
    note: Callable[[Asker], None] = lambda _: None
