"""IAM's answer to what a role's trust policy is.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html
"""

from __future__ import annotations

from stsctl.arn import Arn
from stsctl.credentials import Credentials
from stsctl.request import Endpoint
from stsctl.sources.client import Clients


def read(clients: Clients, endpoint: Endpoint, credentials: Credentials, role: Arn) -> object:
    """The trust policy of a role, decoded; raises RefusedError, UnavailableError."""
    answer = clients.call("iam", "GetRole", endpoint, credentials, RoleName=role.resource_name).body
    found: object = answer["Role"].get("AssumeRolePolicyDocument")
    return found
