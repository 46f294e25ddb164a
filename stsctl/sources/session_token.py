"""sts:GetSessionToken: a user's own session, with MFA.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
"""

from __future__ import annotations

import re

from stsctl.credentials import Credentials, Session
from stsctl.dataclass import dataclass
from stsctl.request import SessionRequest
from stsctl.sources.answer import session_credentials
from stsctl.sources.client import Clients


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionToken:
    """The exchange of long-term keys and a one-time code for a session. The answer does not tell whose it is."""

    clients: Clients

    def obtain(self, request: SessionRequest, credentials: Credentials | None, code: str | None) -> Session:
        """The user's session; see `Exchange`."""
        parameters: dict[str, object] = {}
        if request.duration:
            parameters["DurationSeconds"] = int(request.duration.total_seconds())
        if request.mfa_serial:
            parameters |= {"SerialNumber": request.mfa_serial, "TokenCode": code}
        answer = self.clients.call("sts", "GetSessionToken", request.endpoint, credentials, **parameters)
        now = self.clients.now()
        return Session(
            credentials=session_credentials(answer.body, now),
            request_key=request.cache_key(),
            obtained_at=now,
            account_id=_account(request.mfa_serial or ""),
        )


def _account(serial: str) -> str | None:
    """The account of a virtual device, which is the user's; a hardware device's serial does not tell."""
    match = re.match(r"arn:[\w-]+:iam::(\d{12}):", serial, re.ASCII)
    return match[1] if match else None
