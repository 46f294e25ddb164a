"""The reading of AWS's files, where a property cannot say it: messages, lines, markers, the differences."""

from __future__ import annotations

import pytest

from stsctl import ini
from stsctl.errors import ConfigurationError


def parse(text: str) -> ini.Document:
    """Reads a config."""
    return ini.parse(text.encode(), "~/.aws/config")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n", "~/.aws/config:1: a key stands before the first [section]"),
        ("[a]\n[b]\n[a]\n", '~/.aws/config:3: section "a" is already at line 1'),
        ("[a]\nx = 1\n\nX = 2\n", '~/.aws/config:4: "x" is already at line 2 of section "a"'),
        ("[a]\nx\n", "~/.aws/config:2: this line is no section, no comment and no key = value"),
        ("[a]\n= x\n", "~/.aws/config:2: this line is no section, no comment and no key = value"),
        ("[a]\ns3 =\n  y\n", "~/.aws/config:2: a line of the block below it is no key = value"),
    ],
)
def test_a_refusal_says_the_line(text: str, message: str) -> None:
    """What botocore refuses is refused with its place, and for a double with that of the first."""
    with pytest.raises(ConfigurationError) as caught:
        parse(text)
    assert caught.value.message == message


def test_text_that_is_not_utf8_is_refused_with_its_line() -> None:
    """The line with the first byte that is none is told, after any kind of line ending."""
    with pytest.raises(ConfigurationError, match=r"^config:3: this line is not UTF-8"):
        ini.parse(b"[a]\r\nx = 1\ry = \xff\n", "config")


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    """Editors on Windows write one; botocore refuses such a file, which helps nobody."""
    document = parse("\ufeff[a]\r\nx = 1\r\n")
    assert document.sections["a"].entries["x"].value == "1"
    assert document.render() == "\ufeff[a]\r\nx = 1\r\n".encode()


def test_continuation_lines_and_sub_properties() -> None:
    """A value goes on in deeper lines, over comments; a block of them is read as keys of its own."""
    entries = parse("[a]\nx = 1\n  2\n  # no\n  3\ns3 =\n  region = r\n  b=c\n").sections["a"].entries
    assert (entries["x"].value, entries["x"].nested) == ("1\n2\n3", None)
    assert entries["s3"].nested == {"region": "r", "b": "c"}
    assert entries["s3"].line == 6


@pytest.mark.parametrize(
    ("text", "written_for"),
    [
        ("[a]\n# managed by stsctl: prod-admin\nx = 1\n", "prod-admin"),
        ("[a]\n\n  # managed by stsctl: a b\nx = 1\n", "a b"),
        ("[a]\n# managed by stsctl\n", ""),
        ("[a]\nx = 1\n# managed by stsctl: prod-admin\n", None),
        ("# managed by stsctl: prod-admin\n[a]\nx = 1\n", None),
        ("[a]\n# managed by stsctlike\n", None),
        ("[a]\nx = # managed by stsctl: b\n", None),
    ],
)
def test_the_marker_stands_between_header_and_first_key(text: str, written_for: str | None) -> None:
    """Only there does it say that stsctl wrote the section: elsewhere it may belong to another."""
    assert parse(text).sections["a"].written_for == written_for


def test_a_section_ends_with_its_last_line_that_says_something() -> None:
    """Comments and empty lines at its end may belong to what follows."""
    section = parse("# top\n[a]\nx = 1\n  more\n\n# of b\n[b]\n").sections["a"]
    assert (section.line, section.last) == (2, 4)


def test_no_value_shows_in_a_repr() -> None:
    """A value may be a secret key, so neither the document nor its parts print it."""
    document = parse("[a]\naws_secret_access_key = canary\ns3 =\n  k = canary\n")
    assert "canary" not in repr(document)
    assert "canary" not in repr(document.sections["a"].entries["aws_secret_access_key"])
