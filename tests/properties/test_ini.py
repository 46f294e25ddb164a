"""AWS's files are read as botocore reads them, and every byte can be written back."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from botocore.configloader import build_profile_map, raw_config_parse
from botocore.exceptions import ConfigParseError
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stsctl import ini, profile
from stsctl.errors import ConfigurationError

NAMES = ["a", "b", "default", "profile a", "profile b", "profile 'a b'", "profile 'a", "profilex a", "profile"]
NAMES += ["sso-session s", "services s", "DEFAULT", "]", "x#y", "[z"]
VALUES = st.one_of(
    st.sampled_from([*NAMES, "x = y", "x: y", "=", "[a]", "# no", "k = v ; x"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0\ufeff"), max_size=6),
)
INDENTS = st.sampled_from(["", "", "", " ", "  ", "\t", "    ", "\xa0"])
ENDINGS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\r"])


@st.composite
def files(draw: st.DrawFn) -> str:
    """Sections of keys, continued values, comments and empty lines; here and there a line that fits nowhere."""
    lines: list[str] = []
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=4, unique=True)):
        lines.append(f"{draw(INDENTS)}[{name}]{draw(st.sampled_from(['', '', ' # x', ']']))}")
        for key in draw(st.lists(st.sampled_from([*"bcdef", "Region", "s3", "x y"]), max_size=5, unique=True)):
            lines.append(f"{draw(INDENTS)}{key}{draw(st.sampled_from(['=', ' = ', ' : ']))}{draw(VALUES)}")
            lines += draw(st.lists(st.one_of(st.just(""), st.just("  "), COMMENTS, CONTINUED), max_size=3))
    if draw(st.integers(0, 3)) == 0:
        lines.insert(draw(st.integers(0, len(lines))), draw(VALUES))
    text = "".join(line + draw(ENDINGS) for line in lines)
    return text.rstrip("\r\n") if draw(st.booleans()) else text


COMMENTS = st.builds("{}{}{}".format, INDENTS, st.sampled_from("#;"), VALUES)
CONTINUED = st.builds("{}{}{}".format, st.sampled_from(["   ", "     ", "\t\t"]), st.sampled_from(["", "k = "]), VALUES)
FILES = files()


def read_by_botocore(text: str) -> dict[str, Any] | None:
    """Sections and values; None where botocore refuses the file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config"
        path.write_bytes(text.encode())
        try:
            parsed: dict[str, Any] = raw_config_parse(str(path))
        except ConfigParseError:
            return None
        return parsed


def read_by_us(text: str) -> dict[str, Any] | None:
    """The same, from our reader."""
    try:
        document = ini.parse(text.encode(), "config")
    except ConfigurationError:
        return None
    return {
        name: {
            key: entry.value if entry.nested is None else dict(entry.nested) for key, entry in section.entries.items()
        }
        for name, section in document.sections.items()
    }


@settings(max_examples=200, deadline=None)
@example("[a]\nx =\n  b = c\n\n  # no\n  d = e\n")
@example("[DEFAULT]\nx = 1\n[a]\n[DEFAULT]\ny = 2\n")
@example("[a]\n  x = 1\n y = 2\n   z\n")
@example("[a]\nx =\n  no delimiter\n")
@given(text=FILES)
def test_sections_and_values_are_botocores(text: str) -> None:
    """The same sections with the same values, or refused by both.

    The one difference, a byte order mark, is in tests/unit/test_ini.py.
    """
    assert read_by_us(text) == read_by_botocore(text)


@settings(max_examples=200, deadline=None)
@given(text=FILES)
def test_profiles_are_botocores(text: str) -> None:
    """The same profiles out of the same headers, whichever of two for one name comes last."""
    theirs = read_by_botocore(text)
    if theirs is not None:
        profiles = build_profile_map(theirs)["profiles"]
        ours = profile.load(text.encode(), None).by_name
        assert {name: set(one.values) for name, one in ours.items()} == {
            name: set(one) for name, one in profiles.items()
        }


@settings(max_examples=200, deadline=None)
@given(text=FILES, mark=st.booleans())
def test_every_byte_can_be_written_back(text: str, mark: bool) -> None:
    """What was read can be written as it was, whatever its line endings."""
    content = (ini.BYTE_ORDER_MARK * mark + text).encode()
    try:
        document = ini.parse(content, "config")
    except ConfigurationError:
        return
    assert document.render() == content


@settings(max_examples=200, deadline=None)
@given(text=FILES)
def test_every_key_is_on_the_line_that_is_told(text: str) -> None:
    """The line of an entry is the one that begins with its key, and lies in a section's span or in [DEFAULT]'s."""
    try:
        document = ini.parse(text.encode(), "config")
    except ConfigurationError:
        return
    for section in document.sections.values():
        assert document.lines[section.line - 1].strip().startswith(f"[{section.name}]")
        for entry in section.entries.values():
            assert document.lines[entry.line - 1].strip().lower().startswith(entry.name)
