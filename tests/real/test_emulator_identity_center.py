"""boto3 at the emulator's Identity Center: its own providers, and the portal's operations."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, UnauthorizedSSOTokenError

from stsctl.emulator import control, remote
from stsctl.emulator.running import Running
from tests.emulator_fixture import client
from tests.real.test_emulator_clients import aws, environment
from tests.unit.emulator.center import PRODUCTION, START_URL, TOML, WORK
from tests.unit.emulator.portal import DEVICE_CODE, PASSWORDS

REGION = "eu-central-1"


@pytest.fixture(scope="module")
def center(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The organisation of these tests, running."""
    folder: Path = tmp_path_factory.mktemp("center")
    (folder / "org.toml").write_text(TOML)
    running = control.start(folder / "state", seed=folder / "org.toml")
    yield running
    control.stop(folder / "state", running)


def unsigned(running: Running, service: str) -> Any:
    """A client of a service that nobody signs requests for."""
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=running.url,
        region_name=REGION,
        config=Config(signature_version="unsigned", retries={"total_max_attempts": 1}),
    )


def approve(url: str, user: str, decision: str = "allow") -> None:
    """Signs in on a page, and decides, as a browser would post its forms."""
    browser = build_opener(HTTPCookieProcessor())
    for form in ({"username": user, "password": PASSWORDS[user]}, {"decision": decision}):
        asked = Request(url, urlencode(form).encode(), {"Content-Type": "application/x-www-form-urlencoded"})
        browser.open(asked).close()


def registered(oidc: Any, **more: object) -> dict[str, str]:
    """A client's id and secret."""
    found = oidc.register_client(**{"clientName": "tests", "clientType": "public"} | more)
    return {"clientId": found["clientId"], "clientSecret": found["clientSecret"]}


def signed_in(running: Running, user: str, *scopes: str) -> dict[str, Any]:
    """The tokens that a user gave a device, with the client that has them."""
    oidc = unsigned(running, "sso-oidc")
    who = registered(oidc, scopes=list(scopes))
    codes = oidc.start_device_authorization(**who, startUrl=START_URL)
    approve(codes["verificationUriComplete"], user)
    return {**who, **oidc.create_token(**who, grantType=DEVICE_CODE, deviceCode=codes["deviceCode"])}


def refused(call: Callable[[], object]) -> tuple[str, int, str]:
    """Code, status and message of a refusal."""
    with pytest.raises(ClientError) as error:
        call()
    answer: Any = error.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


@pytest.fixture(scope="module")
def dora(center: Running) -> str:
    """The access token of dora."""
    token: str = signed_in(center, "dora")["accessToken"]
    return token


def test_device_flow_with_its_exceptions(center: Running) -> None:
    """botocore raises the modelled exceptions, with OAuth's error in them."""
    oidc = unsigned(center, "sso-oidc")
    who = registered(oidc, scopes=["sso:account:access"])
    codes = oidc.start_device_authorization(**who, startUrl=START_URL)
    asked = {**who, "grantType": DEVICE_CODE, "deviceCode": codes["deviceCode"]}
    with pytest.raises(oidc.exceptions.AuthorizationPendingException) as pending:
        oidc.create_token(**asked)
    assert pending.value.response["error"] == "authorization_pending"
    with pytest.raises(oidc.exceptions.SlowDownException):
        oidc.create_token(**asked)
    approve(codes["verificationUriComplete"], "dora", "deny")
    with pytest.raises(oidc.exceptions.AccessDeniedException):
        oidc.create_token(**asked)
    with pytest.raises(oidc.exceptions.InvalidClientException) as wrong:
        oidc.create_token(**asked | {"clientSecret": "x"})
    assert wrong.value.response["ResponseMetadata"]["HTTPStatusCode"] == 401
    with pytest.raises(oidc.exceptions.InvalidGrantException):
        oidc.create_token(**asked | {"deviceCode": "x"})


def test_seed_without_an_identity_center(shared_emulator: Running) -> None:
    """The services are there as AWS's are, and know no portal and no token."""
    oidc = unsigned(shared_emulator, "sso-oidc")
    who = registered(oidc)
    for url in (START_URL, "https://", "#"):
        with pytest.raises(oidc.exceptions.InvalidRequestException):
            oidc.start_device_authorization(**who, startUrl=url)
    listed = refused(lambda: unsigned(shared_emulator, "sso").list_accounts(accessToken="x"))
    assert listed == ("UnauthorizedException", 401, "Session token not found or invalid")


