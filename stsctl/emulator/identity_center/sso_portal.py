"""Identity Center's portal (sso): what somebody with an access token has where, and the credentials for it.

Source: https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/; the messages are as people quote them.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from stsctl.emulator.identity_center.permission_set_sessions import PermissionSetSessions, no_access
from stsctl.emulator.identity_center.sso_tokens import PortalSession, SsoTokens
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer, Result
from stsctl.emulator.seeds.identity_center import IdentityCenter
from stsctl.emulator.web import rest_json
from stsctl.emulator.world.faults import Faults
from stsctl.emulator.world.journal import Entry

_Item = TypeVar("_Item")

_BEARER = "x-amz-sso_bearer_token"
_NAMESPACE = "com.amazonaws.switchboard.portal"
_OPERATIONS = {
    ("GET", "/assignment/accounts"): "ListAccounts",
    ("GET", "/assignment/roles"): "ListAccountRoles",
    ("GET", "/federation/credentials"): "GetRoleCredentials",
    ("POST", "/logout"): "Logout",
}


class SsoPortal:
    """Answers the operations; `names` are those of the accounts, by id."""

    def __init__(
        self,
        center: IdentityCenter,
        tokens: SsoTokens,
        roles: PermissionSetSessions,
        *,
        faults: Faults,
        names: Mapping[str, str],
    ) -> None:
        self._center = center
        self._tokens = tokens
        self._roles = roles
        self._faults = faults
        self._names = names
        self._operations: dict[str, Callable[[Request, PortalSession, Entry], Result]] = {
            "ListAccounts": self._list_accounts,
            "ListAccountRoles": self._list_account_roles,
            "GetRoleCredentials": self._get_role_credentials,
            "Logout": self._logout,
        }

    def answer(self, asked: Request, entry: Entry) -> Answer | None:
        """The answer, None for what is no operation of the service: buckets could have the names of its paths."""
        operation = _OPERATIONS.get((asked.method, asked.path))
        token = asked.header(_BEARER)
        if operation is None or token is None:
            return None
        entry.service, entry.action = "sso", f"sso:{operation}"
        try:
            rest_json.meet(self._faults, entry.action, "TooManyRequestsException", 429)
            session = self._tokens.bearer(token, entry.at)
            entry.who = session.user.name
            return rest_json.succeed(self._operations[operation](asked, session, entry))
        except Refusal as refusal:
            entry.refuse(refusal)
            content = {"message": refusal.message, "__type": f"{_NAMESPACE}#{refusal.code}"}
            return rest_json.refuse(refusal, content)

    def _list_accounts(self, asked: Request, session: PortalSession, _entry: Entry) -> Result:
        accounts, following = _page(asked, self._center.accounts_of(session.user))
        found = [
            {"accountId": account, "accountName": self._names[account], "emailAddress": f"{account}@example.com"}
            for account in accounts
        ]
        return {"accountList": found, "nextToken": following}

    def _list_account_roles(self, asked: Request, session: PortalSession, _entry: Entry) -> Result:
        account = _argument(asked, "account_id")
        if account not in self._names:
            raise Refusal("ResourceNotFoundException", "Account not found", 404)
        found = self._center.permission_sets_of(session.user, account)
        if not found:
            raise no_access("no permission set of the account is assigned to the user")
        roles, following = _page(asked, found)
        return {"roleList": [{"roleName": one.name, "accountId": account} for one in roles], "nextToken": following}

    def _get_role_credentials(self, asked: Request, session: PortalSession, entry: Entry) -> Result:
        account, name = _argument(asked, "account_id"), _argument(asked, "role_name")
        found = self._roles.issue(session.user, account, name, asked, entry)
        return {
            "roleCredentials": {
                "accessKeyId": found["AccessKeyId"],
                "secretAccessKey": found["SecretAccessKey"],
                "sessionToken": found["SessionToken"],
                "expiration": int(found["Expiration"].timestamp() * 1000),
            }
        }

    def _logout(self, _asked: Request, session: PortalSession, _entry: Entry) -> Result:
        """The tokens of this sign-in are over; the roles' sessions last as long as they do."""
        session.signed_out = True
        return {}


def _page(asked: Request, items: Sequence[_Item]) -> tuple[Sequence[_Item], str | None]:
    """The items that a page has, and the token of the next one."""
    size, token = asked.argument("max_result"), asked.argument("next_token")
    if size is not None and not (size.isascii() and size.isdigit() and len(size) <= 3 and 1 <= int(size) <= 100):
        raise _invalid("max_result must be from 1 to 100")
    try:
        first = int(base64.b64decode(token.encode(), validate=True)) if token else 0
    except ValueError as error:
        raise _invalid("Invalid next_token") from error
    if not 0 <= first <= len(items):
        raise _invalid("Invalid next_token")
    last = first + int(size or 100)
    following = base64.b64encode(str(last).encode()).decode() if last < len(items) else None
    return items[first:last], following


def _argument(asked: Request, name: str) -> str:
    value = asked.argument(name)
    if not value:
        raise _invalid(f"Missing required parameter: {name}")
    return value


def _invalid(message: str) -> Refusal:
    return Refusal("InvalidRequestException", message, 400)
