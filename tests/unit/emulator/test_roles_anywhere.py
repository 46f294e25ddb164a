"""IAM Roles Anywhere: whose certificate gets which session, and who is refused in which words."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stsctl.credentials import Credentials, Secret
from stsctl.emulator import control, remote
from stsctl.emulator.protocol import certificates
from stsctl.emulator.running import PREFIX, TOKEN_HEADER
from tests.certificates import Asking, Holder, authority, issue, key_of, name
from tests.conftest import missing
from tests.unit.emulator.front import Front, Received

ACCOUNT = "111111111111"
ROOT = authority("Example Root")
STRANGER = authority("Stranger")
ANCHOR, PROFILE, NARROW, LONG = (f"{digit}0000000-0000-0000-0000-000000000000" for digit in "abcd")
ANCHOR_ARN = f"arn:aws:rolesanywhere:us-east-1:{ACCOUNT}:trust-anchor/{ANCHOR}"
PROFILE_ARN = f"arn:aws:rolesanywhere:us-east-1:{ACCOUNT}:profile/{PROFILE}"
NARROW_ARN = f"arn:aws:rolesanywhere:us-east-1:{ACCOUNT}:profile/{NARROW}"
LONG_ARN = f"arn:aws:rolesanywhere:us-east-1:{ACCOUNT}:profile/{LONG}"
ONLY_LISTS = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListAllMyBuckets","Resource":"*"}]}'
ACTIONS = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")


def _role(
    role: str, condition: object = None, actions: tuple[str, ...] = ACTIONS, service: str = "rolesanywhere"
) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": list(actions),
        "Condition": condition or {},
    }
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    policy = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","sts:*"],"Resource":"*"}]}'
    return f"[account.{ACCOUNT}.role.{role}]\nmax_duration = '2h'\ntrust = '{trust}'\npolicies.may = '{policy}'\n"


SEED = f"""
[account.{ACCOUNT}.trust_anchor.root]
id = "{ANCHOR}"
certificates = '''
{ROOT.pem}'''
[account.{ACCOUNT}.trust_anchor.own]
[account.{ACCOUNT}.trust_anchor.off]
enabled = false
[account.{ACCOUNT}.trust_anchor.far]
region = "eu-west-1"
certificates = '''
{ROOT.pem}'''
[account.{ACCOUNT}.roles_anywhere_profile.servers]
id = "{PROFILE}"
roles = ["Server", "OfWeb", "OfAnchor", "WithoutTags", "WithoutIdentity", "OfOthers"]
[account.{ACCOUNT}.roles_anywhere_profile.long]
id = "{LONG}"
roles = ["Server"]
duration = "4h"
[account.{ACCOUNT}.roles_anywhere_profile.narrow]
id = "{NARROW}"
roles = ["Server"]
session_policy = '{ONLY_LISTS}'
managed = ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]
accept_role_session_name = true
[account.{ACCOUNT}.roles_anywhere_profile.off]
roles = ["Server"]
enabled = false
[account.{ACCOUNT}.roles_anywhere_profile.far]
region = "eu-west-1"
roles = ["Server"]
{_role("Server")}
{_role("OfWeb", {"StringEquals": {"aws:PrincipalTag/x509Subject/CN": "web-1", "sts:SourceIdentity": "CN=web-1"}})}
{_role("OfAnchor", {"ArnEquals": {"aws:SourceArn": ANCHOR_ARN}, "StringEquals": {"aws:SourceAccount": ACCOUNT}})}
{_role("WithoutTags", actions=("sts:AssumeRole", "sts:SetSourceIdentity"))}
{_role("WithoutIdentity", actions=("sts:AssumeRole", "sts:TagSession"))}
{_role("OfOthers", service="ec2")}
{_role("Unlisted")}
"""


@pytest.fixture(scope="module")
def front() -> Front:
    """An emulator in this process."""
    try:
        import moto  # noqa: F401
    except ImportError:
        missing("moto")
    return Front(SEED)


def leaf(text: str = "web-1", *, by: Holder = ROOT, **more: Any) -> Holder:
    """A certificate of somebody's."""
    return issue(name(text), by=by, **more)


WEB = leaf()


