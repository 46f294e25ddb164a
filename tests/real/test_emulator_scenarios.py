"""The example organisation, as its text says: its six scenarios from end to end, with boto3 and the AWS CLI."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from stsctl.credentials import Credentials
from stsctl.emulator import control, remote
from stsctl.emulator.running import Running
from stsctl.emulator.seeds import seed
from tests.emulator_fixture import client, credentials_of
from tests.real.test_emulator_clients import aws, environment
from tests.unit.emulator.federated import Visitor

WORK, PRODUCTION, SECURITY = "111111111111", "222222222222", "333333333333"
EXTERNAL_ID = "x-example-7"
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The example organisation, running; each scenario makes things of its own in it."""
    folder = tmp_path_factory.mktemp("example")
    (folder / "org.toml").write_text(seed.example_text())
    running = control.start(folder / "state", seed=folder / "org.toml")
    yield running
    control.stop(folder / "state", running)


@pytest.fixture(scope="module")
def hub(org: Running) -> Credentials:
    """alice as Hub, with a code of her device; the scenarios that begin there share it, for a code is good once."""
    alice = control.principal(org, "alice")
    assert alice.mfa_serial is not None
    sts = client(org, "sts", alice.credentials)
    with pytest.raises(ClientError, match="not authorized to perform: sts:AssumeRole"):
        sts.assume_role(RoleArn=role(WORK, "Hub"), RoleSessionName="alice")
    answer = sts.assume_role(
        RoleArn=role(WORK, "Hub"),
        RoleSessionName="alice",
        SerialNumber=alice.mfa_serial,
        TokenCode=control.code(org, "alice"),
    )
    return credentials_of(answer)


def role(account: str, name: str) -> str:
    """The ARN of a role."""
    return f"arn:aws:iam::{account}:role/{name}"


def become(org: Running, caller: Credentials, arn: str, **more: Any) -> Credentials:
    """The role, assumed."""
    return credentials_of(client(org, "sts", caller).assume_role(RoleArn=arn, RoleSessionName="alice", **more))


def deploy(org: Running, hub: Credentials) -> Credentials:
    """Production's Deploy, from the hub."""
    return become(org, hub, role(PRODUCTION, "Deploy"), ExternalId=EXTERNAL_ID)


def unsigned(org: Running, service: str) -> Any:
    """A client of what nobody signs."""
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=org.url,
        region_name="us-east-1",
        config=config,
    )


def whose(org: Running, credentials: Credentials) -> str:
    """Whom credentials make one, as the AWS CLI says."""
    status, out, err = aws(environment(org, credentials), "sts", "get-caller-identity")
    assert status == 0, err
    arn: str = json.loads(out)["Arn"]
    return arn


def function(name: str, runs_as: str) -> dict[str, Any]:
    """A function to be created."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "def main(event, context): return event")
    return {
        "FunctionName": name,
        "Runtime": "python3.12",
        "Role": runs_as,
        "Handler": "main.main",
        "Code": {"ZipFile": code.getvalue()},
    }


def test_cross_account_access(org: Running, hub: Credentials) -> None:
    """The hub becomes a role in the other account by its external id alone, and others do not at all."""
    with pytest.raises(ClientError, match="AccessDenied"):
        become(org, hub, role(PRODUCTION, "Deploy"))
    with pytest.raises(ClientError, match="AccessDenied"):
        become(org, hub, role(PRODUCTION, "Deploy"), ExternalId="x-example-8")
    with pytest.raises(ClientError, match="AccessDenied"):
        become(org, control.principal(org, "alice").credentials, role(PRODUCTION, "Deploy"), ExternalId=EXTERNAL_ID)
    arn = f"arn:aws:sts::{PRODUCTION}:assumed-role/Deploy/alice"
    assert whose(org, deploy(org, hub)) == arn


def test_identity_center(org: Running) -> None:
    """A device asks, dora approves on the page, and the portal gives a role that lists buckets and makes none."""
    oidc, portal = unsigned(org, "sso-oidc"), unsigned(org, "sso")
    who = oidc.register_client(clientName="example", clientType="public")
    app = {name: who[name] for name in ("clientId", "clientSecret")}
    codes = oidc.start_device_authorization(**app, startUrl="https://example.awsapps.com/start")
    dora = Visitor(org)
    dora.post(codes["verificationUriComplete"], {"username": "dora", "password": ""})
    dora.post(codes["verificationUriComplete"], {"decision": "allow"})
    token = oidc.create_token(**app, grantType=DEVICE_CODE, deviceCode=codes["deviceCode"])["accessToken"]
    (account,) = portal.list_accounts(accessToken=token)["accountList"]
    (found,) = portal.list_account_roles(accessToken=token, accountId=account["accountId"])["roleList"]
    given = portal.get_role_credentials(accessToken=token, accountId=account["accountId"], roleName=found["roleName"])[
        "roleCredentials"
    ]
    assert (account["accountId"], found["roleName"]) == (WORK, "Developer")
    s3 = boto3.client(
        "s3",
        endpoint_url=org.url,
        region_name="us-east-1",
        aws_access_key_id=given["accessKeyId"],
        aws_secret_access_key=given["secretAccessKey"],
        aws_session_token=given["sessionToken"],
    )
    s3.list_buckets()
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.create_bucket(Bucket="doras-bucket")


def test_federation_with_saml(org: Running) -> None:
    """frank's sign-in gives a response; its role may use the buckets of his team, by the tag that came with it."""
    response = Visitor(org).post("/idp/corp/saml", {"username": "frank"}).field("SAMLResponse")
    answer = unsigned(org, "sts").assume_role_with_saml(
        RoleArn=role(WORK, "Federated"),
        PrincipalArn=f"arn:aws:iam::{WORK}:saml-provider/corp",
        SAMLAssertion=response,
    )
    s3 = client(org, "s3", credentials_of(answer))
    s3.create_bucket(Bucket="data-lake")
    s3.put_object(Bucket="data-lake", Key="a", Body=b"1")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.create_bucket(Bucket="platform-lake")


