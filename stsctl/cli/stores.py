"""The stores that the settings name; never a weaker one in its place."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from stsctl.configuration import SealKey, StoreName
from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError, StoreError, StsctlError
from stsctl.host.paths import Paths
from stsctl.host.witness import unnoticed
from stsctl.settings import Settings

if TYPE_CHECKING:
    from stsctl.stores.held import Held
    from stsctl.stores.index import Index
    from stsctl.stores.interface import Capacity, Kind, Store
    from stsctl.stores.keyring import KeyringStore
    from stsctl.stores.migration import Migration
    from stsctl.stores.sealing_key import KeyHolder, SealingKey

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A store on this machine: what the settings use it for, what it can take (None: not to be had), how it is."""

    name: str
    used_for: str
    capacity: Capacity | None
    state: str

    @property
    def takes_keys(self) -> bool:
        """Whether long-term keys may rest there."""
        from stsctl.stores.interface import Kind

        return self.capacity is not None and Kind.KEYS in self.capacity.kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """Opens them. `for_helpers` is the environment of a program that prints a key, `ask` asks for a passphrase.

    `holder` remembers what that became.
    """

    settings: Settings
    paths: Paths
    environ: Mapping[str, str]
    for_helpers: Callable[[], Mapping[str, str]]
    ask: Callable[[str], Secret]
    holder: Callable[[], KeyHolder]
    now: Callable[[], datetime]
    _indexes: dict[StoreName, Index] = field(default_factory=dict)
    _held: dict[StoreName, Held] = field(default_factory=dict)

    @property
    def in_use(self) -> tuple[StoreName, ...]:
        """Those that the settings name: that of sessions first, and that of long-term keys where it is another."""
        return tuple(dict.fromkeys((self.settings.session_store.value, self.settings.store.value)))

    def index(self, name: StoreName) -> Index:
        """What a store holds, without its secrets; the store itself is not opened for it."""
        from stsctl.stores.index import Index

        if name not in self._indexes:
            # An entry is found by its request, which the same session has in every store: each store has its own.
            self._indexes[name] = Index(None if name is StoreName.MEMORY else self._folder(name))
        return self._indexes[name]

    def held(self, name: StoreName) -> Held:
        """What is in a store."""
        from stsctl.stores.held import Held

        if name not in self._held:
            self._held[name] = Held(self.open(name), self.index(name), self.paths.locks)
            if name is StoreName.KERNEL:
                self._forget_former_boots()
        return self._held[name]

    def all_held(self) -> Iterator[Held]:
        """What is in each store that the settings name."""
        return (self.held(name) for name in self.in_use)

    def open(self, name: StoreName) -> Store:
        """A store; what an emulator issues rests apart from what AWS issues."""
        called = f"{name.value} (emulator)" if self.paths.emulated else name.value
        match name:
            case StoreName.KEYRING:
                return self._keyring()
            case StoreName.SEALED_FILE:
                from stsctl.stores.sealed_file import SealedFileStore

                return SealedFileStore(self.paths.sealed, self._sealing_key(), name=called, holder=self.holder())
            case StoreName.KERNEL:
                if sys.platform != "linux":
                    raise StoreError("only Linux has keyrings in its kernel", hint='put store = "keyring" in its place')
                from stsctl.stores.kernel import KernelStore

                return KernelStore(now=self.now, service=self._service, name=called)
            case StoreName.PROCESS:
                from stsctl.stores.process import ProcessStore

                argv, service = self.settings.store_process.value, self._service.replace(" ", "-")
                if not argv:
                    raise ConfigurationError(
                        'no program is named for the store "process"',
                        hint='put store_process = ["PROGRAM"] under [defaults]: see docs/stores.md',
                    )
                return ProcessStore(argv, environ=self.for_helpers(), service=service, name=called)
            case StoreName.MEMORY:
                from stsctl.stores.memory import MemoryStore

                return MemoryStore()

    def migration(self, origin: StoreName, goal: StoreName) -> Migration:
        """From one store to another."""
        from stsctl.stores.migration import Migration

        return Migration(
            origin=self.held(origin),
            goal=self.held(goal),
            origin_index=self.index(origin),
            goal_index=self.index(goal),
            now=self.now(),
        )

    def look(self) -> list[Looked]:
        """Each store as it is on this machine; nobody is asked for a passphrase."""
        return [self._look(name) for name in StoreName]

    def answers(self, name: StoreName) -> bool:
        """Whether a store can be reached; one that a passphrase opens asks for it."""
        from stsctl.stores.interface import Kind

        try:
            self.held(name).text(Kind.SESSION, "stsctl doctor")
        except StsctlError:
            return False
        return True

    def _look(self, name: StoreName) -> Looked:
        from stsctl.stores.interface import Kind

        uses = {"keys": self.settings.store.value, "sessions": self.settings.session_store.value}
        used_for = ", ".join(use for use, store in uses.items() if store is name)
        capacity = None
        try:
            held = self.held(name)
            capacity = held.capacity
            state = "asks for a passphrase" if name is StoreName.SEALED_FILE and self._needs_passphrase else "answers"
            if state == "answers":
                held.text(Kind.SESSION, "stsctl store list")
        except StsctlError as error:
            state = error.message
        return Looked(name=name.value, used_for=used_for, capacity=capacity, state=state)

    @property
    def _needs_passphrase(self) -> bool:
        said = self.settings
        is_kept = said.seal_key_file.value or said.seal_key_process.value or said.seal_key.value is SealKey.KEYRING
        return not is_kept

    def _folder(self, name: StoreName) -> Path:
        """Where the index of a store is: of one that a reboot empties, another after each."""
        folder: str = name.value
        if name is not StoreName.KERNEL:
            return self.paths.index / folder
        try:
            boot = _BOOT.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            boot = "unknown"
        return self.paths.index / f"{folder}-{boot}"

    def _forget_former_boots(self) -> None:
        """Removes the lists of what reboots took from the kernel."""
        import shutil

        now = self._folder(StoreName.KERNEL)
        for folder in self.paths.index.glob(f"{StoreName.KERNEL.value}-*"):
            if folder != now:
                shutil.rmtree(folder, ignore_errors=True)

    @property
    def _service(self) -> str:
        return "stsctl emulator" if self.paths.emulated else "stsctl"

    def _keyring(self) -> KeyringStore:
        from stsctl.stores.keyring import KeyringStore, time_limit

        called = "keyring (emulator)" if self.paths.emulated else "keyring"
        limit = time_limit(unnoticed(self.environ))  # how long to wait has no say in what comes
        return KeyringStore(limit=limit, service=self._service, name=called)

    def attributes(self, kind: Kind, key: str) -> dict[bytes, bytes]:
        """By what the hook finds an item of the keyring."""
        return {name.encode(): value.encode() for name, value in self._keyring().attributes(kind, key).items()}

    def _sealing_key(self) -> SealingKey:
        """Where the sealed files' key comes from; a file or a program that is named says so by itself."""
        from stsctl.stores.sealing_key import KeyFile, KeyProcess, KeyringKey, Passphrase

        chosen, key_file = self.settings.seal_key.value, self.settings.seal_key_file.value
        if key_file is not None:
            return KeyFile(path=Path(key_file).expanduser())
        if self.settings.seal_key_process.value:
            return KeyProcess(argv=self.settings.seal_key_process.value, environ=self.for_helpers())
        if chosen is SealKey.KEYRING:
            return KeyringKey(store=self._keyring())
        return Passphrase(ask=self.ask)