def asking(holder: Holder = WEB, role: str = "Server", **more: Any) -> Asking:
    """A request for a role, with other parameters in camel case."""
    own = {key: more.pop(key) for key in ("host", "region", "at", "in_query", "serial", "service") if key in more}
    given = {
        "trustAnchorArn": ANCHOR_ARN,
        "profileArn": PROFILE_ARN,
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/{role}",
        **more,
    }
    return Asking(holder=holder, parameters={key: value for key, value in given.items() if value is not None}, **own)


def answer(front: Front, asked: Asking) -> Received:
    """What the emulator answers."""
    target, headers, body = asked.sent()
    return front.send("POST", target, headers, body)


def session(front: Front, asked: Asking) -> dict[str, Any]:
    """The one set of credentials in an answer."""
    received = answer(front, asked)
    assert received.status == 201, received.body
    content: dict[str, Any] = json.loads(received.body)
    assert content["subjectArn"].startswith(f"arn:aws:rolesanywhere:us-east-1:{ACCOUNT}:subject/")
    (found,) = content["credentialSet"]
    return dict(found)


def credentials_of(found: dict[str, Any]) -> Credentials:
    """The credentials themselves."""
    given = found["credentials"]
    return Credentials(
        access_key_id=given["accessKeyId"],
        secret_access_key=Secret(given["secretAccessKey"]),
        session_token=Secret(given["sessionToken"]),
    )


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384", "p521"])
@pytest.mark.parametrize("in_query", [False, True])
def test_a_certificate_becomes_a_role(front: Front, kind: str, in_query: bool) -> None:
    """Whatever the key, and wherever the parameters are, the session is the role's, called by the serial number."""
    holder = leaf(key=key_of(kind), serial=0xABC)
    found = session(front, asking(holder, in_query=in_query, durationSeconds=900))
    arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/Server/0abc"
    assert found["assumedRoleUser"]["arn"] == arn
    assert found["roleArn"] == f"arn:aws:iam::{ACCOUNT}:role/Server"
    assert found["sourceIdentity"] == "CN=web-1"
    ends = datetime.fromisoformat(found["credentials"]["expiration"])
    assert timedelta(seconds=880) < ends - datetime.now(UTC) <= timedelta(seconds=900)
    assert front.client("sts", credentials_of(found)).get_caller_identity()["Arn"] == arn


def test_certificates_between_it_and_the_anchor(front: Front) -> None:
    """Intermediate CAs come with the request, in any order; without them nobody vouches for the certificate."""
    middle = authority("Middle", by=ROOT)
    low = authority("Low", by=middle)
    holder = leaf(by=low)
    with_chain = replace(holder, chain=(middle.certificate, low.certificate))
    assert session(front, asking(with_chain))["sourceIdentity"] == "CN=web-1"
    refused(front, asking(holder), "Untrusted signing certificate")


def test_as_many_between_as_aws_takes(front: Front) -> None:
    """Five certificates may come along."""
    cas = [ROOT]
    for number in range(5):
        cas.append(authority(f"CA {number}", by=cas[-1]))
    assert session(front, asking(replace(leaf(by=cas[-1]), chain=tuple(ca.certificate for ca in cas[1:]))))


def test_what_a_certificate_says_becomes_tags(front: Front) -> None:
    """Subject, issuer and the first alternative names are session tags; several values of a kind are one."""
    subject = name(
        "web-1", ORGANIZATIONAL_UNIT_NAME=["Security", "Research"], COUNTRY_NAME="DE", LOCALITY_NAME="Köln (Süd)"
    )
    alternatives: list[x509.GeneralName] = [
        x509.DNSName("web-1.example.com"),
        x509.DNSName("second.example.com"),
        x509.UniformResourceIdentifier("spiffe://example.com/web/1"),
        x509.DirectoryName(name("other", ORGANIZATION_NAME="Example")),
    ]
    found = session(front, asking(issue(subject, by=ROOT, alternatives=alternatives)))
    assert found["packedPolicySize"] > 0
    sts = front.client("sts", credentials_of(found))
    tags = {
        "x509Subject/CN": "web-1",
        "x509Subject/OU": "Security/Research",
        "x509Subject/C": "DE",
        "x509Issuer/CN": "Example Root",
        "x509SAN/DNS": "web-1.example.com",
        "x509SAN/URI": "spiffe://example.com/web/1",
        "x509SAN/Name/CN": "other",
        "x509SAN/Name/O": "Example",
    }
    conditions = {f"aws:PrincipalTag/{key}": value for key, value in tags.items()}
    # A session policy that asks for all of them; brackets are in no tag, so the locality is none.
    allowed = {"StringEquals": conditions, "Null": {"aws:PrincipalTag/x509Subject/L": "true"}}
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": allowed}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam = front.client("iam", front.principal(f"{ACCOUNT}:root"))
    iam.create_policy(PolicyName="tagged", PolicyDocument=policy)
    iam.put_role_policy(RoleName="Server", PolicyName="may", PolicyDocument=policy)
    try:
        assert "Buckets" in front.client("s3", credentials_of(found)).list_buckets()
        other = session(front, asking())
        with pytest.raises(front.client("s3", credentials_of(other)).exceptions.ClientError, match="AccessDenied"):
            front.client("s3", credentials_of(other)).list_buckets()
    finally:
        everything = {"Effect": "Allow", "Action": ["s3:*", "sts:*"], "Resource": "*"}
        whole = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
        iam.put_role_policy(RoleName="Server", PolicyName="may", PolicyDocument=whole)
    assert sts.get_caller_identity()["Account"] == ACCOUNT


