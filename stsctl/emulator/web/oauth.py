"""OAuth's answers to applications: JSON, and errors by their names (RFC 6749, section 5.2; RFC 8628, section 3.5)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.web.pages import Header

_NEVER_KEPT: tuple[Header, ...] = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))


class OAuthError(Exception):
    """An error of OAuth's: its name, and what a person should read of it."""

    def __init__(self, error: str, description: str, status: int = 400, *, challenge: str | None = None) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status
        self.challenge = challenge

    def answer(self) -> Answer:
        """The error as an application gets it; `challenge` says how it should have named itself."""
        content = {"error": self.error, "error_description": self.description}
        headers = (("WWW-Authenticate", self.challenge),) if self.challenge else ()
        return answer(content, status=self.status, headers=headers)


def answer(content: Mapping[str, object], *, status: int = 200, headers: tuple[Header, ...] = ()) -> Answer:
    """JSON, which nobody keeps; members that are None are left out."""
    body = json.dumps({name: value for name, value in content.items() if value is not None})
    return Answer(
        status=status, headers=(("Content-Type", "application/json"), *_NEVER_KEPT, *headers), body=body.encode()
    )


def invalid_grant(description: str) -> OAuthError:
    """For a code or a refresh token that is not valid, or another client's."""
    return OAuthError("invalid_grant", description)


def invalid_request(description: str) -> OAuthError:
    """For a request that lacks something, or says it twice."""
    return OAuthError("invalid_request", description)
