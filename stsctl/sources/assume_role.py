"""sts:AssumeRole: the session of a role, for credentials that may have it.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

from stsctl.credentials import Credentials, Session
from stsctl.dataclass import dataclass
from stsctl.request import SessionRequest
from stsctl.sources.answer import role_session
from stsctl.sources.client import Clients


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumeRole:
    """The exchange of credentials for a role's session."""

    clients: Clients

    def obtain(self, request: SessionRequest, credentials: Credentials | None, code: str | None) -> Session:
        """The role's session; see `Exchange`."""
        answer = self.clients.call("sts", "AssumeRole", request.endpoint, credentials, **_parameters(request, code))
        return role_session(request, answer.body, self.clients.now(), name=request.session_name)


def _parameters(request: SessionRequest, code: str | None) -> dict[str, object]:
    """The parameters of the call, without those that say nothing."""
    every: dict[str, object] = {
        "RoleArn": str(request.role_arn),
        "RoleSessionName": request.session_name,
        "DurationSeconds": int(request.duration.total_seconds()) if request.duration else None,
        "ExternalId": request.external_id,
        "Policy": request.policy,
        "PolicyArns": [{"arn": arn} for arn in request.policy_arns],
        "Tags": [{"Key": key, "Value": value} for key, value in request.tags],
        "TransitiveTagKeys": list(request.transitive_tag_keys),
        "SourceIdentity": request.source_identity,
        "ProvidedContexts": [
            {"ProviderArn": context.provider_arn, "ContextAssertion": context.assertion.reveal()}
            for context in request.provided_contexts
        ],
        "SerialNumber": request.mfa_serial,
        "TokenCode": code,
    }
    return {name: value for name, value in every.items() if value not in (None, [])}