def test_faults_on_demand(center: Running, dora: str) -> None:
    """Throttling and outages come in the words of each service, so that clients try again as they would at AWS."""
    sso, oidc = unsigned(center, "sso"), unsigned(center, "sso-oidc")
    remote.fail(center, "sso:ListAccounts", "throttle", times=1)
    remote.fail(center, "sso-oauth:*", "throttle", times=1)
    with pytest.raises(sso.exceptions.TooManyRequestsException):
        sso.list_accounts(accessToken=dora)
    with pytest.raises(oidc.exceptions.SlowDownException):
        registered(oidc)
    remote.fail(center, "sso:*", "unavailable", times=1)
    assert refused(lambda: sso.list_accounts(accessToken=dora))[1] == 503
    assert sso.list_accounts(accessToken=dora)["accountList"]


def test_accounts_and_roles(center: Running, dora: str) -> None:
    """The portal lists what is assigned to who asks, page by page."""
    sso = unsigned(center, "sso")
    pages = sso.get_paginator("list_accounts").paginate(accessToken=dora, PaginationConfig={"PageSize": 1})
    assert [[one["accountName"] for one in page["accountList"]] for page in pages] == [["work"], ["production"]]
    found = sso.list_account_roles(accessToken=dora, accountId=PRODUCTION, maxResults=1)
    assert found["roleList"] == [{"roleName": "Administrator", "accountId": PRODUCTION}]
    found = sso.list_account_roles(accessToken=dora, accountId=PRODUCTION, nextToken=found["nextToken"])
    assert found["roleList"] == [{"roleName": "ListBuckets", "accountId": PRODUCTION}]
    assert "nextToken" not in found
    eve = signed_in(center, "eve")["accessToken"]
    assert [one["accountId"] for one in sso.list_accounts(accessToken=eve)["accountList"]] == [WORK]


def test_refusals_of_the_portal(center: Running, dora: str) -> None:
    """No token, no assignment, no such account, a bad page: each is refused as AWS does."""
    sso = unsigned(center, "sso")
    ask = sso.get_role_credentials
    unauthorized = ("UnauthorizedException", 401, "Session token not found or invalid")
    assert refused(lambda: ask(accessToken="x", accountId=WORK, roleName="ListBuckets")) == unauthorized
    assert refused(lambda: sso.list_accounts(accessToken="x")) == unauthorized
    no_access = ("ForbiddenException", 403, "No access")
    assert refused(lambda: ask(accessToken=dora, accountId=WORK, roleName="Administrator")) == no_access
    assert refused(lambda: ask(accessToken=dora, accountId="333333333333", roleName="ListBuckets")) == no_access
    eve = signed_in(center, "eve")["accessToken"]
    assert refused(lambda: sso.list_account_roles(accessToken=eve, accountId=PRODUCTION)) == no_access
    gone = refused(lambda: sso.list_account_roles(accessToken=dora, accountId="333333333333"))
    assert gone[:2] == ("ResourceNotFoundException", 404)
    for wrong in ({"nextToken": "x"}, {"nextToken": "LTE="}, {"maxResults": 101}):
        assert refused(lambda wrong=wrong: sso.list_accounts(accessToken=dora, **wrong))[:2] == (
            "InvalidRequestException",
            400,
        )


def test_credentials_of_a_permission_set(center: Running, dora: str) -> None:
    """They are those of the role behind it, for the permission set's duration, named after the user."""
    found = unsigned(center, "sso").get_role_credentials(
        accessToken=dora, accountId=PRODUCTION, roleName="Administrator"
    )
    keys = found["roleCredentials"]
    left = datetime.fromtimestamp(keys["expiration"] / 1000, UTC) - datetime.now(UTC)
    assert timedelta(hours=1, minutes=59) < left <= timedelta(hours=2)
    session = boto3.Session(keys["accessKeyId"], keys["secretAccessKey"], keys["sessionToken"], REGION)
    arn = session.client("sts", endpoint_url=center.url).get_caller_identity()["Arn"]
    assert arn.startswith(f"arn:aws:sts::{PRODUCTION}:assumed-role/AWSReservedSSO_Administrator_")
    assert arn.endswith("/dora")
    role = arn.split("/")[1]
    sts = session.client("sts", endpoint_url=center.url)
    # The boundary allows S3 alone.
    assert refused(lambda: sts.get_access_key_info(AccessKeyId=keys["accessKeyId"]))[0] == "AccessDenied"
    root = client(center, "iam", control.principal(center, f"{PRODUCTION}:root").credentials)
    kept = root.get_role(RoleName=role)["Role"]
    assert kept["Path"] == f"/aws-reserved/sso.amazonaws.com/{REGION}/"
    assert kept["MaxSessionDuration"] == 43200
    s3 = session.client("s3", endpoint_url=center.url)
    s3.create_bucket(Bucket="doras", CreateBucketConfiguration={"LocationConstraint": REGION})
    assert [one["Name"] for one in s3.list_buckets()["Buckets"]] == ["doras"]


