"""A private key in a PEM file: PKCS#8, or the older forms of OpenSSL; in plain text, or under a passphrase."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError, StsctlError
from stsctl.host import files

Sign = Callable[[bytes], bytes]
"""Signs with SHA-256: RSA by PKCS#1 v1.5, EC by ECDSA, whose two numbers are in DER."""
_LARGEST = 64 * 1024
_LOCKED = b"ENCRYPTED"
"""What is in every PEM file of a key under a passphrase, in the old form (RFC 1421) and in the new."""
_TRIES = 3


def open_key(path: Path, whose: str, passphrase: Callable[[], Secret], *, tries: int = _TRIES) -> Sign:
    """What signs with the key in a file that nobody else can read.

    `passphrase` is asked where there is one, again where it was wrong. Raises ConfigurationError, which repeats nothing
    of either.
    """
    content = files.read_private(path)
    if content is None:
        raise ConfigurationError(f'{whose}: there is no file "{path}"')
    if len(content) > _LARGEST:
        raise ConfigurationError(f'{whose}: what is in "{path}" is too long for a key')
    key = _load(content, None)
    for _ in range(tries):
        if not isinstance(key, _Locked):
            break
        key = _load(content, passphrase())
    if isinstance(key, _Locked):
        raise ConfigurationError(f'{whose}: the passphrase of "{path}" is another')
    if key is None:
        raise ConfigurationError(
            f'{whose}: "{path}" has no private key, RSA or EC, in PEM', hint=f"look: openssl pkey -noout -in {path}"
        )
    return key


def is_locked(path: Path) -> bool:
    """Whether the key in a file is under a passphrase; one that cannot be read will be told of when it is opened."""
    try:
        return _LOCKED in (files.read_private(path) or b"")
    except StsctlError:
        return False


class _Locked:
    """A key that wants a passphrase, or another one."""


def _load(content: bytes, passphrase: Secret | None) -> Sign | _Locked | None:
    """What signs; None for what is no key."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if _LOCKED in content and passphrase is None:
        return _Locked()
    try:
        key = load_pem_private_key(content, passphrase.reveal().encode() if passphrase else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return _Locked() if _LOCKED in content else None
    if isinstance(key, rsa.RSAPrivateKey):
        return lambda text: key.sign(text, padding.PKCS1v15(), SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return lambda text: key.sign(text, ec.ECDSA(SHA256()))
    return None
