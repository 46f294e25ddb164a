"""One run of stsctl: what was typed, which session is the current one, and everything beneath."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from shlex import quote
from typing import TYPE_CHECKING, Any

from stsctl import endpoint
from stsctl.arn import Arn
from stsctl.callers import begins_with_proof
from stsctl.cli.obtaining import Obtained, Obtaining
from stsctl.cli.options import Acting, take_acting, take_flags, take_wanted
from stsctl.cli.report import Report
from stsctl.errors import ConfigurationError, PersonNeededError, UsageError
from stsctl.host.witness import unnoticed
from stsctl.target import Target, Wanted

if TYPE_CHECKING:
    from stsctl.cli.calls import Calls
    from stsctl.stores.current import Current
    from stsctl.stores.index import Entry


class App(Obtaining):
    """One run of stsctl on this machine."""

    def typed(self, name: str | None, options: dict[str, Any]) -> tuple[Wanted | None, Acting]:
        """What was typed, as values: what is wanted (None without a name), and how it is to be got."""
        self._flags |= take_flags(options)
        return take_wanted(name, options), take_acting(options)

    def unattended(self) -> App:
        """The same with nobody there, as of now: whatever a person had to give for the stores was given."""
        environ = {name: value for name, value in self.environ.items() if name != "GPG_TTY"}
        alone = App(environ, self.report, {**self._flags, "no_prompt": "1"})
        alone.stores = self.stores
        return alone

    def anew(self, report: Report | None = None) -> App:
        """The same with nothing read yet: files have changed meanwhile."""
        return App(unnoticed(self.environ), report or self.report, self._flags)

    def chosen(self, wanted: Wanted | None) -> Wanted:
        """What was named, or else the current session; raises UsageError where there is none.

        Sources, in order: the command line, the variables that `env` and `exec` set, this terminal's current session —
        which counts more than the variables where it was assumed under them.
        """
        if wanted is not None:
            return self._by_its_name(wanted)
        current = self.current()
        if current is not None:
            self._refuse_another(current)
            return self._by_its_name(current.wanted)
        where = "in this terminal" if self.machine.leader else "where there is no terminal"
        raise UsageError(f"no session is current {where}, and no role was named", hint="stsctl assume NAME")

    def _by_its_name(self, wanted: Wanted) -> Wanted:
        """The same where it was named by an alias: what is held, and used often, has one name."""
        called = wanted.name if wanted.kind else self.configuration.called(wanted.name)
        if called == wanted.name:
            return wanted
        self.target(Wanted(name=wanted.name))  # where an AWS profile is called so, too, it is not clear what is meant
        return replace(wanted, name=called)

    def meant(self, wanted: Wanted | None) -> Wanted:
        """What was named, or else the current session, or else what the person picks; raises UsageError without."""
        if wanted is None and self.current() is None:
            wanted = self.picked()
        return self.chosen(wanted)

    def use(self, wanted: Wanted, acting: Acting, *, least: timedelta | None = None) -> Obtained:
        """The session that a person asked for, as `obtain` gets it; what they use often comes first when they pick."""
        obtained = self.obtain(wanted, acting, least=least)
        self.uses.add(obtained.wanted.name, self.now())
        self.start_agent()
        return obtained

    def start_agent(self) -> None:
        """Starts the agent where none runs, and the configuration says that commands do."""
        if self.settings.agent_auto_start.value:
            self.agency.start_unless_running()

    def picked(self) -> Wanted | None:
        """What the person picks of all names; None where there is nobody to pick, or nothing to pick from."""
        names = self.picked_several(several=False)
        return Wanted(name=names[0]) if names else None

    def picked_several(self, *, several: bool = True) -> tuple[str, ...]:
        """The names that the person picks; none where there is nobody to pick, or nothing to pick from."""
        listing = self.listing() if self.machine.can_ask() else None
        if not listing:
            return ()
        from stsctl.cli.picker import pick

        try:
            return pick(self, listing, several=several)
        except PersonNeededError as error:  # a terminal that cannot show it
            self.report.debug(error.message)
            return ()

    def regions_of(self, target: Target) -> list[str]:
        """The regions of the partition in which a target's session is."""
        from stsctl.sources.address import regions

        return regions(endpoint.resolve(target, target.hops[-1] if target.hops else None, self.settings).partition)

    def current(self) -> Current | None:
        """The current session; None where there is none."""
        return self._in_use(self._terminal())

    def exported(self) -> Current | None:
        """What this shell has in its variables, whatever was assumed in its terminal since; None where it has none."""
        terminal, key = self._terminal(), self.environ.get("STSCTL_SESSION")
        found = self._in_use(terminal if terminal and terminal.request_key == key else None)
        return found if found and found.request_key == key else None

    def _terminal(self) -> Current | None:
        return self.terminals.get(self.machine.leader) if self.machine.leader else None

    def _in_use(self, terminal: Current | None) -> Current | None:
        from stsctl.stores.current import in_use

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
        with self._turn(target.source):
            steps = self.plan(target, source=self.sources.of(target.source, self._kept(target)))
        if steps.request_key != key:
            raise UsageError(
                f'this shell has a session of "{wanted.name}", and how it was asked for is not known any more',
                hint=f"stsctl assume {quote(wanted.name)}, with the flags that it had",
            )

    def current_entry(self) -> Entry | None:
        """What is listed of the current session; None where it has ended."""
        current = self.current()
        entry = self.index.get(current.request_key) if current and current.request_key else None
        return None if entry is None or (entry.expires_at and entry.expires_at <= self.now()) else entry

    def previous(self) -> Wanted:
        """What was assumed in this terminal before the current session; raises UsageError where nothing was."""
        current = self._terminal()
        if current is None or current.previous is None:
            raise UsageError("no other session was assumed in this terminal", hint="stsctl assume NAME")
        return current.previous

    def make_current(self, obtained: Obtained) -> bool:
        """Makes a session this terminal's current one; False where there is no terminal."""
        from stsctl.stores.current import Current

        if self.machine.leader is None:
            return False
        now_in_use = self.environ.get("STSCTL_SESSION")
        key = obtained.session.request_key
        listed, color = self.index.file(key), obtained.marks.color
        self.terminals.put(
            self.machine.leader,
            Current(
                wanted=obtained.wanted,
                request_key=key,
                replaces=now_in_use,
                entry=str(listed) if listed else None,
                color=color.value if color else None,
            ),
        )
        return True

    def forget(self, keys: set[str]) -> None:
        """Forgets the sessions with these keys, wherever they are held or current; the agent renews them no more."""
        self.terminals.drop(keys)
        for held in self.stores.all_held():
            for entry in held.entries():
                if entry.request_key in keys:
                    held.drop(entry.request_key)
        self.agency.forget(keys)

    def forget_all(self) -> int:
        """Forgets every session and sign-in, and who asked for them; how many that were.

        Where long-term keys rest, perhaps behind a passphrase, is looked into if sessions are listed there too.
        """
        self.proofs.forget()
        elsewhere = [held for held in self.stores.all_held() if held is not self.held]
        listed = (held for held in elsewhere if held.entries() or held.sign_in_entries())
        return self.held.drop_all() + sum(held.drop_all() for held in listed)

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
        entry, listed = self.configuration.sources.get(source.name), self.keys_index.get_keys(source.name)
        known = (entry.user_arn if entry else None) or (listed.identity if listed else None)
        if known is not None:
            return Arn.parse(known)
        if begins_with_proof(source):
            raise ConfigurationError("it begins with who signs in")
        credentials = self.sources.of(source, self._kept(target, Acting()), may_sign_in=False).credentials()
        if credentials is None:
            raise ConfigurationError("it has no credentials here")
        return self.keychain.identity(credentials)

    def acting(self, wanted: Wanted | None, options: dict[str, Any], *, of_sts: bool = False) -> Obtained:
        """The session that another call is made with (None: the current one).

        A call `of_sts` is made with a user's keys themselves: their session, got with an MFA code, may not make it.
        """
        _, acting = self.typed(None, options)
        chosen = self.chosen(wanted)
        target = self.target(chosen)
        if of_sts and not target.hops:
            target = replace(target, source=replace(target.source, mfa_serial=None))
        return self.obtain(chosen, acting, target=target)

    def calls(self, obtained: Obtained) -> Calls:
        """The calls that are made with a session, where it came from."""
        from stsctl.cli.calls import Calls

        return Calls(
            clients=self.clients(obtained.plan.target),
            http=lambda: self.http(obtained.plan.target),
            endpoint=self.endpoint_of(obtained),
            credentials=obtained.session.credentials,
        )
