"""sts:AssumeRole: the session of a role, for credentials that may have it.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

from __future__ import annotations

from dataclasses import dataclass

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Session
from stsctl.errors import StsctlError, UsageError
from stsctl.request import SessionRequest
from stsctl.sources.answer import packed_policy_size, session_credentials, text_of
from stsctl.sources.client import Clients


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumeRole:
    """The exchange of credentials for a role's session."""

    clients: Clients

    def obtain(self, request: SessionRequest, credentials: Credentials, code: str | None) -> Session:
        """The role's session; see `Exchange`."""
        answer = self.clients.call("sts", "AssumeRole", request.endpoint, credentials, **_parameters(request, code))
        now = self.clients.now()
        user = answer.body.get("AssumedRoleUser") or {}
        identity = _identity(text_of(user, "Arn"))
        _check_identity(request, identity)
        return Session(
            credentials=session_credentials(answer.body, now),
            request_key=request.cache_key(),
            obtained_at=now,
            identity=identity,
            account_id=identity.account,
            user_id=text_of(user, "AssumedRoleId"),
            source_identity=answer.body.get("SourceIdentity"),
            packed_policy_size=packed_policy_size(answer.body),
        )


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
        "SerialNumber": request.mfa_serial,
        "TokenCode": code,
    }
    return {name: value for name, value in every.items() if value not in (None, [])}


def _identity(text: str) -> Arn:
    try:
        return Arn.parse(text)
    except UsageError as error:
        raise StsctlError("STS's answer has no usable Arn: it is not used") from error


def _check_identity(request: SessionRequest, identity: Arn) -> None:
    """Never the wrong session: the answer must be for the role and the name that were asked for."""
    role = request.role_arn
    assert role is not None
    wanted = (role.partition, role.account, role.resource_name, request.session_name)
    if (identity.partition, identity.account, identity.session_role, identity.session_name) != wanted:
        raise StsctlError(
            f'asked for "{role}", and was answered as "{identity}": the answer is not used',
            hint="check the endpoint: env | grep AWS_ENDPOINT_URL",
        )
