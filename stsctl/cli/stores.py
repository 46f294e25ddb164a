"""The store that the settings name; never a weaker one in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stsctl.configuration import SealKey, StoreName
from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.host.paths import Paths
from stsctl.settings import Settings

if TYPE_CHECKING:
    from stsctl.stores.interface import Store
    from stsctl.stores.keyring import KeyringStore
    from stsctl.stores.sealing_key import SealingKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Opens it. `for_helpers` is the environment of a program that prints a key, `ask` asks for a passphrase."""

    settings: Settings
    paths: Paths
    environ: Mapping[str, str]
    for_helpers: Mapping[str, str]
    ask: Callable[[str], Secret]

    def open(self) -> Store:
        """The store; what an emulator issues rests apart from what AWS issues."""
        match self.settings.store.value:
            case StoreName.KEYRING:
                return self._keyring()
            case StoreName.SEALED_FILE:
                from stsctl.stores.sealed_file import SealedFileStore

                name = "sealed-file (emulator)" if self.paths.emulated else "sealed-file"
                return SealedFileStore(self.paths.sealed, self._sealing_key(), name=name)
            case StoreName.MEMORY:
                from stsctl.stores.memory import MemoryStore

                return MemoryStore()

    def _keyring(self) -> KeyringStore:
        from stsctl.stores.keyring import KeyringStore, time_limit

        limit = time_limit(self.environ)
        if self.paths.emulated:
            return KeyringStore(limit=limit, service="stsctl emulator", name="keyring (emulator)")
        return KeyringStore(limit=limit)

    def _sealing_key(self) -> SealingKey:
        """Where the sealed files' key comes from; a file or a program that is named says so by itself."""
        from stsctl.stores.sealing_key import KeyFile, KeyProcess, KeyringKey, Passphrase

        chosen, key_file = self.settings.seal_key.value, self.settings.seal_key_file.value
        if key_file is not None:
            return KeyFile(path=Path(key_file).expanduser())
        if self.settings.seal_key_process.value:
            return KeyProcess(argv=self.settings.seal_key_process.value, environ=self.for_helpers)
        if chosen is SealKey.KEYRING:
            return KeyringKey(store=self._keyring())
        return Passphrase(ask=self.ask)
