"""AssumeRoleWithWebIdentity: the tokens that it takes, and every other one."""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from stsctl.emulator import control
from stsctl.emulator.running import Running
from stsctl.emulator.seeds import seed
from stsctl.errors import ConfigurationError
from tests.conftest import missing
from tests.emulator_fixture import credentials_of
from tests.unit.emulator.test_sts import refused, sts

try:
    from joserfc import jwt
    from joserfc.jwk import ECKey, RSAKey
except ImportError:
    missing("joserfc")

ISSUER = "https://oidc.example/tenant"
PROVIDER = "arn:aws:iam::111111111111:oidc-provider/oidc.example/tenant"
KEYS = {"RS256": RSAKey.generate_key(2048, {"kid": "r"}), "ES384": ECKey.generate_key("P-384", {"kid": "e"})}
STRANGER = RSAKey.generate_key(2048, {"kid": "r"})
TAGS, SOURCE = "https://aws.amazon.com/tags", "https://aws.amazon.com/source_identity"


def jwks() -> str:
    """The issuer's public keys."""
    return json.dumps({"keys": [key.as_dict(private=False) for key in KEYS.values()]})


def trust(condition: object, *actions: str, provider: str = PROVIDER) -> str:
    """A role's trust policy in a provider."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": ["sts:AssumeRoleWithWebIdentity", *actions],
        "Condition": condition,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def role(name: str, condition: object, *actions: str, provider: str = PROVIDER) -> str:
    """A role in a seed."""
    return f"[account.111111111111.role.{name}]\ntrust = '{trust(condition, *actions, provider=provider)}'\n"


def organisation(port: int) -> str:
    """An issuer elsewhere whose keys are given, and one that listens here."""
    here = f"arn:aws:iam::111111111111:oidc-provider/127.0.0.1:{port}"
    claim = "oidc.example/tenant"
    return "\n".join(
        [
            f'[account.111111111111.oidc_provider."{ISSUER}"]',
            "client_ids = ['sts.amazonaws.com', 'other']",
            f"jwks = '{jwks()}'",
            f'[account.111111111111.oidc_provider."http://127.0.0.1:{port}"]',
            "client_ids = ['sts.amazonaws.com']",
            role("Any", {}),
            role("Me", {"StringEquals": {f"{claim}:sub": "me", f"{claim}:aud": "sts.amazonaws.com"}}),
            role("Repository", {"StringLike": {f"{claim}:repository": "org/*"}}),
            role("Original", {"ForAnyValue:StringEquals": {f"{claim}:oaud": "other"}}),
            role("Provider", {"StringEquals": {"aws:FederatedProvider": PROVIDER, "sts:RoleSessionName": "me"}}),
            role("Tagged", {"StringEquals": {"aws:RequestTag/team": "blue"}}, "sts:TagSession"),
            role("Sourced", {}, "sts:SetSourceIdentity"),
            role("Here", {}, provider=here),
            role("Elsewhere", {}, provider="arn:aws:iam::111111111111:oidc-provider/unknown.example"),
        ]
    )


class _Issuer(BaseHTTPRequestHandler):
    """An issuer that publishes its keys."""

    def do_GET(self) -> None:
        """Discovery, keys, and a redirect for nobody."""
        here = f"http://127.0.0.1:{self.server.server_address[1]}"
        pages = {
            "/.well-known/openid-configuration": json.dumps({"issuer": here, "jwks_uri": f"{here}/keys"}),
            "/keys": jwks(),
        }
        content = pages.get(self.path, "").encode()
        self.send_response(200 if content else 404)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Says nothing."""


