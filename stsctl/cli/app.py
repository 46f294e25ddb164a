"""Chooses the concrete parts, each on first use; sources and stores are chosen in the files of those names."""

from __future__ import annotations

import functools
import getpass
import os
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stsctl import configuration, endpoint, names, plan, profile, settings
from stsctl.arn import Arn
from stsctl.broker import Broker
from stsctl.callers import begins_with_proof
from stsctl.cli.ask import MfaPrompt
from stsctl.cli.authorities import Authorities
from stsctl.cli.keychain import Keychain
from stsctl.cli.machine import Machine
from stsctl.cli.options import Acting, take_acting, take_flags, take_wanted
from stsctl.cli.report import Report
from stsctl.cli.sources import Kept, Sources
from stsctl.cli.stores import Stores
from stsctl.cli.waiting import Locks, Watcher
from stsctl.configuration import Configuration, StoreName
from stsctl.credentials import Secret, Session
from stsctl.errors import AskerChangedError, ConfigurationError, RefusedError, StsctlError, UsageError
from stsctl.host import files, paths
from stsctl.origin import Origin
from stsctl.plan import Plan
from stsctl.request import Endpoint, SessionRequest
from stsctl.source import Source, SourceKind
from stsctl.target import Target, Wanted
from stsctl.url import is_loopback

if TYPE_CHECKING:
    from stsctl.cli.logins import Logins
    from stsctl.cli.offered_roles import Offered
    from stsctl.cli.proofs import Proofs
    from stsctl.emulator.running import Running
    from stsctl.formats.credentials_file import AwsFiles
    from stsctl.formats.interface import Changes
    from stsctl.names import Named
    from stsctl.sources.client import Clients
    from stsctl.sources.http import Http
    from stsctl.sources.interface import Source as SourceOfCredentials
    from stsctl.stores.current import Current, Terminals
    from stsctl.stores.held import Held
    from stsctl.stores.index import Entry, Index
    from stsctl.stores.last_refusal import LastRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Obtained:
    """A session, and how it was come by."""

    session: Session
    plan: Plan
    wanted: Wanted
    region: str | None
    """The region that what is run with it should use; None leaves the person's own."""

    def export(self, environ: Mapping[str, str], *, depth: int | None = None) -> Changes:
        """The changes to `environ` that make it the session in use."""
        from stsctl.formats import environment

        return environment.export(self.session, environ, role=self.wanted.name, region=self.region, depth=depth)