def test_federation_with_oidc(org: Running, tmp_path: Path) -> None:
    """A pipeline's token makes it the role, by the AWS CLI's own provider; it publishes, and no more."""
    ci = {"grant_type": "client_credentials", "client_id": "ci", "client_secret": "not a secret here"}
    token = tmp_path / "token"
    token.write_text(Visitor(org).post("/idp/corp/oidc/token", ci).json()["access_token"])
    pipeline = environment(org) | {
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(token),
        "AWS_ROLE_ARN": role(WORK, "Pipeline"),
        "AWS_ROLE_SESSION_NAME": "build-7",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    status, _, err = aws(pipeline, "s3api", "create-bucket", "--bucket", "shop-site")
    assert status == 0, err
    (tmp_path / "index.html").write_text("<p>")
    put = ("s3api", "put-object", "--bucket", "shop-site", "--key", "index.html")
    assert aws(pipeline, *put, "--body", str(tmp_path / "index.html"))[0] == 0
    status, _, err = aws(pipeline, "s3api", "list-buckets")
    assert status != 0
    assert "AccessDenied" in err


def test_a_service_role(org: Running, hub: Credentials) -> None:
    """Deploy hands Worker to a function, and no other role; the instance and the task that have it work as it."""
    functions = client(org, "lambda", deploy(org, hub))
    functions.create_function(**function("works", role(PRODUCTION, "Worker")))
    assert functions.get_function(FunctionName="works")["Configuration"]["Role"] == role(PRODUCTION, "Worker")
    with pytest.raises(ClientError, match="iam:PassRole"):
        functions.create_function(**function("fails", role(PRODUCTION, "Admin")))
    for name in ("web", "batch"):
        place = remote.place(org, "workload", name=name)
        there = environment(org) | {key: value.reveal() for key, value in place.variables.items() if value is not None}
        if name == "web":
            del there["AWS_EC2_METADATA_DISABLED"]
        status, out, err = aws(there, "sts", "get-caller-identity")
        assert status == 0, err
        assert f"{PRODUCTION}:assumed-role/Worker/" in out


def test_mfa_with_get_session_token(org: Running) -> None:
    """alice's keys make no bucket; the session that she gets for a code does."""
    alice = control.principal(org, "alice")
    with pytest.raises(ClientError, match="AccessDenied"):
        client(org, "s3", alice.credentials).create_bucket(Bucket="alices-bucket")
    assert alice.mfa_serial is not None
    answer = client(org, "sts", alice.credentials).get_session_token(
        SerialNumber=alice.mfa_serial, TokenCode=control.code(org, "alice")
    )
    s3 = client(org, "s3", credentials_of(answer))
    s3.create_bucket(Bucket="alices-bucket")
    assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]].count("alices-bucket") == 1


def test_a_chain_of_three(org: Running, hub: Credentials) -> None:
    """Hub, Deploy, Audit: each link trusts the one before it only, and none lasts longer than the chain's hour."""
    audit = role(SECURITY, "Audit")
    with pytest.raises(ClientError, match="AccessDenied"):
        become(org, hub, audit)
    middle = deploy(org, hub)
    with pytest.raises(ClientError, match="1 hour session limit for roles assumed by role chaining"):
        become(org, middle, audit, DurationSeconds=3601)
    last = become(org, middle, audit)
    assert whose(org, last) == f"arn:aws:sts::{SECURITY}:assumed-role/Audit/alice"
    status, out, _ = aws(environment(org, last), "iam", "list-roles", "--query", "Roles[].RoleName", "--output", "text")
    assert status == 0
    assert "Audit" in out.split()
    with pytest.raises(ClientError, match="AccessDenied"):
        client(org, "iam", last).create_user(UserName="nobody")


def test_what_the_organization_forbids(org: Running) -> None:
    """The root of production may do anything but what the control policies above its account deny."""
    root = control.principal(org, f"{PRODUCTION}:root").credentials
    s3 = client(org, "s3", root)
    s3.create_bucket(Bucket="access-logs")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_bucket(Bucket="access-logs")
    with pytest.raises(ClientError, match="AccessDenied"):
        client(org, "organizations", root).leave_organization()
