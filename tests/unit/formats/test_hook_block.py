"""The block of profiles with hooks in ~/.aws/config: what is written, and that nothing around it changes."""

from __future__ import annotations

import tempfile

import pytest
from botocore.configloader import raw_config_parse
from hypothesis import given
from hypothesis import strategies as st

from stsctl.errors import ConfigurationError
from stsctl.formats import hook_block
from stsctl.formats.hook_block import BEGIN, END, Profile

THEIRS = b"# mine\r\n[default]\r\nregion = eu-west-1\r\n\r\n[profile admin]\r\nregion = us-east-1\r\n# and more"


def profile(name: str, region: str | None = None) -> Profile:
    """One of the block."""
    return Profile(name=name, target=f"the {name}", process=f'"/bin/stsctl" credential-process {name}', region=region)


ALL = [profile("a", "eu-west-1"), profile("b c")]


def written(config: bytes, profiles: list[Profile]) -> bytes:
    """The file with these profiles."""
    return hook_block.read(config).saying(profiles)


def test_the_block_is_written_at_the_end_and_taken_out_without_a_trace() -> None:
    """With the file's own line endings; the same again is the same; none at all leaves no marker."""
    text = written(THEIRS, ALL)
    lines = [
        *(BEGIN, "[profile a]", "# managed by stsctl: the a"),
        *('credential_process = "/bin/stsctl" credential-process a', "region = eu-west-1", ""),
        *('[profile "b c"]', "# managed by stsctl: the b c"),
        *('credential_process = "/bin/stsctl" credential-process b c', END),
    ]
    assert text == THEIRS + b"\r\n\r\n" + "".join(f"{line}\r\n" for line in lines).encode()
    assert hook_block.read(text).profiles == tuple(ALL)
    assert written(text, ALL) == text
    assert written(text, []) == THEIRS + b"\r\n"


def test_the_block_stays_where_it_is() -> None:
    """What a person writes below it stays below it."""
    text = written(b"[profile x]\n", ALL) + b"\n[profile y]\nregion = us-east-1\n"
    changed = written(text, ALL[:1])
    assert changed.endswith(b"\n[profile y]\nregion = us-east-1\n")
    assert changed.startswith(b"[profile x]\n\n" + BEGIN.encode())
    assert hook_block.read(changed).names_outside == {"x", "y"}
    assert written(changed, ALL) == text


def test_those_of_an_earlier_run_stay_unless_pruned() -> None:
    """They follow those of this run, which replace what is called alike."""
    before, now = [profile("a"), profile("b")], [profile("a", "eu-west-1"), profile("c")]
    assert hook_block.merged(before, now, prune=False) == [*now, profile("b")]
    assert hook_block.merged(before, now, prune=True) == now


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"region = eu-west-1", b"region = us-east-1\noutput = json"),
        (b"[profile a]", b"# a note\n[profile a]"),
        (b"[profile a]", b"region = us-east-1\n[profile a]"),
        (b"# managed by stsctl: the a\n", b""),
        (END.encode() + b"\n", b"[profile mine]\nregion = us-east-1\n" + END.encode() + b"\n"),
        (END.encode() + b"\n", END.encode() + b"\noutput = json\n"),
        (END.encode() + b"\n", b""),
        (BEGIN.encode() + b"\n", b""),
        (BEGIN.encode() + b"\n", BEGIN.encode() + b"\n" + BEGIN.encode() + b"\n"),
        (BEGIN.encode() + b"\n", END.encode() + b"\n" + BEGIN.encode() + b"\n"),
    ],
)
def test_what_somebody_wrote_between_the_markers_is_not_lost(old: bytes, new: bytes) -> None:
    """It is an error with its line: another key, a comment, a section, a key below the block, one marker alone."""
    text = written(b"[profile x]\n", ALL)
    assert old in text
    with pytest.raises(ConfigurationError, match=r"config:\d+: (somebody changed|the markers)"):
        written(text.replace(old, new), ALL)


_LINES = st.sampled_from(
    [
        "[default]",
        "[profile x]",
        "[sso-session a]",
        "region = eu-west-1",
        "  nested = 1",
        "# note",
        "; note",
        "",
        "s3 =",
    ]
)


@given(st.lists(_LINES, max_size=8), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_whatever_the_file_is_botocore_reads_the_rest_as_before(lines: list[str], ending: str, ended: bool) -> None:
    """Or the file is refused, and then nothing was written."""
    config = (ending.join(lines) + ending * ended).encode()
    try:
        text = written(config, ALL)
    except ConfigurationError:
        return
    before, after = parsed(config), parsed(text)
    assert after.pop("profile a") == {"credential_process": ALL[0].process, "region": "eu-west-1"}
    assert after.pop('profile "b c"') == {"credential_process": ALL[1].process}
    assert after == before
    assert parsed(written(text, [])) == before


def parsed(content: bytes) -> dict[str, object]:
    """As botocore does."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return dict(raw_config_parse(file.name))
