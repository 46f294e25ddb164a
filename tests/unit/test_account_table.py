"""What people call accounts."""

from __future__ import annotations

import pytest

from stsctl import configuration, profile
from stsctl.errors import ConfigurationError
from stsctl.formats import added
from stsctl.listing import listing
from stsctl.origin import Shared
from stsctl.search import Search
from stsctl.shared_file import SharedFile, Trust
from stsctl.sharing import merged

CONFIG = b"""
[accounts]
222222222222 = "Payments"

[source.work]
type = "keys"

[role.admin]
role_arn = "arn:aws:iam::222222222222:role/Admin"
from = "work"

[role.billing]
type = "permission-set"
account_id = "333333333333"
role_name = "Billing"
from = "work"
"""
ADDED = added.with_import(b"", None, {}, (), accounts={"222222222222": "Account Two", "333333333333": "Dev"})
AWS = b"[profile old]\nrole_arn = arn:aws:iam::222222222222:role/Old\nsource_profile = x\n"


def test_a_role_is_found_by_what_its_account_is_called() -> None:
    """Where the person says it, or an import did, whose word counts less; AWS profiles, too."""
    found = configuration.load(CONFIG, ADDED)
    assert dict(found.accounts) == {"222222222222": "Payments", "333333333333": "Dev"}
    names = listing(found, profile.load(AWS, None))
    search = Search(names.names, names.texts, {})
    assert search.find("payments") == ["admin", "old"]
    assert search.find("dev billing") == ["billing"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('2222 = "x"', 'config.toml:2: "2222" has not the 12 digits of an account'),
        ("222222222222 = 1", "config.toml:2: 222222222222 is a number, it takes a text in quotes"),
        ('222222222222 = ""', "config.toml:2: 222222222222 is empty"),
    ],
)
def test_what_is_no_account(line: str, said: str) -> None:
    """It is refused, with its line."""
    with pytest.raises(ConfigurationError) as caught:
        configuration.load(f"[accounts]\n{line}\n".encode(), None)
    assert caught.value.message == said


def test_a_team_names_those_that_the_person_does_not() -> None:
    """An included file may; a project's may not, for what is true of an account does not depend on where one is."""
    content = b'[accounts]\n222222222222 = "Sandbox"\n444444444444 = "Shared"\n'
    file = SharedFile(content=content, path="/t.toml", place="t.toml", trust=Trust.NONE)
    found = merged(configuration.load(CONFIG, None), [file])
    assert dict(found.accounts) == {"222222222222": "Payments", "444444444444": "Shared"}
    of_project = SharedFile(
        content=content, path="/p/.stsctl.toml", place="p", trust=Trust.GIVEN, shared=Shared.PROJECT
    )
    refused = merged(configuration.load(CONFIG, None), [of_project])
    assert dict(refused.accounts) == {"222222222222": "Payments"}
    assert len(refused.troubles) == 1
