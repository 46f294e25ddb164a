"""IAM's calls about a user's own access keys.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html and the pages beside it. Without a
UserName each means the user who signs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Secret
from stsctl.dataclass import dataclass
from stsctl.errors import RefusedError, StsctlError
from stsctl.request import Endpoint
from stsctl.rotation import AccessKey
from stsctl.sources.answer import text_of
from stsctl.sources.client import Clients
from stsctl.sources.outcome import Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class IamAccessKeys:
    """The keys of the user who signs; see `rotation.AccessKeys`."""

    clients: Clients
    endpoint: Endpoint
    _callers: dict[tuple[str, str], Callable[..., Answer]] = field(default_factory=dict, repr=False)

    def listed(self, credentials: Credentials) -> tuple[AccessKey, ...]:
        """All of them, with their last use where the user may ask for it."""
        answer = self._iam("ListAccessKeys", credentials)
        return tuple(self._key(item, credentials) for item in answer.get("AccessKeyMetadata", ()))

    def create(self, credentials: Credentials) -> Credentials:
        """Another pair."""
        made = self._iam("CreateAccessKey", credentials).get("AccessKey") or {}
        key_id = text_of(made, "AccessKeyId")
        if not re.fullmatch(r"\w{16,128}", key_id, re.ASCII):
            raise StsctlError("IAM's answer has no access key id that could be one: it is not used")
        return Credentials(access_key_id=key_id, secret_access_key=Secret(text_of(made, "SecretAccessKey")))

    def deactivate(self, credentials: Credentials, key_id: str) -> None:
        """AWS takes that key no more."""
        self._iam("UpdateAccessKey", credentials, AccessKeyId=key_id, Status="Inactive")

    def delete(self, credentials: Credentials, key_id: str) -> None:
        """AWS forgets that key."""
        self._iam("DeleteAccessKey", credentials, AccessKeyId=key_id)

    def identity(self, credentials: Credentials) -> Arn:
        """Whose credentials these are."""
        return Arn.parse(text_of(self._call("sts", "GetCallerIdentity", credentials), "Arn"))

    def _key(self, item: Mapping[str, Any], credentials: Credentials) -> AccessKey:
        key_id = text_of(item, "AccessKeyId")
        return AccessKey(
            id=key_id,
            active=item["Status"] == "Active",
            created_at=item["CreateDate"],
            used_at=self._last_use(key_id, credentials),
        )

    def _last_use(self, key_id: str, credentials: Credentials) -> Any:
        try:
            answer = self._iam("GetAccessKeyLastUsed", credentials, AccessKeyId=key_id)
        except RefusedError:
            return None
        return (answer.get("AccessKeyLastUsed") or {}).get("LastUsedDate")

    def _iam(self, operation: str, credentials: Credentials, **parameters: str) -> Mapping[str, Any]:
        return self._call("iam", operation, credentials, **parameters)

    def _call(self, service: str, operation: str, credentials: Credentials, **parameters: str) -> Mapping[str, Any]:
        """One call, by the client that makes all calls to a service with these credentials."""
        key = service, credentials.access_key_id
        if key not in self._callers:
            self._callers[key] = self.clients.caller(service, self.endpoint, credentials)
        return self._callers[key](operation, **parameters).body
