"""Every key of any TOML text is found on the line that says it."""

from __future__ import annotations

import tomllib
from typing import Any

import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from stsctl.toml_lines import locate

TEXTS = st.text(st.sampled_from("ab.=[]{}#\"'\\\n é,"), max_size=8)
VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(table=st.dictionaries(TEXTS, VALUES, max_size=5), multiline=st.booleans())
def test_every_key_is_found(table: dict[str, Any], multiline: bool) -> None:
    """The text before its line is whole and does not say it; of what lies deeper than tables, its value is told."""
    text = tomli_w.dumps(table, multiline_strings=multiline)
    lines, found = text.splitlines(keepends=True), locate(text)
    for key, value in tomllib.loads(text).items():
        before = tomllib.loads("".join(lines[: found[(key,)] - 1]))
        assert key not in before
        if isinstance(value, dict):
            for inner in value:
                before = tomllib.loads("".join(lines[: found[(key, inner)] - 1]))
                assert inner not in before.get(key, {})
