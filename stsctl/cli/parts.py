"""Chooses the concrete parts, each on first use; sources and stores are chosen in the files of those names."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from stsctl import endpoint
from stsctl.cli.machine import Machine
from stsctl.cli.sources import Sources
from stsctl.cli.surroundings import Surroundings
from stsctl.cli.waiting import Locks
from stsctl.credentials import Secret
from stsctl.errors import UsageError
from stsctl.host.witness import unnoticed
from stsctl.request import SessionRequest
from stsctl.target import Target

if TYPE_CHECKING:
    from stsctl.cli.agency import Agency
    from stsctl.cli.authorities import Authorities
    from stsctl.cli.belongings import Belongings
    from stsctl.cli.keychain import Keychain
    from stsctl.cli.logins import Logins
    from stsctl.cli.proofs import Proofs
    from stsctl.cli.stores import Stores
    from stsctl.host.stopwatch import Stopwatch
    from stsctl.sources.client import Clients
    from stsctl.sources.http import Http
    from stsctl.stores.current import Terminals
    from stsctl.stores.held import Held
    from stsctl.stores.index import Index
    from stsctl.stores.kept_profiles import KeptProfiles
    from stsctl.stores.sealing_key import KeyHolder
    from stsctl.stores.uses import Uses


class Parts(Surroundings):
    """What one run is made of."""

    @cached_property
    def machine(self) -> Machine:
        """This machine's terminal, shells and programs."""
        return Machine(self.environ, self.report, self.settings, for_helpers=lambda: self._own_environ)

    @property
    def _own_environ(self) -> Mapping[str, str]:
        """The environment without what stsctl exported: helpers have no use for the session that happens to be there.

        One that took it for its own credentials would lead elsewhere than the configuration says.
        """
        return _without_session(self.environ)

    @cached_property
    def sources(self) -> Sources:
        """Where first credentials come from."""
        from stsctl.stores.learned import Learned

        return Sources(
            environ=self.environ,
            profile=lambda name: self.profiles.get(name),
            run=lambda argv: self.machine.run(argv),
            listed=lambda name: self.keys_index.get_keys(name),
            keys=lambda name: self.keys_held.keys(name),
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
        from stsctl.cli.authorities import Authorities
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

    def belongings(self, tool: str) -> Belongings:
        """What another tool has on this machine."""
        from stsctl.cli.belongings import Belongings
        from stsctl.other_tools.tools import TOOLS
        from stsctl.stores.keyring import time_limit

        return Belongings(
            TOOLS[tool],
            environ=self.environ,
            profiles=self.profiles,
            kept=frozenset(self.configuration.kept_keys),
            short=self.short,
            ask=lambda prompt: Secret(self.machine.ask(prompt, hidden=True)),
            limit=time_limit(self.environ),
        )

    @cached_property
    def keychain(self) -> Keychain:
        """The long-term keys."""
        from stsctl.cli.keychain import Keychain

        return Keychain(
            held=self.keys_held,
            configuration=self.configuration,
            settings=self.settings,
            paths=self.paths,
            clients=self.clients(),
            now=self.now,
        )

    @cached_property
    def stores(self) -> Stores:
        """Where sessions and keys rest."""
        from stsctl.cli.stores import Stores

        self.report.debug(f"the index of what is held is in {self.paths.index}")
        return Stores(
            settings=self.settings,
            paths=self.paths,
            environ=self.environ,
            for_helpers=lambda: self._own_environ,
            ask=lambda prompt: self.ask_passphrase(prompt),
            holder=lambda: self.key_holder,
            now=self.now,
        )

    def ask_passphrase(self, prompt: str) -> Secret:
        """What opens the store, as a person types it."""
        return Secret(self.machine.ask(prompt, hidden=True))

    @property
    def key_holder(self) -> KeyHolder:
        """What remembers keys beyond this run."""
        return self.agency

    @property
    def index(self) -> Index:
        """The sessions and sign-ins that are held, without their secrets."""
        return self.stores.index(self.settings.session_store.value)

    @property
    def held(self) -> Held:
        """The sessions and sign-ins."""
        return self.stores.held(self.settings.session_store.value)

    @property
    def keys_index(self) -> Index:
        """The long-term keys that are held, without their secrets."""
        return self.stores.index(self.settings.store.value)

    @property
    def keys_held(self) -> Held:
        """The long-term keys."""
        return self.stores.held(self.settings.store.value)

    @property
    def agency(self) -> Agency:
        """The agent of this user, if one runs."""
        from stsctl.cli.agency import Agency

        return Agency(paths=self.paths, environ=lambda: _without_session(unnoticed(self.environ)), flags=self._flags)

    def stopwatch(self, name: str, program: Sequence[str]) -> Stopwatch:
        """How long a program takes that is run as a role."""
        from stsctl.host.stopwatch import Stopwatch

        return Stopwatch(self.paths.run_times, name, program)

    @property
    def kept_profiles(self) -> KeptProfiles:
        """The sections of ~/.aws/credentials that the agent keeps fresh."""
        from stsctl.stores.kept_profiles import KeptProfiles

        return KeptProfiles(folder=self.paths.agent / "profiles", place=str(self.paths.aws_credentials))

    @cached_property
    def terminals(self) -> Terminals:
        """The current session of each terminal."""
        from stsctl.stores.current import Terminals

        return Terminals(folder=self.paths.current)

    @cached_property
    def uses(self) -> Uses:
        """How often and how lately each name was used."""
        from stsctl.stores.uses import Uses

        return Uses(file=self.paths.uses)

    @cached_property
    def locks(self) -> Locks:
        """The locks between the processes of this user."""
        return Locks(self.paths.locks, self.settings.lock_timeout.value, self.report)

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

    def _given(self) -> Secret:
        """The token, the assertion or the answer on standard input."""
        try:
            return Secret(sys.stdin.buffer.read().decode())
        except UnicodeDecodeError:
            raise UsageError("what is on standard input is no text", hint="stsctl … --token-stdin < FILE") from None


def _without_session(environ: Mapping[str, str]) -> Mapping[str, str]:
    from stsctl.formats import environment

    if environment.SESSION not in environ:
        return environ
    return environment.child(environ, environment.unset(environ))
