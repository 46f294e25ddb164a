"""Who may ask without a signature: programs of this machine, and pages that the emulator served itself.

A web page elsewhere can have its own name lead to this machine (DNS rebinding), or send a form here; what it sends
carries that name, as Host or as Origin. A signature covers the Host, and nobody else can make one.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request

_NAMES = re.compile(
    r"localhost|.+\.localhost|.+\.amazonaws\.com(\.cn)?|.+\.(aws\.amazon\.com|amazonaws\.cn|awsapps\.com|aws)", re.ASCII
)
"""Names that no stranger's page can have: this machine's, and AWS's own."""

_FROM_ANYWHERE = frozenset({"/saml"})
"""What pages elsewhere have to send: those of identity providers, to AWS's sign-in."""


class Visitors:
    """Turns away strangers, unless whoever started the emulator let it be reached from elsewhere."""

    def __init__(self, *, from_elsewhere: bool) -> None:
        self._from_elsewhere = from_elsewhere

    def check(self, asked: Request) -> None:
        """Raises Refusal for a request that a page of somebody else's may have sent."""
        if self._from_elsewhere:
            return
        host = asked.header("host")
        if host is not None and not _is_ours(f"http://{host}"):
            raise Refusal("MisdirectedRequest", f"The emulator does not answer to the name {host[:100]}", 421)
        origin = asked.header("origin") if asked.path not in _FROM_ANYWHERE else None
        if origin is not None and asked.method not in ("GET", "HEAD", "OPTIONS") and not _is_ours(origin):
            raise Refusal("AccessDenied", f"The emulator does not answer pages of {origin[:100]}", 403)


def _is_ours(url: str) -> bool:
    try:
        name = urlsplit(url).hostname or ""
    except ValueError:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return _NAMES.fullmatch(name) is not None
    return True
