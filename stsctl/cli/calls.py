"""What AWS is asked besides sessions, with one at hand: the calls of commands that answer a question."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Secret
from stsctl.dataclass import dataclass
from stsctl.request import Endpoint
from stsctl.signing_in import SigningIn

if TYPE_CHECKING:
    from stsctl.sources.authorization_details import Reader
    from stsctl.sources.client import Clients
    from stsctl.sources.delegated_token import Delegated
    from stsctl.sources.http import Http
    from stsctl.sources.organization_accounts import OrganizationAccounts
    from stsctl.sources.outbound_token import OutboundToken
    from stsctl.sources.role_policy import RolePolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """Calls with these `credentials` at that endpoint; all of them raise RefusedError and UnavailableError."""

    clients: Clients
    http: Callable[[], Http]
    endpoint: Endpoint
    credentials: Credentials

    def account_of_key(self, access_key_id: str) -> str:
        """The account of an access key (GetAccessKeyInfo)."""
        from stsctl.sources.identity import account_of_key

        return account_of_key(self.clients, self.endpoint, self.credentials, access_key_id)

    def decoded_message(self, encoded: str) -> str:
        """What an encoded message says (DecodeAuthorizationMessage)."""
        from stsctl.sources.identity import decoded_message

        return decoded_message(self.clients, self.endpoint, self.credentials, encoded)

    def trust_policy(self, role: Arn) -> object:
        """The trust policy of a role (GetRole)."""
        from stsctl.sources import role_trust

        return role_trust.read(self.clients, self.endpoint, self.credentials, role)

    def role_policy(self, role: Arn, name: str) -> RolePolicy:
        """An inline policy of a role."""
        from stsctl.sources.role_policy import RolePolicy

        return RolePolicy(
            clients=self.clients,
            endpoint=self.endpoint,
            credentials=self.credentials,
            role=role.resource_name,
            name=name,
        )

    def reader(self) -> Reader:
        """What the policies of the account, and the organization, are read by."""
        from stsctl.sources.authorization_details import Reader

        return Reader(clients=self.clients, endpoint=self.endpoint, credentials=self.credentials)

    def id_token(
        self,
        *,
        audiences: tuple[str, ...],
        algorithm: str,
        lasts: timedelta | None,
        tags: tuple[tuple[str, str], ...],
    ) -> OutboundToken:
        """A token for services outside of AWS (GetWebIdentityToken)."""
        from stsctl.sources.outbound_token import outbound_token

        return outbound_token(
            self.clients,
            self.endpoint,
            self.credentials,
            audiences=audiences,
            algorithm=algorithm,
            lasts=lasts,
            tags=tags,
        )

    def delegated(self, trade_in: Secret) -> Delegated:
        """The credentials that a token of somebody else is traded for (GetDelegatedAccessToken)."""
        from stsctl.sources.delegated_token import delegated

        return delegated(self.clients, self.endpoint, self.credentials, trade_in)

    def signin_token(self, way: SigningIn, lasts: timedelta | None) -> Secret:
        """A token that signs in to the console."""
        from stsctl.sources.signin_token import signin_token

        return signin_token(self.http(), self.endpoint, way, self.credentials, lasts)

    def accounts(
        self, *, own_account: str, via: str, session_name: str, sleep: Callable[[float], None]
    ) -> OrganizationAccounts:
        """What the organization's accounts are read by."""
        from stsctl.sources.assume_role import AssumeRole
        from stsctl.sources.organization_accounts import OrganizationAccounts

        return OrganizationAccounts(
            reader=self.reader(),
            exchange=AssumeRole(clients=self.clients),
            own_account=own_account,
            via=via,
            session_name=session_name,
            sleep=sleep,
        )
