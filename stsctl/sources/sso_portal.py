"""Identity Center's portal: which accounts and roles a sign-in has, and signing out.

Source: https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stsctl.credentials import Secret
from stsctl.errors import RefusedError, StsctlError, ThrottledError
from stsctl.request import Endpoint
from stsctl.sources.client import Clients

_PAGE = 100
"""Items of an answer: the most that the portal gives at once."""
_PAGES = 1000
"""More than any organization fills; a server that never ends is not followed for ever."""
_TRIES = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account that somebody has a role in."""

    id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """The portal, for whoever has the token; `sleep` is how it waits where AWS asks for patience."""

    clients: Clients
    endpoint: Endpoint
    token: Secret
    sleep: Callable[[float], None]

    def accounts(self) -> list[Account]:
        """Every account that is shown to them, by name; raises RefusedError, UnavailableError."""
        found = (
            Account(id=_text(one, "accountId"), name=_text(one, "accountName"), email=one.get("emailAddress") or "")
            for one in self._items("ListAccounts", "accountList")
        )
        return sorted(found, key=lambda account: (account.name.casefold(), account.id))

    def roles(self, account_id: str) -> list[str]:
        """The permission sets that they have in an account, by name; none where the account is not theirs."""
        try:
            return sorted(
                _text(one, "roleName") for one in self._items("ListAccountRoles", "roleList", accountId=account_id)
            )
        except RefusedError as error:
            if error.code not in ("ForbiddenException", "ResourceNotFoundException"):
                raise
            return []

    def sign_out(self) -> None:
        """Ends the sign-in at AWS; one that has ended already is no failure. Raises UnavailableError."""
        try:
            self._call("Logout")
        except RefusedError as error:
            if error.code != "UnauthorizedException":
                raise

    def _items(self, operation: str, name: str, **parameters: str) -> Iterator[Mapping[str, Any]]:
        following: dict[str, str] = {}
        for _ in range(_PAGES):
            body = self._patiently(operation, maxResults=_PAGE, **parameters, **following)
            yield from body.get(name) or ()
            if not body.get("nextToken"):
                return
            following = {"nextToken": body["nextToken"]}
        raise StsctlError(f"the answers to sso:{operation} do not end")

    def _patiently(self, operation: str, **parameters: object) -> Mapping[str, Any]:
        """A call that waits and tries again where AWS throttles it: an organization takes one call an account."""
        pause = 1.0
        for _ in range(_TRIES - 1):
            try:
                return self._call(operation, **parameters)
            except ThrottledError:
                self.sleep(pause)
                pause *= 2
        return self._call(operation, **parameters)

    def _call(self, operation: str, **parameters: object) -> Mapping[str, Any]:
        return self.clients.call(
            "sso", operation, self.endpoint, None, accessToken=self.token.reveal(), **parameters
        ).body


def _text(one: Mapping[str, Any], name: str) -> str:
    value = one.get(name)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise StsctlError(f"the answer of Identity Center has no usable {name}: it is not used")
    return value