@pytest.mark.parametrize(
    ("text", "identity"),
    [("", "ID=0123"), ("x" * 61, "CN=" + "x" * 61), ("x" * 62, "x" * 62), ("My Server", "CN=My Server")],
)
def test_source_identities(front: Front, text: str, identity: str) -> None:
    """The common name is behind a prefix as long as that fits; without one it is the serial number, in whole bytes."""
    holder = issue(name(text, ORGANIZATION_NAME="Example"), by=ROOT, serial=0x123)
    assert session(front, asking(holder))["sourceIdentity"] == identity


def test_trust_policies_see_who_it_is(front: Front) -> None:
    """Conditions on the certificate and on the trust anchor hold, and refuse others."""
    assert session(front, asking(role="OfWeb"))
    assert session(front, asking(role="OfAnchor"))
    refused(front, asking(leaf("web-2"), role="OfWeb"), f"Unable to assume role for arn:aws:iam::{ACCOUNT}:role/OfWeb")


def test_session_policies_and_names_of_a_profile(front: Front) -> None:
    """A profile's policies limit the session; a name is taken where the profile accepts one."""
    found = session(front, asking(profileArn=NARROW_ARN, roleSessionName="by-hand"))
    assert found["assumedRoleUser"]["arn"].endswith("/Server/by-hand")
    s3 = front.client("s3", credentials_of(found))
    assert "Buckets" in s3.list_buckets()
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.create_bucket(Bucket="not-allowed")
    unnamed = session(front, asking(leaf(serial=0x1002), profileArn=NARROW_ARN))
    assert unnamed["assumedRoleUser"]["arn"].endswith("/Server/1002")


def test_how_long_a_session_lasts(front: Front) -> None:
    """It is the shorter of what the profile has and what was asked; what the role does not allow is refused."""
    found = session(front, asking(profileArn=NARROW_ARN, durationSeconds=43200))
    ends = datetime.fromisoformat(found["credentials"]["expiration"])
    assert timedelta(minutes=59) < ends - datetime.now(UTC) <= timedelta(hours=1)
    assert session(front, asking(profileArn=LONG_ARN, durationSeconds=7200))
    long = f"Unable to assume role for arn:aws:iam::{ACCOUNT}:role/Server The requested DurationSeconds exceeds"
    refused(front, asking(profileArn=LONG_ARN, durationSeconds=7201), long)
    refused(front, asking(profileArn=LONG_ARN), long)  # the profile's four hours


def refused(front: Front, asked: Asking, message: str, *, code: str = "AccessDeniedException") -> None:
    """A request is refused in these words."""
    received = answer(front, asked)
    status = {"AccessDeniedException": 403, "ValidationException": 400, "ThrottlingException": 429}[code]
    assert (received.status, received.headers["x-amzn-errortype"]) == (status, code), received.body
    assert json.loads(received.body)["message"].startswith(message)


EARLIER = datetime.now(UTC) - timedelta(days=9)
UNTRUSTED = "Untrusted signing certificate"
INSUFFICIENT = "Untrusted certificate. Insufficient certificate"


