"""Addresses of web pages: which lead to this machine, and which are fit to sign in at."""

from __future__ import annotations

import re

# Not compiled before somebody asks: that takes longer than all else that this module is loaded for.
_LOOPBACK = r"https?://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]+)?(/.*)?"
_PAGE = r"https://[a-z0-9.-]+(:[0-9]{1,5})?([/?#][\x21-\x7e]*)?"


def is_loopback(url: str) -> bool:
    """Whether `url` leads to this machine."""
    return re.fullmatch(_LOOPBACK, url) is not None


def is_web_page(url: str) -> bool:
    """Whether `url` is that of a page which nobody else can read on the way: by TLS, or on this machine."""
    by_tls = re.fullmatch(_PAGE, url, re.IGNORECASE) is not None
    return (by_tls or is_loopback(url)) and url.isascii() and url.isprintable()
