"""Seeds: what TOML becomes, and how its mistakes are told."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from stsctl.emulator.seeds import seed
from stsctl.errors import ConfigurationError

TRUST = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}'
ALLOW = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
FULL = f"""
[account.111111111111]
name = "work"
policy.Own = '{ALLOW}'

[account.111111111111.group.devs]
managed = ["Own"]

[account.111111111111.user.eve]
path = "/people/"
tags = {{ team = "blue" }}
groups = ["devs"]
boundary = "Own"
key.main = {{ id = "AKIAEXAMPLEEXAMPLE01", secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY00" }}
key.other = {{}}
mfa = {{ name = "phone", seed = "jbswy3dpehpk3pxp" }}
policies.all = '{ALLOW}'

[account.111111111111.role.Deploy]
max_duration = "90m"
description = "deploys"
managed = ["arn:aws:iam::aws:policy/ReadOnlyAccess", "Own"]
[account.111111111111.role.Deploy.trust]
Version = "2012-10-17"
Statement = [{{ Effect = "Allow", Principal = {{ Service = "ec2.amazonaws.com" }}, Action = "sts:AssumeRole" }}]
"""


def test_everything_is_read() -> None:
    """Each kind of thing that a seed can hold arrives, policies as text or as tables."""
    (account,) = seed.parse(FULL.encode(), "x.toml").accounts
    (user,) = account.users
    assert (account.id, account.name, account.policies) == ("111111111111", "work", (("Own", ALLOW),))
    assert (user.name, user.path, user.groups, user.boundary) == ("eve", "/people/", ("devs",), "Own")
    assert [key.id for key in user.keys] == ["AKIAEXAMPLEEXAMPLE01", None]
    assert user.mfa is not None
    assert user.mfa.seed is not None
    assert (user.mfa.name, user.mfa.seed.reveal()) == ("phone", "JBSWY3DPEHPK3PXP")
    (role,) = account.roles
    assert role.max_duration == timedelta(minutes=90)
    assert json.loads(role.trust)["Statement"][0]["Principal"] == {"Service": "ec2.amazonaws.com"}


def test_built_in_is_read() -> None:
    """The organisation that comes with stsctl has the two accounts, and its own text spells it."""
    built_in = seed.built_in()
    assert [account.id for account in built_in.accounts] == ["111111111111", "222222222222"]
    assert seed.parse(seed.built_in_text().encode(), seed.BUILT_IN) == built_in


A = "[account.111111111111]\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "x.toml: there is no account"),
        ("a = [", "x.toml:1: this is no TOML"),
        ("acount = 1", 'x.toml:1: unknown key "acount"'),
        ("[account.12]", 'x.toml:1: "12" is not an account'),
        (A + "nme = 'x'", 'x.toml:2: unknown key "nme" in [account.111111111111]'),
        (A + "user.eve = 1", "x.toml:2: eve is a number, it takes a table"),
        (A + "user.eve.key.a.id = 'ASIAEXAMPLEEXAMPLE01'", "x.toml:2: id is not an access key id"),
        (A + "user.eve.key.a.secret = 'x'", "x.toml:2: secret is not a secret access key"),
        (A + "user.eve.key = {a={},b={},c={}}", "x.toml:2: a user has two keys at most, these are 3"),
        (A + "user.eve.mfa.seed = '!'", "x.toml:2: seed is not base32"),
        (A + "user.eve.path = 'people'", "x.toml:2: path is not a path"),
        (A + "user.eve.groups = ['devs']", 'x.toml:2: there is no group "devs" in this account'),
        (A + "user.eve.managed = ['Own']", 'x.toml:2: there is no policy "Own" in this account'),
        (A + "user.eve.boundary = 'Own'", 'x.toml:2: there is no policy "Own" in this account'),
        (A + "user.eve.tags = {a = 1}", 'x.toml:2: the value of "a" in tags is a text in quotes'),
        (A + "user.'a b' = {}", 'x.toml:2: "a b" is not a name that IAM takes'),
        (A + "[account.111111111111.role.R]", "x.toml:2: [account.111111111111.role.R] has no trust"),
        (A + f"role.R.trust = '{TRUST}'\nrole.R.max_duration = '30m'", "x.toml:3: max_duration is from 1h to 12h"),
        (A + f"role.R.trust = '{TRUST}'\nrole.R.max_duration = true", "x.toml:3: max_duration is true or false"),
        (A + "role.R.trust = '{'", 'x.toml:2: policy "trust": 1:'),
        (A + f"role.R.trust = '{ALLOW}'", 'x.toml:2: policy "trust": 1:'),
        (A + "user.eve.policies.p = '{}'", 'x.toml:2: policy "p": 1:'),
        (A + "user.eve.policies.p = {Version = 2012-10-17}", "x.toml:2: p holds a date"),
        (
            A + "user.a.key.k.id = 'AKIAEXAMPLEEXAMPLE01'\nuser.b.key.k.id = 'AKIAEXAMPLEEXAMPLE01'",
            "x.toml: two keys have the same id",
        ),
    ],
)
def test_mistakes_are_told_with_their_place(text: str, said: str) -> None:
    """Whatever is wrong is said with the file, the line and the reason."""
    with pytest.raises(ConfigurationError) as error:
        seed.parse(text.encode(), "x.toml")
    assert error.value.message.startswith(said)


def test_secrets_are_not_repeated() -> None:
    """The error about a secret access key does not show it."""
    with pytest.raises(ConfigurationError) as error:
        seed.parse((A + "user.eve.key.a.secret = 'hush hush'").encode(), "x.toml")
    assert "hush" not in error.value.message


def test_no_such_file(tmp_path: Path) -> None:
    """A seed that is not there is said to be missing."""
    with pytest.raises(ConfigurationError, match="there is no seed"):
        seed.read(tmp_path / "none.toml")
