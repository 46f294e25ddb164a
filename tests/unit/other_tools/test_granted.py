"""Moving in from granted: its sign-ins become sources, its profiles roles, its keys are offered."""

from __future__ import annotations

import pytest

from stsctl.other_tools import granted
from stsctl.other_tools.finding import File, Outcome
from tests.unit.other_tools.texts import GRANTED, GRANTED_SETTINGS, found, values


def test_profiles_become_roles_of_one_source_for_each_sign_in() -> None:
    """The settings' name is the source's, and the same sign-in is one, however its address is written."""
    there = found("granted", GRANTED_SETTINGS, aws=GRANTED)
    url = "https://acme.awsapps.com/start"
    assert values(there['sign-in "acme"']) == {
        "": 'source "acme"', "type": "identity-center", "start_url": url, "sso_region": "ap-southeast-2"
    }  # fmt: skip
    permission_set = {"type": "permission-set", "account_id": "123456789012"}
    role = {"from": "acme", "role_name": "DevRole", "region": "us-west-2"}
    assert values(there['profile "testing/DevRole"']) == {"": 'role "testing/DevRole"', **permission_set, **role}
    assert values(there['profile "by-session"'])["from"] == "corp"
    assert values(there['sign-in "corp"'])[""] == 'source "corp"'


def test_what_sdks_read_before_they_run_granted_works_as_it_is() -> None:
    """A profile of Identity Center is one also where granted was written beside it."""
    usual = found("granted", aws=GRANTED)['profile "usual"']
    assert (usual.outcome, usual.note) == (Outcome.AS_IT_IS, '"usual" → permission set Usual in 123456789012')


def test_keys_in_its_keyring_are_offered_under_the_name_of_their_profile() -> None:
    """Which is what its program is asked for."""
    offered = found("granted", aws=GRANTED, items=("bot",))['keys "bot"']
    assert offered.outcome is Outcome.KEYS
    left = found("granted", aws=GRANTED, items=())['keys "bot"']
    assert (left.outcome, left.note) == (Outcome.STAYS, "it has none of that name")
    assert left.hint == "stsctl keys add bot"


def test_what_cannot_be_carried_over_is_told_with_its_place_and_what_to_write() -> None:
    """A browser, a registry, a profile without a sign-in."""
    there = found("granted", GRANTED_SETTINGS, aws=GRANTED)
    browser, registry, broken = (
        there[what] for what in ('DefaultBrowser "FIREFOX"', 'profile registry "acme"', 'profile "broken"')
    )
    assert str(browser.origin) == "theirs:1"
    assert browser.hint == 'config.toml: [console] browser = ["/usr/bin/firefox", "{url}"]'
    assert str(registry.origin) == "theirs:15"
    assert "granted_sso_start_url" in broken.note
    assert {each.outcome for each in (browser, registry, broken)} == {Outcome.STAYS}


def test_its_settings_say_where_its_keyring_is() -> None:
    """The default is a collection of its own."""
    there = granted.keyring({}, File(place="theirs", text=GRANTED_SETTINGS.encode()))
    assert (there.collection, there.backend) == ("mine", "secret-service")
    assert granted.keyring({}, None).collection == "granted-aws-iam-credentials"


@pytest.mark.parametrize("text", [b"\xff", b"a = [", b"SSO = 3", b"SSO.a = []", b'SSO.a.StartURL = ["x"]', b"a" * 9000])
def test_hostile_settings_are_told_and_the_profiles_are_read(text: bytes) -> None:
    """Whatever is in that file."""
    there = found("granted", text, aws=GRANTED)
    assert there['profile "testing/DevRole"'].outcome is Outcome.BECOMES
    assert granted.keyring({}, File(place="theirs", text=text)).backend is None
