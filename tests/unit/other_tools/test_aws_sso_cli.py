"""Moving in from aws-sso-cli: instances become sources, and roles what it names or generated."""

from __future__ import annotations

import itertools

import pytest

from stsctl.other_tools.finding import Outcome
from tests.unit.other_tools.texts import AWS_SSO, AWS_SSO_PROFILES, found, values


def test_roles_have_the_names_that_people_type() -> None:
    """The generated profile's, else what the file says of the role, else what its template makes."""
    there = found("aws-sso-cli", AWS_SSO, aws=AWS_SSO_PROFILES)
    roles = [what for what, each in there.items() if each.outcome is Outcome.BECOMES and what.startswith("role")]
    assert roles == ['role "logs"', 'role "Log archive/Deep"', 'role "222222222222:Admin"', 'role "gov:Admin"']
    assert str(there['role "gov:Admin"'].origin) == "~/.aws/config:7"
    without = found("aws-sso-cli", AWS_SSO.replace(" .AccountName }}", " .Tags | x }}"))
    assert 'role "Log-archive:Deep"' in without


def test_what_is_said_of_an_account_and_a_role_is_carried_over() -> None:
    """An account's id is no number; tags are what the picker finds; a colour is one of the browser's."""
    there = found("aws-sso-cli", AWS_SSO, aws=AWS_SSO_PROFILES)
    assert values(there['sign-in "acme"'])[""] == 'source "acme"'
    assert values(there['sign-in "govcloud"'])[""] == 'source "govcloud"'
    assert values(there['role "logs"']) == {
        "": 'role "logs"',
        "from": "acme",
        "type": "permission-set",
        "account_id": "012345670123",
        "role_name": "ReadOnly",
        "region": "eu-central-1",
        "description": "ReadOnly in Log archive, Type=Sub Account, Team=platform",
        "color": "red",
    }


def test_a_role_that_is_reached_by_way_of_another_is_a_role_from_that() -> None:
    """With what its trust policy asks for."""
    deep = values(found("aws-sso-cli", AWS_SSO)['role "Log archive/Deep"'])
    said = {key: deep[key] for key in ("from", "role_arn", "external_id", "source_identity", "region")}
    assert said == {
        "from": "logs",
        "role_arn": "arn:aws:iam::012345670123:role/Deep",
        "external_id": "x-42",
        "source_identity": "alice",
        "region": "us-west-2",
    }


def test_what_cannot_be_carried_over_is_told_with_its_place() -> None:
    """A way that goes round, an account that is none, an instance that is gone, a browser."""
    there = found("aws-sso-cli", AWS_SSO, aws=AWS_SSO_PROFILES)
    left = {what: (each.note, str(each.origin)) for what, each in there.items() if each.outcome is Outcome.STAYS}
    round_ = "222222222222:Round"
    assert left == {
        f'role "{round_}"': (f'the roles go round: "{round_}" begins at "{round_}"', "theirs:26"),
        'role "Admin"': ('"nonsense" and "Admin" are no account and role', "theirs:30"),
        'role "old:Admin"': ('its config.yaml has no StartUrl and SSORegion of "Gone"', "~/.aws/config:10"),
        "UrlExecCommand": ("config.toml is yours to write", "theirs:36"),
    }
    assert there["UrlExecCommand"].hint == 'config.toml: [console] browser = ["/usr/bin/firefox", "{url}"]'


LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGH"
BOMB = "a: &a [x, x]\n" + "".join(f"{n}: &{n} [*{m}, *{m}]\n" for m, n in itertools.pairwise(LETTERS))


@pytest.mark.parametrize(
    "text",
    [
        b"\xff\xfe",
        b"{" * 2000,
        BOMB.encode(),
        b"!!python/object/apply:os.system ['true']",
        b"SSOConfig: [1, 2]",
        b"SSOConfig:\n  a: {Accounts: {1: {Roles: {x: {Via: [1]}}}}}",
        b"a: b: c",
        b"",
        b"\x00",
    ],
    ids=["bytes", "deep", "bomb", "python", "list", "odd", "yaml", "empty", "nul"],
)
def test_hostile_settings_end_and_are_told(text: bytes) -> None:
    """No object is made, nothing grows without end, and the profiles are told all the same."""
    there = found("aws-sso-cli", text, aws=AWS_SSO_PROFILES)
    assert there['role "gov:Admin"'].outcome is Outcome.STAYS
