"""Trust anchors and profiles in a seed: what they become, and how their mistakes are told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stsctl.emulator.seeds import seed
from stsctl.errors import ConfigurationError
from tests.certificates import authority, issue, name
from tests.unit.emulator.test_service_roles import trust

ACCOUNT = "[account.111111111111]\n"
ROLE = f"[account.111111111111.role.Server]\npath = '/web/'\n{trust('rolesanywhere.amazonaws.com')}\n"
ANCHOR = "[account.111111111111.trust_anchor.corp]\n"
PROFILE = f"{ROLE}[account.111111111111.roles_anywhere_profile.servers]\nroles = ['Server']\n"


def test_everything_is_read() -> None:
    """Every option of a trust anchor and of a profile is read; roles and policies become ARNs."""
    text = f"""
        {ROLE}
        [account.111111111111.policy.Reads]
        Version = "2012-10-17"
        Statement = [{{ Effect = "Allow", Action = "s3:Get*", Resource = "*" }}]
        [account.111111111111.trust_anchor."My CA"]
        id = "a0000000-0000-0000-0000-000000000000"
        region = "eu-west-1"
        enabled = false
        certificates = '''{authority("Example").pem}'''
        [account.111111111111.roles_anywhere_profile.servers]
        id = "b0000000-0000-0000-0000-000000000000"
        region = "eu-west-1"
        roles = ["Server"]
        duration = "12h"
        managed = ["Reads", "arn:aws:iam::aws:policy/ReadOnlyAccess"]
        session_policy = {{ Version = "2012-10-17", Statement = [] }}
        accept_role_session_name = true
        enabled = false
    """
    text = text.replace("Statement = [] }", 'Statement = [{ Effect = "Deny", Action = "s3:*", Resource = "*" }] }')
    account = seed.parse("\n".join(line.strip() for line in text.splitlines()).encode(), "test").accounts[0]
    anchor, profile = account.trust_anchors[0], account.roles_anywhere_profiles[0]
    place = "arn:aws:rolesanywhere:eu-west-1:111111111111"
    assert anchor.arn == f"{place}:trust-anchor/a0000000-0000-0000-0000-000000000000"
    assert (anchor.name, anchor.region, anchor.account, anchor.enabled) == ("My CA", "eu-west-1", "111111111111", False)
    assert anchor.certificates
    assert profile.arn == f"{place}:profile/b0000000-0000-0000-0000-000000000000"
    assert profile.roles == ("arn:aws:iam::111111111111:role/web/Server",)
    own = "arn:aws:iam::111111111111:policy/Reads"
    assert profile.policy_arns == (own, "arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert (profile.duration, profile.accept_role_session_name, profile.enabled) == (timedelta(hours=12), True, False)
    assert profile.session_policy


def test_defaults() -> None:
    """Ids that are left out stay the same, the region is the partition's first, a session lasts an hour."""
    text = f"{PROFILE}{ANCHOR}[account.222222222222]\npartition = 'aws-cn'\n[account.222222222222.trust_anchor.corp]"
    first, second = (seed.parse(text.encode(), "test").accounts for _ in range(2))
    anchor, profile = first[0].trust_anchors[0], first[0].roles_anywhere_profiles[0]
    assert first[0] == second[0]
    assert anchor.arn.startswith("arn:aws:rolesanywhere:us-east-1:111111111111:trust-anchor/")
    assert first[1].trust_anchors[0].arn.startswith("arn:aws-cn:rolesanywhere:cn-north-1:222222222222:trust-anchor/")
    assert (profile.duration, profile.session_policy, profile.policy_arns) == (timedelta(hours=1), None, ())
    assert (anchor.certificates, anchor.enabled, profile.enabled) == (None, True, True)
    assert profile.accept_role_session_name is False


LEAF = issue(name("leaf"), by=authority("Example")).pem
NO_SIGNER = authority("Example", uses=("crl_sign",)).pem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{ANCHOR}certificates = 'x'", "certificates: there is no PEM certificate in it"),
        (f"{ANCHOR}certificates = '''{LEAF}'''", "certificates: Incorrect basic constraints for CA certificate"),
        (f"{ANCHOR}certificates = '''{NO_SIGNER}'''", "its key usage does not include Certificate Sign"),
        (f"{ANCHOR}certificates = '''{LEAF.replace('MI', '!!', 1)}'''", "certificates: it is no base64"),
        (f"{ANCHOR}id = 'x'", "id is not an id, as 1"),
        (f"{ANCHOR}region = 'cn-north-1'", 'region "cn-north-1" is not in partition aws'),
        (f"{ANCHOR}key = 1", 'unknown key "key"'),
        ("[account.111111111111.trust_anchor.'a/b']", '"a/b" is not a trust anchor\'s name'),
        (PROFILE.replace("roles = ['Server']\n", ""), "has no roles"),
        (PROFILE.replace("['Server']", "['Sever']"), 'there is no role "Sever" in this account'),
        (f"{PROFILE}duration = '14m'", "duration is from 15m to 12h"),
        (f"{PROFILE}duration = '13h'", "duration is from 15m to 12h"),
        (f"{PROFILE}managed = ['Reads']", 'there is no policy "Reads" in this account'),
        (f"{PROFILE}session_policy = '{{}}'", "session_policy: "),
    ],
)
def test_mistakes(text: str, said: str) -> None:
    """Each mistake is told with its line."""
    with pytest.raises(ConfigurationError, match=r"test:\d+: ") as raised:
        seed.parse(f"{ACCOUNT}{text}".encode(), "test")
    assert said in raised.value.message
