"""A key on a real PKCS#11 token, SoftHSM's, which signs what its certificate verifies."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError
from stsctl.pkcs11_uri import Pkcs11Uri
from stsctl.sources import x509_certificate, x509_pkcs11
from tests.certificates import Holder, authority, issue, key_of, name
from tests.conftest import missing

PIN = "canary-1234"
LIBRARIES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
ROOT = authority("Root")
HOLDERS = {kind: issue(name(kind), by=ROOT, key=key_of(kind, "token")) for kind in ("rsa2048", "p256", "p384")}


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of a SoftHSM that has the keys."""
    if shutil.which("softhsm2-util") is None:
        missing("softhsm2")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder / 'tokens'}\n")

    def softhsm(*words: str) -> None:
        environ = os.environ | {"SOFTHSM2_CONF": str(settings)}
        subprocess.run(["softhsm2-util", *words], env=environ, check=True, capture_output=True)

    for label in ("mine", "other"):
        softhsm("--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", PIN)
    for number, (kind, holder) in enumerate(HOLDERS.items(), start=1):
        pem = folder / f"{kind}.pem"
        pem.write_bytes(holder.key_pem)
        labels = ("--label", f"key of {kind}", "--id", f"0{number}")
        softhsm("--import", str(pem), "--token", "mine", *labels, "--pin", PIN)
    return settings


@pytest.fixture
def library(token: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """SoftHSM's library, which finds its tokens by a variable."""
    found = next((path for path in LIBRARIES if Path(path).exists()), "")
    try:
        import pkcs11  # noqa: F401
    except ImportError:
        missing("python-pkcs11")
    monkeypatch.setenv("SOFTHSM2_CONF", str(token))
    return found


def pin() -> Secret:
    """The right one."""
    return Secret(PIN)


def uri(library: str, text: str) -> Pkcs11Uri:
    """A key on the token."""
    return Pkcs11Uri.parse(f"pkcs11:{text}?module-path={library}")


@pytest.mark.parametrize("kind", HOLDERS)
@pytest.mark.parametrize("by", ["object", "id"])
def test_keys_of_every_kind(library: str, kind: str, by: str) -> None:
    """RSA and EC keys sign as AWS wants it, found by their label or their id."""
    number = list(HOLDERS).index(kind) + 1
    which = f"object=key%20of%20{kind}" if by == "object" else f"id=%0{number}"
    holder: Holder = HOLDERS[kind]
    sign = x509_pkcs11.open_key(uri(library, f"token=mine;{which}"), "the key", pin)
    certificate = x509_certificate.read(holder.pem.encode(), None, "the certificate")
    for text in (b"text", b"another"):
        certificate.check_signature(sign(text), text)
    assert isinstance(holder.key, RSAPrivateKey) is (certificate.algorithm == x509_certificate.RSA)


def test_a_pin_in_a_file(library: str, tmp_path: Path) -> None:
    """It is read where nobody else can, and refused where others can."""
    path = tmp_path / "pin"
    path.write_text(f"{PIN}\n")
    path.chmod(0o600)
    text = f"pkcs11:token=mine;id=%01?module-path={library}&pin-source=file:{path}"
    never = pytest.fail
    assert x509_pkcs11.open_key(Pkcs11Uri.parse(text), "the key", lambda: never("nobody is to be asked"))(b"text")
    path.chmod(0o644)
    with pytest.raises(Exception, match="others can read"):
        x509_pkcs11.open_key(Pkcs11Uri.parse(text), "the key", pin)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("token=nowhere;id=%01", "the pkcs11: URI fits none of the tokens"),
        ("id=%01", r"fits \d tokens"),
        ("token=mine;id=%09", "fits none of the private keys"),
        ("token=mine", "fits 3 private keys"),
        ("token=other", "fits none of the private keys"),
    ],
)
def test_which_key_is_meant_has_to_be_clear(library: str, text: str, said: str) -> None:
    """None, or several, are refused with what to look at."""
    with pytest.raises(ConfigurationError, match=said):
        x509_pkcs11.open_key(uri(library, text), "the key", pin)(b"text")


def test_a_wrong_pin_is_tried_once(library: str) -> None:
    """A token locks itself after a few, so nobody is asked again; and the PIN is in no error."""
    asked: list[int] = []

    def wrong() -> Secret:
        asked.append(1)
        return Secret("canary-9999")

    with pytest.raises(ConfigurationError, match="the token's PIN is another") as raised:
        x509_pkcs11.open_key(uri(library, "token=mine;id=%01"), "the key", wrong)(b"text")
    assert len(asked) == 1
    assert "canary" not in "".join(traceback.format_exception(raised.value))


def test_a_library_that_is_none(library: str, tmp_path: Path) -> None:
    """What cannot be loaded is said to be unusable."""
    broken = tmp_path / "broken.so"
    broken.write_text("no library")
    with pytest.raises(ConfigurationError, match="cannot be used"):
        x509_pkcs11.open_key(uri(str(broken), "id=%01"), "the key", pin)


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said what to install."""
    monkeypatch.setattr(x509_pkcs11, "find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match="is not installed") as raised:
        x509_pkcs11.open_key(Pkcs11Uri.parse("pkcs11:id=%01"), "the key", pin)
    assert raised.value.hint == "pip install 'stsctl[pkcs11]'"


def test_nothing_is_loaded_before_it_is_needed() -> None:
    """Other sources do without the library."""
    code = "import stsctl.sources.x509_pkcs11, sys; print('pkcs11' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
