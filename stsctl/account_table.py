"""`[accounts]` of a configuration: what people call accounts, by their ids."""

from __future__ import annotations

from collections.abc import Mapping

from stsctl import limits
from stsctl.tables import Table, misplaced


def entry(table: Table) -> Mapping[str, str]:
    """What the table says; raises ConfigurationError with its line."""
    for account_id in table:
        if not limits.is_account_id(account_id):
            what = f'"{account_id}" has not the 12 digits of an account'
            raise table.problem(account_id, what, hint=misplaced(account_id))
    return {account_id: table.needed(account_id, "payments") for account_id in table}
