"""The redirect URIs of OIDC's clients: what one may be, and whether the one that is asked for is the client's.

Source: RFC 6749 (section 3.1.2), RFC 8252 (section 7.3: the port of a native application on this machine is its own
choice) and RFC 9700 (section 2.1: everything else is compared as it is written).
"""

from __future__ import annotations

import re

_LOOPBACK = r"http://(?:127\.0\.0\.1|\[::1\]|localhost)"
_PORT = r"(?::[0-9]{1,5})?"
_REST = r"(?:[/?][!-\"$-\[\]-~]*)?"
"""A path and a query, without a fragment, and without a backslash, which browsers take for a slash."""
_URI = re.compile(rf"(?:{_LOOPBACK}|https://[a-z0-9.-]+){_PORT}{_REST}")
_PARTS = re.compile(rf"({_LOOPBACK}){_PORT}({_REST})")


def is_redirect_uri(uri: str) -> bool:
    """Whether a client may have this one: https, or http on this machine."""
    return _URI.fullmatch(uri) is not None


def fits(asked: str, registered: str) -> bool:
    """Whether `asked` is the registered one; on this machine the port may be another."""
    mine, theirs = _PARTS.fullmatch(registered), _PARTS.fullmatch(asked)
    return asked == registered or (mine is not None and theirs is not None and mine.groups() == theirs.groups())