@pytest.fixture(scope="module")
def issuer() -> Iterator[ThreadingHTTPServer]:
    """An issuer on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Issuer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory, issuer: ThreadingHTTPServer) -> Iterator[Running]:
    """The organisation of these tests, running."""
    folder: Path = tmp_path_factory.mktemp("org")
    (folder / "org.toml").write_text(organisation(issuer.server_address[1]))
    running = control.start(folder / "state", seed=folder / "org.toml")
    yield running
    control.stop(folder / "state", running)


def claims(**more: Any) -> dict[str, Any]:
    """What a good token says; None takes a claim away."""
    now = int(datetime.now(UTC).timestamp())
    found = {"iss": ISSUER, "aud": "sts.amazonaws.com", "sub": "me", "iat": now, "exp": now + 43200, **more}
    return {name: value for name, value in found.items() if value is not None}


def token(algorithm: str = "RS256", key: Any = None, **more: Any) -> str:
    """A token that the issuer signed."""
    key = key or KEYS[algorithm]
    return jwt.encode({"alg": algorithm, "kid": key.kid}, claims(**more), key, algorithms=[algorithm])


def anonymous(running: Running) -> Any:
    """A client without credentials."""
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    return boto3.client("sts", endpoint_url=running.url, region_name="us-east-1", config=config)


def become(running: Running, name: str, sent: str, **more: Any) -> Any:
    """Becomes a role with a token."""
    given = {"RoleArn": f"arn:aws:iam::111111111111:role/{name}", "RoleSessionName": "me", "WebIdentityToken": sent}
    return anonymous(running).assume_role_with_web_identity(**{**given, **more})


DENIED = ("AccessDenied", 403, "Not authorized to perform sts:AssumeRoleWithWebIdentity")


@pytest.mark.parametrize("algorithm", ["RS256", "ES384"])
def test_answer_of_assume_role_with_web_identity(org: Running, algorithm: str) -> None:
    """§1: nobody signs it; the answer names subject, audience and provider, and its credentials work."""
    answer = become(org, "Me", token(algorithm))
    assert answer["SubjectFromWebIdentityToken"] == "me"
    assert (answer["Audience"], answer["Provider"]) == ("sts.amazonaws.com", PROVIDER)
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::111111111111:assumed-role/Me/me"
    held = sts(org, credentials_of(answer))
    assert held.get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"]


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("Repository", {"repository": "org/x"}),
        ("Original", {"azp": "sts.amazonaws.com", "aud": "other"}),
        ("Me", {"aud": ["x", "sts.amazonaws.com"]}),
        ("Provider", {}),
        ("Tagged", {TAGS: {"principal_tags": {"team": ["blue"]}, "transitive_tag_keys": ["team"]}}),
        ("Sourced", {SOURCE: "alice"}),
    ],
)
def test_claims_are_condition_keys(org: Running, name: str, more: dict[str, Any]) -> None:
    """§2.2, §2.3: every claim under the issuer's name, `azp` as the audience, tags and source identity of the token."""
    answer = become(org, name, token(**more))
    assert answer.get("SourceIdentity") == more.get(SOURCE)
    assert ("PackedPolicySize" in answer) == (TAGS in more)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("Me", {"sub": "you"}),
        ("Me", {"sub": "you", "SUB": "me"}),
        ("Me", {"aud": "other"}),
        ("Repository", {}),
        ("Repository", {"repository": "other/x"}),
        ("Original", {"aud": "other"}),
        ("Elsewhere", {}),
        ("Nowhere", {}),
    ],
)
def test_trust_policies_refuse_claims(org: Running, name: str, more: dict[str, Any]) -> None:
    """§2.5: what the trust policy does not allow is refused without a name, and so is a role that is not there."""
    assert refused(lambda: become(org, name, token(**more))) == DENIED


@pytest.mark.parametrize(
    ("more", "action"),
    [
        ({TAGS: {"principal_tags": {"team": ["blue"]}}}, "TagSession"),
        ({SOURCE: "alice"}, "SetSourceIdentity"),
    ],
)
def test_tags_and_source_identity_need_their_actions(org: Running, more: dict[str, Any], action: str) -> None:
    """§2.2: the trust policy must allow sts:TagSession and sts:SetSourceIdentity too."""
    assert refused(lambda: become(org, "Any", token(**more))) == (
        "AccessDenied",
        403,
        f"Not authorized to perform sts:{action}",
    )


