"""IAM's calls about one inline policy of a role.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_PutRolePolicy.html and the pages beside it
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from stsctl.credentials import Credentials
from stsctl.dataclass import dataclass
from stsctl.errors import RefusedError
from stsctl.request import Endpoint
from stsctl.sources.client import Clients


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePolicy:
    """The inline policy called `name` of the role called `role`; every call raises RefusedError, UnavailableError."""

    clients: Clients
    endpoint: Endpoint
    credentials: Credentials
    role: str
    name: str

    def read(self) -> str | None:
        """Its text; None where the role has none of that name."""
        try:
            document = self._call("GetRolePolicy").get("PolicyDocument")
        except RefusedError as error:
            if error.code == "NoSuchEntity" and self.name in error.reason:
                return None
            raise
        return document if isinstance(document, str) else json.dumps(document)

    def write(self, text: str) -> None:
        """Puts it on the role, in place of the one there is."""
        self._call("PutRolePolicy", PolicyDocument=text)

    def delete(self) -> None:
        """Takes it from the role."""
        self._call("DeleteRolePolicy")

    def _call(self, operation: str, **parameters: str) -> Mapping[str, Any]:
        named = {"RoleName": self.role, "PolicyName": self.name}
        return self.clients.call("iam", operation, self.endpoint, self.credentials, **named, **parameters).body
