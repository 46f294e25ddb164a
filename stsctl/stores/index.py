"""The index: what is held, without its secrets, so that listing and completing need no keyring.

One private file an entry, replaced whole. Each may be lost: `held.py` rebuilds the index from the store itself.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from stsctl.dataclass import dataclass
from stsctl.digest import sha256
from stsctl.host import files
from stsctl.stores import records
from stsctl.target import Wanted

_Record = TypeVar("_Record", "Entry", "KeysEntry", "SignInEntry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A session that is held.

    `name` is what the person called it, `chain` the labels of the hops that led to it, the source first; `identity` is
    the ARN it gives, where STS told; `needs_person` says that another like it takes a code or a sign-in; `store` is the
    name of the store that has it, `instance` the id of the emulator that gave it, `sign_in` that of the sign-in by
    which it was got. `wanted` is what the person asked
    for, None for a session on the way to another.
    """

    request_key: str
    name: str
    access_key_id: str
    obtained_at: datetime
    store: str
    identity: str | None = None
    account_id: str | None = None
    chain: tuple[str, ...] = ()
    region: str | None = None
    expires_at: datetime | None = None
    needs_person: bool = False
    instance: str | None = None
    wanted: Wanted | None = None
    sign_in: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysEntry:
    """Long-term keys that are held; `identity` is their user's ARN."""

    name: str
    access_key_id: str
    identity: str
    account_id: str
    added_at: datetime
    store: str
    mfa_serial: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInEntry:
    """A sign-in that is held, as `sign_in.SignIn` says it; `renewable` is one that can go on without a person."""

    authority: str
    id: str
    signed_in_at: datetime
    ends_at: datetime
    store: str
    about: str | None = None
    renewable: bool = False


_AnyEntry = Entry | KeysEntry | SignInEntry


class Index:
    """The entries under one folder; a folder that is not there is an empty index.

    Without a folder the entries last as long as the process. Methods raise FileError.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._unfiled: dict[str, _AnyEntry] = {}

    @property
    def folder(self) -> Path | None:
        """Where the entries are, which changes whenever one of them does; None where they are in no file."""
        return self._folder

    def get(self, request_key: str) -> Entry | None:
        """The entry of one session."""
        entry = self._read(_session_file(request_key), Entry)
        return entry if entry is not None and entry.request_key == request_key else None

    def file(self, request_key: str) -> Path | None:
        """Where a session is listed; None where that is no file."""
        return None if self._folder is None else self._folder / _session_file(request_key)

    def put(self, entry: Entry) -> None:
        """Lists a session, in place of the one that answered the same request."""
        self._write(_session_file(entry.request_key), entry)

    def delete(self, request_key: str) -> bool:
        """Takes a session off the list; False where it was not on it."""
        return self._remove(_session_file(request_key))

    def all(self) -> list[Entry]:
        """Every session on the list, by name."""
        return sorted(self._records("session-", Entry), key=lambda entry: (entry.name, entry.request_key))

    def get_keys(self, name: str) -> KeysEntry | None:
        """The entry of the long-term keys with that name."""
        entry = self._read(_keys_file(name), KeysEntry)
        return entry if entry is not None and entry.name == name else None

    def put_keys(self, entry: KeysEntry) -> None:
        """Lists long-term keys, in place of those with the same name."""
        self._write(_keys_file(entry.name), entry)

    def delete_keys(self, name: str) -> bool:
        """Takes long-term keys off the list; False where they were not on it."""
        return self._remove(_keys_file(name))

    def all_keys(self) -> list[KeysEntry]:
        """All long-term keys on the list, by name."""
        return sorted(self._records("keys-", KeysEntry), key=lambda entry: entry.name)

    def get_sign_in(self, authority: str) -> SignInEntry | None:
        """The entry of the sign-in at an authority."""
        entry = self._read(_sign_in_file(authority), SignInEntry)
        return entry if entry is not None and entry.authority == authority else None

    def put_sign_in(self, entry: SignInEntry) -> None:
        """Lists a sign-in, in place of the one at the same authority."""
        self._write(_sign_in_file(entry.authority), entry)

    def delete_sign_in(self, authority: str) -> bool:
        """Takes a sign-in off the list; False where it was not on it."""
        return self._remove(_sign_in_file(authority))

    def all_sign_ins(self) -> list[SignInEntry]:
        """All sign-ins on the list, by authority."""
        return sorted(self._records("sign-in-", SignInEntry), key=lambda entry: entry.authority)

    def _records(self, prefix: str, wanted: type[_Record]) -> list[_Record]:
        if self._folder is None:
            names = list(self._unfiled)
        else:
            names = [path.name for path in self._folder.glob(f"{prefix}*.json")]
        found = (self._read(name, wanted) for name in names if name.startswith(prefix))
        return [record for record in found if record is not None]

    def _read(self, name: str, wanted: type[_Record]) -> _Record | None:
        """One entry; a file that holds none, or cannot be read, is removed: so a damaged index mends itself."""
        if self._folder is None:
            record = self._unfiled.get(name)
            return record if isinstance(record, wanted) else None
        with contextlib.suppress(files.FileError):
            text = files.read(self._folder / name)
            if text is None or (parsed := records.parse(wanted, text)) is not None:
                return None if text is None else parsed
        with contextlib.suppress(files.FileError):
            files.remove(self._folder / name)
        return None

    def _write(self, name: str, record: _AnyEntry) -> None:
        if self._folder is None:
            self._unfiled[name] = record
        else:
            # What a machine that stops dead loses of it is found again in the store.
            files.replace(self._folder / name, records.render(record).encode(), lasting=False)

    def _remove(self, name: str) -> bool:
        if self._folder is None:
            return self._unfiled.pop(name, None) is not None
        return files.remove(self._folder / name)


def _session_file(request_key: str) -> str:
    return f"session-{_digest(request_key)}.json"


def _keys_file(name: str) -> str:
    return f"keys-{_digest(name)}.json"


def _sign_in_file(authority: str) -> str:
    return f"sign-in-{_digest(authority)}.json"


def _digest(text: str) -> str:
    """A file name that no text, however hostile, turns into a path."""
    return sha256(text.encode(errors="surrogatepass")).hexdigest()
