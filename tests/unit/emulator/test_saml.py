"""AssumeRoleWithSAML: the responses that it takes, and every other one."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from stsctl.emulator import control
from stsctl.emulator.protocol import saml_document
from stsctl.emulator.running import Running
from stsctl.emulator.seeds import seed
from stsctl.errors import ConfigurationError
from tests.conftest import missing
from tests.emulator_fixture import credentials_of
from tests.unit.emulator.test_sts import refused, sts

try:
    from lxml import etree
    from signxml import XMLSigner  # type: ignore[attr-defined]
except ImportError:
    missing("signxml")

IDP = "https://idp.example/saml"
PROVIDER = "arn:aws:iam::111111111111:saml-provider/corp"
RECIPIENT = "https://signin.aws.amazon.com/saml"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"


class Key:
    """A provider's key with its certificate."""

    def __init__(self) -> None:
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "idp")])
        made = x509.CertificateBuilder(name, name, self.private.public_key(), x509.random_serial_number())
        made = made.not_valid_before(datetime.now(UTC) - timedelta(days=1))
        made = made.not_valid_after(datetime.now(UTC) + timedelta(days=1))
        self.pem = made.sign(self.private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


OWN, STRANGER = Key(), Key()


def role(name: str, condition: object, *actions: str) -> str:
    """A role that trusts the provider."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": PROVIDER},
        "Action": ["sts:AssumeRoleWithSAML", *actions],
        "Condition": condition,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return f"[account.111111111111.role.{name}]\nmax_duration = '4h'\ntrust = '{policy}'\n"


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The organisation of these tests, running."""
    folder: Path = tmp_path_factory.mktemp("org")
    lines = [
        "[account.111111111111.saml_provider.corp]",
        f"issuer = '{IDP}'\ncertificate = '''{OWN.pem}'''",
        "[account.111111111111.saml_provider.other]",
        f"issuer = 'https://other.example'\ncertificate = '''{OWN.pem}'''",
        role("Any", {}, "sts:TagSession", "sts:SetSourceIdentity"),
        role("Bare", {}),
        role("Keys", {"StringEquals": {"SAML:aud": RECIPIENT, "SAML:iss": IDP, "saml:sub": "alice"}}),
        role("Doc", {"StringEquals": {"saml:doc": "111111111111/corp", "saml:sub_type": "persistent"}}),
        role("Tagged", {"StringEquals": {"aws:RequestTag/team": "blue"}}, "sts:TagSession"),
        role("Bob", {"StringEquals": {"saml:sub": "bob"}}),
    ]
    (folder / "org.toml").write_text("\n".join(lines))
    running = control.start(folder / "state", seed=folder / "org.toml")
    yield running
    control.stop(folder / "state", running)


def at(seconds: float = 0) -> str:
    """An instant, from now."""
    return f"{datetime.now(UTC) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"


def attribute(name: str, *values: str) -> str:
    """One of AWS's attributes."""
    inside = "".join(f"<AttributeValue>{value}</AttributeValue>" for value in values)
    return f'<Attribute Name="https://aws.amazon.com/SAML/Attributes/{name}">{inside}</Attribute>'


def assertion(role_name: str = "Any", attributes: str = "", **more: str) -> str:
    """An assertion, whose facts `more` replaces."""
    given = {
        "issued": at(),
        "issuer": IDP,
        "name": "alice",
        "recipient": RECIPIENT,
        "audience": RECIPIENT,
        "begins": at(-60),
        "ends": at(300),
        "session_ends": at(36000),
        "pair": f"arn:aws:iam::111111111111:role/{role_name},{PROVIDER}",
        "session": "alice@corp",
        "method": "urn:oasis:names:tc:SAML:2.0:cm:bearer",
        **more,
    }
    return (
        '<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion" ID="_a" Version="2.0" '
        'IssueInstant="{issued}"><Issuer>{issuer}</Issuer><Subject><NameID '
        'Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent">{name}</NameID><SubjectConfirmation '
        'Method="{method}"><SubjectConfirmationData NotOnOrAfter="{ends}" '
        'Recipient="{recipient}"/></SubjectConfirmation></Subject><Conditions NotBefore="{begins}" '
        'NotOnOrAfter="{ends}"><AudienceRestriction><Audience>{audience}</Audience></AudienceRestriction></Conditions>'
        '<AuthnStatement SessionNotOnOrAfter="{session_ends}"/>'
    ).format(**given) + (
        f"<AttributeStatement>{attribute('Role', given['pair'])}{attribute('RoleSessionName', given['session'])}"
        f"{attributes}</AttributeStatement></Assertion>"
    )


def signed(text: str, key: Key = OWN) -> str:
    """An element with a signature of its own."""
    element = etree.fromstring(text)
    made = XMLSigner(c14n_algorithm=EXCLUSIVE).sign(
        element, key=key.private, cert=key.pem, reference_uri=element.get("ID")
    )
    return etree.tostring(made).decode()


def response(inside: str, status: str = "Success") -> str:
    """A response that holds an assertion."""
    return (
        '<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_r" Version="2.0"><p:Status><p:StatusCode '
        f'Value="urn:oasis:names:tc:SAML:2.0:status:{status}"/></p:Status>{inside}</p:Response>'
    )


def good(role_name: str = "Any", attributes: str = "", **more: str) -> str:
    """A response whose assertion is signed."""
    return response(signed(assertion(role_name, attributes, **more)))


def become(running: Running, role_name: str, sent: str | bytes, **more: Any) -> Any:
    """Becomes a role with a response."""
    content = sent.encode() if isinstance(sent, str) else sent
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    client = boto3.client("sts", endpoint_url=running.url, region_name="us-east-1", config=config)
    given = {
        "RoleArn": f"arn:aws:iam::111111111111:role/{role_name}",
        "PrincipalArn": PROVIDER,
        "SAMLAssertion": base64.b64encode(content).decode(),
    }
    return client.assume_role_with_saml(**{**given, **more})


def test_answer_of_assume_role_with_saml(org: Running) -> None:
    """§1: nobody signs it; the answer names subject, issuer and recipient, and its credentials work."""
    answer = become(org, "Any", good())
    assert (answer["Subject"], answer["SubjectType"], answer["Issuer"]) == ("alice", "persistent", IDP)
    assert answer["Audience"] == RECIPIENT
    assert len(answer["NameQualifier"]) == 28
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::111111111111:assumed-role/Any/alice@corp"
    assert sts(org, credentials_of(answer)).get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"]


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("Keys", lambda: good("Keys")),
        ("Doc", lambda: good("Doc")),
        ("Tagged", lambda: good("Tagged", attribute("PrincipalTag:team", "blue"))),
        ("Any", lambda: signed(response(assertion()))),
        ("Any", lambda: good(pair=f"{PROVIDER}, arn:aws:iam::111111111111:role/Any")),
    ],
)
def test_responses_that_are_taken(org: Running, name: str, sent: Callable[[], str]) -> None:
    """§2.2, §2.3: the saml: keys, tags; the response or its assertion signed; role and provider in either order."""
    assert become(org, name, sent())["Credentials"]


