"""SHA-256 without OpenSSL, which takes longer to load than all that a command has to digest.

Source: https://csrc.nist.gov/pubs/fips/180-4/upd1/final
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import sha256
else:
    try:
        from _sha2 import sha256  # from Python 3.12 on
    except ImportError:
        try:
            from _sha256 import sha256
        except ImportError:
            from hashlib import sha256

__all__ = ["sha256"]
