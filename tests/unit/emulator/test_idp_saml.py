"""The SAML identity provider: who signs in there, what it says of them, and what AWS's sign-in makes of that."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from stsctl.emulator import control
from stsctl.emulator.directory import served_idp
from stsctl.emulator.protocol import saml_document
from stsctl.emulator.running import Running
from stsctl.emulator.seeds import seed
from stsctl.errors import ConfigurationError
from tests.conftest import missing
from tests.emulator_fixture import client, credentials_of
from tests.unit.emulator.federated import ADMIN, PROVIDER, READER, SEED, Visitor, started

try:
    import signxml  # noqa: F401
    from lxml import etree
except ImportError:
    missing("signxml")

ALICE = {"username": "alice", "password": "correct horse"}
SIGN_IN = saml_document.SIGN_IN
ATTRIBUTE = "https://aws.amazon.com/SAML/Attributes/"


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The organisation of these tests, running."""
    folder = tmp_path_factory.mktemp("org")
    running = started(folder)
    yield running
    control.stop(folder / "state", running)


def become(running: Running, response: str, role: str = READER, provider: str = PROVIDER) -> Any:
    """Becomes a role with a response, as a program does."""
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    sts = boto3.client("sts", endpoint_url=running.url, region_name="us-east-1", config=config)
    return sts.assume_role_with_saml(RoleArn=role, PrincipalArn=provider, SAMLAssertion=response)


def request(goal: str | None = None, extra: str = "", inside: str = "", after: str = "") -> str:
    """An AuthnRequest, as a redirect carries it."""
    where = f' AssertionConsumerServiceURL="{goal}"' if goal else ""
    text = (
        f'<samlp:AuthnRequest xmlns:samlp="{saml_document.PROTOCOL[1:-1]}" ID="_ask1" Version="2.0"{where}{extra}>'
        f"{inside}</samlp:AuthnRequest>{after}"
    )
    return packed(text.encode())


def packed(content: bytes) -> str:
    """Deflated, and in base64."""
    deflater = zlib.compressobj(wbits=-15)
    return base64.b64encode(deflater.compress(content) + deflater.flush()).decode()


def test_a_form_is_enough_to_become_a_role(org: Running) -> None:
    """Name and password posted, without a browser, give a response that STS takes, and credentials that work on S3."""
    page = Visitor(org).post("/idp/corp/saml", ALICE)
    assert page.status == 200
    assert f'action="{org.url}/saml"' in page.text
    answer = become(org, page.field("SAMLResponse"))
    assert answer["Subject"] == "alice"
    assert answer["SourceIdentity"] == "alice"
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::111111111111:assumed-role/Reader/alice"
    assert timedelta(minutes=119) < answer["Credentials"]["Expiration"] - datetime.now(UTC) <= timedelta(hours=2)
    assert client(org, "s3", credentials_of(answer)).list_buckets()["Buckets"] == []
    other = become(org, page.field("SAMLResponse"), ADMIN, "arn:aws:iam::222222222222:saml-provider/sso")
    assert other["AssumedRoleUser"]["Arn"] == "arn:aws:sts::222222222222:assumed-role/Admin/alice"


def test_what_a_response_says(org: Running) -> None:
    """Everything that the seed says of a person is in the response, under AWS's names, and escaped."""
    response = base64.b64decode(Visitor(org).post("/idp/corp/saml", ALICE).field("SAMLResponse"))
    root = etree.fromstring(response)
    found = {one.get("Name"): [value.text for value in one] for one in root.iter(f"{saml_document.ASSERTION}Attribute")}
    assert found == {
        f"{ATTRIBUTE}Role": [f"{READER},{PROVIDER}", f"{ADMIN},arn:aws:iam::222222222222:saml-provider/sso"],
        f"{ATTRIBUTE}RoleSessionName": ["alice"],
        f"{ATTRIBUTE}SessionDuration": ["7200"],
        f"{ATTRIBUTE}PrincipalTag:team": ["blue green"],
        f"{ATTRIBUTE}TransitiveTagKeys": ["team"],
        f"{ATTRIBUTE}SourceIdentity": ["alice"],
        "email": ["alice@corp.example"],
        "groups": ["R&D"],
    }


@pytest.mark.parametrize("fields", [{"username": "alice", "password": "x"}, {"username": "eve"}, {"username": ""}])
def test_nothing_is_said_of_strangers(org: Running, fields: dict[str, str]) -> None:
    """Without the right name and password there is no response."""
    page = Visitor(org).post("/idp/corp/saml", fields)
    assert page.status == 403
    assert "SAMLResponse" not in page.text


