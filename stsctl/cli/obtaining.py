"""From a name to a session: what it means, how it is reached, and who is asked for it."""

from __future__ import annotations

import functools
import getpass
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from stsctl import endpoint, hook, plan
from stsctl.callers import begins_with_proof
from stsctl.cli.options import Acting
from stsctl.cli.parts import Parts
from stsctl.cli.sources import Kept
from stsctl.cli.waiting import Locks, Watcher
from stsctl.configuration import Configuration
from stsctl.credentials import Session
from stsctl.dataclass import dataclass
from stsctl.errors import AskerChangedError, ConfigurationError, RefusedError, UsageError
from stsctl.host import files
from stsctl.marks import Marks
from stsctl.plan import Plan
from stsctl.request import Endpoint
from stsctl.session_name import Person
from stsctl.setting import Level
from stsctl.source import Source, SourceKind
from stsctl.target import Target, Wanted

if TYPE_CHECKING:
    from stsctl.broker import Broker
    from stsctl.cli.ask import MfaPrompt
    from stsctl.cli.offered_roles import Offered
    from stsctl.formats.interface import Changes
    from stsctl.sources.interface import Source as SourceOfCredentials
    from stsctl.stores.held import Held
    from stsctl.stores.last_refusal import LastRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Obtained:
    """A session, and how it was come by."""

    session: Session
    plan: Plan
    wanted: Wanted
    region: str | None
    """The region that what is run with it should use; None leaves the person's own."""
    marks: Marks

    def export(self, environ: Mapping[str, str], *, depth: int | None = None) -> Changes:
        """The changes to `environ` that make it the session in use."""
        from stsctl.formats import environment

        return environment.export(
            self.session, environ, role=self.wanted.name, region=self.region, depth=depth, marks=self.marks
        )


