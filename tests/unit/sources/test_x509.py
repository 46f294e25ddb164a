"""Certificates and keys in files: what is read, and what is refused with a reason that repeats nothing secret."""

from __future__ import annotations

import contextlib
import stat
import traceback
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError, StsctlError
from stsctl.sources import x509_certificate, x509_key
from tests.certificates import Holder, authority, issue, key_of, name

ROOT = authority("Root")
HOLDER = issue(name("web-1"), by=ROOT)
CANARY = "canary-passphrase"


def read(*holders: Holder, chain: bytes | None = None) -> x509_certificate.SigningCertificate:
    """What is made of a file with these certificates."""
    return x509_certificate.read("".join(one.pem for one in holders).encode(), chain, "the certificate")


def test_a_certificate_and_what_leads_to_its_ca() -> None:
    """The first of a file is the one; the others go along, or those of another file, in which it may be again."""
    middle = authority("Middle", by=ROOT)
    found = read(HOLDER, middle)
    assert found.serial == HOLDER.certificate.serial_number
    assert found.issuer == "CN=Root"
    assert found.der == HOLDER.certificate.public_bytes(Encoding.DER)
    der = middle.certificate.public_bytes(Encoding.DER)
    assert found.chain == (der,)
    assert read(HOLDER, chain=f"{HOLDER.pem}{middle.pem}".encode()).chain == (der,)
    assert read(HOLDER).chain == ()


def test_dates_are_told_before_aws_is_asked() -> None:
    """A certificate that is over, and one that is not good yet, are told apart, with the instant."""
    now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    found = read(issue(name("x"), by=ROOT, begins=now - timedelta(days=3), ends=now - timedelta(hours=2, seconds=5)))
    with pytest.raises(ConfigurationError, match="expired 2h5s ago, at 2026-05-01 09:59:55 UTC"):
        found.check(now)
    found = read(issue(name("x"), by=ROOT, begins=now + timedelta(minutes=1)))
    with pytest.raises(
        ConfigurationError, match="not good before 2026-05-01 12:01:00 UTC, and by this machine's clock"
    ):
        found.check(now)
    read(HOLDER).check(datetime.now(UTC))


@pytest.mark.parametrize(
    "content",
    [b"", b"nothing", b"\xff\xfe", HOLDER.key_pem, HOLDER.pem.encode()[:-60], HOLDER.pem.encode() * 600],
    ids=["empty", "text", "binary", "key", "cut", "long"],
)
def test_what_is_no_certificate(content: bytes) -> None:
    """It is said what it has to be; nothing of the file is repeated, for it may be the key."""
    with pytest.raises(ConfigurationError, match="none that can be read") as raised:
        x509_certificate.read(content, None, "the certificate")
    assert HOLDER.key_pem.decode()[40:60] not in "".join(traceback.format_exception(raised.value))


@given(st.binary(max_size=80), st.integers(0, 400))
def test_any_file_is_a_certificate_or_refused(junk: bytes, at: int) -> None:
    """Nothing but ConfigurationError comes of a file that is broken somewhere."""
    pem = HOLDER.pem.encode()
    with contextlib.suppress(ConfigurationError):
        assert x509_certificate.read(pem[:at] + junk + pem[at + len(junk) :], None, "the certificate")


def test_chains_and_keys_that_aws_does_not_take() -> None:
    """More certificates than five, and keys that stsctl cannot sign with, are told before they are sent."""
    with pytest.raises(ConfigurationError, match="comes with 6 others, and AWS takes 5"):
        read(HOLDER, *(authority(f"CA {number}") for number in range(6)))
    key = Ed25519PrivateKey.generate()
    builder = x509.CertificateBuilder().subject_name(name("x")).issuer_name(name("x")).serial_number(7)
    builder = builder.not_valid_before(datetime(2026, 1, 1, tzinfo=UTC)).not_valid_after(
        datetime(2027, 1, 1, tzinfo=UTC)
    )
    pem = builder.public_key(key.public_key()).sign(key, None).public_bytes(Encoding.PEM)
    with pytest.raises(ConfigurationError, match="neither RSA nor EC"):
        x509_certificate.read(pem, None, "the certificate")


def kept(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    """A file."""
    path = folder / "my key.pem"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def never() -> Secret:
    """A passphrase that is not to be asked for."""
    raise AssertionError("nobody is to be asked")


@pytest.mark.parametrize("kind", ["rsa2048", "p256", "p384"])
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("locked", [False, True])
def test_keys(tmp_path: Path, kind: str, form: PrivateFormat, locked: bool) -> None:
    """Every form of a PEM file is read, under a passphrase or not, and signs what its certificate verifies."""
    lock = BestAvailableEncryption(CANARY.encode()) if locked else NoEncryption()
    path = kept(tmp_path, key_of(kind).private_bytes(Encoding.PEM, form, lock))
    sign = x509_key.open_key(path, "the key", (lambda: Secret(CANARY)) if locked else never)
    read(issue(name("x"), by=ROOT, key=key_of(kind))).check_signature(sign(b"text"), b"text")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_key_that_others_can_read(tmp_path: Path, mode: int) -> None:
    """It is refused, with what to type; a name with a space is in quotes."""
    path = kept(tmp_path, HOLDER.key_pem, mode)
    with pytest.raises(StsctlError, match="others can read") as raised:
        x509_key.open_key(path, "the key", never)
    assert raised.value.hint == f"chmod 600 '{path}'"
    path.chmod(stat.S_IRUSR)
    assert x509_key.open_key(path, "the key", never)


def test_a_passphrase_is_asked_again(tmp_path: Path) -> None:
    """A person may mistype it twice; then it is said that it is wrong, and neither it nor the key is."""
    lock = BestAvailableEncryption(b"right")
    path = kept(tmp_path, key_of().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    answers = [Secret(CANARY), Secret(""), Secret("right")]
    assert x509_key.open_key(path, "the key", lambda: answers.pop(0))
    asked = []
    with pytest.raises(ConfigurationError, match=r"the passphrase of .* is another") as raised:
        x509_key.open_key(path, "the key", lambda: asked.append(1) or Secret(CANARY))  # type: ignore[func-returns-value]
    assert len(asked) == 3
    assert CANARY not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", HOLDER.pem.encode(), HOLDER.key_pem[:-40], b"x" * 100_000],
    ids=["empty", "binary", "certificate", "cut", "long"],
)
def test_what_is_no_key(tmp_path: Path, content: bytes) -> None:
    """It is said that it is none."""
    with pytest.raises(ConfigurationError, match=r"no private key|too long for a key") as raised:
        x509_key.open_key(kept(tmp_path, content), "the key", never)
    assert HOLDER.key_pem.decode()[40:60] not in "".join(traceback.format_exception(raised.value))


def test_a_key_that_is_not_there(tmp_path: Path) -> None:
    """The file is named."""
    with pytest.raises(ConfigurationError, match="there is no file"):
        x509_key.open_key(tmp_path / "nowhere", "the key", never)