def test_what_a_response_gives_the_session(org: Running) -> None:
    """§2.3: SessionDuration, SourceIdentity and SessionNotOnOrAfter shape the session."""
    more = attribute("SessionDuration", "7200") + attribute("SourceIdentity", "alice")
    answer = become(org, "Any", good(attributes=more))
    assert answer["SourceIdentity"] == "alice"
    left = answer["Credentials"]["Expiration"] - datetime.now(UTC)
    assert timedelta(minutes=119) < left <= timedelta(hours=2)
    answer = become(org, "Any", good(session_ends=at(1000)))
    assert answer["Credentials"]["Expiration"] - datetime.now(UTC) <= timedelta(seconds=1000)
    told = refused(lambda: become(org, "Any", good(), DurationSeconds=14401))
    assert told[2] == "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."


@pytest.mark.parametrize(
    ("name", "attributes", "more", "action"),
    [
        ("Bob", "", {}, "AssumeRoleWithSAML"),
        ("Nowhere", "", {}, "AssumeRoleWithSAML"),
        ("Any", "", {"pair": f"arn:aws:iam::111111111111:role/Bare,{PROVIDER}"}, "AssumeRoleWithSAML"),
        ("Bare", attribute("PrincipalTag:team", "blue"), {}, "TagSession"),
        ("Bare", attribute("SourceIdentity", "alice"), {}, "SetSourceIdentity"),
    ],
)
def test_not_authorized(org: Running, name: str, attributes: str, more: dict[str, str], action: str) -> None:
    """§2.5: what trust policy or response do not allow is refused without a name."""
    assert refused(lambda: become(org, name, good(name, attributes, **more))) == (
        "AccessDenied",
        403,
        f"Not authorized to perform sts:{action}",
    )


