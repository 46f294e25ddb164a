"""Long-term keys: in the store, and named as a source in added.toml."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from stsctl import endpoint, limits
from stsctl.arn import Arn
from stsctl.configuration import Configuration, is_name
from stsctl.credentials import Credentials, Secret
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError, UsageError
from stsctl.host.paths import Paths
from stsctl.request import Endpoint
from stsctl.settings import Settings
from stsctl.source import Source, SourceKind
from stsctl.target import Target

if TYPE_CHECKING:
    from stsctl.rotation import AccessKey
    from stsctl.sources.client import Clients
    from stsctl.sources.mfa_devices import MfaDevices
    from stsctl.stores.codec import LongTermKeys
    from stsctl.stores.held import Held


@dataclass(frozen=True, slots=True, kw_only=True)
class Keychain:
    """Checks long-term keys, keeps them, and takes them out again."""

    held: Held
    configuration: Configuration
    settings: Settings
    paths: Paths
    clients: Clients
    now: Callable[[], datetime]

    def check_name(self, name: str) -> None:
        """Raises ConfigurationError or UsageError where keys called `name` could not be a source."""
        role, entry = self.configuration.roles.get(name), self.configuration.sources.get(name)
        if role is not None:
            raise ConfigurationError(f'"{name}" is a role ({role.hop.origin})', hint="choose another name")
        if entry is not None and entry.source.kind is not SourceKind.KEYS:
            kind = entry.source.kind.value
            raise ConfigurationError(
                f'"{name}" is a source of type {kind} ({entry.source.origin})', hint="choose another name"
            )
        if not is_name(name) or name != name.strip():
            raise UsageError(f'"{name}" cannot be a name', hint="stsctl keys add work")

    def check_store(self, name: str) -> None:
        """Raises StoreError where keys could not be kept; asked before a person types a secret."""
        from stsctl.stores.interface import DamagedError

        # Damaged keys are those which adding them anew replaces.
        with contextlib.suppress(DamagedError):
            self.held.keys(name)

    def identity(self, credentials: Credentials, *, region: str | None = None) -> Arn:
        """Whose credentials these are; asks AWS."""
        from stsctl.sources.identity import caller_identity

        return caller_identity(self.clients, self._endpoint(region), credentials)

    def mfa_device(self, credentials: Credentials, identity: Arn, *, region: str | None = None) -> str | None:
        """The one device of a user that shows codes, where there is just one and the user may ask."""
        from stsctl.sources.identity import mfa_devices

        if not identity.resource.startswith("user/"):
            return None
        devices = mfa_devices(self.clients, self._endpoint(region), credentials)
        codes = [serial for serial in devices if not limits.is_security_key(serial)]
        return codes[0] if len(codes) == 1 else None

    def add(self, name: str, credentials: Credentials, identity: Arn, mfa_serial: str | None) -> None:
        """Keeps keys in the store, and names them in added.toml unless config.toml does."""
        from stsctl.stores.codec import LongTermKeys

        keys = LongTermKeys(
            name=name,
            credentials=credentials,
            identity=identity,
            account_id=identity.account,
            added_at=self.now(),
            mfa_serial=mfa_serial,
        )
        self._keep(keys)

    def rotate(
        self,
        name: str,
        *,
        with_mfa: Callable[[], Credentials] | None,
        notice: Callable[[str], None],
        pause: Callable[[timedelta], None],
    ) -> Credentials:
        """Another pair in place of the one called `name`; see `rotation.Rotator`. Raises ConfigurationError too."""
        from stsctl.rotation import Rotation, Rotator
        from stsctl.sources.access_keys import IamAccessKeys

        keys = self.held.keys(name)
        if keys is None:
            raise ConfigurationError(f'there are no keys "{name}" in the store', hint="stsctl keys list")

        def keep(credentials: Credentials, rotation: Rotation | None) -> None:
            nonlocal keys
            assert keys is not None
            added_at = keys.added_at if credentials == keys.credentials else self.now()
            keys = replace(keys, credentials=credentials, rotation=rotation, added_at=added_at)
            self._keep(keys)

        rotator = Rotator(
            user=keys.identity,
            keys=IamAccessKeys(clients=self.clients, endpoint=self._endpoint(self._region(name))),
            keep=keep,
            with_mfa=with_mfa,
            now=self.now,
            pause=pause,
            notice=notice,
        )
        return rotator.rotate(keys.credentials, keys.rotation)

    def at_aws(self, name: str) -> AccessKey | None:
        """What IAM says of the keys called `name`: how old they are, when they were last used; None for nothing."""
        from stsctl.sources.access_keys import IamAccessKeys

        keys = self.held.keys(name)
        if keys is None:
            return None
        iam = IamAccessKeys(clients=self.clients, endpoint=self._endpoint(self._region(name)))
        listed = iam.listed(keys.credentials)
        return next((key for key in listed if key.id == keys.credentials.access_key_id), None)

    def remove(self, name: str) -> bool:
        """Takes keys out of the store and out of added.toml; False where there were none."""
        from stsctl.formats import added

        entry = self.configuration.sources.get(name)
        dropped = self.held.drop_keys(name)
        if entry is None or not entry.added:
            return dropped
        self._change(lambda text: added.without_source(text, name, place=str(self.paths.added)))
        return True

    def mfa_devices(self, keys: LongTermKeys) -> MfaDevices:
        """The MFA devices of the user whose keys these are."""
        from stsctl.sources.mfa_devices import MfaDevices

        endpoint = self._endpoint(self._region(keys.name))
        return MfaDevices(clients=self.clients, endpoint=endpoint, credentials=keys.credentials)

    def with_device(self, keys: LongTermKeys, serial: str, seed: Secret | None) -> LongTermKeys:
        """Names a device beside its user's keys; `seed` where it is to be kept with them."""
        keys = replace(keys, mfa_serial=serial, mfa_seed=seed, enrolment=None)
        self._keep(keys)
        return keys

    def enrolling(self, keys: LongTermKeys, serial: str | None = None, seed: Secret | None = None) -> LongTermKeys:
        """Keeps with keys the device that is about to become their user's; without one, that there is none."""
        from stsctl.stores.codec import Enrolment

        keys = replace(keys, enrolment=Enrolment(serial=serial, seed=seed) if serial and seed else None)
        self.held.hold_keys(keys)
        return keys

    def _keep(self, keys: LongTermKeys) -> None:
        """Holds keys, and names them in added.toml unless config.toml does."""
        from stsctl.formats import added

        entry = self.configuration.sources.get(keys.name)
        values: dict[str, str | list[str]] = {
            "type": "keys",
            "access_key_id": keys.credentials.access_key_id,
            "user_arn": str(keys.identity),
        }
        if keys.mfa_serial:
            values["mfa_serial"] = keys.mfa_serial
        if keys.mfa_seed is not None:
            values["mfa_process"] = ["stsctl", "mfa", "code", keys.name]
        self.held.hold_keys(keys)
        if entry is None or entry.added:
            self._change(lambda text: added.with_source(text, keys.name, values, place=str(self.paths.added)))

    def _region(self, name: str) -> str | None:
        entry = self.configuration.sources.get(name)
        return entry.source.region if entry else None

    def _change(self, edit: Callable[[bytes], bytes]) -> None:
        from stsctl.host import aws_files

        aws_files.change(self.paths.added, edit, locks=self.paths.locks)

    def _endpoint(self, region: str | None) -> Endpoint:
        """Where credentials of the person's own are asked about."""
        source = Source(kind=SourceKind.KEYS, name="keys")
        return endpoint.resolve(Target(name="keys", source=source, region=region), None, self.settings)
