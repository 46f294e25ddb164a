"""Keys as names: for stores whose names are plain, short, and the same in capitals."""

from __future__ import annotations

import string

from stsctl.digest import sha256
from stsctl.stores.interface import Kind

_PLAIN = frozenset(f"{string.ascii_lowercase}{string.digits}._@-".encode())
_LONGEST = 200


def spelled(key: str) -> str:
    """`key` in plain characters, as readable as can be, and different for each even where case does not count."""
    text = key.encode(errors="surrogatepass")
    name = "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in text)
    return name if len(name) <= _LONGEST else f"+{sha256(text).hexdigest()}"


def place(kind: Kind, key: str) -> str:
    """Kind and key of an item as one name."""
    return f"{kind.value}:{spelled(key)}"
