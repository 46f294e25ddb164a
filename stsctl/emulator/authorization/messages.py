"""Encoded authorization messages: a denial's decision, sealed so that only the emulator that made it can read it.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html
"""

from __future__ import annotations

import base64
import json
import secrets
import zlib
from collections.abc import Mapping

from stsctl.emulator.protocol.refusal import Refusal

_NONCE = 12
_LONGEST = 10240
"""So many characters DecodeAuthorizationMessage takes."""


class Messages:
    """Seals decisions and opens them again; the key dies with the emulator."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def seal(self, decision: Mapping[str, object], account: str) -> str:
        """The message that stands for `decision`; only callers of `account` can have it decoded."""
        message = self._sealed(decision, account)
        if len(message) > _LONGEST:
            message = self._sealed({**decision, "failures": {"items": []}}, account)
        return message

    def open(self, message: str, account: str) -> str:
        """The JSON text behind a message.

        Raises Refusal, InvalidAuthorizationMessageException, for one that was not sealed here for this account.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            content = base64.b64decode(message.encode(), altchars=b"-_", validate=True)
            packed = AESGCM(self._key).decrypt(content[:_NONCE], content[_NONCE:], account.encode())
        except (ValueError, InvalidTag) as error:
            raise Refusal("InvalidAuthorizationMessageException", "Message is not valid", 400) from error
        return zlib.decompress(packed).decode()

    def _sealed(self, decision: Mapping[str, object], account: str) -> str:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        packed = zlib.compress(json.dumps(decision, separators=(",", ":")).encode())
        nonce = secrets.token_bytes(_NONCE)
        return base64.urlsafe_b64encode(nonce + AESGCM(self._key).encrypt(nonce, packed, account.encode())).decode()
