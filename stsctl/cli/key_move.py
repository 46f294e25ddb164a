"""Long-term keys on their way from a profile of the AWS files into the store."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stsctl.cli import pair
from stsctl.errors import ConfigurationError, StoreError
from stsctl.formats import hooks, plain_keys
from stsctl.profile import KEY_ID

if TYPE_CHECKING:
    from pathlib import Path

    from stsctl.cli.app import App
    from stsctl.credentials import Credentials


class KeyMove:
    """From `profile` to the source `name`; with `hook`, SDKs that use the profile ask stsctl from then on.

    Whenever it is broken off, the keys are in the file, in the store, or in both; and to begin again goes on.
    """

    def __init__(self, app: App, profile: str, name: str, keys: Credentials, *, hook: bool) -> None:
        self._app = app
        self.profile = profile
        self.name = name
        self._keys = keys
        self.hook = hook
        said = app.profiles.get(profile)
        self._of_config = KEY_ID not in said.shared
        self.mfa_serial = said.get("mfa_serial")
        self._in_both = KEY_ID in said.shared and KEY_ID in said.configured

    @property
    def place(self) -> str:
        """The file that has them."""
        paths = self._app.paths
        return self._app.short(paths.aws_config if self._of_config else paths.aws_credentials)

    def go(self) -> None:
        """All of it, for keys that nothing else is said of; raises StsctlError."""
        keychain = self._app.keychain
        keychain.check_name(self.name)
        keychain.check_store(self.name)
        self.check()
        keychain.add(self.name, self._keys, keychain.identity(self._keys), self.mfa_serial)
        self.finish()

    def edits(self) -> Iterator[tuple[Path, hooks.Edit]]:
        """What changes in which file."""
        paths = self._app.paths
        if self.hook:
            yield paths.aws_config, self._with_hook
        yield paths.aws_config if self._of_config else paths.aws_credentials, self._without

    def check(self) -> None:
        """Raises StsctlError where the keys cannot be moved; to be asked before anything is done."""
        held = self._app.keys_held
        if not held.capacity.outlives_reboot:
            hint = "stsctl --store keyring keys add …, or sealed-file"
            raise StoreError(f"the store ({held.store}) forgets what is in it, and the keys would be lost", hint=hint)
        other = self._app.keys_index.get_keys(self.name)  # the store may not be one yet that can be asked
        if other is not None and other.access_key_id != self._keys.access_key_id:
            what = f'"{self.name}" is another pair in the store, {other.access_key_id}'
            hint = f"choose another name, or first: stsctl keys remove {shlex.quote(self.name)}"
            raise ConfigurationError(what, hint=hint)
        if self._in_both:
            raise ConfigurationError(
                f'profile "{self.profile}" has keys in both files, and SDKs would go on with the other ones',
                hint="stsctl config check",
            )
        files = self._app.aws_files()
        before = files.config if self._of_config else files.credentials
        after = self._without(before)
        config, credentials = (after, files.credentials) if self._of_config else (files.config, after)
        self._check_others()
        obstacle = hooks.obstacle(self.profile, config, credentials) if self.hook else None
        if obstacle is not None:
            what = f'profile "{self.profile}" has {obstacle}, and SDKs would not come to a hook in it'
            raise ConfigurationError(what, hint="leave --hook out")
        if self.hook:
            self._with_hook(files.config)

    def finish(self) -> None:
        """Takes them out of the file, once the store gives them back; first comes the hook, where there is to be one.

        Raises StoreError, and ConfigurationError where the file has been changed meanwhile: then they stay there too.
        """
        kept = self._app.keys_held.keys(self.name)
        if kept is None or kept.credentials != self._keys:
            store = self._app.keys_held.store
            raise StoreError(f"the store ({store}) did not give back what was put there; {self.place} has it still")
        if self.hook:
            self._app.install_hook()
            self._app.change_config(self._with_hook)
        if self._of_config:
            self._app.change_config(self._without)
        else:
            self._app.change_credentials(self._without)

    def _without(self, content: bytes) -> bytes:
        return plain_keys.without(content, self.profile, self._keys, place=self.place, of_config=self._of_config)

    def _with_hook(self, config: bytes) -> bytes:
        process = hooks.process(self._app.hook_command(), self.name)
        place = self._app.short(self._app.paths.aws_config)
        return hooks.write(config, self.profile, self.name, process, place=place)

    def _check_others(self) -> None:
        """Whoever goes on from the profile must be able to: stsctl by the name, SDKs by a hook."""
        own = self._app.profiles.by_name[self.profile]
        if own.get("role_arn") and own.get("source_profile") == self.profile:
            raise ConfigurationError(
                f'{own.at("source_profile")}: "{self.profile}" assumes its own role with these keys where they are',
                hint="give the role a profile of its own, and that its source_profile",
            )
        of_sdks, ours = list(self._of_sdks()), list(self._ours())
        wanting = [] if self.hook else of_sdks
        if self.name != self.profile:
            wanting = [*of_sdks, *ours]
        for each in wanting:
            self._app.report.notice(each)
        if wanting:
            profile = shlex.quote(self.profile)
            hook = " --hook" if of_sdks else ""
            raise ConfigurationError(
                f'others start from profile "{self.profile}", and would find no keys there',
                hint=f"stsctl keys add {profile} --from-profile {profile} --move{hook}",
            )

    def _of_sdks(self) -> Iterator[str]:
        for profile in self._app.profiles.by_name.values():
            if profile.get("source_profile") == self.profile:
                yield f'{profile.at("source_profile")}: the profile "{profile.name}" starts from it'

    def _ours(self) -> Iterator[str]:
        said = self._app.configuration
        for role in said.roles.values():
            if role.from_name == self.profile and self.profile not in (*said.roles, *said.sources):
                yield f'{role.from_at}: the role "{role.name}" starts from it'
        for entry in said.sources.values():
            if entry.source.profile == self.profile:
                yield f'{entry.source.origin}: the source "{entry.name}" is that profile'


def of_profile(app: App, profile: str) -> KeyMove:
    """For keys that keep the profile's name, so that whoever starts from it goes on; raises ConfigurationError."""
    return KeyMove(app, profile, profile, pair.from_profile(app, profile), hook=True)
