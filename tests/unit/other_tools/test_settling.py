"""What was found, beside what is here: nothing is written in place of anything."""

from __future__ import annotations

from stsctl.other_tools.finding import Outcome
from tests.unit.other_tools.texts import GRANTED, SAML2AWS, SAML2AWS_CREDENTIALS, found, values

ROLE = 'profile "testing/DevRole"'
SOURCE = 'sign-in "acme"'
_SOURCE = '[source.{}]\ntype = "identity-center"\nstart_url = "https://acme.awsapps.com/start"\nsso_region = "{}"\n'
_ROLE = '[role."testing/DevRole"]\ntype = "permission-set"\nfrom = "{}"\naccount_id = "123456789012"\n'
_SAME = _ROLE + 'role_name = "DevRole"\nregion = "us-west-2"\n'


def test_a_second_time_there_is_nothing_to_write() -> None:
    """What the first wrote is there, and says the same."""
    added = _SOURCE.format("acme", "ap-southeast-2") + _SAME.format("acme")
    there = found("granted", aws=GRANTED, added=added)
    assert {there[SOURCE].outcome, there[ROLE].outcome} == {Outcome.THERE}


def test_a_sign_in_that_is_configured_is_used_by_its_own_name() -> None:
    """Whatever the person called it."""
    there = found("granted", aws=GRANTED, here=_SOURCE.format("mine", "ap-southeast-2"))
    assert values(there[ROLE])["from"] == "mine"


def test_a_source_whose_name_is_taken_is_called_otherwise() -> None:
    """Only roles name it, so that another name will do."""
    there = found("granted", aws=GRANTED, here=_SOURCE.format("acme", "eu-west-1"))
    assert values(there[SOURCE])[""] == 'source "acme-granted"'
    assert values(there[ROLE])["from"] == "acme-granted"


def test_a_role_whose_name_is_taken_is_told_and_left() -> None:
    """People type it, so that there is one of that name."""
    there = found(
        "granted",
        aws=GRANTED,
        here=_SOURCE.format("other", "eu-west-1") + _ROLE.format("other") + 'role_name = "Other"\n',
    )
    assert (there[ROLE].outcome, there[ROLE].entry) == (Outcome.STAYS, None)
    assert there[ROLE].note == 'the name "testing/DevRole" is taken: config.toml:5'


def test_a_profile_that_is_something_else_keeps_its_name() -> None:
    """What stsctl added would come before it, and nobody said so."""
    other = "[profile saml]\nrole_arn = arn:aws:iam::999999999999:role/Other\ncredential_source = Environment\n"
    role = found("saml2aws", SAML2AWS, aws=other)['role of "default"']
    assert (role.outcome, role.note) == (Outcome.STAYS, 'the name "saml" is taken: ~/.aws/config:1')
    assert found("saml2aws", SAML2AWS, credentials=SAML2AWS_CREDENTIALS)['role of "default"'].outcome is Outcome.BECOMES


def test_what_a_role_is_also_called_is_taken_too() -> None:
    """Or added.toml and config.toml could not be read together."""
    other = _ROLE.replace("testing/DevRole", "dev").format("other") + 'role_name = "Other"\n'
    here = _SOURCE.format("other", "eu-west-1") + other + 'aliases = ["testing/DevRole"]\n'
    there = found("granted", aws=GRANTED, here=here)
    assert there[ROLE].note == 'the name "testing/DevRole" is taken: config.toml:5'


def test_what_stsctl_would_refuse_is_told_with_its_reason_and_so_is_what_begins_there() -> None:
    """An account's id that is none, a page that is none."""
    wrong = GRANTED.replace("= 123456789012", "= 12345", 1)
    assert found("granted", aws=wrong)[ROLE].note == 'account_id "12345" has not the 12 digits of an account'
    there = found("granted", aws=GRANTED.replace("https://acme", "javascript://acme", 1))
    assert there['sign-in "sso"'].outcome is Outcome.STAYS
    assert there[ROLE].note == '"sso", from which it begins, is not carried over'
