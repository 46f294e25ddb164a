"""Moving in from saml2aws: its accounts at identity providers become sources, what they are for becomes roles."""

from __future__ import annotations

from stsctl.other_tools.finding import Outcome
from tests.unit.other_tools.texts import SAML2AWS, SAML2AWS_CREDENTIALS, SAML2AWS_PROFILES, found, values

URLS = {
    "default": "https://acme.okta.com/home/amazon_aws/0oa1b2c3d4/272",
    "adfs": "https://id.example.com/adfs/ls/IdpInitiatedSignOn.aspx?loginToRp=urn:amazon:webservices",
    "azure": "https://account.activedirectory.windowsazure.com/applications/redirecttofederatedapplication.aspx"
    "?Operation=LinkedSignIn&applicationId=2784b9b1-53ed-4883-95a8-56bf94ad4f5f",
    "google": "https://accounts.google.com/o/saml2/initsso?idpid=C1&spid=2&forceauthn=false#x",
}


def test_an_account_is_the_page_at_which_its_provider_begins() -> None:
    """Made of the section's keys as saml2aws makes it; a value in quotes is what is in them."""
    there = found("saml2aws", SAML2AWS)
    made = {name: values(there[f'idp_account "{name}"'])["sign_in_url"] for name in URLS}
    assert made == URLS
    assert values(there['idp_account "default"'])[""] == 'source "okta"'


def test_a_role_is_called_as_the_profile_that_people_have_its_session_in() -> None:
    """`saml` is what nobody chose; a length of an hour, too."""
    there = found("saml2aws", SAML2AWS, credentials=SAML2AWS_CREDENTIALS)
    admin = {"role_arn": "arn:aws:iam::222222222222:role/Admin", "region": "eu-west-1", "duration": "28800"}
    assert values(there['role of "default"']) == {"": 'role "saml"', "from": "okta", **admin}
    dev = {"": 'role "dev"', "from": "azure", "role_arn": "arn:aws:iam::111111111111:role/Dev"}
    assert values(there['role of "azure"']) == dev
    assert 'role of "adfs"' not in there
    assert there['profile "saml"'].note == "temporary credentials: stsctl gets its own"


def test_a_profile_that_runs_it_is_a_role_of_its_account() -> None:
    """What SDKs get their credentials from."""
    there = found("saml2aws", SAML2AWS, aws=SAML2AWS_PROFILES)
    ops = {"": 'role "ops"', "from": "adfs", "role_arn": "arn:aws:iam::111111111111:role/Ops", "region": "us-east-1"}
    assert values(there['profile "ops"']) == ops
    assert there['profile "lost"'].note == 'there is no idp_account "gone"'


def test_a_provider_without_a_page_is_told_with_what_to_write() -> None:
    """OneLogin's is asked by an API."""
    one = found("saml2aws", SAML2AWS)['idp_account "one"']
    assert (one.outcome, str(one.origin)) == (Outcome.STAYS, "theirs:50")
    assert 'the page at which "OneLogin" begins is not in it' in one.note


def test_hostile_settings_are_told() -> None:
    """Whatever is in the file; an address that is none is what stsctl would refuse."""
    for text in (b"\xff", b"[a]\nno value", b"x = 1", b"[a]\n[a]"):
        (told,) = found("saml2aws", text).values()
        assert told.outcome is Outcome.STAYS
    there = found("saml2aws", SAML2AWS.replace("https://acme.okta.com", "javascript:alert"))
    assert there['idp_account "default"'].outcome is Outcome.STAYS
    assert there['role of "default"'].note == '"okta", from which it begins, is not carried over'