@pytest.mark.parametrize(
    ("sent", "code", "message"),
    [
        (lambda: good(issuer="https://else"), "InvalidIdentityToken", "Issuer not present in specified provider"),
        (lambda: good(audience="else"), "InvalidIdentityToken", "Response does not contain the required audience."),
        (lambda: good(recipient="https://evil/saml"), "InvalidIdentityToken", "the required recipient"),
        (lambda: good(recipient=f"{RECIPIENT}.evil.example"), "InvalidIdentityToken", "the required recipient"),
        (lambda: good(method="holder"), "InvalidIdentityToken", "the required recipient"),
        (lambda: good(issued=at(-400)), "ExpiredTokenException", "Token must be redeemed within 5 minutes of issuance"),
        (lambda: good(issued="soon"), "InvalidIdentityToken", "Invalid SAML response"),
        (lambda: good(ends=at(-1)), "ExpiredTokenException", "Response has expired"),
        (lambda: good(session_ends=at(-1)), "ExpiredTokenException", "Response has expired"),
        (lambda: good(begins=at(900)), "InvalidIdentityToken", "Response is not valid yet"),
        (
            lambda: good(session="a b"),
            "InvalidIdentityToken",
            "RoleSessionName in AuthnResponse must match [a-zA-Z_0-9+=,.@-]{2,64}",
        ),
        (lambda: good(name=""), "InvalidIdentityToken", "NameID is missing"),
        (lambda: good(name="a<b/>c"), "InvalidIdentityToken", "Invalid SAML response"),
        (lambda: good(attributes=attribute("SessionDuration", "899")), "InvalidIdentityToken", "SessionDuration"),
        (lambda: good(attributes=attribute("PrincipalTag:a", "b", "c")), "InvalidIdentityToken", "one value"),
        (lambda: good(attributes=attribute("Role", "x")), "InvalidIdentityToken", "more than once"),
        (
            lambda: good(attributes=attribute("TransitiveTagKeys", "a")),
            "InvalidParameterValue",
            "The specified transitive tag key must be included in the requested tags.",
        ),
    ],
)
def test_responses_that_are_refused(org: Running, sent: Callable[[], str], code: str, message: str) -> None:
    """§2.5: what a response says that is well signed is checked, in AWS's words."""
    told = refused(lambda: become(org, "Any", sent()))
    assert told[:2] == (code, 400)
    assert message in told[2]


def wrapped(first: bool) -> str:
    """The signed assertion put aside, and one that nobody signed in its place."""
    own = signed(assertion())
    forged = assertion(name="root").replace('ID="_a"', 'ID="_b"')
    kept = f"<p:Extensions>{own}</p:Extensions>"
    return response(kept + forged if first else forged + kept)


def embedded() -> str:
    """A forged assertion around the signature of the real one."""
    own = signed(assertion())
    signature = own[own.index("<ds:Signature") : own.index("</ds:Signature>") + len("</ds:Signature>")]
    original = own.replace(signature, "")
    inside = signature.replace("</ds:Signature>", f"<ds:Object>{original}</ds:Object></ds:Signature>")
    forged = assertion(name="root").replace('ID="_a"', 'ID="_b"')
    return response(forged.replace("</Issuer>", f"</Issuer>{inside}", 1))


