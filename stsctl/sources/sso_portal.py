"""Identity Center's portal: which accounts and roles a sign-in has, and signing out.

Source: https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from stsctl.credentials import Secret
from stsctl.errors import RefusedError, StsctlError
from stsctl.permission_sets import Account
from stsctl.request import Endpoint
from stsctl.sources.client import Clients
from stsctl.sources.outcome import Answer
from stsctl.sources.throttling import patiently

_PAGE = 100
"""Items of an answer: the most that the portal gives at once."""
_PAGES = 1000
"""More than any organization fills; a server that never ends is not followed for ever."""
_AT_ONCE = 8
"""Calls at a time: an organization takes one for each account, and AWS throttles more."""


class Portal:
    """The portal, for whoever has the token; `sleep` is how it waits where AWS asks for patience."""

    def __init__(self, clients: Clients, endpoint: Endpoint, token: Secret, sleep: Callable[[float], None]) -> None:
        self._ask: Callable[..., Answer] = clients.caller("sso", endpoint, None)
        self._token = token
        self._sleep = sleep

    def accounts(self) -> list[Account]:
        """Every account that is shown to them, by name; raises RefusedError, UnavailableError."""
        found = (
            Account(id=_text(one, "accountId"), name=_text(one, "accountName"))
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

    def all_roles(self, accounts: Sequence[Account], done: Callable[[], None]) -> list[tuple[Account, list[str]]]:
        """The permission sets in each account, several accounts at a time; `done` is called after each."""
        from concurrent.futures import ThreadPoolExecutor

        def ask(account: Account) -> list[str]:
            found = self.roles(account.id)
            done()
            return found

        with ThreadPoolExecutor(_AT_ONCE) as several:
            try:
                return list(zip(accounts, several.map(ask, accounts), strict=True))
            except BaseException:
                several.shutdown(wait=False, cancel_futures=True)
                raise

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
            body = self._call(operation, maxResults=_PAGE, **parameters, **following)
            yield from body.get(name) or ()
            if not body.get("nextToken"):
                return
            following = {"nextToken": body["nextToken"]}
        raise StsctlError(f"the answers to sso:{operation} do not end")

    def _call(self, operation: str, **parameters: object) -> Mapping[str, Any]:
        return patiently(lambda: self._ask(operation, accessToken=self._token.reveal(), **parameters).body, self._sleep)


def _text(one: Mapping[str, Any], name: str) -> str:
    value = one.get(name)
    if not isinstance(value, str) or not value or not value.isprintable():
        raise StsctlError(f"the answer of Identity Center has no usable {name}: it is not used")
    return value