def test_one_provider_says_nothing_for_another(org: Running) -> None:
    """The response of one identity provider is refused by the provider of another, whose key did not sign it."""
    response = Visitor(org).post("/idp/aws/saml", {"username": "carol"}).field("SAMLResponse")
    with pytest.raises(Exception, match="InvalidIdentityToken"):
        become(org, response)


def test_responses_for_aws_itself(org: Running) -> None:
    """An identity provider can send people to AWS's own sign-in; the page may lead there, and nowhere else."""
    page = Visitor(org).post("/idp/aws/saml", {"username": "carol"})
    assert f'action="{SIGN_IN}"' in page.text
    assert "form-action 'self' https://signin.aws.amazon.com" in page.headers["content-security-policy"]
    root = etree.fromstring(base64.b64decode(page.field("SAMLResponse")))
    assert root.get("Destination") == SIGN_IN
    assert root.findtext(f"{saml_document.ASSERTION}Issuer") == "https://idp.example/"


def test_metadata_of_the_provider(org: Running) -> None:
    """The metadata says where to ask, and IAM takes it for a provider that then counts."""
    page = Visitor(org).get("/idp/corp/metadata")
    assert page.headers["content-type"] == "application/samlmetadata+xml"
    assert f'Location="{org.url}/idp/corp/saml"' in page.text
    known = saml_document.read_metadata(page.text)
    assert known.issuer == f"{org.url}/idp/corp/metadata"
    root = control.principal(org, "111111111111:root").credentials
    found = client(org, "iam", root).get_saml_provider(SAMLProviderArn=PROVIDER)
    assert found["SAMLMetadataDocument"] == page.text


@pytest.mark.parametrize(
    "goal",
    [
        None,
        "own",
        SIGN_IN,
        "https://us-east-1.signin.aws.amazon.com/saml/acs/SAMLSPX1",
        "https://signin.amazonaws.cn/saml",
    ],
)
def test_requests_are_answered(org: Running, goal: str | None) -> None:
    """SP-initiated: the response names the request and goes where it asks, with its RelayState; STS takes it."""
    goal = f"{org.url}/saml" if goal == "own" else goal
    visitor = Visitor(org)
    query = {"SAMLRequest": request(goal), "RelayState": '"><x>'}
    page = visitor.get("/idp/corp/saml", **query)
    assert "SAMLResponse" not in page.text
    page = visitor.post(page.url, ALICE)
    assert f'action="{goal or org.url + "/saml"}"' in page.text
    assert page.field("RelayState") == '"><x>'
    root = etree.fromstring(base64.b64decode(page.field("SAMLResponse")))
    assert root.get("InResponseTo") == "_ask1"
    assert become(org, page.field("SAMLResponse"))["Audience"] == (goal if goal and "amazon" in goal else SIGN_IN)


def test_a_request_can_ask_for_the_password_again(org: Running) -> None:
    """ForceAuthn: who is signed in gets the page to sign in with; without it, the response."""
    visitor = Visitor(org)
    visitor.post("/idp/corp/saml", ALICE)
    assert "SAMLResponse" in visitor.get("/idp/corp/saml", SAMLRequest=request()).text
    again = visitor.get("/idp/corp/saml", SAMLRequest=request(extra=' ForceAuthn="true"'))
    assert "SAMLResponse" not in again.text


