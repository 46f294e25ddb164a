"""Whatever a file holds, only our own section changes, and botocore reads what was written."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.configloader import raw_config_parse
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stsctl import ini
from stsctl.credentials import Credentials, Secret
from stsctl.errors import ConfigurationError, StsctlError
from stsctl.formats import credentials_file
from stsctl.formats.credentials_file import AwsFiles
from tests.properties.test_ini import FILES

VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
NAMES = st.sampled_from(["a", "b", "ours", "my own", "default", "é", "x=y:z"])
KEYS = st.builds(
    lambda key_id, secret, token: Credentials(
        access_key_id=key_id,
        secret_access_key=Secret(secret),
        session_token=Secret(token),
        expires_at=datetime(2026, 1, 31, tzinfo=UTC),
    ),
    VALUES,
    VALUES,
    VALUES,
)


def read_by_botocore(content: bytes) -> dict[str, Any]:
    """The sections and values, a byte order mark aside."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "credentials"
        path.write_bytes(content.removeprefix(b"\xef\xbb\xbf"))
        parsed: dict[str, Any] = raw_config_parse(str(path))
        return parsed


@settings(max_examples=300, deadline=None)
@given(text=FILES, mark=st.booleans(), name=NAMES, first=KEYS, second=KEYS, tail=FILES)
def test_only_our_section_changes(
    text: str, mark: bool, name: str, first: Credentials, second: Credentials, tail: str
) -> None:
    """Written new, replaced with others around it, taken out again: every other byte is as it was."""
    before = (ini.BYTE_ORDER_MARK * mark + text).encode()
    try:
        written = write(before, name, first)
        assert written.startswith(before)
        surrounded = written + tail.encode()
        replaced = write(surrounded, name, second)
    except ConfigurationError:
        # The file is damaged, has a section of that name, or cannot be changed: then nothing is written.
        return
    section, new = section_of(written, name), section_of(replaced, name)
    assert replaced == surrounded.replace(section, new, 1)
    # A last line without an end is given one, and keeps it.
    assert credentials_file.remove_section(written, name) in (before, before + b"\n", before + b"\r\n", before + b"\r")

    theirs, ours = read_by_botocore(before), read_by_botocore(written)
    assert ours[name]["aws_secret_access_key"] == first.secret_access_key.reveal()
    assert {key: ours[key] for key in ours if key != name} == theirs
    assert read_by_botocore(replaced)[name]["aws_access_key_id"] == second.access_key_id


@settings(max_examples=300, deadline=None)
@given(text=FILES, keys=KEYS, data=st.data())
def test_a_forced_section_leaves_the_others(text: str, keys: Credentials, data: st.DataObject) -> None:
    """Replacing what somebody wrote changes that section alone, or is refused."""
    try:
        document = ini.parse(text.encode(), "credentials")
    except ConfigurationError:
        return
    assume(document.sections)
    name = data.draw(st.sampled_from(sorted(document.sections)))
    section = document.sections[name]
    try:
        written = write(text.encode(), name, keys, force=True)
    except StsctlError:
        # A name that tools read differently, or an edit that would change the rest.
        return
    outside = (document.lines[: section.line - 1], document.lines[section.last :])
    head, rest = ("".join(lines).encode() for lines in outside)
    assert written.startswith(head)
    assert written.endswith(rest)
    theirs, ours = read_by_botocore(text.encode()), read_by_botocore(written)
    assert {key: ours[key] for key in ours if key != name} == {key: theirs[key] for key in theirs if key != name}
    assert ours[name]["aws_session_token"] == keys.session_token.reveal() if keys.session_token else False


def write(content: bytes, name: str, keys: Credentials, *, force: bool = False) -> bytes:
    """The file with a section for "target"."""
    return credentials_file.write_section(
        AwsFiles(credentials=content, config=b""), name, keys, target="target", force=force
    )


def section_of(content: bytes, name: str) -> bytes:
    """The lines of a section."""
    document = ini.parse(content, "credentials")
    section = document.sections[name]
    return "".join(document.lines[section.line - 1 : section.last]).encode()