@pytest.mark.parametrize(
    ("holder", "message"),
    [
        (leaf(by=STRANGER), UNTRUSTED),
        (leaf(by=authority("Example Root", key=key_of("p256", "namesake"))), UNTRUSTED),
        (issue(name("web-1")), UNTRUSTED),
        (leaf(begins=EARLIER, ends=EARLIER + timedelta(days=1)), UNTRUSTED),
        (leaf(begins=datetime.now(UTC) + timedelta(days=1)), UNTRUSTED),
        (leaf(uses=("key_encipherment",)), INSUFFICIENT),
        (leaf(uses=None), INSUFFICIENT),
        (leaf(ca=True), INSUFFICIENT),
        (ROOT, INSUFFICIENT),
    ],
    ids=["stranger", "namesake", "self-signed", "expired", "future", "other-use", "no-use", "ca", "root"],
)
def test_certificates_that_are_not_believed(front: Front, holder: Holder, message: str) -> None:
    """A certificate of nobody whom the account trusts, out of its time or for another use is refused."""
    refused(front, asking(holder), message)


def test_cas_that_may_not_vouch(front: Front) -> None:
    """What stands between has to be a CA's, in its time, for signing certificates, and within the path's length."""
    for middle in (
        issue(name("Middle"), by=ROOT, key=key_of("p256", "middle")),
        authority("Middle", by=ROOT, uses=("digital_signature",)),
        authority("Middle", by=ROOT, begins=EARLIER, ends=EARLIER + timedelta(days=1)),
    ):
        refused(front, asking(replace(leaf(by=middle), chain=(middle.certificate,))), UNTRUSTED)
    short = authority("Short", by=ROOT, path_length=0)
    below = authority("Below", by=short)
    assert session(front, asking(replace(leaf(by=short), chain=(short.certificate,))))
    refused(front, asking(replace(leaf(by=below), chain=(short.certificate, below.certificate))), UNTRUSTED)


def test_basic_constraints_may_be_left_out(front: Front) -> None:
    """AWS wants the CA field to be false where it is there."""
    assert session(front, asking(leaf(ca=None)))


def test_the_emulators_clock_decides_on_certificates(front: Front) -> None:
    """A certificate that is good today has expired once the clock is past its end; signatures go by the machine's."""
    front.clock.ahead = timedelta(days=31)
    try:
        refused(front, asking(), UNTRUSTED)
        assert session(front, asking(leaf(ends=datetime.now(UTC) + timedelta(days=60))))
    finally:
        front.clock.ahead = timedelta()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda asked: replace(asked, serial="12"),
        lambda asked: replace(asked, serial=f"{asked.holder.certificate.serial_number:x}"),
        lambda asked: replace(asked, service="sts"),
        lambda asked: replace(asked, at=datetime.now(UTC) - timedelta(minutes=6)),
        lambda asked: replace(asked, at=datetime.now(UTC) + timedelta(minutes=6)),
        lambda asked: replace(asked, unsigned=("x-amz-x509",)),
        lambda asked: replace(asked, algorithm="AWS4-X509-RSA-SHA256"),
        lambda asked: replace(asked, algorithm="AWS4-X509-MLDSA"),
        lambda asked: replace(asked, holder=replace(asked.holder, key=key_of("p256", "other"))),
        lambda asked: replace(asked, holder=replace(asked.holder, key=key_of("rsa2048"))),
    ],
    ids=["serial", "hex", "service", "late", "early", "unsigned", "algorithm", "mldsa", "other-key", "other-kind"],
)
def test_signatures_that_are_not_the_certificates(front: Front, spoil: Callable[[Asking], Asking]) -> None:
    """Whatever is wrong with a signature, AWS says no more than that."""
    refused(front, spoil(asking()), "Invalid signature")


def test_nothing_is_changed_on_the_way(front: Front) -> None:
    """Another body, another query or another chain than the one that was signed is refused."""
    target, headers, body = asking().sent()
    for sent in (
        ("POST", target, headers, body.replace(b"Server", b"OfWeb")),
        ("POST", f"{target}?durationSeconds=900", headers, body),
        ("POST", target, [*headers, ("x-amz-x509-chain", "")], body),
    ):
        received = front.send(*sent)
        assert (received.status, json.loads(received.body)["message"]) == (403, "Invalid signature")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"trustAnchorArn": ANCHOR_ARN[:-1] + "1"}, "Specified Trust Anchor wasn't found."),
        ({"region": "eu-west-1"}, "Specified Trust Anchor wasn't found."),
        ({"profileArn": PROFILE_ARN[:-1] + "1"}, "Invalid or empty profile provided."),
        ({"role": "Unlisted"}, "Requested Role isn't one of those listed in the Profile."),
        ({"role": "server"}, "Requested Role isn't one of those listed in the Profile."),
        ({"roleSessionName": "by-hand"}, "Not authorized to set roleSessionName."),
        ({"role": "WithoutTags"}, "Unable to assume role for "),
        ({"role": "WithoutIdentity"}, "Unable to assume role for "),
        ({"role": "OfOthers"}, "Unable to assume role for "),
    ],
)
def test_what_is_not_to_be_had(front: Front, more: dict[str, Any], message: str) -> None:
    """Trust anchors, profiles and roles that are not there, or not for this, are refused in AWS's words."""
    refused(front, asking(**more), message)


