"""Sessions as JSON: for `credential_process`, in STS's own shape, and as variables."""

from __future__ import annotations

import json

from stsctl.credentials import Credentials, Secret, Session
from stsctl.errors import UsageError
from stsctl.formats.interface import Changes, rfc3339


class Json:
    """The variables as one object; null for one to be removed."""

    failure = ""

    def render(self, changes: Changes) -> str:
        """The object, indented."""
        plain = {name: None if value is None else value.reveal() for name, value in changes.items()}
        return json.dumps(plain, indent=2) + "\n"


def parse_changes(text: str | bytes) -> Changes:
    """The variables that `Json` rendered."""
    plain: dict[str, str | None] = json.loads(text)
    return {name: None if value is None else Secret(value) for name, value in plain.items()}


def credential_process(session: Session) -> str:
    """What an SDK reads from a `credential_process`: one line, compact, since some read little more than 1 KB.

    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
    """
    answer = {"Version": 1, **_credentials(session.credentials)}
    if session.account_id is not None:
        answer["AccountId"] = session.account_id
    return json.dumps(answer, separators=(",", ":")) + "\n"


def assume_role(session: Session) -> str:
    """The session in the shape of STS's own answers: AssumeRole's, or GetSessionToken's where there is no role.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    answer: dict[str, object] = {"Credentials": _credentials(session.credentials)}
    if session.identity is not None and session.identity.session_role is not None:
        answer["AssumedRoleUser"] = {"AssumedRoleId": session.user_id, "Arn": str(session.identity)}
    if session.packed_policy_size is not None:
        answer["PackedPolicySize"] = session.packed_policy_size
    if session.source_identity is not None:
        answer["SourceIdentity"] = session.source_identity
    return json.dumps(answer, indent=2) + "\n"


def delegated(credentials: Credentials, principal: str, packed_policy_size: int | None) -> str:
    """Credentials for a trade-in token, in the shape of STS's own answer.

    Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetDelegatedAccessToken.html
    """
    answer: dict[str, object] = {"Credentials": _credentials(credentials), "AssumedPrincipal": principal}
    if packed_policy_size is not None:
        answer["PackedPolicySize"] = packed_policy_size
    return json.dumps(answer, indent=2) + "\n"


def container(session: Session, *, role_arn: str | None = None) -> str:
    """What an SDK reads from a container's endpoint; raises UsageError for credentials that never end.

    SDKs want an end, and ask again before it: for keys without one there is nothing to ask again for.
    Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
    """
    credentials = session.credentials
    if credentials.session_token is None or credentials.expires_at is None:
        raise UsageError("credentials without a known end are not served", hint="run it without --serve")
    answer = {
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key.reveal(),
        "Token": credentials.session_token.reveal(),
        "Expiration": rfc3339(credentials.expires_at),
        "AccountId": session.account_id,
        "RoleArn": role_arn,
    }
    return json.dumps({name: value for name, value in answer.items() if value is not None})


def failure(code: str, message: str) -> str:
    """Why there are no credentials, as the SDKs show it to the person."""
    return json.dumps({"code": code, "message": message})


def _credentials(credentials: Credentials) -> dict[str, object]:
    answer: dict[str, object] = {
        "AccessKeyId": credentials.access_key_id,
        "SecretAccessKey": credentials.secret_access_key.reveal(),
    }
    if credentials.session_token is not None:
        answer["SessionToken"] = credentials.session_token.reveal()
    if credentials.expires_at is not None:
        answer["Expiration"] = rfc3339(credentials.expires_at)
    return answer
