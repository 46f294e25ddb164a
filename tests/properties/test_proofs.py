"""Tokens and assertions from anywhere: whatever they are, they are read or refused, and never repeated."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError
from stsctl.sources.saml import Saml
from stsctl.sources.web_identity import WebIdentity

_T = TypeVar("_T")
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_CLAIMS = st.dictionaries(st.sampled_from(["iss", "sub", "aud", "azp", "exp", "https://aws.amazon.com/tags"]), _JSON)
_ASSERTION = '<Assertion xmlns="urn:oasis:names:tc:SAML:2.0:assertion">'
_PIECES = st.sampled_from(
    [
        _ASSERTION,
        "</Assertion>",
        "<Response>",
        "</Response>",
        '<?xml version="1.0" encoding="utf-16"?>',
        '<!DOCTYPE a [<!ENTITY b "c">]>',
        "<Conditions NotOnOrAfter='9999-12-31T23:59:59-23:59'/>",
        "<Subject><NameID>a</NameID></Subject>",
        (
            "<AttributeStatement><Attribute Name='https://aws.amazon.com/SAML/Attributes/SessionDuration'>"
            "<AttributeValue>²</AttributeValue></Attribute></AttributeStatement>"
        ),
        "&b;",
        "\x00",
    ]
)


def _read(give: Callable[[], _T | None], text: str) -> _T | None:
    """What a source gives; None where it refuses, which it does without repeating the text."""
    try:
        found = give()
    except ConfigurationError as error:
        refusal = error
    else:
        assert found is not None
        return found
    assert len(text) < 12 or text not in refusal.message
    return None


def _token(text: str) -> None:
    found = _read(WebIdentity(name="ci", read=lambda: Secret(text)).proof, text)
    if found is not None:
        json.loads(found.asker.id)
        assert all(isinstance(audience, str) for audience in found.audiences)
        assert found.ends_at is None or found.ends_at.tzinfo is not None


@given(st.text() | st.text(alphabet="eyJ.=-_\x00é", max_size=60))
def test_any_text_as_a_token(text: str) -> None:
    """It is a token, or one error says that it is none."""
    _token(text)


@given(_CLAIMS)
def test_any_claims_in_a_token(claims: dict[str, object]) -> None:
    """Whatever a claim is, the token is read or refused."""
    _token(f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()}.c2ln")


def _whole(pieces: list[str]) -> str:
    """A response with anything in its assertion."""
    return f"<Response>{_ASSERTION}{''.join(pieces)}</Assertion></Response>"


@given(st.text() | st.binary().map(lambda raw: base64.b64encode(raw).decode()) | st.lists(_PIECES).map("".join))
def test_any_text_as_a_response(text: str) -> None:
    """It is a response, or one error says that it is none."""
    _read(Saml(name="corp", read=lambda: Secret(text)).proof, text)


@given(st.lists(_PIECES, max_size=4).map(_whole))
def test_anything_in_an_assertion(text: str) -> None:
    """Whatever an assertion says, it is read or refused."""
    found = _read(Saml(name="corp", read=lambda: Secret(text)).proof, text)
    if found is not None:
        json.loads(found.asker.id)
        assert found.session_duration is None
        assert all(len(pair) == 2 for pair in found.roles)
