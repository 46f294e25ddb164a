"""Whatever stands in the files of other tools: each thing of it is told, and what is written can be read again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stsctl import configuration, profile
from stsctl.errors import ConfigurationError
from stsctl.other_tools.finding import File, Finding, Theirs
from stsctl.other_tools.settling import settle, written
from stsctl.other_tools.tools import TOOLS
from tests.unit.other_tools import texts

WRITTEN = {
    "granted": (texts.GRANTED_SETTINGS, texts.GRANTED),
    "aws-vault": ("", texts.AWS_VAULT),
    "aws-sso-cli": (texts.AWS_SSO, texts.AWS_SSO_PROFILES),
    "saml2aws": (texts.SAML2AWS, texts.SAML2AWS_PROFILES),
    "awsume": (texts.AWSUME, texts.AWSUME_PROFILES),
    "leapp": (texts.LEAPP, ""),
}
PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["\n", '"', "[", "]", "{", "}", ":", "=", "&a ", "*a", "!!", "\x00", "\x1b[31m", "- ", "null", "‮"]),
)


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    """A text in which a few places are something else."""
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(PIECES) + text[at + draw(st.integers(0, 8)) :]
    return text


def told(tool: str, text: bytes, aws: str) -> list[Finding]:
    """Everything, and it is as stsctl would have it again."""
    try:
        profiles = profile.load(aws.encode(errors="surrogatepass"), None)
    except ConfigurationError:
        profiles = profile.load(b"", None)
    found = TOOLS[tool].read(Theirs(profiles=profiles, file=File(place="theirs", text=text)))
    settled = settle(found, tool, configuration.Configuration(), profiles)
    assert len(settled) == len(found)
    added = written(b"", settled, place="added.toml")
    read = configuration.load(None, added)
    again = settle(found, tool, read, profiles)
    assert written(added, again, place="added.toml") == added
    return settled


@pytest.mark.parametrize("tool", sorted(WRITTEN))
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_damaged_files_are_told_and_what_is_written_can_be_read(tool: str, data: st.DataObject) -> None:
    """Nothing but findings comes of them; a second time nothing is written."""
    text, aws = WRITTEN[tool]
    told(tool, data.draw(damaged(text)).encode(errors="surrogatepass"), data.draw(damaged(aws)))


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=12,
)


def _with(value: Any, replaced: dict[int, Any], count: list[int]) -> Any:
    count[0] += 1
    if count[0] in replaced:
        return replaced[count[0]]
    if isinstance(value, dict):
        return {key: _with(one, replaced, count) for key, one in value.items()}
    return [_with(one, replaced, count) for one in value] if isinstance(value, list) else value


@settings(max_examples=25, deadline=None)
@given(replaced=st.dictionaries(st.integers(2, 90), VALUES, max_size=4))
def test_values_of_any_kind_are_told(replaced: dict[int, Any]) -> None:
    """In a workspace of Leapp's, which is what another program sealed, each value may be of another kind."""
    told("leapp", json.dumps(_with(json.loads(texts.LEAPP), replaced, [0])).encode(), "")
