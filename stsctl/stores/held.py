"""What is held: the items of one store, the index beside them, and the manifest that finds them without it.

A write goes manifest, item, index; a removal item, index, manifest. So whenever a process is killed, the manifest lists
at least what the store has; an entry of the index may list what is not there, which is a miss like any other.
"""

from __future__ import annotations

import contextlib
from datetime import datetime, timedelta
from pathlib import Path
from shlex import quote

from stsctl.credentials import Secret, Session
from stsctl.errors import StoreError
from stsctl.host.files import FileError
from stsctl.sign_in import Registration, SignIn
from stsctl.stores import codec
from stsctl.stores.codec import LongTermKeys
from stsctl.stores.index import Entry, Index, KeysEntry, SignInEntry
from stsctl.stores.interface import Capacity, DamagedError, Item, Kind, Store
from stsctl.stores.listed import keys_entry, session_entry, sign_in_entry
from stsctl.stores.manifest import Items, Manifest

_BETWEEN_LOOKS = timedelta(minutes=5)
"""How long one process leaves between two looks for what has ended."""


class Held:
    """The sessions, sign-ins and long-term keys of one store.

    `locks` is the folder of locks that keeps the manifest's writers apart; None where the store is this process's own.
    Methods raise StoreError when the store cannot be reached, FileError when the index cannot.
    """

    def __init__(self, store: Store, index: Index, locks: Path | None) -> None:
        self._store = store
        self._index = index
        self.manifest = Manifest(store, locks, self._indexed)
        self._answers: dict[str, tuple[Entry | None, Session | None]] = {}
        self._looked_at: datetime | None = None

    @property
    def store(self) -> str:
        """The store's name, for entries."""
        return self._store.name

    @property
    def capacity(self) -> Capacity:
        """What the store can take."""
        return self._store.capacity

    def session(self, request_key: str) -> Session | None:
        """The session that answers the request with that key; None where there is none, or none that can be trusted.

        Whether it is still fresh is for the caller to say. The store is asked again only when the index says that
        something has changed, so that hundreds of processes can look for one session while it is being obtained.
        """
        entry = self._index.get(request_key)
        if request_key in self._answers:
            listed, answer = self._answers[request_key]
            if listed == entry:
                return answer
        answer = self._read(request_key)
        if answer is None or entry is not None:
            self._answers[request_key] = (entry, answer)
        return answer

    def hold(self, session: Session, entry: Entry, following: tuple[str, ...] = ()) -> None:
        """Keeps a session, and forgets those that ended before it was obtained.

        `following` are the requests whose sessions are to be held next: one write of the manifest lists them all.
        """
        self._answers.pop(session.request_key, None)
        with self.manifest.changed() as manifest:
            listed = manifest | {(Kind.SESSION, key) for key in (session.request_key, *following)}
            self.manifest.write(manifest, listed)
            text, ends_at = codec.session_text(session), session.expires_at
            self._store.put(Item(kind=Kind.SESSION, key=session.request_key, value=text, ends_at=ends_at))
            self._index.put(entry)
            # What is wanted has been done; the next one to hold a session tries the rest again.
            with contextlib.suppress(StoreError):
                self.forget(listed, self._ended(session.obtained_at))

    def relist(self, entry: Entry) -> None:
        """Lists a session that is in the store, where the index has lost it, or where it is wanted by another name."""
        listed = self._index.get(entry.request_key)
        if listed is None or (entry.wanted is not None and entry.wanted != listed.wanted):
            # The session is there all the same, on a full or a read-only disk too.
            with contextlib.suppress(FileError):
                self._index.put(entry)

    def drop(self, request_key: str) -> bool:
        """Forgets a session; False where none was held."""
        with self.manifest.changed() as manifest:
            return self.forget(manifest, frozenset({(Kind.SESSION, request_key)})) > 0

    def drop_all(self) -> int:
        """Forgets every session and sign-in, long-term keys excepted; how many there were. Needs no index."""
        with self.manifest.changed() as manifest:
            indexed = {(Kind.SESSION, entry.request_key) for entry in self.entries()}
            indexed |= {(Kind.TOKEN, entry.authority) for entry in self.sign_in_entries()}
            doomed = (item for item in manifest | indexed if item[0] in (Kind.SESSION, Kind.TOKEN))
            return self.forget(manifest, frozenset(doomed))

    def sign_in(self, authority: str) -> SignIn | None:
        """The sign-in at an authority, ended or not; None where there is none, or none that can be trusted."""
        text = self._text(Kind.TOKEN, authority)
        sign_in = None if text is None else codec.parse_sign_in(text, authority)
        if sign_in is not None and self._index.get_sign_in(authority) is None:
            with contextlib.suppress(FileError):
                self._index.put_sign_in(sign_in_entry(sign_in, self.store))
        return sign_in

    def hold_sign_in(self, sign_in: SignIn) -> None:
        """Keeps a sign-in, in place of the one before it."""
        with self.manifest.changed() as manifest:
            self.manifest.write(manifest, manifest | {(Kind.TOKEN, sign_in.authority)})
            text, ends_at = codec.sign_in_text(sign_in), None if sign_in.refresh_token else sign_in.ends_at
            self._store.put(Item(kind=Kind.TOKEN, key=sign_in.authority, value=text, ends_at=ends_at))
            self._index.put_sign_in(sign_in_entry(sign_in, self.store))

    def drop_sign_in(self, authority: str) -> bool:
        """Forgets a sign-in; False where there was none."""
        with self.manifest.changed() as manifest:
            return self.forget(manifest, frozenset({(Kind.TOKEN, authority)})) > 0

    def registration(self, authority: str) -> Registration | None:
        """What an authority knows stsctl by, ended or not; None where that is nothing."""
        text = self._text(Kind.REGISTRATION, authority)
        return None if text is None else codec.parse_registration(text, authority)

    def hold_registration(self, registration: Registration, authority: str) -> None:
        """Keeps a registration, in place of the one before it."""
        with self.manifest.changed() as manifest:
            self.manifest.write(manifest, manifest | {(Kind.REGISTRATION, authority)})
            text, ends_at = codec.registration_text(registration, authority), registration.ends_at
            self._store.put(Item(kind=Kind.REGISTRATION, key=authority, value=text, ends_at=ends_at))

    def keys(self, name: str) -> LongTermKeys | None:
        """The long-term keys with that name, None where there are none; what the index says of them is put right.

        Raises DamagedError when they are there and cannot be read: unlike a session they cannot be had anew, so nothing
        is removed.
        """
        text = self._store.get(Kind.KEYS, name)
        if text is None:
            return None
        keys = codec.parse_keys(text, name)
        if keys is None:
            raise DamagedError(
                f'the keys "{name}" are in the store ({self.store}), and are not in a form that can be read',
                hint=f'enter them again: "stsctl keys add {quote(name)}"',
            )
        entry = keys_entry(keys, self.store)
        if self._index.get_keys(name) != entry:
            with contextlib.suppress(FileError):
                self._index.put_keys(entry)
        return keys

    def hold_keys(self, keys: LongTermKeys) -> None:
        """Keeps long-term keys, in place of those with the same name."""
        with self.manifest.changed() as manifest:
            self.manifest.write(manifest, manifest | {(Kind.KEYS, keys.name)})
            self._store.put(Item(kind=Kind.KEYS, key=keys.name, value=codec.keys_text(keys)))
            self._index.put_keys(keys_entry(keys, self.store))

    def drop_keys(self, name: str) -> bool:
        """Forgets long-term keys; False where there were none."""
        with self.manifest.changed() as manifest:
            return self.forget(manifest, frozenset({(Kind.KEYS, name)})) > 0

    def entries(self) -> list[Entry]:
        """What the index lists of this store's sessions, ended ones included; asks the store nothing."""
        return [entry for entry in self._index.all() if entry.store == self.store]

    def keys_entries(self) -> list[KeysEntry]:
        """What the index lists of this store's long-term keys; asks the store nothing."""
        return [entry for entry in self._index.all_keys() if entry.store == self.store]

    def sign_in_entry(self, authority: str) -> SignInEntry | None:
        """What the index lists of a sign-in; asks the store nothing."""
        entry = self._index.get_sign_in(authority)
        return entry if entry is not None and entry.store == self.store else None

    def sign_in_entries(self) -> list[SignInEntry]:
        """What the index lists of this store's sign-ins, ended ones included; asks the store nothing."""
        return [entry for entry in self._index.all_sign_ins() if entry.store == self.store]

    def items(self) -> Items:
        """All that the store has, and the index lists of it."""
        with self.manifest.changed() as listed:
            return listed | self._indexed()

    def text(self, kind: Kind, key: str) -> Secret | None:
        """An item as it stands, None where there is none; raises DamagedError."""
        return self._store.get(kind, key)

    def take(self, item: Item) -> None:
        """Keeps an item that comes from another store; raises StoreError where it does not come back as it was put."""
        with self.manifest.changed() as listed:
            self.manifest.write(listed, listed | {(item.kind, item.key)})
            self._store.put(item)
            if self._store.get(item.kind, item.key) != item.value:
                raise StoreError(
                    f"the store ({self.store}) did not give back what was put there",
                    hint=f"stsctl store migrate --from {self.store} --to … takes back what came there",
                )

    def forget(self, listed: Items, doomed: Items) -> int:
        """Forgets items while the manifest, on which `listed` is, is nobody else's to change; how many there were."""
        dropped = 0
        for kind, key in doomed:
            self._answers.pop(key, None)
            held = self._store.delete(kind, key)
            dropped += self._unlist(kind, key) or held
        self.manifest.write(listed, listed - doomed)
        return dropped

    def rebuild(self) -> int:
        """Lists anew what the manifest knows and the index has lost; how many entries that were.

        A session does not know what the person called it, so it is listed by its role's name, and as one that needs
        a person.
        """
        added = 0
        with self.manifest.changed() as manifest:
            for kind, key in sorted(manifest, key=lambda item: item[1]):
                if kind is Kind.SESSION and self._index.get(key) is None:
                    session = self._read(key)
                    if session is not None:
                        self._index.put(session_entry(session, self.store))
                        added += 1
                # These are listed again by being read.
                elif kind is Kind.KEYS and self._index.get_keys(key) is None:
                    added += self.keys(key) is not None
                elif kind is Kind.TOKEN and self._index.get_sign_in(key) is None:
                    added += self.sign_in(key) is not None
        return added

    def _read(self, request_key: str) -> Session | None:
        text = self._text(Kind.SESSION, request_key)
        return None if text is None else codec.parse_session(text, request_key)

    def _text(self, kind: Kind, key: str) -> Secret | None:
        try:
            return self._store.get(kind, key)
        except DamagedError:
            # Another one will be obtained, and takes its place.
            return None

    def _unlist(self, kind: Kind, key: str) -> bool:
        if kind is Kind.SESSION:
            return self._index.delete(key)
        if kind is Kind.TOKEN:
            return self._index.delete_sign_in(key)
        return kind is Kind.KEYS and self._index.delete_keys(key)

    def _ended(self, now: datetime) -> Items:
        """The sessions that have ended; none where that was asked a short while ago, because it reads all entries."""
        if self._looked_at is not None and now - self._looked_at < _BETWEEN_LOOKS:
            return frozenset()
        self._looked_at = now
        ended = (entry for entry in self.entries() if entry.expires_at is not None and entry.expires_at <= now)
        return frozenset((Kind.SESSION, entry.request_key) for entry in ended)

    def _indexed(self) -> Items:
        """What the index lists."""
        sessions = {(Kind.SESSION, entry.request_key) for entry in self.entries()}
        sign_ins = {(Kind.TOKEN, entry.authority) for entry in self.sign_in_entries()}
        return frozenset(sessions | sign_ins | {(Kind.KEYS, entry.name) for entry in self.keys_entries()})