def test_a_role_that_was_changed_in_iam(center: Running) -> None:
    """A trust policy that somebody closed stops Identity Center, and a role that is gone is not found."""
    sso = unsigned(center, "sso")
    eve = signed_in(center, "eve")["accessToken"]
    root = client(center, "iam", control.principal(center, f"{WORK}:root").credentials)
    (role,) = [one["RoleName"] for one in root.list_roles()["Roles"] if "ListBuckets" in one["RoleName"]]
    trust = root.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    closed = json.loads(json.dumps(trust).replace("Allow", "Deny"))
    root.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(closed))
    asked = {"accessToken": eve, "accountId": WORK, "roleName": "ListBuckets"}
    assert refused(lambda: sso.get_role_credentials(**asked)) == ("ForbiddenException", 403, "No access")
    root.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))
    assert sso.get_role_credentials(**asked)["roleCredentials"]["accessKeyId"].startswith("ASIA")
    root.delete_role_policy(RoleName=role, PolicyName="AwsSSOInlinePolicy")
    root.delete_role(RoleName=role)
    assert refused(lambda: sso.get_role_credentials(**asked))[:2] == ("ResourceNotFoundException", 404)


@pytest.mark.parametrize(
    "role", [f"{PRODUCTION} Administrator", "333333333333 ListBuckets", f"{WORK} Nothing", "x", ""]
)
def test_portal_gives_what_is_assigned(center: Running, role: str) -> None:
    """The portal's page gives nobody a role that it does not show them."""
    browser = build_opener(HTTPCookieProcessor())
    page = f"{center.url}/_signin/portal"
    with browser.open(Request(page, b"username=eve")) as answer:
        assert b"ListBuckets" in answer.read()
    with pytest.raises(HTTPError) as error:
        browser.open(Request(page, urlencode({"role": role}).encode()))
    with error.value:
        assert error.value.code == 403
        assert b"No access" in error.value.read()


def test_logout(center: Running) -> None:
    """A token is over with its sign-in, its refresh token too; credentials that were had go on."""
    sso, oidc = unsigned(center, "sso"), unsigned(center, "sso-oidc")
    tokens = signed_in(center, "dora", "sso:account:access")
    asked = {"accessToken": tokens["accessToken"], "accountId": PRODUCTION, "roleName": "ListBuckets"}
    keys = sso.get_role_credentials(**asked)["roleCredentials"]
    sso.logout(accessToken=tokens["accessToken"])
    assert refused(lambda: sso.get_role_credentials(**asked))[0] == "UnauthorizedException"
    assert refused(lambda: sso.logout(accessToken=tokens["accessToken"]))[0] == "UnauthorizedException"
    refresh = {name: tokens[name] for name in ("clientId", "clientSecret", "refreshToken")}
    with pytest.raises(oidc.exceptions.InvalidGrantException):
        oidc.create_token(**refresh, grantType="refresh_token")
    session = boto3.Session(keys["accessKeyId"], keys["secretAccessKey"], keys["sessionToken"], REGION)
    assert session.client("s3", endpoint_url=center.url).list_buckets()["Buckets"] is not None


def write_profile(home: Path, lines: str, key: str, token: dict[str, object]) -> Path:
    """A configuration, and a token in the cache where SDKs look for it."""
    cache = home / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    (home / ".aws" / "config").write_text(lines)
    file = cache / f"{hashlib.sha1(key.encode()).hexdigest()}.json"
    file.write_text(json.dumps(token))
    return file


def stamp(**left: float) -> str:
    """An instant from now, as caches have it."""
    return (datetime.now(UTC) + timedelta(**left)).strftime("%Y-%m-%dT%H:%M:%SZ")


