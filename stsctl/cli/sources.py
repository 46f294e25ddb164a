"""Where a target's first credentials come from: the concrete source of each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stsctl.argv import command
from stsctl.credentials import Credentials, Secret
from stsctl.errors import ConfigurationError
from stsctl.profile import Profile
from stsctl.request import Asker, AskerKind
from stsctl.target import Source, SourceKind

if TYPE_CHECKING:
    from stsctl.sources.interface import Source as SourceOfCredentials
    from stsctl.stores.codec import LongTermKeys
    from stsctl.stores.index import KeysEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Makes them. Each part is asked when a source is: `run` runs a program, `listed` looks in the index for the keys
    of a name, `keys` reads them from the store.
    """

    environ: Mapping[str, str]
    profile: Callable[[str], Profile]
    run: Callable[[Sequence[str]], str]
    listed: Callable[[str], KeysEntry | None]
    keys: Callable[[str], LongTermKeys | None]

    def of(self, source: Source) -> SourceOfCredentials:
        """The concrete source."""
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
            case SourceKind.PROCESS:
                from stsctl.sources.process import Process

                argv = command(source.process or "")
                return Process(name=source.name, run=lambda: Secret(self.run(argv)))
            case SourceKind.INSTANCE_METADATA | SourceKind.CONTAINER:
                from stsctl.sources.machine import MachineRole

                return MachineRole(kind=source.kind)

    def asker(self, source: Source, found: SourceOfCredentials) -> Asker:
        """Who asks, with what `found` has; raises ConfigurationError where that is nothing."""
        asker = found.asker()
        if asker is None:
            raise self._nothing_there(source)
        return asker

    def known_asker(self, source: Source) -> Asker:
        """Who would ask, as far as that is known without asking anybody and without opening the store."""
        known: str | None = source.access_key_id
        if source.kind is SourceKind.KEYS:
            entry = self.listed(source.name)
            known = entry.access_key_id if entry else known
        elif source.kind is SourceKind.ENVIRONMENT and "STSCTL_SESSION" not in self.environ:
            known = self.environ.get("AWS_ACCESS_KEY_ID")
        return Asker(kind=AskerKind.KEYS, id=known or "")

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
        what, hint = _NOTHING.get(source.kind, ("it has no credentials", f"stsctl keys add {source.name}"))
        return ConfigurationError(f'source "{source.name}": {what}', hint=hint)


_NOTHING = {
    SourceKind.ENVIRONMENT: ("AWS_ACCESS_KEY_ID is not set here", "export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    SourceKind.INSTANCE_METADATA: ("this machine has no instance metadata", "is it an EC2 instance with a role?"),
    SourceKind.CONTAINER: ("there is no container credentials endpoint here", "is this an ECS task or an EKS pod?"),
}
