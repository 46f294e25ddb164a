"""The signature of a request to IAM Roles Anywhere, held against what openssl computes of AWS's own description."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError
from stsctl.sources import x509_certificate, x509_key
from stsctl.sources.x509_signature import signed_headers
from tests.certificates import authority, issue, key_of, name
from tests.conftest import missing

# The example of https://docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html.
AT = datetime(2021, 11, 3, 12, 0, tzinfo=UTC)
URL = "https://rolesanywhere.us-east-1.amazonaws.com/sessions"
BODY = b'{"durationSeconds": 900}'


def openssl(*words: str, given: bytes = b"") -> bytes:
    """What openssl prints."""
    if shutil.which("openssl") is None:
        missing("openssl")
    return subprocess.run(["openssl", *words], input=given, capture_output=True, check=True).stdout


def hexed(content: bytes) -> str:
    """A SHA-256 by openssl."""
    return openssl("dgst", "-sha256", "-r", given=content).split()[0].decode()


def string_to_sign(folder: Path, algorithm: str, chain: str = "") -> str:
    """Tasks 1 and 2 of AWS's page, with openssl for whatever has to be computed."""
    der = openssl("x509", "-in", str(folder / "cert.pem"), "-outform", "DER")
    encoded = openssl("base64", "-A", given=der).decode()
    names = "content-type;host;x-amz-date;x-amz-x509"
    canonical = (
        "POST\n/sessions\n\ncontent-type:application/json\nhost:rolesanywhere.us-east-1.amazonaws.com\n"
        f"x-amz-date:20211103T120000Z\nx-amz-x509:{encoded}\n"
    )
    if chain:
        names, canonical = f"{names};x-amz-x509-chain", f"{canonical}x-amz-x509-chain:{chain}\n"
    canonical += f"\n{names}\n{hexed(BODY)}"
    return f"{algorithm}\n20211103T120000Z\n20211103/us-east-1/rolesanywhere/aws4_request\n{hexed(canonical.encode())}"


def made(folder: Path, *kind: str) -> None:
    """A certificate and its key, by openssl."""
    out = ("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem"))
    openssl("req", "-x509", "-nodes", "-newkey", *kind, "-subj", "/CN=web-1", "-days", "1", *out)
    (folder / "key.pem").chmod(0o600)


def ours(folder: Path, chain: bytes | None = None) -> dict[str, str]:
    """The headers that we send, of the same certificate and key."""
    certificate = x509_certificate.read((folder / "cert.pem").read_bytes(), chain, "the certificate")
    sign = x509_key.open_key(folder / "key.pem", "the key", lambda: Secret(""))
    return signed_headers(URL, BODY, region="us-east-1", certificate=certificate, sign=sign, at=AT)


def serial(folder: Path) -> int:
    """The serial number, by openssl."""
    return int(openssl("x509", "-in", str(folder / "cert.pem"), "-noout", "-serial").decode().partition("=")[2], 16)


def test_rsa(tmp_path: Path) -> None:
    """The whole Authorization header is the one that openssl makes: PKCS#1 v1.5 has one signature for one text."""
    made(tmp_path, "rsa:2048")
    text = string_to_sign(tmp_path, "AWS4-X509-RSA-SHA256")
    signature = openssl("dgst", "-sha256", "-sign", str(tmp_path / "key.pem"), given=text.encode()).hex()
    scope = "20211103/us-east-1/rolesanywhere/aws4_request"
    assert ours(tmp_path)["Authorization"] == (
        f"AWS4-X509-RSA-SHA256 Credential={serial(tmp_path)}/{scope}, "
        f"SignedHeaders=content-type;host;x-amz-date;x-amz-x509, Signature={signature}"
    )


@pytest.mark.parametrize("curve", ["prime256v1", "secp384r1"])
def test_ec(tmp_path: Path, curve: str) -> None:
    """openssl finds our signature to be that of the text, which has another one each time."""
    made(tmp_path, "ec", "-pkeyopt", f"ec_paramgen_curve:{curve}")
    header = ours(tmp_path)["Authorization"]
    assert header.startswith(f"AWS4-X509-ECDSA-SHA256 Credential={serial(tmp_path)}/20211103/")
    (tmp_path / "signature").write_bytes(bytes.fromhex(header.rpartition("Signature=")[2]))
    (tmp_path / "public.pem").write_bytes(openssl("x509", "-in", str(tmp_path / "cert.pem"), "-noout", "-pubkey"))
    text = string_to_sign(tmp_path, "AWS4-X509-ECDSA-SHA256")
    check = ("-verify", str(tmp_path / "public.pem"), "-signature", str(tmp_path / "signature"))
    assert openssl("dgst", "-sha256", *check, given=text.encode()) == b"Verified OK\n"


def test_a_chain_is_signed_too(tmp_path: Path) -> None:
    """What leads to the CA goes along, in base64 with commas between, and is covered by the signature."""
    made(tmp_path, "rsa:2048")
    cas = [authority("One"), authority("Two")]
    encoded = [openssl("base64", "-A", given=openssl("x509", "-outform", "DER", given=ca.pem.encode())) for ca in cas]
    chain = ",".join(one.decode() for one in encoded)
    headers = ours(tmp_path, "".join(ca.pem for ca in cas).encode())
    assert headers["X-Amz-X509-Chain"] == chain
    text = string_to_sign(tmp_path, "AWS4-X509-RSA-SHA256", chain)
    signature = openssl("dgst", "-sha256", "-sign", str(tmp_path / "key.pem"), given=text.encode()).hex()
    assert headers["Authorization"].endswith(f";x-amz-x509-chain, Signature={signature}")


def test_a_port_and_a_path_are_part_of_it() -> None:
    """An endpoint of one's own may have both; who the user is at a proxy, in the URL, is no part of Host."""
    holder = issue(name("web-1"), by=authority("Root"))
    certificate = x509_certificate.read(holder.pem.encode(), None, "the certificate")
    headers = signed_headers(
        "http://me:it@127.0.0.1:5000/v 1/sessions", b"", region="x", certificate=certificate, sign=holder.sign, at=AT
    )
    assert headers["Host"] == "127.0.0.1:5000"


@pytest.mark.parametrize(("kind", "other"), [("p256", "p384"), ("p256", "rsa2048"), ("rsa2048", "p256")])
def test_the_key_of_another_certificate(kind: str, other: str) -> None:
    """It is told before anything is sent, whatever the kinds of the two keys."""
    holder = issue(name("web-1"), by=authority("Root"), key=key_of(kind))
    stranger = issue(name("web-1"), by=authority("Root"), key=key_of(other, "stranger"))
    certificate = x509_certificate.read(holder.pem.encode(), None, "the certificate")
    with pytest.raises(ConfigurationError, match="is of another key than its private_key"):
        signed_headers(URL, BODY, region="x", certificate=certificate, sign=stranger.sign, at=AT)