SESSION_PROFILE = f"""
[sso-session acme]
sso_start_url = {START_URL}
sso_region = {REGION}
sso_registration_scopes = sso:account:access

[profile dora]
sso_session = acme
sso_account_id = {PRODUCTION}
sso_role_name = ListBuckets
region = {REGION}
"""


def test_profile_with_an_sso_session(center: Running, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 refreshes a token that is nearly over, keeps the new one, and has credentials that work."""
    tokens = signed_in(center, "dora", "sso:account:access")
    cached = {name: tokens[name] for name in ("clientId", "clientSecret", "accessToken", "refreshToken")}
    cached |= {"startUrl": START_URL, "region": REGION}
    cached |= {"expiresAt": stamp(minutes=5), "registrationExpiresAt": stamp(days=90)}
    monkeypatch.setattr("botocore.tokens.SSOTokenProvider._SSO_TOKEN_CACHE_DIR", str(home / ".aws/sso/cache"))
    file = write_profile(home, SESSION_PROFILE, "acme", cached)
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO_OIDC", center.url)
    monkeypatch.setenv("AWS_ENDPOINT_URL", center.url)
    session = boto3.Session(profile_name="dora")
    assert session.client("sts").get_caller_identity()["Arn"].endswith("/dora")
    assert session.client("s3").list_buckets()["Buckets"] is not None
    kept = json.loads(file.read_text())
    assert kept["accessToken"] != tokens["accessToken"]
    assert kept["refreshToken"] != tokens["refreshToken"]
    assert kept["expiresAt"] > stamp(minutes=55)


def test_aws_cli_with_an_sso_session(center: Running, home: Path) -> None:
    """The AWS CLI finds its way by AWS_ENDPOINT_URL alone, refreshes its token, and says so when that is over."""
    tokens = signed_in(center, "dora", "sso:account:access")
    cached = {name: tokens[name] for name in ("clientId", "clientSecret", "accessToken", "refreshToken")}
    cached |= {"expiresAt": stamp(minutes=-5), "registrationExpiresAt": stamp(days=90)}
    file = write_profile(home, SESSION_PROFILE, "acme", cached)
    status, out, err = aws(environment(center), "sts", "get-caller-identity", "--profile", "dora")
    assert (status, err) == (0, "")
    assert json.loads(out)["Arn"].endswith("/dora")
    kept = json.loads(file.read_text())
    assert kept["refreshToken"] != tokens["refreshToken"]
    unsigned(center, "sso").logout(accessToken=kept["accessToken"])
    status, _, err = aws(environment(center), "sts", "get-caller-identity", "--profile", "dora")
    assert status == 255
    assert "expired or is otherwise invalid" in err


def test_legacy_profile(center: Running, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile of the old kind, with the start URL in it, works as well, until the token is no good."""
    token = signed_in(center, "dora")["accessToken"]
    profile = (
        f"[profile old]\nsso_start_url = {START_URL}\nsso_region = {REGION}\nsso_account_id = {PRODUCTION}\n"
        f"sso_role_name = ListBuckets\nregion = {REGION}\n"
    )
    monkeypatch.setattr("botocore.credentials.SSOProvider._SSO_TOKEN_CACHE_DIR", str(home / ".aws/sso/cache"))
    cached = {"accessToken": token, "expiresAt": stamp(hours=8), "startUrl": START_URL, "region": REGION}
    write_profile(home, profile, START_URL, cached)
    monkeypatch.setenv("AWS_ENDPOINT_URL", center.url)
    assert boto3.Session(profile_name="old").client("sts").get_caller_identity()["Arn"].endswith("/dora")
    unsigned(center, "sso").logout(accessToken=token)
    with pytest.raises(UnauthorizedSSOTokenError):
        boto3.Session(profile_name="old").client("sts").get_caller_identity()


def test_pages_are_no_s3(center: Running) -> None:
    """A page that is not there is told as such, and a bucket's name may look like one of the paths."""
    root = client(center, "s3", control.principal(center, f"{WORK}:root").credentials)
    root.create_bucket(Bucket="federation")
    root.put_object(Bucket="federation", Key="credentials", Body=b"mine")
    assert root.get_object(Bucket="federation", Key="credentials")["Body"].read() == b"mine"
    with pytest.raises(HTTPError) as error:
        build_opener().open(f"{center.url}/federation/credentials")
    error.value.close()
    assert error.value.code == 403