class Obtaining(Parts):
    """Gets sessions."""

    def target(self, wanted: Wanted, *, configuration: Configuration | None = None) -> Target:
        """What a name means; `configuration` where that is another than what the files say."""
        from stsctl import names

        said = configuration or self.configuration
        return names.resolve(wanted, said, self.profiles, self.settings, read_text=self.read_text)

    def _of_project(self, wanted: Wanted) -> Wanted:
        """What is wanted, with the project that gives it its meaning: called so elsewhere, it is something else."""
        if wanted.project is not None or self.configuration.project is None:
            return wanted
        from stsctl import names

        return replace(wanted, project=names.project_of(wanted, self.configuration))

    def target_anywhere(self, name: str) -> Target:
        """What a name means for programs, which ask from anywhere; raises ConfigurationError for one of a project."""
        wanted = self._of_project(Wanted(name=name))
        if wanted.project is not None:
            raise ConfigurationError(
                f'"{name}" is a name of {wanted.project}, and means nothing elsewhere',
                hint=f"stsctl exec {quote(name)} -- …",
            )
        return self.target(wanted)

    def plan(self, target: Target, *, source: SourceOfCredentials | None = None) -> Plan:
        """The steps to a target. Without `source` the keys need not be there: the plan is for reading."""
        from stsctl.stores.learned import Learned

        said = target.source
        asker = self.sources.asker(said, source) if source else self.sources.known_asker(said, self._kept(target))
        return plan.make(
            target,
            plan.Surroundings(
                asker=asker,
                person=Person(user=_user(self.environ), host=hook.host().decode().partition(".")[0] or "host"),
                endpoint_of=lambda hop: endpoint.resolve(target, hop, self.settings),
                maximum_of=Learned(folder=self.paths.learned).maximum,
                asks=self.sources.asks(target.source),
            ),
        )

    def obtain(
        self, wanted: Wanted, acting: Acting, *, least: timedelta | None = None, target: Target | None = None
    ) -> Obtained:
        """The session for what is wanted: held and fresh, or obtained and held. Raises StsctlError.

        `target` is what that means, where somebody has looked already.
        """
        self._refuse_former()
        wanted = self._of_project(wanted)
        target = target or self.target(wanted)
        given = self._given() if acting.token_stdin else None
        kept = self._kept(target, acting)
        with self._turn(target.source):
            source = self.sources.of(target.source, kept, given=given, may_sign_in=acting.may_sign_in)
            if not target.hops and target.source.kind is SourceKind.SAML and self._may_choose(acting):
                wanted = self._chosen_of_offered(wanted, target.source, source)
                target = self.target(wanted)
            try:
                return self._obtain(target, source, wanted, acting, least)
            except AskerChangedError as changed:
                self.report.debug(f"{changed.message}: planning anew")
                return self._obtain(target, source, wanted, acting, least)

    def _obtain(
        self, target: Target, source: SourceOfCredentials, wanted: Wanted, acting: Acting, least: timedelta | None
    ) -> Obtained:
        steps = self.plan(target, source=source)
        for warning in steps.warnings:
            self.report.notice(warning)
        self.report.debug(f'"{wanted.name}" is reached by {" → ".join(steps.chain)}, in {len(steps.steps)} calls')
        started = self.now()
        try:
            session = self._broker(steps, source, wanted, acting).obtain(steps, refresh=acting.refresh, least=least)
        except RefusedError as error:
            self._keep_refusal(error, steps, wanted)
            raise
        come_by = "held" if session.obtained_at < started else "obtained"
        self.report.debug(f"session {session.request_key[:12]} {come_by}, lasts until {session.expires_at}")
        region, marks = self.region_of(target), self.marks_of(wanted.name)
        return Obtained(session=session, plan=steps, wanted=wanted, region=region, marks=marks)

    def renew(self, wanted: Wanted, request_key: str | None, *, least: timedelta) -> int:
        """Has another session in place of the one with that key (None: whichever the name means); nobody is asked.

        Gives how many calls that took at most. Raises StsctlError; ConfigurationError where the name now means another
        session than that.
        """
        acting = Acting(may_sign_in=False)
        target = self.target(wanted)
        with self._turn(target.source):
            source = self.sources.of(target.source, self._kept(target, acting), may_sign_in=False)
            steps = self.plan(target, source=source)
            if request_key not in (None, steps.request_key):
                raise ConfigurationError(
                    f'"{wanted.name}" was asked for in a shell with other keys, settings or variables than the'
                    " configuration's",
                    hint=f"stsctl assume {quote(wanted.name)}",
                )
            self._broker(steps, source, wanted, acting).renew(steps, least=least)
        return max(len(steps.steps), 1)

    def _turn(self, source: Source) -> AbstractContextManager[None]:
        """This process's turn to ask for a proof, meanwhile, where the source begins with one."""
        return self.proofs.asking() if begins_with_proof(source) else nullcontext()

    def _may_choose(self, acting: Acting) -> bool:
        """Whether a person is there who may be asked which role they mean."""
        return acting.may_sign_in and self.machine.can_ask()

    def offered_roles(self, said: Source) -> tuple[Offered, ...]:
        """The roles that an assertion of that source offers; a person may have to sign in for it."""
        with self._turn(said):
            return self._offered(said, self.sources.of(said, self._kept(Target(name=said.name, source=said))))

    def _offered(self, said: Source, source: SourceOfCredentials) -> tuple[Offered, ...]:
        from stsctl.cli import offered_roles

        return offered_roles.of(self.sources.asker(said, source), said.name, self.configuration)

    def _chosen_of_offered(self, wanted: Wanted, said: Source, source: SourceOfCredentials) -> Wanted:
        """What is wanted where only the source of an assertion was named: one of the roles in it."""
        from stsctl.cli import offered_roles

        roles = self._offered(said, source)
        if not roles:
            raise ConfigurationError(
                f'the assertion of source "{said.name}" offers no role',
                hint="have the identity provider assign one to you",
            )
        ask = functools.partial(self.machine.ask, hidden=False)
        role = offered_roles.choose(said.name, roles, self.report, ask)
        return replace(wanted, name=role.called, source=None if role.name else said.name)

    def _keep_refusal(self, error: RefusedError, steps: Plan, wanted: Wanted) -> None:
        """Keeps what was sent and answered, for `stsctl explain --last`."""
        from stsctl.sent import sent
        from stsctl.stores import last_refusal

        if error.position is None or error.position >= len(steps.steps):
            return
        request = steps.steps[error.position].request
        refusal = last_refusal.LastRefusal(
            wanted=wanted,
            position=error.position,
            at=self.now(),
            operation=error.operation,
            code=error.code,
            reason=error.reason,
            request_id=error.request_id,
            encoded=error.encoded,
            resource=str(request.role_arn or ""),
            sent=sent(request),
        )
        last_refusal.keep(self.paths.last_refusal, refusal)

    def last_refusal(self) -> LastRefusal:
        """The refusal that happened last; raises UsageError where there was none."""
        from stsctl.stores import last_refusal

        found = last_refusal.read(self.paths.last_refusal)
        if found is None:
            raise UsageError("nothing was refused yet", hint="stsctl explain NAME")
        return found

    def endpoint_of(self, obtained: Obtained) -> Endpoint:
        """Where a session came from, and where more is asked with it."""
        steps, target = obtained.plan.steps, obtained.plan.target
        return steps[-1].request.endpoint if steps else endpoint.resolve(target, None, self.settings)

    def _kept(self, target: Target, acting: Acting | None = None) -> Kept:
        """How the session is kept that the source of `target` has of its own."""
        acting = acting or Acting()
        return Kept(
            held=lambda: self._held_for(acting),
            instance=endpoint.resolve(target, None, self.settings).instance,
            renew=acting.refresh and not target.hops,
        )

    def _held_for(self, acting: Acting) -> Held:
        """Where sessions are held: nowhere beyond this process, where that was asked for."""
        if not acting.no_cache:
            return self.held
        from stsctl.stores.held import Held
        from stsctl.stores.index import Index
        from stsctl.stores.memory import MemoryStore

        return Held(MemoryStore(), Index(None), None)

    def _broker(self, steps: Plan, source: SourceOfCredentials, wanted: Wanted, acting: Acting) -> Broker:
        from stsctl.broker import Broker
        from stsctl.stores.holdings import PlanHoldings
        from stsctl.stores.learned import Learned

        held = self._held_for(acting)
        exchanges = functools.cache(
            lambda: self.sources.exchanges(self.clients(steps.target), steps.target.source.kind, source)
        )
        return Broker(
            holdings=PlanHoldings(held, steps, wanted, self.region_of(steps.target)),
            source=source,
            exchange=lambda operation: exchanges()[operation],
            locks=self._locks_before(steps),
            lessons=Learned(folder=self.paths.learned),
            prompt=self._prompt(acting),
            watcher=Watcher(self.report),
            now=self.now,
        )

    def _locks_before(self, steps: Plan) -> Locks:
        """The locks that a plan is followed behind: for longer where somebody may be signing in for it."""
        if self.sources.is_signed_in(steps.target.source):
            return self.locks
        limit = self.settings.lock_timeout.value + self.settings.sign_in_timeout.value
        return Locks(self.paths.locks, limit, self.report)

    def region_of(self, target: Target) -> str | None:
        """The region for what is run: what was said of the role or of what leads to it, else in the configuration."""
        said = (target.region, *(hop.region for hop in reversed(target.hops)), target.source.region)
        general = self.settings.region
        return next((each for each in said if each), general.value if general.level is Level.FILE else None)

    def marks_of(self, name: str) -> Marks:
        """What a person has the sessions of a name marked with."""
        role = self.configuration.roles.get(self.configuration.called(name))
        if role is None:
            return Marks()
        return Marks(color=role.color, warn_before=self.settings.warn_before.value if role.warn else ())

    def _prompt(self, acting: Acting) -> MfaPrompt:
        from stsctl.cli.ask import MfaPrompt

        given = acting.mfa_token
        if acting.mfa_token_stdin:
            given = sys.stdin.readline()
        return MfaPrompt(
            report=self.report,
            run=self.machine.run,
            ask=functools.partial(self.machine.ask, hidden=False) if self.settings.prompt.value else None,
            given=given,
        )


def _user(environ: Mapping[str, str]) -> str:
    """Who is at the machine, as `getpass` says."""
    said = next((environ[name] for name in ("LOGNAME", "USER", "LNAME", "USERNAME") if environ.get(name)), None)
    if said is not None:
        return said
    files.changed_at(Path("/etc/passwd"))  # by which the name may be another next time
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "user"
