"""DPoP: a proof, with each request for a token, that whoever sends it has the key that the tokens are bound to.

Source: RFC 9449 (section 4.3), RFC 7638 (thumbprints)
"""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from stsctl.emulator.web.tickets import Tickets

_FRESH = timedelta(minutes=5)
_LONGEST = 4096


class Proofs:
    """Verifies proofs, and takes each one once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: Tickets[bool] = Tickets()

    def verify(self, proof: str, *, method: str, host: str, path: str, wall_at: datetime) -> str:
        """The thumbprint of the key that made a proof for this request; raises ValueError for any other proof."""
        key, claims = _opened(proof)
        if claims.get("htm") != method or not _leads_to(claims.get("htu"), host, path):
            raise ValueError("the DPoP proof is for another request")
        issued, name = claims.get("iat"), claims.get("jti")
        if isinstance(issued, bool) or not isinstance(issued, int | float) or not abs(issued) < 1e12:
            raise ValueError("the DPoP proof has no iat")
        if not isinstance(name, str) or not name:
            raise ValueError("the DPoP proof has no jti")
        if abs(wall_at.timestamp() - issued) > _FRESH.total_seconds():
            raise ValueError("the DPoP proof is too old, or of the future")
        thumbprint: str = key.thumbprint()
        with self._lock:
            if self._taken.find(f"{thumbprint} {name}", wall_at):
                raise ValueError("the DPoP proof was used before")
            self._taken.give(True, until=wall_at + 2 * _FRESH, ticket=f"{thumbprint} {name}")
        return thumbprint


def _opened(proof: str) -> tuple[Any, dict[str, Any]]:
    """The key in a proof, which signed it, and the proof's claims."""
    from joserfc import jws
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey

    if len(proof) > _LONGEST:
        raise ValueError("the DPoP proof is too long")
    try:
        header = jws.extract_compact(proof.encode()).headers()
        if header.get("typ") != "dpop+jwt" or header.get("alg") != "ES256":
            raise ValueError("the DPoP proof is no dpop+jwt with ES256")
        public = {name: header["jwk"][name] for name in ("kty", "crv", "x", "y")}
        if "d" in header["jwk"] or public["crv"] != "P-256":
            raise ValueError("the DPoP proof has no public key on P-256")
        key = ECKey.import_key(public)
        claims = json.loads(jws.deserialize_compact(proof.encode(), key, algorithms=["ES256"]).payload)
    except (JoseError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("the DPoP proof is none") from error
    if not isinstance(claims, dict):
        raise ValueError("the DPoP proof is none")
    return key, claims


def _leads_to(url: object, host: str, path: str) -> bool:
    """Whether a proof's htu is the URL that was asked; somebody may have put TLS before the emulator."""
    if not isinstance(url, str):
        return False
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower() and parts.path == path
