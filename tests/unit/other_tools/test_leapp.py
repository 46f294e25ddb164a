"""Moving in from Leapp: integrations and pages become sources, sessions become roles, keys are offered."""

from __future__ import annotations

import json

import pytest

from stsctl.other_tools.finding import KeptKeys, Outcome
from tests.unit.other_tools.texts import LEAPP, found, settled, values


def test_sessions_become_roles() -> None:
    """Those that are called the same are told apart by their roles."""
    there = found("leapp", LEAPP, items=("u1",))
    assert values(there['sign-in "acme"'])[""] == 'source "acme"'
    reader = {"from": "acme", "type": "permission-set", "account_id": "111111111111", "role_name": "Reader"}
    assert values(there['session "Acme/Reader"']) == {"": 'role "Acme/Reader"', **reader, "region": "eu-west-1"}
    assert values(there['session "prod"']) == {
        "": 'role "prod"',
        "from": "me",
        "role_arn": "arn:aws:iam::222222222222:role/Prod",
        "region": "us-east-1",
        "session_name": "assumed-from-leapp",
    }
    assert values(there['session "fed"'])["from"] == "Okta"
    page = "https://acme.okta.com/home/amazon_aws/0oa1/272"
    provider = "arn:aws:iam::222222222222:saml-provider/Okta"
    source = {"": 'source "Okta"', "type": "saml", "sign_in_url": page, "provider_arn": provider}
    assert values(there[f"sign-in at {page} for {provider}"]) == source


def test_keys_of_a_user_are_offered_by_the_id_that_they_are_filed_under() -> None:
    """With the user's device."""
    keys = KeptKeys(name="me", item="u1", mfa_serial="arn:aws:iam::111111111111:mfa/me", region="eu-west-1")
    assert found("leapp", LEAPP, items=("u1", "other"))['keys "me"'].keys == keys
    assert found("leapp", LEAPP)['keys "me"'].hint == "stsctl keys add me"


def test_what_cannot_be_carried_over_is_told() -> None:
    """A session whose beginning is gone, and what is not AWS's."""
    there = found("leapp", LEAPP)
    left = {what: each.note for what, each in there.items() if each.outcome is Outcome.STAYS}
    assert left['session "orphan"'] == "the session that it begins at is gone"
    assert left['session "Sub"'] == "stsctl knows AWS alone, and this is Azure"


@pytest.mark.parametrize(
    "text",
    [
        b"{",
        b"[]",
        b'{"_sessions": 3}',
        b'{"_sessions": [3, null, [], {}]}',
        json.dumps({"_sessions": [{"type": ["x"], "sessionName": {"a": 1}}, {"type": "awsSsoRole"}]}).encode(),
        b'{"a":' * 5000,
    ],
)
def test_hostile_workspaces_end_and_are_told(text: bytes) -> None:
    """Whatever is in there."""
    assert all(each.outcome is Outcome.STAYS for each in settled("leapp", text))
