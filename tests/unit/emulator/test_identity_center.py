"""Identity Center in a seed: what it becomes, and how its mistakes are told."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from stsctl.emulator.protocol import saml_document
from stsctl.emulator.seeds import permission_sets, seed
from stsctl.emulator.seeds.organisation import Account
from stsctl.errors import ConfigurationError
from tests.unit.emulator.center import PRODUCTION, START_URL, TOML, WORK

ORGANISATION = seed.parse(TOML.encode(), "x.toml")


def account(number: str) -> Account:
    """An account of the seed."""
    return next(one for one in ORGANISATION.accounts if one.id == number)


def test_everything_is_read() -> None:
    """Portal, users and permission sets arrive; what is left out has AWS's defaults."""
    center = ORGANISATION.identity_center
    assert center is not None
    assert (center.start_url, center.region, center.instance_id) == (
        START_URL,
        "eu-central-1",
        "ssoins-0123456789abcdef",
    )
    assert center.session_duration == timedelta(hours=8)
    dora, eve = center.users
    assert (dora.email, dora.groups, dora.password is not None) == ("dora@acme.example", ("platform",), True)
    assert (eve.email, eve.groups, eve.password) == ("eve@example.com", (), None)
    administrator = center.permission_set("Administrator")
    assert administrator is not None
    assert administrator.session_duration == timedelta(hours=2)
    assert administrator.relay_state == "https://eu-central-1.console.aws.amazon.com/s3/"
    assert center.accounts_of(dora) == (WORK, PRODUCTION)
    assert [one.name for one in center.permission_sets_of(dora, PRODUCTION)] == ["Administrator", "ListBuckets"]
    assert center.accounts_of(eve) == (WORK,)


def test_permission_sets_become_roles() -> None:
    """Each account has a role for each permission set that is assigned in it, named and trusted as AWS does."""
    center = ORGANISATION.identity_center
    assert center is not None
    roles = {role.name: role for role in account(PRODUCTION).roles}
    name = permission_sets.role_name(center, "Administrator", PRODUCTION)
    assert len(roles) == 2
    assert name.startswith("AWSReservedSSO_Administrator_")
    assert int(name[-16:], 16) > 0
    assert name[-16:] != permission_sets.role_name(center, "Administrator", WORK)[-16:]
    role = roles[name]
    assert (role.path, role.max_duration) == ("/aws-reserved/sso.amazonaws.com/eu-central-1/", timedelta(hours=12))
    assert (role.managed, role.boundary) == (("arn:aws:iam::aws:policy/AdministratorAccess",), "Limit")
    (provider,) = account(PRODUCTION).saml_providers
    assert provider.name.startswith("AWSSSO_")
    assert provider.name.endswith("_DO_NOT_DELETE")
    assert saml_document.read_metadata(provider.metadata).issuer == center.issuer_url
    (statement,) = json.loads(role.trust)["Statement"]
    assert statement == {
        "Effect": "Allow",
        "Principal": {"Federated": f"arn:aws:iam::{PRODUCTION}:saml-provider/{provider.name}"},
        "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"],
        "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
    }
    (inline,) = roles[permission_sets.role_name(center, "ListBuckets", PRODUCTION)].policies
    assert inline[0] == "AwsSSOInlinePolicy"
    assert "s3:ListAllMyBuckets" in inline[1]


def test_first_region_is_not_in_the_path() -> None:
    """The roles of an instance in us-east-1 have no region in their path."""
    text = TOML.replace('region = "eu-central-1"\n', "")
    (role,) = next(one for one in seed.parse(text.encode(), "x").accounts if one.id == WORK).roles
    assert role.path == "/aws-reserved/sso.amazonaws.com/"


C = "[account.111111111111]\n[identity_center]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("start_ulr = 'x'", 'x.toml:3: unknown key "start_ulr"'),
        ("start_url = 'http://x'", "x.toml:3: start_url is not the URL of a portal"),
        ("region = 'here'", "x.toml:3: region is not a region"),
        ("instance_id = 'x'", "x.toml:3: instance_id is not an id as ssoins-0123456789abcdef"),
        ("session_duration = '5m'", "x.toml:3: session_duration is from 15m to 90d"),
        ("user.'a b' = {}", 'x.toml:3: "a b" is not a user name'),
        ("user.dora.email = 'x'", "x.toml:3: email is not an e-mail address"),
        ("user.dora.groups = ['x']", 'x.toml:3: there is no group "x" in this seed'),
        ("group.x.y = 1", 'x.toml:3: unknown key "y"'),
        ("user.dora = {}\nuser.Dora = {}", 'x.toml:3: two users are called "dora"'),
        ("permission_set.'a b' = {}", 'x.toml:3: "a b" is not a name of at most 32'),
        ("permission_set.A.session_duration = '13h'", "x.toml:3: session_duration is from 1h to 12h"),
        ("permission_set.A.relay_state = 'x'", "x.toml:3: relay_state is not a URL"),
        ("permission_set.A.policy = '{}'", "x.toml:3: policy: "),
        ("permission_set.A.assign.333333333333.users = ['x']", 'there is no account "333333333333" in this seed'),
        ("permission_set.A.assign.111111111111 = {}", "assigns to nobody"),
        ("permission_set.A.assign.111111111111.users = ['x']", 'x.toml:3: there is no user "x" in this seed'),
        (
            "user.dora = {}\npermission_set.A = { managed = ['M'], assign.111111111111.users = ['dora'] }",
            'x.toml:4: there is no policy "M" in account 111111111111',
        ),
    ],
)
def test_mistakes_are_told_with_their_line(text: str, said: str) -> None:
    """A seed that cannot be used says where and why."""
    with pytest.raises(ConfigurationError) as error:
        seed.parse((C + text).encode(), "x.toml")
    assert said in error.value.message