def now() -> int:
    """The present second."""
    return int(datetime.now(UTC).timestamp())


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        ({"aud": "else"}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"aud": None}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"aud": {"a": 1}}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"azp": "else"}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"azp": ["sts.amazonaws.com"]}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"exp": now() - 1}, "ExpiredTokenException", "Token expired: current date/time"),
        ({"exp": -(10**400)}, "InvalidIdentityToken", "exp is not a time"),
        ({"exp": True}, "InvalidIdentityToken", "exp is not a time"),
        ({"exp": "never"}, "InvalidIdentityToken", "exp is not a time"),
        ({"exp": float("inf")}, "InvalidIdentityToken", "exp is not a time"),
        ({"exp": None}, "InvalidIdentityToken", "Missing a required claim: exp"),
        ({"iat": None}, "InvalidIdentityToken", "Missing a required claim: iat"),
        ({"iat": now() + 4000, "exp": now() + 9000}, "InvalidIdentityToken", "not valid yet"),
        ({"nbf": now() + 4000, "exp": now() + 9000}, "InvalidIdentityToken", "not valid yet"),
        ({"sub": None}, "InvalidIdentityToken", "Missing a required claim: sub"),
        ({"sub": ["me"]}, "InvalidIdentityToken", "Missing a required claim: sub"),
        ({"iss": None}, "InvalidIdentityToken", "Missing a required claim: iss"),
        ({"iss": 7}, "InvalidIdentityToken", "Missing a required claim: iss"),
        (
            {"iss": "https://unknown.example"},
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account for https://unknown.example",
        ),
        (
            {"iss": ISSUER.replace("https", "http")},
            "InvalidIdentityToken",
            "No OpenIDConnect provider found in your account for http://oidc.example/tenant",
        ),
        ({TAGS: "x"}, "InvalidIdentityToken", "principal_tags"),
        ({TAGS: {"principal_tags": {"a": ["b", "c"]}}}, "InvalidIdentityToken", "principal_tags"),
        ({TAGS: {"principal_tags": {"a": [1]}}}, "InvalidIdentityToken", "principal_tags"),
        ({TAGS: {"principal_tags": {}, "transitive_tag_keys": "a"}}, "InvalidIdentityToken", "principal_tags"),
        ({TAGS: {"principal_tags": {"a" * 129: ["b"]}}}, "ValidationError", "less than or equal to 128"),
        (
            {TAGS: {"principal_tags": {"a": ["b"], "A": ["b"]}}},
            "InvalidParameterValue",
            "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
        ),
        (
            {TAGS: {"principal_tags": {"a": ["b"]}, "transitive_tag_keys": ["c"]}},
            "InvalidParameterValue",
            "The specified transitive tag key must be included in the requested tags.",
        ),
        ({SOURCE: ["x"]}, "InvalidIdentityToken", "is not a text"),
        ({SOURCE: "aws:x"}, "ValidationError", "must not begin with 'aws:'"),
        ({SOURCE: "a b"}, "ValidationError", "sourceIdentity"),
    ],
)
def test_tokens_that_are_refused(org: Running, more: dict[str, Any], code: str, message: str) -> None:
    """§2.5: audience, times, issuer and claims of a token that is well signed are checked, in AWS's words."""
    told = refused(lambda: become(org, "Any", token(**more)))
    assert told[:2] == (code, 400)
    assert message in told[2]


def part(value: object) -> str:
    """A part of a token."""
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def confused() -> str:
    """A token whose shared secret is the issuer's public key."""
    content = f"{part({'alg': 'HS256', 'kid': 'r'})}.{part(claims())}"
    return f"{content}.{part(hmac.digest(KEYS['RS256'].as_pem(private=False), content.encode(), 'sha256'))}"