DTD = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
LAUGHS = "<!DOCTYPE x [<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
HOSTILE: list[Callable[[], str | bytes]] = [
    lambda: response(assertion()),
    lambda: response(signed(assertion(), STRANGER)),
    lambda: good().replace(">alice<", ">root<"),
    lambda: wrapped(True),
    lambda: wrapped(False),
    embedded,
    lambda: response(signed(assertion()) + assertion(name="root")).replace('ID="_a"', 'ID="_b"', 1),
    lambda: response(signed(assertion()) * 2),
    lambda: good().replace("alice<", "alice<!-- -->.evil<"),
    lambda: good(name="alice<!-- -->.evil"),
    lambda: good().replace("rsa-sha256", "hmac-sha256"),
    lambda: good().replace("rsa-sha256", "rsa-sha1"),
    lambda: good().replace("rsa-sha256", "nothing"),
    lambda: DTD + good().replace(">alice<", ">&e;<"),
    lambda: f"{LAUGHS}]>{good().replace('>alice<', '>&a11;<')}",
    lambda: f"{LAUGHS}]>{good().replace('Version=', 'x=' + chr(34) + '&a11;' + chr(34) + ' Version=', 1)}",
    lambda: (LAUGHS + "]>" + good()).encode("utf-16"),
    lambda: "<a>" * 20000,
    lambda: "<?xml version='1.0' encoding='nothing'?>" + good(),
    lambda: b"\x00\xff" * 100,
    lambda: "<a/>",
    lambda: signed(assertion()),
    lambda: response(""),
    lambda: good().replace("</ds:SignatureValue>", "é</ds:SignatureValue>"),
    lambda: response("<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'/>" + assertion()),
    lambda: good().replace('URI="#_a"', 'URI="http://127.0.0.1:1/"'),
    lambda: good().replace('URI="#_a"', "URI=\"#xpointer(id('_a'))\""),
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_hostile_responses(org: Running, number: int) -> None:
    """Nothing that the provider did not sign is believed: forged, wrapped, spliced by comments, bombs, or no XML."""
    assert refused(lambda: become(org, "Any", HOSTILE[number]()))[:2] == ("InvalidIdentityToken", 400)


def test_forged_responses_are_told_from_good_ones(org: Running) -> None:
    """§2.5: AWS's words for a signature that is not the provider's."""
    assert refused(lambda: become(org, "Any", HOSTILE[1]()))[2] == "Response signature invalid"
    assert refused(lambda: become(org, "Any", good(), SAMLAssertion="%%%%"))[2] == "Invalid base64 SAMLResponse"
    assert refused(lambda: become(org, "Any", good(), SAMLAssertion="x" * 100001))[0] == "ValidationError"


def test_what_the_provider_did_not_authenticate(org: Running) -> None:
    """§1: a response that says no is an IDPRejectedClaim, 403."""
    assert refused(lambda: become(org, "Any", response("", "AuthnFailed")))[:2] == ("IDPRejectedClaim", 403)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::111111111111:saml-provider/nothing",
        "arn:aws:iam::222222222222:saml-provider/corp",
        "arn:aws:iam::111111111111:user/corp",
        "x" * 30,
    ],
)
def test_providers_that_are_not_there(org: Running, arn: str) -> None:
    """§2.5: the provider has to be one of the role's account."""
    told = refused(lambda: become(org, "Any", good(), PrincipalArn=arn))
    assert told == ("InvalidIdentityToken", 400, "Specified provider doesn't exist")


def test_another_provider_of_the_account(org: Running) -> None:
    """§2.5: a response of one provider says nothing for another, though both have one key."""
    other = PROVIDER.replace("corp", "other")
    told = refused(lambda: become(org, "Any", good(), PrincipalArn=other))
    assert told == ("InvalidIdentityToken", 400, "Issuer not present in specified provider")


def test_providers_made_through_iam(org: Running) -> None:
    """A provider made with IAM's API counts, and one whose metadata is none is no provider."""
    iam = sts(org, "111111111111:root", "iam")
    for name, document in {"made": saml_document.metadata(IDP, OWN.pem), "broken": "x" * 1000}.items():
        iam.create_saml_provider(Name=name, SAMLMetadataDocument=document.ljust(1000))
        arn = PROVIDER.replace("corp", name)
        sent = good(pair=f"arn:aws:iam::111111111111:role/Any,{arn}")
        told = refused(lambda arn=arn, sent=sent: become(org, "Any", sent, PrincipalArn=arn))  # type: ignore[misc]
        # Verified, for the role does not trust the one; and not even read for the other.
        assert told[0] == ("AccessDenied" if name == "made" else "InvalidIdentityToken")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("metadata = '<a/>'", "it is no metadata"),
        ("metadata = 'x'", "it is no XML"),
        ("issuer = 'x'", "has no metadata"),
        ("issuer = 'x'\ncertificate = 'AAAA'", "certificate: "),
        ("key = 1", "key"),
    ],
)
def test_mistakes_in_seeds(lines: str, message: str) -> None:
    """A provider that is not right is said with its line."""
    with pytest.raises(ConfigurationError, match=r"^org.toml:\d+: ") as error:
        seed.parse(f"[account.111111111111.saml_provider.corp]\n{lines}\n".encode(), "org.toml")
    assert message in error.value.message
