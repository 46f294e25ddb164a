"""Pairs of keys in files that are sealed with a passphrase, as JSON Web Encryption: the `file` keyring of aws-vault.

Source: file.go of https://github.com/99designs/keyring; RFC 7516 (compact form), RFC 7518 section 4.8 (PBES2).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, unquote

from stsctl.credentials import Credentials, Secret
from stsctl.errors import StoreError
from stsctl.sources.kept_pair import pair_of_item

_ALGORITHM = "PBES2-HS256+A128KW"
_MOST_ROUNDS = 1_000_000
_LONGEST = 65536


class SealedPairs:
    """The files of a folder, each called as its item; `passphrase` is asked for the one that they are sealed with."""

    def __init__(self, folder: Path, place: str, passphrase: Callable[[], Secret]) -> None:
        self._folder = folder
        self._place = place
        self._passphrase = passphrase

    @property
    def place(self) -> str:
        """As people speak of it."""
        return self._place

    def names(self) -> tuple[str, ...] | None:
        """What is filed there; None where there is no such folder."""
        try:
            return tuple(sorted(unquote(path.name) for path in self._folder.iterdir() if path.is_file()))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreError(f'"{self._folder}" cannot be read: {(error.strerror or "").lower()}') from error

    def pair(self, name: str) -> Credentials:
        """The keys filed under `name`; raises StoreError, where the passphrase is another one too."""
        try:
            with (self._folder / quote(name, safe=" ()@:,+=")).open("rb") as file:
                token = file.read(_LONGEST)
        except OSError as error:
            raise StoreError(f'the file of "{name}" cannot be read: {(error.strerror or "").lower()}') from error
        return pair_of_item(opened(token, self._passphrase()), name)


def opened(token: bytes, passphrase: Secret) -> bytes:
    """What a sealed file holds; raises StoreError."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

    try:
        protected, wrapped, nonce, text, tag = token.strip().split(b".")
        header = json.loads(_decoded(protected))
        rounds, salt = header["p2c"], _decoded(header["p2s"].encode())
        if (header["alg"], header["enc"]) != (_ALGORITHM, "A256GCM") or not 1 <= rounds <= _MOST_ROUNDS:
            raise ValueError("another way of sealing")
        derive = PBKDF2HMAC(SHA256(), length=16, salt=_ALGORITHM.encode() + b"\0" + salt, iterations=rounds)
        key = aes_key_unwrap(derive.derive(passphrase.reveal().encode()), _decoded(wrapped))
        return AESGCM(key).decrypt(_decoded(nonce), _decoded(text) + _decoded(tag), protected)
    except (InvalidUnwrap, InvalidTag):
        raise StoreError("that is not the passphrase that the file was sealed with") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        raise StoreError("the file is not sealed as its tool does it") from None


def _decoded(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