HOSTILE: list[Callable[[], str]] = [
    lambda: f"{part({'alg': 'none'})}.{part(claims())}.",
    lambda: f"{part({'alg': 'None', 'kid': 'r'})}.{part(claims())}.",
    confused,
    lambda: token(key=STRANGER),
    lambda: ".".join([*token().split(".")[:1], part(claims(sub="you")), token().split(".")[2]]),
    lambda: token()[:-10],
    lambda: jwt.encode({"alg": "RS256", "kid": "else"}, claims(), KEYS["RS256"]),
    lambda: f"{part({'alg': 'ES384', 'kid': 'r'})}.{part(claims())}.{part(bytes(96))}",
    lambda: f"{part({'alg': 'RS256', 'crit': ['x'], 'x': 1})}.{part(claims())}.{part(bytes(256))}",
    lambda: f"{part({'alg': ['RS256']})}.{part(claims())}.x",
    lambda: f"{part([1])}.{part(claims())}.x",
    lambda: f"{part({'alg': 'RS256'})}.{part(b'[' * 14000)}.x",
    lambda: f"{part({'alg': 'RS256'})}.{part(b'9' * 10000)}.x",
    lambda: f"{part({'alg': 'RS256', 'kid': {}})}.{part(claims())}.{part(bytes(256))}",
    lambda: "....",
    lambda: "a.b.c",
    lambda: "é.ü.ß",
    lambda: part(b"\xff") * 3,
    lambda: f"{part(b'')}.{part(b'')}.xxx",
    lambda: f"{part({'alg': 'RS256'})}.{part(b'{' + bytes([255]) + b'}')}.x",
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_tokens(org: Running, number: int) -> None:
    """No token that the issuer did not sign is believed: none, confused, foreign, spoiled, nested, or no token."""
    assert refused(lambda: become(org, "Any", HOSTILE[number]()))[:2] == ("InvalidIdentityToken", 400)


def test_long_tokens(org: Running) -> None:
    """§1: a token has 4 to 20,000 characters."""
    assert refused(lambda: become(org, "Any", "x" * 20001))[0] == "ValidationError"


def test_duration_and_policies(org: Running) -> None:
    """§2.5: the role's longest session holds, and session policies are checked."""
    told = refused(lambda: become(org, "Any", token(), DurationSeconds=3601))
    assert told == (
        "ValidationError",
        400,
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )
    assert refused(lambda: become(org, "Any", token(), Policy="{}"))[0] == "MalformedPolicyDocument"
    assert refused(lambda: become(org, "Any", token(), RoleArn="arn:aws:iam::1:role/xxxxxxx"))[0] == "ValidationError"


def test_denials_carry_a_message(org: Running) -> None:
    """§2.5: the role's account can have a federated denial decoded."""
    with pytest.raises(ClientError) as error:
        become(org, "Me", token(sub="you"))
    answer: Any = error.value.response
    root = sts(org, "111111111111:root")
    decoded = root.decode_authorization_message(EncodedMessage=answer["Error"]["EncodedAuthorizationMessage"])
    assert json.loads(decoded["DecodedMessage"])["context"]["principal"]["arn"] == PROVIDER


def test_keys_from_the_issuer(org: Running, issuer: ThreadingHTTPServer) -> None:
    """An issuer that listens on loopback is asked for its keys."""
    here = f"http://127.0.0.1:{issuer.server_address[1]}"
    assert become(org, "Here", token(iss=here))["SubjectFromWebIdentityToken"] == "me"
    assert refused(lambda: become(org, "Here", token(iss=here, key=STRANGER)))[0] == "InvalidIdentityToken"


def test_providers_made_through_iam(org: Running) -> None:
    """A provider made with IAM's API counts; one elsewhere is never asked, and one that does not answer is said so."""
    iam = sts(org, "111111111111:root", "iam")
    for url in ("https://far.example", "http://127.0.0.1:1"):
        iam.create_open_id_connect_provider(Url=url, ClientIDList=["sts.amazonaws.com"], ThumbprintList=["a" * 40])
    told = refused(lambda: become(org, "Any", token(iss="https://far.example")))
    assert told[:2] == ("InvalidIdentityToken", 400)
    assert told[2].startswith("Couldn't retrieve verification key from your identity provider")
    assert refused(lambda: become(org, "Any", token(iss="http://127.0.0.1:1")))[:2] == ("IDPCommunicationError", 400)


@pytest.mark.parametrize(
    ("url", "lines", "message"),
    [
        (ISSUER, "jwks = '{}'\nclient_ids = ['a']", "it is no key set"),
        (ISSUER, "jwks = '{\"keys\": []}'\nclient_ids = ['a']", "has no RSA or EC key"),
        (ISSUER, "client_ids = ['a']", "has no jwks"),
        (ISSUER, "jwks = 'x'", "has no client_ids"),
        (ISSUER, "key = 1", "key"),
        ("oidc.example", "", "is not the URL of an issuer"),
        ("http://oidc.example", "", "is not the URL of an issuer"),
    ],
)
def test_mistakes_in_seeds(url: str, lines: str, message: str) -> None:
    """A provider that is not right is said with its line."""
    text = f'[account.111111111111.oidc_provider."{url}"]\n{lines}\n'
    with pytest.raises(ConfigurationError, match=r"^org.toml:\d+: ") as error:
        seed.parse(text.encode(), "org.toml")
    assert message in error.value.message
