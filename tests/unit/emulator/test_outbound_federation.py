"""Outbound identity federation: tokens that anybody can verify, and who gets them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from stsctl.credentials import Credentials
from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.emulator_fixture import client, credentials_of
from tests.unit.emulator.test_sts import refused

ACCOUNT, OFF = "111111111111", "222222222222"
NAMESPACE = "https://sts.amazonaws.com/"


def policy(*statements: dict[str, object]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


ALLOW = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
ONLY_API = policy(
    {
        "Effect": "Allow",
        "Action": "sts:GetWebIdentityToken",
        "Resource": "*",
        "Condition": {
            "ForAllValues:StringEquals": {"sts:IdentityTokenAudience": ["api"]},
            "StringEquals": {"sts:SigningAlgorithm": "ES384"},
            "NumericLessThanEquals": {"sts:DurationSeconds": "300"},
        },
    }
)
TRUST = policy(
    {
        "Effect": "Allow",
        "Principal": {"AWS": ACCOUNT},
        "Action": ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
    }
)


def toml() -> str:
    """Two accounts, one of them with the feature."""
    return f"""
[organization]
id = "o-exampleorgid"
management_account = "{OFF}"
unit.Prod.accounts = ["{ACCOUNT}"]
[account.{ACCOUNT}]
outbound_web_identity_federation = true
user.eve = {{ key.a = {{}}, policies.all = '{ALLOW}', tags = {{ team = "blue" }} }}
user.api = {{ key.a = {{}}, policies.api = '{ONLY_API}' }}
user.nobody = {{ key.a = {{}} }}
role.Worker = {{ path = "/app/", trust = '{TRUST}', policies.all = '{ALLOW}' }}
[account.{OFF}]
user.eve = {{ key.a = {{}}, policies.all = '{ALLOW}' }}
"""


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The accounts, running."""
    folder: Path = tmp_path_factory.mktemp("outbound")
    (folder / "org.toml").write_text(toml())
    running = control.start(folder / "state", seed=folder / "org.toml")
    yield running
    control.stop(folder / "state", running)


def service(running: Running, who: str | Credentials = f"{ACCOUNT}:eve", name: str = "sts", **options: Any) -> Any:
    """A client of somebody, by name or by credentials."""
    return client(
        running, name, control.principal(running, who).credentials if isinstance(who, str) else who, **options
    )


def token(caller: Any, algorithm: str = "RS256", *audience: str, **more: Any) -> str:
    """A token for the audience `api`, or another."""
    answer = caller.get_web_identity_token(Audience=list(audience or ["api"]), SigningAlgorithm=algorithm, **more)
    text: str = answer["WebIdentityToken"]
    return text


def read(url: str) -> Any:
    """A JSON document."""
    with urlopen(url) as answer:
        return json.load(answer)


def verified(text: str, issuer: str) -> Any:
    """What a token says, once its signature has been checked as a stranger would: by the issuer's own documents."""
    configuration = read(f"{issuer}/.well-known/openid-configuration")
    assert configuration["issuer"] == issuer
    keys = KeySet.import_key_set(read(configuration["jwks_uri"]))
    return jwt.decode(text, keys, algorithms=configuration["id_token_signing_alg_values_supported"])


def issuer_of(running: Running) -> str:
    """The issuer of the account."""
    info = service(running, name="iam").get_outbound_web_identity_federation_info()
    assert info["JwtVendingEnabled"] is True
    issuer: str = info["IssuerIdentifier"]
    return issuer


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_a_stranger_can_verify_the_token(org: Running, algorithm: str) -> None:
    """The token is signed with a key that the issuer publishes, and says who asked, for five minutes."""
    found = verified(token(service(org), algorithm), issuer_of(org))
    claims = found.claims
    assert found.header["alg"] == algorithm
    assert (claims["iss"], claims["aud"]) == (issuer_of(org), "api")
    assert claims["sub"] == f"arn:aws:iam::{ACCOUNT}:user/eve"
    assert claims["exp"] - claims["iat"] == 300
    assert abs(datetime.now(UTC).timestamp() - claims["iat"]) < 60
    aws = claims[NAMESPACE]
    assert aws["ou_path"][0].startswith("o-exampleorgid/r-")
    assert {**aws, "ou_path": None} == {
        "aws_account": ACCOUNT,
        "source_region": "us-east-1",
        "principal_id": f"arn:aws:iam::{ACCOUNT}:user/eve",
        "org_id": "o-exampleorgid",
        "ou_path": None,
        "principal_tags": {"team": "blue"},
    }


