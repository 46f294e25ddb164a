"""What somebody could try who is another user, a web page, a repository, an account's administrator or a server."""

from __future__ import annotations

from tests.program import me, organisation

__all__ = ["me", "organisation"]
