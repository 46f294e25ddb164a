"""The policies of an organization's accounts, read through one role in each; nothing is changed anywhere.

Sources: https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html,
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_access.html (the role in each account)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from stsctl.arn import Arn
from stsctl.credentials import Credentials
from stsctl.dataclass import dataclass
from stsctl.errors import StsctlError
from stsctl.request import Asker, Operation, SessionRequest
from stsctl.sources.authorization_details import Reader
from stsctl.sources.interface import Exchange
from stsctl.sources.throttling import patiently


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationAccounts:
    """Reads accounts as the one who has `reader`'s credentials in `own_account`, and by the role `via` elsewhere,
    assumed by `exchange`.

    `sleep` waits so many seconds.
    """

    reader: Reader
    exchange: Exchange
    own_account: str
    via: str
    session_name: str
    sleep: Callable[[float], None]

    def all(self) -> list[str]:
        """The ids of the organization's active accounts; raises RefusedError, UnavailableError."""
        return [account["Id"] for account in self.reader.accounts() if account.get("Status") == "ACTIVE"]

    def each(self, accounts: Sequence[str], at_once: int) -> Iterator[tuple[str, Mapping[str, Any] | StsctlError]]:
        """The answer of each account as it comes, or why there is none; several are asked at a time."""
        from concurrent.futures import ThreadPoolExecutor, as_completed

        with ThreadPoolExecutor(at_once) as several:
            asked = {
                several.submit(patiently, partial(self._read, account), self.sleep): account for account in accounts
            }
            try:
                for answer in as_completed(asked):
                    error = answer.exception()
                    if error is not None and not isinstance(error, StsctlError):
                        raise error
                    yield asked[answer], error if isinstance(error, StsctlError) else answer.result()
            except BaseException:
                several.shutdown(wait=False, cancel_futures=True)
                raise

    def _read(self, account: str) -> Mapping[str, Any]:
        if account == self.own_account:
            return self.reader.account()
        return replace(self.reader, credentials=self._inside(account)).account()

    def _inside(self, account: str) -> Credentials:
        """A session of the role in an account, which is held nowhere."""
        endpoint = self.reader.endpoint
        request = SessionRequest(
            operation=Operation.ASSUME_ROLE,
            endpoint=endpoint,
            asker=Asker.of_keys(self.reader.credentials.access_key_id),
            role_arn=Arn.parse_role(f"arn:{endpoint.partition}:iam::{account}:role/{self.via}"),
            session_name=self.session_name,
        )
        return self.exchange.obtain(request, self.reader.credentials, None).credentials
