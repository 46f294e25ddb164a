"""`pkcs11:` URIs: what they mean, and what is refused without being repeated."""

from __future__ import annotations

import contextlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stsctl.errors import UsageError
from stsctl.pkcs11_uri import Pkcs11Uri

TEXT = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1).filter(str.isprintable)


def test_everything_is_read() -> None:
    """All that RFC 7512 says of a key, its token, its slot and the way to them."""
    uri = Pkcs11Uri.parse(
        "pkcs11:token=My%20Token;manufacturer=SoftHSM%20project;serial=0a1b;model=v2;slot-id=7;object=web-1;id=%01%ff;"
        "type=private?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/pin"
    )
    assert uri == Pkcs11Uri(
        token="My Token",
        manufacturer="SoftHSM project",
        serial="0a1b",
        model="v2",
        slot_id=7,
        object="web-1",
        id=b"\x01\xff",
        module_path="/usr/lib/softhsm/libsofthsm2.so",
        pin_source="/run/pin",
    )
    assert Pkcs11Uri.parse("pkcs11:") == Pkcs11Uri()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/etc/key.pem", "it is no pkcs11: URI"),
        ("pkcs11:object=a?pin-value=CANARY", "a PIN in the pkcs11: URI would be seen"),
        ("pkcs11:pin-value=CANARY", "a PIN in the pkcs11: URI would be seen"),
        ("pkcs11:object=a;object=b", "the pkcs11: URI has object twice"),
        ("pkcs11:objekt=a", '"objekt" is no attribute'),
        ("pkcs11:object", '"object" is no attribute'),
        ("pkcs11:object=a b", "object in the pkcs11: URI has characters that are not escaped"),
        ("pkcs11:object=%zz", "object in the pkcs11: URI has characters that are not escaped"),
        ("pkcs11:object=%ff", "object in the pkcs11: URI is no text"),
        ("pkcs11:object=%0a", "object in the pkcs11: URI is no text"),
        ("pkcs11:object=", "object in the pkcs11: URI is no text"),
        ("pkcs11:type=cert", "is not that of a private key"),
        ("pkcs11:slot-id=x", "slot-id in the pkcs11: URI is no number"),
        ("pkcs11:object=a?pin-source=%7Cshow-pin", "pin-source in the pkcs11: URI is a program"),
        ("pkcs11:module-path=/x", '"module-path" is no attribute'),
    ],
)
def test_mistakes(text: str, said: str) -> None:
    """Each is told, and none repeats a PIN."""
    with pytest.raises(UsageError) as raised:
        Pkcs11Uri.parse(text)
    assert said in raised.value.message
    assert "CANARY" not in f"{raised.value.message}{raised.value.hint}"


@given(token=TEXT, label=TEXT, key_id=st.binary(min_size=1, max_size=20))
def test_what_is_escaped_comes_back(token: str, label: str, key_id: bytes) -> None:
    """Whatever a token or a key is called, its URI means it."""
    uri = Pkcs11Uri.parse(
        f"pkcs11:token={quote(token, safe='')};object={quote(label, safe='')};id={quote(key_id, safe='')}"
    )
    assert (uri.token, uri.object, uri.id) == (token, label, key_id)


@given(st.text())
def test_any_text_is_a_uri_or_refused(text: str) -> None:
    """Nothing but UsageError comes of a text that is none."""
    with contextlib.suppress(UsageError):
        assert Pkcs11Uri.parse(f"pkcs11:{text}")
