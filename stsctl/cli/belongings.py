"""What another tool has on this machine: looked at, never changed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Protocol

from stsctl.credentials import Credentials, Secret
from stsctl.errors import ConfigurationError, StoreError
from stsctl.host import files, ownership
from stsctl.other_tools.finding import File, KeptKeys, Keyring, KeyringPlace, Theirs
from stsctl.other_tools.tools import Tool
from stsctl.profile import Profiles

_LARGEST = 1_000_000
"""Bytes of a configuration: thousands of roles."""
_SYSTEMS_OWN = {"darwin": "the keychain", "win32": "the Credential Manager"}


class _Kept(Protocol):
    """Pairs of keys that another tool keeps."""

    @property
    def place(self) -> str: ...
    def names(self) -> tuple[str, ...] | None: ...
    def pair(self, name: str) -> Credentials: ...


class Belongings:
    """A tool's. `kept` is the names of the keys that stsctl has, `short` gives a path as people write it, `ask` asks
    them for a secret, `limit` is a keyring's time.
    """

    def __init__(
        self,
        tool: Tool,
        *,
        environ: Mapping[str, str],
        profiles: Profiles,
        kept: frozenset[str],
        short: Callable[[Path], str],
        ask: Callable[[str], Secret],
        limit: timedelta,
    ) -> None:
        self._tool = tool
        self._environ = environ
        self._profiles = profiles
        self._own = kept
        self._short = short
        self._ask = ask
        self._limit = limit

    @cached_property
    def theirs(self) -> Theirs:
        """All but secrets; raises ConfigurationError or FileError for what cannot be read."""
        keyring, _ = self._kept
        return Theirs(profiles=self._profiles, file=self._file, keyring=keyring, kept=self._own)

    def pair(self, keys: KeptKeys) -> Credentials:
        """The keys that the person gave; raises StoreError."""
        _, kept = self._kept
        if kept is None:
            raise StoreError(f"{self._tool.name} has no keyring that can be read")
        return kept.pair(keys.item)

    @cached_property
    def _file(self) -> File | None:
        for said in self._tool.files:
            path = self._path(said)
            if path is not None and path.is_file():
                ownership.check(path)  # it says where people sign in, and programs that are run
                return File(place=self._short(path), text=self._text(path))
        return None

    def _text(self, path: Path) -> bytes:
        try:
            with path.open("rb") as file:
                text = file.read(_LARGEST + 1)
        except OSError as error:
            raise files.problem("read", path, error) from error
        if len(text) > _LARGEST:
            raise ConfigurationError(f"{self._short(path)} is larger than any configuration of {self._tool.name}")
        return self._opened(path, text) if self._tool.sealed else text

    def _opened(self, path: Path, text: bytes) -> bytes:
        from stsctl.host import machine_id
        from stsctl.sources import leapp_file

        try:
            return leapp_file.opened(text, machine_id.candidates())
        except ConfigurationError as error:
            raise ConfigurationError(f"{self._short(path)}: {error.message}") from error

    @cached_property
    def _kept(self) -> tuple[Keyring | None, _Kept | None]:
        """What its keyring tells, and the keyring, where it is one that stsctl can read."""
        if self._tool.keyring is None:
            return None, None
        at = self._tool.keyring(self._environ, self._file)
        trouble = None if at.backend in (None, "secret-service", "file") else f'they are in "{at.backend}"'
        for kept in self._readable(at) if trouble is None else ():
            try:
                names = kept.names()
            except StoreError as error:
                trouble = error.message
                continue
            if names is not None:
                return Keyring(place=kept.place, items=names), kept
        if at.backend is None and sys.platform in _SYSTEMS_OWN:
            trouble = f"{_SYSTEMS_OWN[sys.platform]} gives them to {self._tool.name} alone"
        return Keyring(place=f"{self._tool.name}'s keyring", trouble=trouble), None

    def _readable(self, at: KeyringPlace) -> list[_Kept]:
        from stsctl.sources.other_keyring import OtherKeyring, OtherPasswords
        from stsctl.sources.sealed_pairs import SealedPairs

        found: list[_Kept] = []
        if at.backend != "file" and sys.platform not in _SYSTEMS_OWN:
            if at.collection is not None:
                found.append(OtherKeyring(at.collection, self._limit))
            if at.service is not None:
                found.append(OtherPasswords(at.service, self._limit))
        folder = self._path(at.folder) if at.folder is not None else None
        if at.backend != "secret-service" and folder is not None:
            found.append(SealedPairs(folder, self._short(folder), lambda: self._passphrase))
        return found

    @cached_property
    def _passphrase(self) -> Secret:
        """The one that its files are sealed with, asked for once."""
        said = self._environ.get("AWS_VAULT_FILE_PASSPHRASE")
        return Secret(said) if said else self._ask(f"Passphrase of {self._tool.name}'s keys (not shown): ")

    def _path(self, said: str) -> Path | None:
        """A path as a tool's documentation writes it; None where it begins at a variable that is not set."""
        first, _, rest = said.partition("/")
        if first == "~":
            return Path(self._environ.get("HOME") or Path.home()) / rest
        if first.startswith("$"):
            folder = self._environ.get(first[1:])
            return Path(folder) / rest if folder else None
        return Path(said)
