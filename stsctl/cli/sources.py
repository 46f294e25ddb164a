"""Where a target's first credentials come from: the concrete source of each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from stsctl.argv import command
from stsctl.arn import Arn
from stsctl.cli.waiting import Locks
from stsctl.credentials import Credentials, Secret
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError, UsageError
from stsctl.plan import Asks
from stsctl.request import Asker, AskerKind, Operation
from stsctl.source import Source, SourceKind

if TYPE_CHECKING:
    from stsctl.cli.authorities import Authorities
    from stsctl.cli.logins import Logins
    from stsctl.cli.proofs import Proofs
    from stsctl.profile import Profile
    from stsctl.sources.client import Clients
    from stsctl.sources.identity_center import IdentityCenterSource
    from stsctl.sources.interface import Exchange, Giver
    from stsctl.sources.interface import Source as SourceOfCredentials
    from stsctl.stores.codec import LongTermKeys
    from stsctl.stores.held import Held
    from stsctl.stores.index import KeysEntry
    from stsctl.stores.learned import Learned


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Where the sessions are that a source has of its own, of which emulator, and whether one that is there will do."""

    held: Callable[[], Held]
    instance: str | None
    renew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Makes them. Each part is asked when a source is: `run` runs a program, `listed` looks in the index for the keys
    of a name, `keys` reads them from the store, `ask` asks the person for a secret, `whose` asks AWS whose credentials
    are, `given` reads standard input. Paths in the configuration begin at `folder`.
    """

    environ: Mapping[str, str]
    profile: Callable[[str], Profile]
    run: Callable[[Sequence[str]], str]
    listed: Callable[[str], KeysEntry | None]
    keys: Callable[[str], LongTermKeys | None]
    ask: Callable[[str], Secret]
    proofs: Callable[[], Proofs]
    authorities: Callable[[], Authorities]
    logins: Callable[[], Logins]
    whose: Callable[[Credentials], Arn]
    given: Callable[[], Secret]
    folder: Path
    lessons: Learned
    locks: Locks
    now: Callable[[], datetime]
    notice: Callable[[str], None]
    ca_bundle: str | None

    def of(
        self, source: Source, kept: Kept, *, given: Secret | None = None, may_sign_in: bool = True
    ) -> SourceOfCredentials:
        """The concrete source; `given` is the token, the assertion or the answer that came with the command.

        `may_sign_in` says whether a person may be asked to sign in for it.
        """
        if given is not None and source.proof is None and source.kind is not SourceKind.FILE:
            raise UsageError(
                f'--token-stdin is for sources of type oidc, saml or file, and "{source.name}" is of type'
                f" {source.kind.value}"
            )
        match source.kind:
            case SourceKind.KEYS:
                from stsctl.sources.keys import StoredKeys

                name = source.name
                return StoredKeys(name=name, key_id=lambda: self._key_id(name), read=lambda: self._stored(name))
            case SourceKind.ENVIRONMENT:
                from stsctl.sources.environment import Environment

                return Environment(environ=self.environ)
            case SourceKind.PROFILE:
                from stsctl.sources.profile_keys import ProfileKeys

                return ProfileKeys(profile=self.profile(source.profile or source.name))
            case SourceKind.PROCESS | SourceKind.INSTANCE_METADATA | SourceKind.CONTAINER:
                return self._remembered(source, self._giver(source), kept)
            case SourceKind.FILE:
                return self._saved_answer(source, given)
            case SourceKind.IDENTITY_CENTER:
                return self._identity_center(source, may_sign_in=may_sign_in)
            case SourceKind.ROLES_ANYWHERE:
                from stsctl.cli import certificates

                return certificates.roles_anywhere(source, self.folder, run=self.run, ask=self.ask)
            case SourceKind.LOGIN:
                logins = self.logins()
                return self._remembered(source, logins.of(source, may_ask=may_sign_in), kept, logins.locks)
            case SourceKind.OIDC | SourceKind.SAML:
                return self.proofs().of(source, given, may_sign_in=may_sign_in)

    def exchanges(self, clients: Clients, kind: SourceKind, found: SourceOfCredentials) -> Mapping[Operation, Exchange]:
        """How the calls of a chain are made that begins at the source `found`."""
        from stsctl.sources.assume_role import AssumeRole
        from stsctl.sources.assume_root import AssumeRoot
        from stsctl.sources.federation_token import FederationToken
        from stsctl.sources.session_token import SessionToken

        exchanges: dict[Operation, Exchange] = {
            Operation.ASSUME_ROLE: AssumeRole(clients=clients),
            Operation.ASSUME_ROOT: AssumeRoot(clients=clients),
            Operation.GET_FEDERATION_TOKEN: FederationToken(clients=clients),
            Operation.GET_SESSION_TOKEN: SessionToken(clients=clients),
        }
        if kind is SourceKind.OIDC:
            from stsctl.sources.web_identity import AssumeRoleWithWebIdentity, WebIdentity

            assert isinstance(found, WebIdentity)
            by_token = AssumeRoleWithWebIdentity(clients=clients, source=found)
            exchanges[Operation.ASSUME_ROLE_WITH_WEB_IDENTITY] = by_token
        elif kind is SourceKind.SAML:
            from stsctl.sources.saml import AssumeRoleWithSaml, Saml

            assert isinstance(found, Saml)
            exchanges[Operation.ASSUME_ROLE_WITH_SAML] = AssumeRoleWithSaml(clients=clients, source=found)
        elif kind is SourceKind.IDENTITY_CENTER:
            from stsctl.sources.identity_center import GetRoleCredentials, IdentityCenterSource

            assert isinstance(found, IdentityCenterSource)
            exchanges[Operation.GET_ROLE_CREDENTIALS] = GetRoleCredentials(clients=clients, source=found)
        elif kind is SourceKind.ROLES_ANYWHERE:
            from stsctl.sources.roles_anywhere import CreateSession, RolesAnywhere

            assert isinstance(found, RolesAnywhere)
            exchanges[Operation.CREATE_SESSION] = CreateSession(clients=clients, source=found)
        return exchanges

    def _identity_center(self, source: Source, *, may_sign_in: bool) -> IdentityCenterSource:
        from stsctl.sources.identity_center import IdentityCenterSource

        center, authorities = source.identity_center, self.authorities()
        assert center is not None

        def known() -> str | None:
            listed = authorities.listed(source)
            return listed.id if listed else None

        return IdentityCenterSource(
            name=source.name,
            start_url=center.start_url,
            region=center.region,
            known=known,
            sign_in=lambda rejected: authorities.sign_in(
                source, rejected=rejected, may_ask=None if may_sign_in else False
            ),
        )

    def _remembered(self, source: Source, giver: Giver, kept: Kept, locks: Locks | None = None) -> SourceOfCredentials:
        from stsctl.sources.remembered import Remembered
        from stsctl.stores.holdings import SourceHoldings

        return Remembered(
            name=source.name,
            giver=giver,
            holdings=SourceHoldings(kept.held, source.name, region=source.region, instance=kept.instance),
            lessons=self.lessons,
            locks=locks or self.locks,
            now=self.now,
            notice=self.notice,
            renew=kept.renew,
            instance=kept.instance,
        )

    def _giver(self, source: Source) -> Giver:
        """What gives credentials again and again."""
        if source.kind is SourceKind.PROCESS:
            from stsctl.sources.process import Process

            line = source.process or ""
            argv = command(line)
            return Process(name=source.name, command_line=line, run=lambda: Secret(self.run(argv)))
        if source.kind is SourceKind.INSTANCE_METADATA:
            from stsctl.sources.instance_metadata import InstanceMetadata

            return InstanceMetadata(name=source.name, environ=self.environ)
        from stsctl.sources.container import Container

        return Container(
            name=source.name,
            environ=self.environ,
            whose=self.whose,
            known=lambda key_id: self.lessons.identity(source.name, key_id),
            learn=lambda key_id, identity: self.lessons.learn_identity(source.name, key_id, identity),
            ca_file=self.ca_bundle,
        )

    def _saved_answer(self, source: Source, given: Secret | None) -> SourceOfCredentials:
        from stsctl.sources.saved_answer import SavedAnswer, read_file

        said = source.path or "-"
        if given is not None or said == "-":
            return SavedAnswer(place="standard input", read=lambda: given or self.given(), now=self.now)
        path = self.folder / Path(said).expanduser()
        return SavedAnswer(place=f'"{said}"', read=lambda: read_file(path, self.notice), now=self.now)

    def asker(self, source: Source, found: SourceOfCredentials) -> Asker:
        """Who asks, with what `found` has; raises ConfigurationError where that is nothing."""
        asker = found.asker()
        if asker is None:
            raise self._nothing_there(source)
        return asker

    def known_asker(self, source: Source, kept: Kept) -> Asker:
        """Who would ask, as far as that is known without asking anybody and without opening the store."""
        if source.kind is SourceKind.IDENTITY_CENTER:
            listed = self.authorities().listed(source)
            return self._identity_center(source, may_sign_in=False).asker_of(listed.id if listed else "")
        if source.proof is not None:
            return self.proofs().known_asker(source)
        if source.kind is SourceKind.ROLES_ANYWHERE:
            return Asker(kind=AskerKind.CERTIFICATE, id="")
        if source.kind is SourceKind.PROCESS:
            asker = Asker(kind=AskerKind.PROCESS, id=source.process or "")
            temporary = self.lessons.gives_sessions(asker.session_key(kept.instance)) or False
            return replace(asker, temporary=temporary)
        if source.kind in _SESSIONS:
            return Asker(kind=_SESSIONS[source.kind], id=str(source.login_session or ""), temporary=True)
        known: str | None = source.access_key_id
        if source.kind is SourceKind.KEYS:
            entry = self.listed(source.name)
            known = entry.access_key_id if entry else known
        elif source.kind is SourceKind.ENVIRONMENT and "STSCTL_SESSION" not in self.environ:
            known = self.environ.get("AWS_ACCESS_KEY_ID")
        return Asker.of_keys(known or "")

    def asks(self, source: Source) -> Asks:
        """What it asks of a person for the first call."""
        if source.kind is SourceKind.ROLES_ANYWHERE:
            from stsctl.cli import certificates

            return Asks.PASSPHRASE if certificates.is_locked(source, self.folder) else Asks.NOTHING
        return Asks.NOTHING if self.is_signed_in(source) else Asks.SIGN_IN

    def is_signed_in(self, source: Source) -> bool:
        """Whether nobody need sign in for it now."""
        if source.proof is not None:
            return self.proofs().is_signed_in(source)
        if source.kind is SourceKind.LOGIN:
            return self.logins().of(source).is_there()
        return source.kind is not SourceKind.IDENTITY_CENTER or self.authorities().is_signed_in(source)

    def _key_id(self, name: str) -> str | None:
        """The id of stored keys, from the index where it has it."""
        entry = self.listed(name)
        if entry is not None:
            return entry.access_key_id
        keys = self._stored(name)
        return keys.access_key_id if keys else None

    def _stored(self, name: str) -> Credentials | None:
        keys = self.keys(name)
        return keys.credentials if keys else None

    def _nothing_there(self, source: Source) -> ConfigurationError:
        role = self.environ.get("STSCTL_ROLE")
        if source.kind is SourceKind.ENVIRONMENT and self.environ.get("AWS_ACCESS_KEY_ID") and role:
            return ConfigurationError(
                f'source "{source.name}": the AWS variables here are those of the session "{role}", which stsctl'
                " exported",
                hint="eval $(stsctl env --unset), then export your own keys again",
            )
        if source.proof is not None and source.proof.token_from is not None:
            place = source.proof.token_from.value
            return ConfigurationError(
                f'source "{source.name}": there is no token: this is no place of {place}',
                hint="take token_from out of the source, and whatever has one is taken",
            )
        what, hint = _NOTHING.get(source.kind, ("it has no credentials", f"stsctl keys add {quote(source.name)}"))
        return ConfigurationError(f'source "{source.name}": {what}', hint=hint)


_SESSIONS = {
    SourceKind.FILE: AskerKind.KEYS,
    SourceKind.INSTANCE_METADATA: AskerKind.MACHINE,
    SourceKind.CONTAINER: AskerKind.MACHINE,
    SourceKind.LOGIN: AskerKind.LOGIN,
}
"""What never has other credentials than temporary ones."""

_NOTHING = {
    SourceKind.ENVIRONMENT: ("AWS_ACCESS_KEY_ID is not set here", "export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    SourceKind.FILE: ("there is no file at its path", "aws sts assume-role … > PATH"),
    SourceKind.OIDC: (
        "there is no token: it says no file, program, variable or issuer, and this is no CI system that has one",
        "add web_identity_token_file, token_process, token_variable or issuer to the source, or use --token-stdin",
    ),
    SourceKind.SAML: (
        "there is no assertion: it says no file, no program and no page",
        "add assertion_file, assertion_process or sign_in_url to the source, or give it with --token-stdin",
    ),
    SourceKind.CONTAINER: ("there is no container credentials endpoint here", "is this an ECS task or an EKS pod?"),
}