@pytest.mark.parametrize(
    "sent",
    [
        "x",
        "",
        "%",
        packed(b"<x/>"),
        packed(b"no xml"),
        packed(b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
        packed(b"<a>" + b" " * 10_000_000 + b"</a>"),
        request("https://evil.example/saml"),
        request("https://signin.aws.amazon.com.evil.example/saml"),
        request("javascript:alert(1)"),
        request("http://127.0.0.1:1/saml"),
        request(inside="<!-- c -->"),
        request(after=" " * 10_000_000),
        request().replace("A", "B", 3),
        base64.b64encode(b"<AuthnRequest/>").decode(),
    ],
)
def test_requests_that_are_refused(org: Running, sent: str) -> None:
    """What is no request, is a bomb, or would send the response to a stranger, is told so before anybody signs in."""
    page = Visitor(org).post(f"/idp/corp/saml?SAMLRequest={sent.replace('+', '%2B')}", ALICE)
    if sent == "":
        assert page.status == 200  # nothing was asked
        return
    assert page.status == 400
    assert "SAMLResponse" not in page.text
    assert "InvalidAuthnRequest" in page.text


def test_forms_of_other_sites_sign_nobody_in(org: Running) -> None:
    """A page elsewhere cannot sign a person in, nor out."""
    for path in ("/idp/corp/saml", "/idp/corp/sign-out", "/console"):
        page = Visitor(org).post(path, {"username": "bob"}, {"Origin": "https://evil.example"})
        assert page.status == 403
        assert "set-cookie" not in page.headers


def test_signing_out_of_the_provider(org: Running) -> None:
    """Afterwards the name and the password are asked for again."""
    visitor = Visitor(org)
    visitor.post("/idp/corp/saml", ALICE)
    assert "Signed in as alice" in visitor.get("/idp/corp").text
    assert "Signed in as" not in visitor.post("/idp/corp/sign-out", {}).text
    assert "SAMLResponse" not in visitor.get("/idp/corp/saml").text


def test_the_console_by_saml(org: Running) -> None:
    """A response with several roles lists them; the chosen one is who the console says is there, until sign-out."""
    visitor = Visitor(org)
    response = visitor.post("/idp/corp/saml", ALICE).field("SAMLResponse")
    listed = visitor.post("/saml", {"SAMLResponse": response}, {"Origin": "https://idp.example"})
    assert READER in listed.text
    assert ADMIN in listed.text
    assert "production" in listed.text
    page = visitor.post("/saml", {"SAMLResponse": response, "roleIndex": ADMIN})
    assert page.url == f"{org.url}/console"
    for fact in ("Role Admin", "222222222222 (production)", "assumed-role/Admin/alice", "SAML, ", "2 h 0 min left"):
        assert fact in page.text
    assert "Nobody is signed in" in visitor.post("/console", {}).text
    assert visitor.get("/console").status == 403


def test_one_role_is_not_asked_for(org: Running) -> None:
    """Who has one role is in the console at once."""
    visitor = Visitor(org)
    response = visitor.post("/idp/corp/saml", {"username": "bob"}).field("SAMLResponse")
    page = visitor.post("/saml", {"SAMLResponse": response})
    assert page.url == f"{org.url}/console"
    assert "assumed-role/Reader/bob" in page.text


@pytest.mark.parametrize("role", [ADMIN, "arn:aws:iam::111111111111:role/Other", "x", ""])
def test_roles_that_the_response_does_not_have(org: Running, role: str) -> None:
    """A role that is not in the response is refused, whatever the form says."""
    visitor = Visitor(org)
    response = visitor.post("/idp/corp/saml", {"username": "bob"}).field("SAMLResponse")
    assert visitor.post("/saml", {"SAMLResponse": response, "roleIndex": role}).status == 403
    assert visitor.get("/console").status == 403


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"Reader", b"Admins"), (b"saml-provider/corp", b"saml-provider/no"), (b">bob<", b">alice<"), (b"<", b"")],
)
def test_responses_that_the_sign_in_refuses(org: Running, old: bytes, new: bytes) -> None:
    """A response in which something was changed signs nobody in."""
    visitor = Visitor(org)
    response = base64.b64decode(visitor.post("/idp/corp/saml", {"username": "bob"}).field("SAMLResponse"))
    assert old in response
    spoilt = base64.b64encode(response.replace(old, new)).decode()
    assert visitor.post("/saml", {"SAMLResponse": spoilt}).status == 400
    assert visitor.get("/console").status == 403


@pytest.mark.parametrize("sent", ["", "x", "PGEvPg==", "%ff"])
def test_what_is_no_response(org: Running, sent: str) -> None:
    """Whatever is posted to the sign-in, the answer is a page that says no."""
    page = Visitor(org).post("/saml", f"SAMLResponse={sent}")
    assert page.status == 400
    assert page.headers["content-type"] == "text/html; charset=utf-8"


def test_roles_of_another_partition(tmp_path: Path) -> None:
    """An account of another partition has its roles and its provider there, and is signed in to as well."""
    provider = "arn:aws-cn:iam::111111111111:saml-provider/corp"
    statement = {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithSAML"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    (tmp_path / "org.toml").write_text(
        f"""
[idp.corp.user.alice]
roles = ["arn:aws-cn:iam::111111111111:role/Reader"]
[account.111111111111]
partition = "aws-cn"
saml_provider.corp.idp = "corp"
role.Reader.trust = '{trust}'
"""
    )
    running = control.start(tmp_path / "state", seed=tmp_path / "org.toml")
    try:
        visitor = Visitor(running)
        response = visitor.post("/idp/corp/saml", {"username": "alice"}).field("SAMLResponse")
        page = visitor.post("/saml", {"SAMLResponse": response})
        assert "arn:aws-cn:sts::111111111111:assumed-role/Reader/alice" in page.text
    finally:
        control.stop(tmp_path / "state", running)