@pytest.mark.parametrize(
    "more",
    [
        {"roleArn": None},
        {"trustAnchorArn": None},
        {"profileArn": ""},
        {"roleArn": 7},
        {"durationSeconds": 899},
        {"durationSeconds": 43201},
        {"durationSeconds": "900"},
        {"durationSeconds": True},
        {"roleSessionName": "a b"},
        {"roleSessionName": "x"},
    ],
)
def test_parameters_that_are_none(front: Front, more: dict[str, Any]) -> None:
    """What is missing, of another type or out of its limits is a ValidationException."""
    refused(front, asking(**more), "", code="ValidationException")


def test_switched_off(front: Front) -> None:
    """A disabled trust anchor and a disabled profile let nobody in; nor does one profile reach into another region."""
    from stsctl.emulator.seeds import seed

    account = seed.parse(SEED.encode(), "test").accounts[0]
    anchors = {anchor.name: anchor.arn for anchor in account.trust_anchors}
    profiles = {profile.name: profile.arn for profile in account.roles_anywhere_profiles}
    refused(front, asking(trustAnchorArn=anchors["off"]), "Trust Anchor is disabled.")
    refused(front, asking(profileArn=profiles["off"]), "Profile is disabled.")
    refused(front, asking(profileArn=profiles["far"]), "Invalid or empty profile provided.")
    far = {"trustAnchorArn": anchors["far"], "profileArn": profiles["far"], "region": "eu-west-1"}
    assert session_anywhere(front, asking(**far))


def session_anywhere(front: Front, asked: Asking) -> bool:
    """Whether there is a session, in whatever region."""
    return answer(front, asked).status == 201


def test_the_emulators_own_ca(front: Front) -> None:
    """Whoever has the control token gets a certificate, which the trust anchor without certificates believes."""
    received = front.send("GET", f"{PREFIX}certificate?name=web-7", [(TOKEN_HEADER, "control")])
    assert received.status == 404  # two anchors are the emulator's own here: which?
    assert "name one trust anchor, of these: own, off" in received.body.decode()
    received = front.send("GET", f"{PREFIX}certificate?name=web-7&trust_anchor=own", [(TOKEN_HEADER, "control")])
    facts = json.loads(received.body)
    key = load_pem_private_key(facts["private_key"].encode(), None)
    holder = Holder(certificate=x509.load_pem_x509_certificate(facts["certificate"].encode()), key=key)  # type: ignore[arg-type]
    found = session(front, asking(holder, trustAnchorArn=facts["trust_anchor_arn"]))
    assert found["sourceIdentity"] == "CN=web-7"
    assert PROFILE_ARN in {profile["arn"] for profile in facts["profiles"]}
    refused(front, asking(holder), UNTRUSTED)
    assert front.send("GET", f"{PREFIX}certificate?name=web-7&trust_anchor=own", []).status == 403


def test_the_emulators_own_ca_stays(tmp_path: Path) -> None:
    """What it signed is believed after a reset, and after a restart of an emulator that keeps its state."""
    seed = tmp_path / "seed.toml"
    seed.write_text(SEED)
    folder, state = tmp_path / "emulator", tmp_path / "state"

    def serves(found: dict[str, Any], holder: Holder) -> int:
        asked = asking(holder, host=running.url.removeprefix("http://"), trustAnchorArn=found["trust_anchor_arn"])
        target, headers, body = asked.sent()
        return (
            URLLib3Session().send(AWSRequest("POST", running.url + target, dict(headers), body).prepare()).status_code
        )

    running = control.start(folder, seed=seed, state=state)
    try:
        found = remote.certificate(running, "web-7", "own")
        key = load_pem_private_key(found["private_key"].encode(), None)
        holder = Holder(certificate=x509.load_pem_x509_certificate(found["certificate"].encode()), key=key)  # type: ignore[arg-type]
        assert serves(found, holder) == 201
        remote.reset(running)
        assert serves(found, holder) == 201
        control.stop(folder, running)
        running = control.start(folder, state=state)
        assert serves(found, holder) == 201
    finally:
        control.stop(folder, running)


