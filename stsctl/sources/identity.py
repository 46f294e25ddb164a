"""Who credentials belong to, whose a key is, which MFA devices a user has, and what a denial's message says.

Sources: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html,
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetAccessKeyInfo.html,
https://docs.aws.amazon.com/STS/latest/APIReference/API_DecodeAuthorizationMessage.html,
https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListMFADevices.html
"""

from __future__ import annotations

from stsctl.arn import Arn
from stsctl.credentials import Credentials
from stsctl.errors import RefusedError, UnavailableError
from stsctl.request import Endpoint
from stsctl.sources.answer import text_of
from stsctl.sources.client import Clients


def caller_identity(clients: Clients, endpoint: Endpoint, credentials: Credentials) -> Arn:
    """The ARN behind credentials; raises RefusedError where AWS does not know them."""
    answer = clients.call("sts", "GetCallerIdentity", endpoint, credentials)
    return Arn.parse(text_of(answer.body, "Arn"))


def account_of_key(clients: Clients, endpoint: Endpoint, credentials: Credentials, key_id: str) -> str:
    """The account that an access key belongs to; raises RefusedError for what is none."""
    answer = clients.call("sts", "GetAccessKeyInfo", endpoint, credentials, AccessKeyId=key_id)
    return text_of(answer.body, "Account")


def mfa_devices(clients: Clients, endpoint: Endpoint, credentials: Credentials) -> tuple[str, ...]:
    """The serials of the caller's own MFA devices; none where the caller may not ask."""
    try:
        answer = clients.call("iam", "ListMFADevices", endpoint, credentials)
    except (RefusedError, UnavailableError):
        return ()
    return tuple(device["SerialNumber"] for device in answer.body.get("MFADevices", ()))


def decoded_message(clients: Clients, endpoint: Endpoint, credentials: Credentials, message: str) -> str:
    """What an encoded authorization message says, as JSON; raises RefusedError for one that is not the account's."""
    answer = clients.call("sts", "DecodeAuthorizationMessage", endpoint, credentials, EncodedMessage=message)
    return text_of(answer.body, "DecodedMessage")
