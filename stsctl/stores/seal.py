"""The cryptography of sealed files: one key, a name for each item, and texts that open only where they belong.

A sealed text is a fixed mark with the version, the id of the key, a nonce, and the value under AES-256-GCM. All that
comes before the value is authenticated with it, and so are kind and key of the item: a text that is changed, cut off or
put in another's place does not open.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os

from stsctl.credentials import Secret
from stsctl.stores.interface import Kind

KEY_BYTES = 32
_MARK = b"stsctl sealed "
_VERSION = b"1"
_ID_BYTES = 16
_NONCE_BYTES = 12
_HEAD_BYTES = len(_MARK) + len(_VERSION) + _ID_BYTES + _NONCE_BYTES


class SealError(Exception):
    """A text does not open; the message says why, to be read after the name of its file."""


def new_key() -> Secret:
    """A new key, from the system's source of randomness, as the text in which keys are kept (base64)."""
    return key_text(os.urandom(KEY_BYTES))


def key_text(key: bytes) -> Secret:
    """A key as a text."""
    return Secret(base64.b64encode(key).decode())


def parse_key(text: Secret) -> bytes | None:
    """The key that a text spells; None when it is not base64 of 32 bytes."""
    try:
        key = base64.b64decode(text.reveal().strip(), validate=True)
    except (binascii.Error, ValueError):
        return None
    return key if len(key) == KEY_BYTES else None


class Seal:
    """What seals and opens with one key."""

    def __init__(self, key: bytes) -> None:
        self.id = _derived(key, "id")[:_ID_BYTES]
        """Tells this key from others, and nothing about it."""
        self._content_key = _derived(key, "content")
        self._name_key = _derived(key, "name")

    def file_name(self, kind: Kind, key: str) -> str:
        """The name of an item's file, which reveals neither to who has not the key."""
        return _mac(self._name_key, _identity(kind, key)).hex()

    def close(self, kind: Kind, key: str, value: Secret) -> bytes:
        """`value`, sealed as that item."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        head = _MARK + _VERSION + self.id + nonce
        text = value.reveal().encode(errors="surrogatepass")
        return head + AESGCM(self._content_key).encrypt(nonce, text, head + _identity(kind, key))

    def open(self, kind: Kind, key: str, sealed: bytes) -> Secret:
        """The value of that item; raises SealError."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        head = sealed[:_HEAD_BYTES]
        if not head.startswith(_MARK):
            raise SealError("is not one that stsctl sealed")
        if not head.startswith(_MARK + _VERSION):
            raise SealError("was sealed by another version of stsctl")
        if len(head) < _HEAD_BYTES:
            raise SealError("is cut short")
        if head[-_NONCE_BYTES - _ID_BYTES : -_NONCE_BYTES] != self.id:
            raise SealError("was sealed with another key, or changed")
        try:
            text = AESGCM(self._content_key).decrypt(
                head[-_NONCE_BYTES:], sealed[_HEAD_BYTES:], head + _identity(kind, key)
            )
        except (InvalidTag, ValueError) as error:
            raise SealError("was changed, cut short, or put in another's place") from error
        return Secret(text.decode(errors="surrogatepass"))


def _derived(key: bytes, purpose: str) -> bytes:
    """A key for one purpose (HMAC-SHA-256 as a pseudo-random function, RFC 5869 section 2.3 with one block)."""
    return _mac(key, b"stsctl sealed file " + purpose.encode() + b"\x01")


def _mac(key: bytes, text: bytes) -> bytes:
    return hmac.new(key, text, hashlib.sha256).digest()


def _identity(kind: Kind, key: str) -> bytes:
    """Kind and key as one text; no two items have the same, for no kind has a NUL in it."""
    return kind.value.encode() + b"\0" + key.encode(errors="surrogatepass")
