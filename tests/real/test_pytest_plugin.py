"""The plugin for pytest, as somebody else's tests use it."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

pytest_plugins = ["pytester"]

TESTS = '''
from datetime import timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

READ_ONLY = "arn:aws:iam::111111111111:role/ReadOnly"
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
DENY = {"Version": "2012-10-17", "Statement": [
    {"Sid": "NoLogs", "Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "arn:aws:s3:::logs"}]}
ORG = {"account": {"333333333333": {"user": {"bob": {"key": {"main": {}}, "policies": {"s3": ALLOW, "logs": DENY}}}}}}
TOML = """
[account.444444444444.user.carol]
key.main = {}
mfa = {}
"""


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_begins_at_the_seed(stsctl_emulator, turn):
    iam = stsctl_emulator.client("iam", as_="111111111111:root")
    iam.create_user(UserName="newcomer")
    assert len(iam.list_users()["Users"]) == 2
    assert [each.action for each in stsctl_emulator.decisions(action="iam:CreateUser")] == ["iam:CreateUser"]


@pytest.mark.stsctl_organization(ORG)
def test_why_something_was_denied(stsctl_emulator):
    s3 = stsctl_emulator.client("s3", as_="bob")
    s3.create_bucket(Bucket="logs")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_bucket(Bucket="logs")
    (denied,) = stsctl_emulator.decisions(denied=True)
    assert denied.who == "arn:aws:iam::333333333333:user/bob"
    assert "NoLogs" in denied.because


@pytest.mark.stsctl_organization(TOML)
def test_an_organisation_as_toml(stsctl_emulator):
    carol = stsctl_emulator.principal("carol")
    session = stsctl_emulator.client("sts", as_="carol").get_session_token(
        SerialNumber=carol.mfa_serial, TokenCode=stsctl_emulator.code("carol")
    )
    assert session["Credentials"]["AccessKeyId"].startswith("ASIA")


def test_the_clock_and_faults(stsctl_emulator, monkeypatch):
    for name, value in stsctl_emulator.environment("alice").items():
        monkeypatch.setenv(name, value)
    sts = boto3.client("sts")
    found = sts.assume_role(RoleArn=READ_ONLY, RoleSessionName="test")["Credentials"]
    keys = {
        "aws_access_key_id": found["AccessKeyId"],
        "aws_secret_access_key": found["SecretAccessKey"],
        "aws_session_token": found["SessionToken"],
    }
    session = boto3.client("sts", **keys)
    session.get_caller_identity()
    stsctl_emulator.move_clock(timedelta(minutes=61))
    with pytest.raises(ClientError, match="ExpiredToken"):
        session.get_caller_identity()
    stsctl_emulator.move_clock(None)
    stsctl_emulator.fail("sts:GetCallerIdentity")
    session.get_caller_identity()
    assert [each.code for each in stsctl_emulator.decisions(denied=True)] == ["ExpiredToken", "Throttling"]


class TestOfOneOrganisation:
    @pytest.fixture
    def stsctl_organization(self, tmp_path):
        path = tmp_path / "org.toml"
        path.write_text(TOML)
        return path

    def test_it(self, stsctl_emulator):
        assert stsctl_emulator.client("sts", as_="444444444444:root").get_caller_identity()["Account"] == "444444444444"
'''

_INSTALLED = any(point.name == "stsctl" for point in entry_points(group="pytest11"))
_LOADED = () if _INSTALLED else ("-p", "stsctl.pytest_plugin")


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_fixtures(pytester: pytest.Pytester, workers: tuple[str, ...]) -> None:
    """An organisation from a dict, from TOML and from a file; clients, codes, the clock, faults, and the decisions."""
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess(*_LOADED, *workers, "--strict-markers", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=6)


def test_a_seed_that_is_none(pytester: pytest.Pytester) -> None:
    """What is no organisation is said in the test that wanted it."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.stsctl_organization({"account": {"7": {}}})
        def test_wrong(stsctl_emulator):
            pass
        """
    )
    result = pytester.runpytest_subprocess(*_LOADED, "-p", "no:cacheprovider")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*org.toml:1: *12 digits*"])


def test_it_costs_nothing_where_it_is_not_used() -> None:
    """Loading the plugin loads nothing of the emulator, of moto, of boto3, or of stsctl's own parts."""
    check = (
        "import sys, pytest; before = set(sys.modules); import stsctl.pytest_plugin; "
        "print(sorted(name for name in set(sys.modules) - before if not name.startswith('_')))"
    )
    done = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['stsctl', 'stsctl.pytest_plugin']"