class App:
    """One run of stsctl on this machine."""

    def __init__(self, environ: Mapping[str, str], report: Report, flags: Mapping[str, str] | None = None) -> None:
        self.environ = environ
        self.report = report
        self._flags = dict(flags or {})

    @classmethod
    def of_process(cls) -> App:
        """For this process, with nothing typed."""
        return cls(os.environ, Report(os.environ))

    def typed(self, name: str | None, options: dict[str, Any]) -> tuple[Wanted | None, Acting]:
        """What was typed, as values: what is wanted (None without a name), and how it is to be got."""
        self._flags |= take_flags(options)
        return take_wanted(name, options), take_acting(options)

    def wall(self) -> datetime:
        """This machine's time, aware, in UTC."""
        return datetime.now(UTC)

    def now(self) -> datetime:
        """The time that what is held goes by: this machine's, or that of the emulator that this shell is set up for."""
        return self.wall() + self._ahead

    @cached_property
    def _ahead(self) -> timedelta:
        """How far the clock of this shell's emulator is ahead of this machine's."""
        from stsctl.formats import environment

        found = self._running
        return found.ahead if found and found.instance == self.environ[environment.EMULATOR] else timedelta()

    @cached_property
    def _running(self) -> Running | None:
        """The emulator of this user, where this shell is set up for one; nobody is asked for it."""
        from stsctl.emulator import running

        return running.read(self.paths.emulator) if self._emulated else None

    @property
    def emulates(self) -> bool:
        """Whether this shell is set up for the emulator of this user, so that its policies are what counts here."""
        return self._running is not None and self._running.instance == self.settings.emulator.value

    def _refuse_former(self) -> None:
        """Raises UsageError where this shell is set up for an emulator whose place another one took."""
        from stsctl.formats import environment

        found = self._running
        if (
            found is not None
            and found.url == self.settings.endpoint_url.value
            and found.instance != self.environ[environment.EMULATOR]
        ):
            raise UsageError(
                "the emulator that this shell was set up for is gone, another answers in its place",
                hint="eval $(stsctl emulator env)",
            )

    @property
    def emulator(self) -> Running:
        """The emulator that runs; raises StsctlError where none does."""
        from stsctl.emulator import control

        found = control.find(self.paths.emulator)
        if found is None:
            raise StsctlError("no emulator is running", hint="stsctl emulator start")
        return found

    @cached_property
    def paths(self) -> paths.Paths:
        """Where the files are."""
        return paths.find(self.environ, emulated=self._emulated)

    @cached_property
    def configuration(self) -> Configuration:
        """What config.toml and added.toml say."""
        self.report.debug(f"reading {self.paths.config} and {self.paths.added}")
        return configuration.load(
            files.read(self.paths.config),
            files.read(self.paths.added),
            config_place=self.short(self.paths.config),
            added_place=self.short(self.paths.added),
        )

    @cached_property
    def profiles(self) -> profile.Profiles:
        """What the AWS files say."""
        self.report.debug(f"reading {self.paths.aws_config} and {self.paths.aws_credentials}")
        return profile.load(
            files.read(self.paths.aws_config),
            files.read(self.paths.aws_credentials),
            config_place=self.short(self.paths.aws_config),
            credentials_place=self.short(self.paths.aws_credentials),
        )

    @cached_property
    def settings(self) -> settings.Settings:
        """What holds, of flags, variables, files and defaults."""
        return settings.resolve(self.configuration, self.environ, self._flags)

    def short(self, path: Path) -> str:
        """A path as people write it."""
        home = self.environ.get("HOME")
        return f"~/{path.relative_to(home)}" if home and path.is_relative_to(home) else str(path)

    def names(self) -> list[tuple[str, str]]:
        """Every name that can be typed, with what it is; for completions."""
        return [(one.name, one.description) for one in names.listing(self.configuration, self.profiles)]

    # ── what is held ──

    @cached_property
    def machine(self) -> Machine:
        """This machine's terminal, shells and programs."""
        return Machine(self.environ, self.report, self.settings, for_helpers=self._own_environ)

    @property
    def _own_environ(self) -> Mapping[str, str]:
        """The environment without what stsctl exported: helpers have no use for the session that happens to be there.

        One that took it for its own credentials would lead elsewhere than the configuration says.
        """
        from stsctl.formats import environment

        if environment.SESSION not in self.environ:
            return self.environ
        return environment.child(self.environ, environment.unset(self.environ))

    @cached_property
    def sources(self) -> Sources:
        """Where first credentials come from."""
        from stsctl.stores.learned import Learned

        return Sources(
            environ=self.environ,
            profile=lambda name: self.profiles.get(name),
            run=lambda argv: self.machine.run(argv),
            listed=lambda name: self.index.get_keys(name),
            keys=lambda name: self.held.keys(name),
            ask=lambda prompt: Secret(self.machine.ask(prompt, hidden=True)),
            proofs=lambda: self.proofs,
            authorities=lambda: self.authorities,
            logins=lambda: self.logins,
            whose=lambda credentials: self.keychain.identity(credentials),
            given=self._given,
            folder=self.paths.config_home,
            lessons=Learned(folder=self.paths.learned),
            locks=self.locks,
            now=self.now,
            notice=self.report.notice,
            ca_bundle=self.settings.ca_bundle.value,
        )

    @cached_property
    def proofs(self) -> Proofs:
        """Where tokens and assertions come from."""
        from stsctl.cli.proofs import Proofs
        from stsctl.stores.learned import Learned

        return Proofs(
            environ=self.environ,
            for_programs=lambda: self._own_environ,
            run=lambda argv: self.machine.run(argv),
            http=self.http,
            authorities=lambda: self.authorities,
            settings=self.settings,
            paths=self.paths,
            lessons=Learned(folder=self.paths.learned),
            report=self.report,
            now=self.now,
        )

    @cached_property
    def authorities(self) -> Authorities:
        """Where people sign in."""
        from stsctl.stores.learned import Learned

        return Authorities(
            settings=self.settings,
            environ=self.environ,
            report=self.report,
            locks=self.paths.locks,
            lessons=Learned(folder=self.paths.learned),
            index=lambda: self.index,
            held=lambda: self.held,
            clients=self.clients,
            http=self.http,
            now=self.now,
            may_ask=lambda: self.machine.can_sign_in(),
            sdk_cache=self.paths.sdk_cache,
        )

    @cached_property
    def logins(self) -> Logins:
        """Sessions of `aws login`."""
        from stsctl.cli.logins import Logins

        return Logins(
            folder=self.paths.login_cache,
            settings=self.settings,
            environ=self.environ,
            report=self.report,
            lock_folder=self.paths.locks,
            clients=self.clients,
            may_ask=lambda: self.machine.can_sign_in(),
            ask=lambda prompt, about, limit: Secret(self.machine.ask(prompt, hidden=False, about=about, limit=limit)),
        )

    @cached_property
    def keychain(self) -> Keychain:
        """The long-term keys."""
        return Keychain(
            held=self.held,
            configuration=self.configuration,
            settings=self.settings,
            paths=self.paths,
            clients=self.clients(),
            now=self.now,
        )

    @cached_property
    def index(self) -> Index:
        """What is held, without its secrets."""
        from stsctl.stores.index import Index

        # An entry is found by its request, which the same session has in every store: each store has its own.
        store = self.settings.store.value
        return Index(None if store is StoreName.MEMORY else self.paths.index / store.value)

    @cached_property
    def held(self) -> Held:
        """The sessions and keys in the store."""
        from stsctl.stores.held import Held

        store = Stores(
            settings=self.settings,
            paths=self.paths,
            environ=self.environ,
            for_helpers=self._own_environ,
            ask=lambda prompt: Secret(self.machine.ask(prompt, hidden=True)),
        ).open()
        held = Held(store, self.index, self.paths.locks)
        self.report.debug(f'the store is "{held.store}", the index is in {self.paths.index}')
        return held

    @cached_property
    def _emulated(self) -> bool:
        """Whether this shell was set up for an emulator; what that issues rests apart from what AWS issues."""
        said = settings.resolve(Configuration(), self.environ)  # by its variables, which no file has a say in
        url = None if said.ignores_endpoint_urls.value else said.endpoint_url.value
        return said.emulator.value is not None and url is not None and is_loopback(url)

    @cached_property
    def terminals(self) -> Terminals:
        """The current session of each terminal."""
        from stsctl.stores.current import Terminals

        return Terminals(folder=self.paths.current)

    # ── what is current ──

    def chosen(self, wanted: Wanted | None) -> Wanted:
        """What was named, or else the current session; raises UsageError where there is none.

        Sources, in order: the command line, the variables that `env` and `exec` set, this terminal's current session —
        which counts more than the variables where it was assumed under them.
        """
        if wanted is not None:
            return wanted
        current = self.current()
        if current is not None:
            self._refuse_another(current)
            return current.wanted
        where = "in this terminal" if self.machine.leader else "where there is no terminal"
        raise UsageError(f"no session is current {where}, and no role was named", hint="stsctl assume NAME")

    def current(self) -> Current | None:
        """The current session; None where there is none."""
        from stsctl.stores.current import in_use

        terminal = self.terminals.get(self.machine.leader) if self.machine.leader else None
        role, key = self.environ.get("STSCTL_ROLE"), self.environ.get("STSCTL_SESSION")
        return in_use(terminal, role, key, self.index.get(key) if key else None)

    def _refuse_another(self, current: Current) -> None:
        """Raises UsageError where the name in the variables alone means another session than the one beside it.

        Its flags, a session policy perhaps, went with its entry: the plain role is not given in its place.
        """
        wanted, key = current.wanted, current.request_key
        if not key or wanted != Wanted(name=wanted.name) or self.index.get(key) is not None:
            return
        target = self.target(wanted)
        with self.proofs.asking():
            steps = self.plan(target, source=self.sources.of(target.source, self._kept(target)))
        if steps.request_key != key:
            raise UsageError(
                f'this shell has a session of "{wanted.name}", and how it was asked for is not known any more',
                hint=f"stsctl assume {wanted.name}, with the flags that it had",
            )

    def current_entry(self) -> Entry | None:
        """What is listed of the current session; None where it has ended."""
        current = self.current()
        entry = self.index.get(current.request_key) if current and current.request_key else None
        return None if entry is None or (entry.expires_at and entry.expires_at <= self.now()) else entry

    def make_current(self, obtained: Obtained) -> bool:
        """Makes a session this terminal's current one; False where there is no terminal."""
        from stsctl.stores.current import Current

        if self.machine.leader is None:
            return False
        now_in_use = self.environ.get("STSCTL_SESSION")
        self.terminals.put(
            self.machine.leader,
            Current(wanted=obtained.wanted, request_key=obtained.session.request_key, replaces=now_in_use),
        )
        return True

    def forget_all(self) -> int:
        """Forgets every session, and who asked for them; how many sessions that were."""
        self.proofs.forget()
        return self.held.drop_all()

    def listing(self) -> tuple[Named, ...]:
        """Every name that can be typed, with its origin."""
        return names.listing(self.configuration, self.profiles)

    def identity_of_environment(self) -> Arn:
        """Whose the credentials in the environment are, whoever put them there; asks AWS."""
        from stsctl.sources.environment import Environment

        as_they_are = {name: value for name, value in self.environ.items() if name != "STSCTL_SESSION"}
        credentials = Environment(environ=as_they_are).credentials()
        if credentials is None:
            raise UsageError("there are no credentials in the environment", hint="stsctl assume NAME")
        return self.keychain.identity(credentials)

    def whose(self, target: Target) -> Arn:
        """Whose credentials a target begins with; asks AWS where that is not written down, and no person.

        Raises StsctlError where it cannot be told.
        """
        source = target.source
        entry, listed = self.configuration.sources.get(source.name), self.index.get_keys(source.name)
        known = (entry.user_arn if entry else None) or (listed.identity if listed else None)
        if known is not None:
            return Arn.parse(known)
        if begins_with_proof(source):
            raise ConfigurationError("it begins with who signs in")
        credentials = self.sources.of(source, self._kept(target, Acting()), may_sign_in=False).credentials()
        if credentials is None:
            raise ConfigurationError("it has no credentials here")
        return self.keychain.identity(credentials)

    def aws_files(self, credentials: bytes | None = None) -> AwsFiles:
        """The AWS files as they are now; `credentials` where that one is already at hand."""
        from stsctl.formats.credentials_file import AwsFiles

        return AwsFiles(
            credentials=(files.read(self.paths.aws_credentials) or b"") if credentials is None else credentials,
            config=files.read(self.paths.aws_config) or b"",
            credentials_place=self.short(self.paths.aws_credentials),
            config_place=self.short(self.paths.aws_config),
        )

    def change_credentials(self, edit: Callable[[bytes], bytes]) -> None:
        """Changes ~/.aws/credentials, while no other stsctl does."""
        from stsctl.host import aws_files

        aws_files.change(self.paths.aws_credentials, edit, locks=self.paths.locks)

    def keep_report(self, at: datetime, text: str) -> Path:
        """Writes the report of a bug; gives its place."""
        place = self.paths.reports / f"{at:%Y%m%dT%H%M%S}-{os.getpid()}.txt"
        files.replace(place, text.encode())
        return place

    # ── from a name to a session ──

    def target(self, wanted: Wanted) -> Target:
        """What a name means."""
        return names.resolve(wanted, self.configuration, self.profiles, self.settings, read_text=self._read_text)

    def _read_text(self, path: str, origin: Origin) -> str:
        """What a file holds that a configuration names; raises ConfigurationError, which repeats nothing of it."""
        of_aws = origin.place == self.short(self.paths.aws_config)
        beside = self.paths.aws_config.parent if of_aws else self.paths.config_home
        content = files.read(beside / Path(path).expanduser())
        if content is None:
            raise ConfigurationError(f'{origin}: there is no file "{path}"')
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise ConfigurationError(f'{origin}: what is in "{path}" is no text') from None

    def plan(self, target: Target, *, source: SourceOfCredentials | None = None) -> Plan:
        """The steps to a target. Without `source` the keys need not be there: the plan is for reading."""
        from stsctl.stores.learned import Learned

        said = target.source
        asker = self.sources.asker(said, source) if source else self.sources.known_asker(said, self._kept(target))
        return plan.make(
            target,
            plan.Surroundings(
                asker=asker,
                person=plan.Person(user=_user(), host=platform.node().partition(".")[0] or "host"),
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
        target = target or self.target(wanted)
        given = self._given() if acting.token_stdin else None
        kept = self._kept(target, acting)
        with self.proofs.asking():
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
        return Obtained(session=session, plan=steps, wanted=wanted, region=self._region(target))

    def _may_choose(self, acting: Acting) -> bool:
        """Whether a person is there who may be asked which role they mean."""
        return acting.may_sign_in and not acting.token_stdin and self.machine.can_ask()

    def offered_roles(self, said: Source) -> tuple[Offered, ...]:
        """The roles that an assertion of that source offers; a person may have to sign in for it."""
        with self.proofs.asking():
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

    def _given(self) -> Secret:
        """The token, the assertion or the answer on standard input."""
        try:
            return Secret(sys.stdin.buffer.read().decode())
        except UnicodeDecodeError:
            raise UsageError("what is on standard input is no text", hint="stsctl … --token-stdin < FILE") from None

    def acting(
        self, wanted: Wanted | None, options: dict[str, Any], *, of_sts: bool = False
    ) -> tuple[Obtained, Endpoint]:
        """The session that another call is made with (None: the current one), and where it is made.

        A call `of_sts` is made with a user's keys themselves: their session, got with an MFA code, may not make it.
        """
        _, acting = self.typed(None, options)
        chosen = self.chosen(wanted)
        target = self.target(chosen)
        if of_sts and not target.hops:
            target = replace(target, source=replace(target.source, mfa_serial=None))
        obtained = self.obtain(chosen, acting, target=target)
        return obtained, self.endpoint_of(obtained)

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
        from stsctl.stores.held import Held
        from stsctl.stores.index import Index
        from stsctl.stores.memory import MemoryStore

        return Held(MemoryStore(), Index(None), None) if acting.no_cache else self.held

    def _broker(self, steps: Plan, source: SourceOfCredentials, wanted: Wanted, acting: Acting) -> Broker:
        from stsctl.stores.holdings import PlanHoldings
        from stsctl.stores.learned import Learned

        clients = self.clients(steps.target)
        held = self._held_for(acting)
        return Broker(
            holdings=PlanHoldings(held, steps, wanted, self._region(steps.target)),
            source=source,
            exchanges=self.sources.exchanges(clients, steps.target.source.kind, source),
            locks=self._locks_before(steps),
            lessons=Learned(folder=self.paths.learned),
            prompt=self._prompt(acting),
            watcher=Watcher(self.report),
            now=self.now,
        )

    @cached_property
    def locks(self) -> Locks:
        """The locks between the processes of this user."""
        return Locks(self.paths.locks, self.settings.lock_timeout.value, self.report)

    def _locks_before(self, steps: Plan) -> Locks:
        """The locks that a plan is followed behind: for longer where somebody may be signing in for it."""
        if self.sources.is_signed_in(steps.target.source):
            return self.locks
        limit = self.settings.lock_timeout.value + self.settings.sign_in_timeout.value
        return Locks(self.paths.locks, limit, self.report)

    def clients(self, target: Target | None = None) -> Clients:
        """What calls AWS."""
        from stsctl.sources.client import Clients

        bundle = self._ca_bundle(target)
        return Clients(now=self.now, wall=self.wall, ca_bundle=bundle, urls=endpoint.urls(target, self.settings))

    def http(self, target: Target | None = None) -> Http:
        """What asks where nobody signs anything."""
        from stsctl.sources.http import Http

        return Http(ca_bundle=self._ca_bundle(target))

    def _ca_bundle(self, target: Target | None) -> str | None:
        return endpoint.ca_bundle(target, self.settings) if target else self.settings.ca_bundle.value

    def address(self, request: SessionRequest) -> str:
        """The URL at which a request is made."""
        from stsctl.sources.address import address

        return address(request.operation.service, request.endpoint)

    def _region(self, target: Target) -> str | None:
        """The region for what is run: what was said of the role or of what leads to it, else in the configuration."""
        said = (target.region, *(hop.region for hop in reversed(target.hops)), target.source.region)
        general = self.settings.region
        return next((each for each in said if each), general.value if general.level is settings.Level.FILE else None)

    def _prompt(self, acting: Acting) -> MfaPrompt:
        given = acting.mfa_token
        if acting.mfa_token_stdin:
            given = sys.stdin.readline()
        return MfaPrompt(
            report=self.report,
            run=self.machine.run,
            ask=functools.partial(self.machine.ask, hidden=False) if self.settings.prompt.value else None,
            given=given,
        )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "user"