def test_the_emulator_by_its_other_name(org: Running) -> None:
    """At localhost, too, the pages' own forms stay where they are, as their policy wants."""
    for path in ("/idp/corp", "/console"):
        page = Visitor(org).get(f"http://localhost:{org.port}{path}")
        assert "<form" in page.text
        assert not re.findall(r'<form[^>]* action="http', page.text)


def test_a_person_without_roles(org: Running) -> None:
    """AWS's sign-in has nothing to offer to whom it is told no role of."""
    visitor = Visitor(org)
    response = visitor.post("/idp/corp/saml", {"username": "nobody"}).field("SAMLResponse")
    assert visitor.post("/saml", {"SAMLResponse": response}).status == 400


def test_a_bucket_may_be_called_as_a_page(org: Running) -> None:
    """Signed requests are AWS's, whatever their path."""
    reader = become(org, Visitor(org).post("/idp/corp/saml", ALICE).field("SAMLResponse"))
    s3 = client(org, "s3", credentials_of(reader), s3={"addressing_style": "path"})
    s3.create_bucket(Bucket="console")
    assert s3.list_objects_v2(Bucket="console")["KeyCount"] == 0
    s3.delete_bucket(Bucket="console")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[idp.corp]\n", "[idp.Corp]\n[idp.corp]\n", "small letters"),
        ('idp = "corp"', 'idp = "crop"', 'there is no idp "crop"'),
        ("oidc-provider/${idp.corp}", "oidc-provider/${idp.x}", 'there is no idp "x"'),
        ('session_duration = "2h"', 'session_duration = "13h"', "from 15m to 12h"),
        ('transitive = ["team"]', 'transitive = ["tame"]', 'there is no tag "tame"'),
        ('roles = ["arn:aws:iam::111111111111:role/Reader"]', 'roles = ["Reader"]', "Reader"),
        ('roles = ["arn:aws:iam::111111111111:role/Reader"]', f'roles = ["{READER},x"]', "SAML provider"),
        ('roles = ["arn:aws:iam::111111111111:role/Reader"]', 'roles = ["arn:aws:iam::333333333333:role/R"]', "333333"),
        ('claims = { department = "it" }', 'claims = { sub = "it" }', "sub is the issuer's own claim"),
        ('claims = { department = "it" }', 'claims = "x"', "claims are no JSON"),
        ('claims = { department = "it" }', 'claims = "[]"', "claims are no JSON object"),
        ('team = "blue green"', 'team = "a\\u0000"', "texts of one line"),
        ('algorithm = "ES384"', 'algorithm = "HS256"', "RS256 or ES384"),
        ('"https://web.example/cb"', '"http://web.example/cb"', "no redirect URI"),
        ('"https://web.example/cb"', '"https://web.example/cb#x"', "no redirect URI"),
        ('sign_in = "https://signin.aws.amazon.com/saml"', 'sign_in = "https://x.example"', "sign_in is not"),
        ("[idp.corp.user.bob]", "[idp.corp.user.b]", "user name"),
        ("[idp.corp.user.bob]", "[idp.corp.user.bob]\ncolour = 1", "unknown key"),
        (
            "[account.111111111111.saml_provider.corp]\n",
            "[idp.none]\n[account.111111111111.saml_provider.corp]\n",
            "neither",
        ),
    ],
)
def test_mistakes_in_seeds(old: str, new: str, message: str) -> None:
    """What is wrong with an identity provider is said with its line."""
    assert old in SEED
    with pytest.raises(ConfigurationError, match=r"^org.toml:\d+: ") as error:
        seed.parse(SEED.replace(old, new, 1).encode(), "org.toml")
    assert message in error.value.message


def test_the_example_in_the_readme() -> None:
    """The identity provider that the documentation shows is one, and has the accounts' trust."""
    text = (Path(__file__).parents[3] / "docs" / "emulator.md").read_text(encoding="utf-8")
    (block,) = [one for one in re.findall(r"```toml\n(.*?)```", text, re.DOTALL) if "[idp." in one]
    organisation = seed.parse(block.encode(), "emulator.md")
    _, (served,) = served_idp.serve(organisation, "http://127.0.0.1:1")
    assert served.role_pairs(served.idp.person("alice")) == [f"{READER},{PROVIDER}"]
