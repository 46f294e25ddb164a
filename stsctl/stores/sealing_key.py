"""Where the key of the sealed files comes from: the keyring, a passphrase, a file or a program."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Protocol

from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.errors import StoreError, StsctlError
from stsctl.host import files
from stsctl.stores import seal
from stsctl.stores.interface import Item, Kind, Store

_ITEM = "sealed-file"
_PROCESS_TIMEOUT = timedelta(seconds=60)
_SALT_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretching:
    """How a passphrase becomes a key: scrypt (RFC 7914) with this salt (hexadecimal) and these costs."""

    salt: str
    n: int = 2**17
    r: int = 8
    p: int = 1


class SealingKey(Protocol):
    """Gives the key, as base64 of 32 bytes. Both methods raise StsctlError."""

    name: ClassVar[str]
    """As the configuration calls it; written beside the sealed files."""

    def make(self) -> tuple[Secret, Stretching | None]:
        """The key for a folder in which nothing is sealed yet, and what has to be remembered to find it again."""

    def find(self, stretching: Stretching | None) -> Secret:
        """The key that `make` gave, if nobody has changed it since."""


class KeyHolder(Protocol):
    """Remembers keys that were asked for, so that no other process need ask; what it does not know is asked for."""

    def get(self, of: str) -> Secret | None:
        """The key with that id."""

    def put(self, of: str, key: Secret) -> object:
        """Remembers a key, if it can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyringKey:
    """One random key that a store, the OS keyring, holds; written once."""

    name: ClassVar[str] = "keyring"
    store: Store

    def make(self) -> tuple[Secret, None]:
        """The key that the store has, or a new one."""
        held = self.store.get(Kind.DATA_KEY, _ITEM)
        key = held or seal.new_key()
        if held is None:
            self.store.put(Item(kind=Kind.DATA_KEY, key=_ITEM, value=key))
        return key, None

    def find(self, stretching: Stretching | None) -> Secret:  # noqa: ARG002 - only a passphrase needs it
        """The key that the store has; raises StoreError when it has none any more."""
        key = self.store.get(Kind.DATA_KEY, _ITEM)
        if key is None:
            raise StoreError(
                f"the key of the sealed files is not in the store ({self.store.name}) any more",
                hint="unlock or restore the keyring that held it",
            )
        return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Passphrase:
    """A passphrase that a person types; `ask` shows a prompt on the terminal and gives what was typed."""

    name: ClassVar[str] = "passphrase"
    ask: Callable[[str], Secret]

    def make(self) -> tuple[Secret, Stretching]:
        """The key from a new passphrase, typed twice."""
        passphrase = self.ask("new passphrase for the sealed files: ")
        if not passphrase:
            raise StoreError("an empty passphrase protects nothing", hint="type one that nobody guesses")
        if self.ask("the same once more: ") != passphrase:
            raise StoreError("the two passphrases differ", hint="try again")
        stretching = Stretching(salt=os.urandom(_SALT_BYTES).hex())
        return _stretched(passphrase, stretching), stretching

    def find(self, stretching: Stretching | None) -> Secret:
        """The key from the passphrase, typed once."""
        if stretching is None or not _is_sane(stretching):
            raise StoreError(
                "what is written beside the sealed files does not say how to use a passphrase",
                hint="restore their header from a backup",
            )
        return _stretched(self.ask("passphrase of the sealed files: "), stretching)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFile:
    """A file that holds the key, and that nobody else can read."""

    name: ClassVar[str] = "key_file"
    path: Path

    def make(self) -> tuple[Secret, None]:
        """The key in the file; where there is no file yet, one is made with a new key."""
        create_key_file(self.path)
        return self.find(None), None

    def find(self, stretching: Stretching | None) -> Secret:  # noqa: ARG002 - only a passphrase needs it
        """The key in the file; raises StoreError when it is missing, open to others, or no key."""
        text = files.read(self.path)
        if text is None:
            raise StoreError(
                f'the key file "{self.path}" is missing, and what is sealed cannot be read without it',
                hint="restore it from a backup",
            )
        if os.name == "posix" and self.path.stat().st_mode & 0o077:
            raise StoreError(f'others can read the key file "{self.path}"', hint=f"chmod 600 {_quoted(self.path)}")
        return _checked(Secret(text.decode("ascii", errors="replace")), f'the key file "{self.path}"')


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyProcess:
    """A program that prints the key: its arguments, no shell; `environ` is what it runs with."""

    name: ClassVar[str] = "key_process"
    argv: tuple[str, ...]
    environ: Mapping[str, str]
    timeout: timedelta = _PROCESS_TIMEOUT

    def make(self) -> tuple[Secret, None]:
        """What the program prints."""
        return self.find(None), None

    def find(self, stretching: Stretching | None) -> Secret:  # noqa: ARG002 - only a passphrase needs it
        """What the program prints; raises StoreError when it fails, or that is no key."""
        from stsctl.host import process

        try:
            text = Secret(process.run(self.argv, environ=self.environ, timeout=self.timeout))
        except StsctlError as error:
            raise StoreError(f"key_process: {error.message}", hint=error.hint) from error
        return _checked(text, f'what key_process ("{self.argv[0]}") prints')


def create_key_file(path: Path) -> None:
    """Writes a new key to `path`, for its owner alone, unless there is a file already: a key is never overwritten."""
    files.create(path, f"{seal.new_key().reveal()}\n".encode())


def _checked(text: Secret, what: str) -> Secret:
    if seal.parse_key(text) is None:
        raise StoreError(
            f"{what} is no key", hint="a key is 32 random bytes in base64: head -c 32 /dev/urandom | base64"
        )
    return text


def _stretched(passphrase: Secret, stretching: Stretching) -> Secret:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    kdf = Scrypt(
        salt=bytes.fromhex(stretching.salt), length=seal.KEY_BYTES, n=stretching.n, r=stretching.r, p=stretching.p
    )
    return seal.key_text(kdf.derive(passphrase.reveal().encode(errors="surrogatepass")))


def _is_sane(stretching: Stretching) -> bool:
    """Whether the costs are ones that stsctl could have written: no others may fill the memory, or cost nothing."""
    costs = (
        stretching.n in (2**power for power in range(14, 21)) and 1 <= stretching.r <= 16 and 1 <= stretching.p <= 16
    )
    try:
        return costs and len(bytes.fromhex(stretching.salt)) >= _SALT_BYTES
    except ValueError:
        return False


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