def test_a_session_is_told_by_its_role(org: Running) -> None:
    """The subject is the role, with its path; tags, source identity and the session's end are claims."""
    role = f"arn:aws:iam::{ACCOUNT}:role/app/Worker"
    answer = service(org).assume_role(
        RoleArn=role, RoleSessionName="me", Tags=[{"Key": "job", "Value": "1"}], SourceIdentity="eve"
    )
    worker = service(org, credentials_of(answer))
    text = token(worker, "ES384", "one", "two", Tags=[{"Key": "order", "Value": "7"}], DurationSeconds=60)
    claims = verified(text, issuer_of(org)).claims
    assert (claims["sub"], claims["aud"]) == (role, ["one", "two"])
    aws = claims[NAMESPACE]
    assert (aws["principal_tags"], aws["request_tags"]) == ({"job": "1"}, {"order": "7"})
    assert aws["source_identity"] == "eve"
    assert aws["original_session_exp"] == answer["Credentials"]["Expiration"].strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_token_does_not_outlive_the_session(org: Running) -> None:
    """A role's session of a quarter of an hour gives no token for longer."""
    role = f"arn:aws:iam::{ACCOUNT}:role/app/Worker"
    answer = service(org).assume_role(RoleArn=role, RoleSessionName="me", DurationSeconds=900)
    worker = service(org, credentials_of(answer))
    assert token(worker, DurationSeconds=600)
    code, status, _ = refused(lambda: token(worker, DurationSeconds=901))
    assert (code, status) == ("SessionDurationEscalationException", 403)


def test_the_token_is_exchanged_for_a_role(emulator_from: Callable[[str], Running]) -> None:
    """AssumeRoleWithWebIdentity of another account takes it, with the account's issuer as identity provider."""
    running = emulator_from(toml())
    issuer = issuer_of(running)
    iam = service(running, f"{OFF}:eve", "iam")
    provider = iam.create_open_id_connect_provider(Url=issuer, ClientIDList=["api"])["OpenIDConnectProviderArn"]
    name = issuer.removeprefix("http://")
    trusted = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {f"{name}:sub": f"arn:aws:iam::{ACCOUNT}:user/eve"}},
    }
    iam.create_role(RoleName="Guest", AssumeRolePolicyDocument=policy(trusted))
    answer = service(running).assume_role_with_web_identity(
        RoleArn=f"arn:aws:iam::{OFF}:role/Guest", RoleSessionName="me", WebIdentityToken=token(service(running))
    )
    assert answer["SubjectFromWebIdentityToken"] == f"arn:aws:iam::{ACCOUNT}:user/eve"


