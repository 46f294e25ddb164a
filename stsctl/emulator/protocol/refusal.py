"""The one exception of the emulator: an answer that says no."""

from __future__ import annotations

from collections.abc import Mapping


class Refusal(Exception):  # noqa: N818 - AWS's own word would be "error", and it is an answer
    """An error as AWS's query protocol spells it: `code`, message and HTTP status.

    `because` is what the emulator's log adds for a person to read (which statement decided); no client sees it.
    `decision` is what was decided, as DecodeAuthorizationMessage tells it, and `encoded` what the client gets of that.
    `query_code` is what a service that once spoke the query protocol still calls the error, beside its JSON code.
    """

    def __init__(self, code: str, message: str, status: int, *, because: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.because = because
        self.decision: Mapping[str, object] | None = None
        self.encoded: str | None = None
        self.query_code: str | None = None


def access_denied(message: str, *, because: str = "") -> Refusal:
    """AccessDenied, 403."""
    return Refusal("AccessDenied", message, 403, because=because)


def invalid_token() -> Refusal:
    """What AWS says of keys it does not know: InvalidClientTokenId, 403."""
    return Refusal("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
