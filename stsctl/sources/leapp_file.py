"""Leapp's workspace, which lies sealed with the machine's id: no secret, but not to be read elsewhere either.

Source: encryptText of packages/core/src/services/file-service.ts of https://github.com/Noovolari/leapp, whose library
does what OpenSSL does with a passphrase (EVP_BytesToKey with MD5, AES-256-CBC); the id is that of node-machine-id.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from stsctl.digest import sha256
from stsctl.errors import ConfigurationError

_SALTED = b"Salted__"
_KEY, _BLOCK = 32, 16


def opened(text: bytes, machine_ids: Iterable[str]) -> bytes:
    """What it holds; raises ConfigurationError where none of the ids is the one that it was sealed with."""
    try:
        sealed = base64.b64decode(text.strip(), validate=True)
    except (ValueError, binascii.Error) as error:
        raise ConfigurationError("it is not sealed as Leapp does it") from error
    if not sealed.startswith(_SALTED):
        raise ConfigurationError("it is not sealed as Leapp does it")
    salt, body = sealed[len(_SALTED) : _BLOCK], sealed[_BLOCK:]
    for one in machine_ids:
        found = _decrypted(body, salt, sha256(one.encode()).hexdigest().encode())
        if found is not None:
            return found
    raise ConfigurationError("it is sealed with the id of another machine, or with the key of a remote workspace")


def _decrypted(body: bytes, salt: bytes, passphrase: bytes) -> bytes | None:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    made = block = b""
    while len(made) < _KEY + _BLOCK:
        block = _md5(block + passphrase + salt)
        made += block
    try:
        decryptor = Cipher(algorithms.AES(made[:_KEY]), modes.CBC(made[_KEY : _KEY + _BLOCK])).decryptor()
        unpadder = PKCS7(_BLOCK * 8).unpadder()
        text = unpadder.update(decryptor.update(body) + decryptor.finalize()) + unpadder.finalize()
    except ValueError:
        return None
    return text if text.lstrip().startswith(b"{") else None  # one wrong id in 256 is padded as well


def _md5(data: bytes) -> bytes:
    import hashlib

    return hashlib.md5(data, usedforsecurity=False).digest()