def test_who_may(org: Running) -> None:
    """The action needs a permission, with keys for audience, algorithm and duration; tags need another."""
    own = f"on resource: arn:aws:sts::{ACCOUNT}:self"
    told = refused(lambda: token(service(org, f"{ACCOUNT}:nobody")))
    assert told[:2] == ("AccessDenied", 403)
    assert told[2].endswith(f"is not authorized to perform: sts:GetWebIdentityToken {own}")
    api = service(org, f"{ACCOUNT}:api")
    assert token(api, "ES384")
    for given in ({"algorithm": "RS256"}, {"algorithm": "ES384", "DurationSeconds": 301}):
        assert refused(lambda given=given: token(api, **given))[:2] == ("AccessDenied", 403)
    assert refused(lambda: token(api, "ES384", "api", "other"))[:2] == ("AccessDenied", 403)
    told = refused(lambda: token(api, "ES384", Tags=[{"Key": "a", "Value": "b"}]))
    assert told[2].endswith(f"is not authorized to perform: sts:TagGetWebIdentityToken {own}")
    session = service(org, credentials_of(service(org).get_session_token()))
    assert refused(lambda: token(session))[:2] == ("AccessDenied", 403)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"SigningAlgorithm": "HS256"}, "ValidationError"),
        ({"SubjectMode": "Other"}, "ValidationError"),
        ({"SubjectMode": "OriginIdentity"}, "ValidationError"),
        ({"Scope": "read"}, "ValidationError"),
        ({"DurationSeconds": 3601}, "ValidationError"),
        ({"Audience": [f"{n}" for n in range(11)]}, "ValidationError"),
        ({"Audience": ["a" * 1001]}, "ValidationError"),
        ({"Tags": [{"Key": "a", "Value": ""}, {"Key": "A", "Value": ""}]}, "InvalidParameterValue"),
        (
            {"Tags": [{"Key": f"{n}" * 60, "Value": "v" * 256} for n in range(10, 60)]},
            "JWTPayloadSizeExceededException",
        ),
    ],
)
def test_what_cannot_be_asked_for(org: Running, given: dict[str, Any], code: str) -> None:
    """What the model limits, what needs a context that no session has, and more than a token can hold."""
    call = {"Audience": ["api"], "SigningAlgorithm": "RS256", **given}
    assert refused(lambda: service(org).get_web_identity_token(**call))[:2] == (code, 400)


def test_it_is_switched_on_and_off(emulator_from: Callable[[str], Running]) -> None:
    """Without the feature there are no tokens; the issuer stays the same, and its keys stay published."""
    running = emulator_from(toml())
    sts, iam = service(running, f"{OFF}:eve"), service(running, f"{OFF}:eve", "iam")
    assert refused(lambda: token(sts))[:2] == ("OutboundWebIdentityFederationDisabledException", 403)
    assert refused(iam.get_outbound_web_identity_federation_info)[:2] == ("FeatureDisabled", 404)
    assert refused(iam.disable_outbound_web_identity_federation)[:2] == ("FeatureDisabled", 404)
    issuer = iam.enable_outbound_web_identity_federation()["IssuerIdentifier"]
    assert refused(iam.enable_outbound_web_identity_federation)[:2] == ("FeatureEnabled", 409)
    text = token(sts)
    iam.disable_outbound_web_identity_federation()
    assert refused(lambda: token(sts))[:2] == ("OutboundWebIdentityFederationDisabledException", 403)
    assert verified(text, issuer).claims["sub"] == f"arn:aws:iam::{OFF}:user/eve"
    assert iam.enable_outbound_web_identity_federation()["IssuerIdentifier"] == issuer


def test_the_global_endpoint_does_not_know_it(org: Running) -> None:
    """GetWebIdentityToken is regional."""
    told = refused(lambda: token(service(org, region="aws-global")))
    assert told == ("InvalidAction", 400, "Unknown Operation")


def test_nothing_else_is_published(org: Running) -> None:
    """No other document, no other issuer, no other method; and no private key."""
    issuer = issuer_of(org)
    for url in (f"{issuer}/.well-known/other", f"{issuer}0/.well-known/jwks.json", f"{org.url}/_sts/"):
        with pytest.raises(HTTPError, match="404"):
            urlopen(url)
    with pytest.raises(HTTPError, match="404"):
        urlopen(Request(f"{issuer}/.well-known/jwks.json", data=b"x"))
    for key in read(f"{issuer}/.well-known/jwks.json")["keys"]:
        assert "d" not in key


def test_expiration_is_told(org: Running) -> None:
    """The answer says when the token is over."""
    answer = service(org).get_web_identity_token(Audience=["api"], SigningAlgorithm="RS256", DurationSeconds=3600)
    assert timedelta(minutes=59) < answer["Expiration"] - datetime.now(UTC) <= timedelta(hours=1)