def test_headers_without_certificates(front: Front) -> None:
    """No certificate, one that is none, and a chain that is too long are refused before anything is believed."""
    target, headers, body = asking().sent()
    sent = [(key, value) for key, value in headers if key != "x-amz-x509"]
    assert front.send("POST", target, sent, body).status == 403
    for more in (("x-amz-x509", "!"), ("x-amz-x509", "QUJD"), ("x-amz-x509", "ü")):
        assert front.send("POST", target, [*sent, more], body).status == 400
    value = dict(headers)["x-amz-x509"]
    assert front.send("POST", target, [*headers, ("x-amz-x509-chain", ",".join([value] * 6))], body).status == 400


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_certificates_that_aws_does_not_read(tmp_path: Path) -> None:
    """SHA-1, keys that sign otherwise, and what is too long for a certificate are refused as none."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    builder = (
        x509.CertificateBuilder()
        .subject_name(name("x"))
        .issuer_name(name("x"))
        .serial_number(7)
        .not_valid_before(EARLIER)
        .not_valid_after(EARLIER + timedelta(days=1))
    )
    ed = Ed25519PrivateKey.generate()
    other = builder.public_key(ed.public_key()).sign(ed, None).public_bytes(Encoding.DER)
    with pytest.raises(ValueError, match="neither RSA nor EC"):
        certificates.read(other)
    if shutil.which("openssl") is None:
        missing("openssl")
    words = ("req", "-x509", "-sha1", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=x", "-outform", "DER", "-keyout")
    weak = subprocess.run(["openssl", *words, str(tmp_path / "key.pem")], check=True, capture_output=True).stdout
    with pytest.raises(ValueError, match="not signed with SHA-256 or stronger"):
        certificates.read(weak)
    big = builder.public_key(key_of().public_key()).add_extension(
        x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"x" * certificates.LONGEST), critical=False
    )
    with pytest.raises(ValueError, match="too long"):
        certificates.read(big.sign(key_of(), hashes.SHA256()).public_bytes(Encoding.DER))  # type: ignore[arg-type]


DER = WEB.certificate.public_bytes(Encoding.DER)


@settings(max_examples=300, deadline=timedelta(seconds=2), suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_hostile_certificates(front: Front, data: st.DataObject) -> None:
    """Whatever DER a stranger sends, broken anywhere or cut off, the answer is a refusal and no failure."""
    at = data.draw(st.integers(0, len(DER) - 1))
    broken = DER[:at] + data.draw(st.binary(max_size=4)) + DER[at + data.draw(st.integers(0, 4)) :]
    target, headers, body = asking().sent()
    sent = [(key, value) for key, value in headers if key != "x-amz-x509"]
    received = front.send("POST", target, [*sent, ("x-amz-x509", base64.b64encode(broken).decode())], body)
    assert received.status in (400, 403) or broken == DER


@settings(max_examples=150, deadline=timedelta(seconds=2), suppress_health_check=[HealthCheck.too_slow])
@given(
    authorization=st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=60),
    body=st.binary(max_size=60) | st.sampled_from([b"[]", b"null", b'{"roleArn":{}}', b"[" * 100_000]),
)
def test_hostile_requests(front: Front, authorization: str, body: bytes) -> None:
    """Whatever stands in the header and the body, the answer is a refusal in JSON."""
    _, headers, _ = asking().sent()
    sent = [(key, value) for key, value in headers if key != "authorization"]
    received = front.send("POST", "/sessions", [*sent, ("authorization", f"AWS4-X509-{authorization}")], body)
    assert received.status in (400, 403)
    assert json.loads(received.body)["message"]


def test_other_requests_are_none_of_it(front: Front) -> None:
    """A bucket may be called sessions; and other operations of the service are not emulated, and say so."""
    s3 = front.client("s3", front.principal(f"{ACCOUNT}:root"))
    s3.create_bucket(Bucket="sessions")
    assert "Contents" not in s3.list_objects_v2(Bucket="sessions")
    anywhere = front.client("rolesanywhere", front.principal(f"{ACCOUNT}:root"))
    with pytest.raises(anywhere.exceptions.ClientError, match="NotImplemented"):
        anywhere.list_profiles()
