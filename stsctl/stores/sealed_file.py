"""Sealed files: for machines without a keyring, and for keyrings that hold little.

One file an item, replaced whole. A file that does not open is never removed unasked: whoever reads it is told, and
whoever writes the item anew moves it aside first.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from shlex import quote

from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.errors import StoreError
from stsctl.host import files
from stsctl.host.lock import Lock
from stsctl.stores import records
from stsctl.stores.interface import Capacity, DamagedError, Item, Kind
from stsctl.stores.seal import Seal, SealError, parse_key
from stsctl.stores.sealing_key import KeyHolder, SealingKey, Stretching

_VERSION = 1
_SUFFIX = ".sealed"
_MAKING_LIMIT = timedelta(minutes=2)
"""How long another process may take to make the key: perhaps a person is typing a passphrase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header:
    """What is written beside the sealed files: where their key comes from, and how to know it again."""

    version: int
    key: str
    key_id: str
    stretching: Stretching | None = None


class SealedFileStore:
    """Keeps each item in a file of its own under `folder`, sealed with the key that `key` gives.

    The key is asked for when it is first needed, and not at all as long as nothing is sealed and nothing is to be.
    """

    def __init__(
        self, folder: Path, key: SealingKey, *, name: str = "sealed-file", holder: KeyHolder | None = None
    ) -> None:
        """`holder` remembers what a passphrase became."""
        self._folder = folder
        self._holder = holder
        self._key = key
        self._name = name
        self._seal: Seal | None = None

    @property
    def name(self) -> str:
        """As the configuration and `list` write it."""
        return self._name

    @property
    def capacity(self) -> Capacity:
        """What it can take."""
        return Capacity(item_bytes=None, items=None, outlives_reboot=True)

    def get(self, kind: Kind, key: str) -> Secret | None:
        """The value of an item, None where there is none; raises DamagedError, naming its file, if it does not open."""
        with _in_store_errors():
            seal = self._opened()
            if seal is None:
                return None
            path = self._path(seal, kind, key)
            sealed = files.read(path)
            if sealed is None:
                return None
            try:
                return seal.open(kind, key, sealed)
            except SealError as error:
                raise DamagedError(f'the sealed file "{path}" {error}', hint=_mend(kind, key)) from error

    def put(self, item: Item) -> None:
        """Keeps `item`; what was in its place and does not open is moved aside, to a file that ends in `.bad`."""
        with _in_store_errors():
            seal = self._opened() or self._made()
            path = self._path(seal, item.kind, item.key)
            sealed = files.read(path)
            if sealed is not None:
                try:
                    seal.open(item.kind, item.key, sealed)
                except SealError:
                    files.move(path, path.with_suffix(f".{os.urandom(4).hex()}.bad"))
            files.replace(path, seal.close(item.kind, item.key, item.value))

    def delete(self, kind: Kind, key: str) -> bool:
        """Forgets an item, whether it opens or not; False where there was none."""
        with _in_store_errors():
            seal = self._opened()
            return seal is not None and files.remove(self._path(seal, kind, key))

    def _path(self, seal: Seal, kind: Kind, key: str) -> Path:
        return self._folder / f"{seal.file_name(kind, key)}{_SUFFIX}"

    @property
    def _header_path(self) -> Path:
        return self._folder / "header.json"

    def _opened(self) -> Seal | None:
        """What opens the files; None where nothing was ever sealed. Raises StoreError when the key is another."""
        if self._seal is None:
            header = self._header()
            if header is not None:
                self._seal = self._found(header)
        return self._seal

    def _made(self) -> Seal:
        """What seals the first file: by one of all the processes that want to."""
        with Lock(self._folder, "header", "making the key of the sealed files") as lock:
            lock.acquire(_MAKING_LIMIT)
            seal = self._opened()
            if seal is None:
                text, stretching = self._key.make()
                seal = _seal(text)
                header = _Header(version=_VERSION, key=self._key.name, key_id=seal.id.hex(), stretching=stretching)
                files.replace(self._header_path, records.render(header).encode())
                self._seal = seal
                self._remember(header, text)
        return seal

    def _header(self) -> _Header | None:
        text = files.read(self._header_path)
        if text is None:
            if any(self._folder.glob(f"*{_SUFFIX}")):
                raise StoreError(
                    f'"{self._header_path}" is missing, without which the sealed files beside it cannot be opened',
                    hint=f"restore it from a backup; to begin afresh, move {self._folder} away",
                )
            return None
        header = records.parse(_Header, text)
        if header is None or header.version != _VERSION or not header.key.isidentifier():
            raise StoreError(
                f'"{self._header_path}" is damaged, or of another version of stsctl',
                hint=f"restore it from a backup; to begin afresh, move {self._folder} away",
            )
        return header

    def _found(self, header: _Header) -> Seal:
        back = f"put back what it was; to begin afresh, move {self._folder} away"
        if header.key != self._key.name:
            raise StoreError(
                f'the files in "{self._folder}" were sealed by means of "{header.key}", '
                f'and the configuration says "{self._key.name}"',
                hint=back,
            )
        held = self._remembered(header)
        if held is not None:
            return held
        text = self._key.find(header.stretching)
        seal = _seal(text)
        if seal.id.hex() != header.key_id:
            wrong = "the passphrase" if header.stretching else f"the key from {header.key}"
            raise StoreError(
                f'{wrong} is not the one that the files in "{self._folder}" were sealed with',
                hint="type it again" if header.stretching else back,
            )
        self._remember(header, text)
        return seal

    def _remembered(self, header: _Header) -> Seal | None:
        """What opens the files, where a passphrase was typed before and somebody remembers it."""
        if self._holder is None or header.stretching is None:
            return None
        text = self._holder.get(header.key_id)
        if text is None or parse_key(text) is None:
            return None
        seal = _seal(text)
        return seal if seal.id.hex() == header.key_id else None

    def _remember(self, header: _Header, text: Secret) -> None:
        if self._holder is not None and header.stretching is not None:
            self._holder.put(header.key_id, text)


def _seal(text: Secret) -> Seal:
    key = parse_key(text)
    if key is None:
        raise StoreError("the key of the sealed files is damaged", hint="restore it where it is kept")
    return Seal(key)


@contextmanager
def _in_store_errors() -> Iterator[None]:
    """Files that cannot be read or written are this store's failure."""
    try:
        yield
    except files.FileError as error:
        raise StoreError(error.message, hint=error.hint) from error


def _mend(kind: Kind, key: str) -> str:
    if kind is Kind.KEYS:
        again = f"stsctl keys add {quote(key)}"
        return f'restore it from a backup, or enter the keys again: "{again}" keeps the damaged file aside'
    return "restore it from a backup, or remove it"
