"""One block in a shell's start-up file; what a person wrote there stays, byte for byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stsctl.errors import ConfigurationError
from stsctl.formats.startup_file import BEGIN, END, SHELLS, block, calls, with_block

BLOCK = "".join(f"{line}\n" for line in block("bash")).encode()
HOSTILE = [
    b"",
    b"alias ll='ls -l'\n",
    b"alias ll='ls -l'",
    b"alias ll='ls -l'\r\nexport A=1\r\n",
    b"export A=1 \\",
    b"\xff\xfe no text at all\n",
    b"# >>> conda initialize >>>\n# <<< conda initialize <<<\n",
]


@pytest.mark.parametrize("content", HOSTILE)
def test_what_is_there_stays(content: bytes) -> None:
    """It comes first as it was; the block comes after it, behind an empty line."""
    after = with_block(content, "bash", place="~/.bashrc")
    assert after.startswith(content)
    assert after.endswith(BLOCK)
    assert after[len(content) :].removesuffix(BLOCK) in (b"", b"\n", b"\n\n")


@given(st.binary().filter(lambda content: b"stsctl" not in content), st.sampled_from(SHELLS))
def test_once_is_enough(content: bytes, shell: str) -> None:
    """A file that has the block is given back as it is, whatever else is in it."""
    once = with_block(content, shell, place="rc")
    assert with_block(once, shell, place="rc") == once
    assert once.startswith(content)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_an_older_block_is_replaced(ending: bytes) -> None:
    """What stood between the markers goes, what stands around them stays."""
    old = ending.join((b"a=1", BEGIN.encode(), b"something else", END.encode(), b"b=2", b""))
    assert with_block(old, "bash", place="rc") == b"a=1" + ending + BLOCK + b"b=2" + ending
    assert with_block(old.replace(b"something else", block("bash")[1].encode()), "bash", place="rc").endswith(
        b"b=2" + ending
    )


@pytest.mark.parametrize(
    "content", [f"{BEGIN}\n".encode(), f"{END}\n".encode(), BLOCK + BLOCK, f"{END}\n{BEGIN}\n".encode()]
)
def test_markers_that_are_no_pair(content: bytes) -> None:
    """Nobody knows then what is the person's: the file is refused."""
    with pytest.raises(ConfigurationError, match="not one pair"):
        with_block(content, "bash", place="rc")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b'eval "$(stsctl shell-init zsh)"\n', True),
        (b"if status is-interactive\n  ~/bin/stsctl shell-init fish | source\nend", True),
        (b'# eval "$(stsctl shell-init zsh)"\n', False),
        (b"echo stsctl\nshell-init\n", False),
        (BLOCK, False),
    ],
)
def test_a_line_of_the_person_s_own(content: bytes, expected: bool) -> None:
    """A call of shell-init outside of the block is seen, one in a comment or in the block is none."""
    assert calls(content) is expected
