"""sts:GetFederationToken: a session for somebody whom IAM does not know, by a user's long-term keys.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
"""

from __future__ import annotations

from stsctl.credentials import Credentials, Session
from stsctl.dataclass import dataclass
from stsctl.request import SessionRequest
from stsctl.sources.answer import identity_of, packed_policy_size, refuse_another, session_credentials, text_of
from stsctl.sources.client import Clients


@dataclass(frozen=True, slots=True, kw_only=True)
class FederationToken:
    """The exchange of long-term keys for a federated user's session."""

    clients: Clients

    def obtain(
        self,
        request: SessionRequest,
        credentials: Credentials | None,
        code: str | None,  # noqa: ARG002 - the operation takes none
    ) -> Session:
        """The federated user's session; see `Exchange`."""
        every: dict[str, object] = {
            "Name": request.session_name,
            "Policy": request.policy,
            "PolicyArns": [{"arn": arn} for arn in request.policy_arns],
            "Tags": [{"Key": key, "Value": value} for key, value in request.tags],
            "DurationSeconds": int(request.duration.total_seconds()) if request.duration else None,
        }
        said = {name: value for name, value in every.items() if value not in (None, [])}
        answer = self.clients.call("sts", "GetFederationToken", request.endpoint, credentials, **said)
        user = answer.body.get("FederatedUser") or {}
        identity = identity_of(text_of(user, "Arn"))
        wanted = f"federated-user/{request.session_name}"
        refuse_another(wanted, identity, is_it=(identity.service, identity.resource) == ("sts", wanted))
        now = self.clients.now()
        return Session(
            credentials=session_credentials(answer.body, now),
            request_key=request.cache_key(),
            obtained_at=now,
            identity=identity,
            account_id=identity.account,
            user_id=text_of(user, "FederatedUserId"),
            packed_policy_size=packed_policy_size(answer.body),
        )
