"""The text for each shell. What real shells make of it is in tests/real and tests/properties."""

from __future__ import annotations

import pytest

from stsctl.credentials import Secret
from stsctl.errors import UsageError
from stsctl.formats.interface import Changes
from stsctl.formats.shell import SHELLS

CHANGES: Changes = {
    "AWS_PROFILE": None,
    "AWS_REGION": Secret("eu-west-1"),
    "AWS_ROLE_ARN": None,
    "X": Secret("a/b+c=="),
}


@pytest.mark.parametrize(
    ("shell", "text"),
    [
        ("bash", "unset AWS_PROFILE AWS_ROLE_ARN &&\nexport AWS_REGION='eu-west-1' &&\nexport X='a/b+c==';\n"),
        (
            "powershell",
            (
                "$Env:AWS_PROFILE = $null;\n$Env:AWS_REGION = 'eu-west-1';\n$Env:AWS_ROLE_ARN = $null;\n"
                "$Env:X = 'a/b+c==';\n"
            ),
        ),
        ("cmd", 'set "AWS_PROFILE="\nset "AWS_ROLE_ARN="\nset "AWS_REGION=eu-west-1"\nset "X=a/b+c=="\n'),
        ("nu", '{"AWS_PROFILE":null,"AWS_REGION":"eu-west-1","AWS_ROLE_ARN":null,"X":"a/b+c=="}\n'),
    ],
)
def test_ordinary_values_read_as_a_person_would_write_them(shell: str, text: str) -> None:
    """Each shell gets its own statements, and clears as well as sets."""
    assert SHELLS[shell].render(CHANGES) == text


def test_fish_gets_its_own_statements() -> None:
    """Every statement ends in `;`, so that `eval (stsctl env)` can put them on one line."""
    lines = SHELLS["fish"].render(CHANGES).splitlines()
    assert lines[0] == "for stsctl_name in AWS_PROFILE AWS_ROLE_ARN;"
    assert lines[-3:] == ["set -gx AWS_REGION 'eu-west-1';", "set -gx X 'a/b+c==';", "true;"]
    assert all(line.endswith(";") for line in lines)


def test_bash_zsh_and_sh_are_given_the_same_text() -> None:
    """A wrong guess among them does no harm."""
    assert SHELLS["bash"].render(CHANGES) == SHELLS["zsh"].render(CHANGES) == SHELLS["sh"].render(CHANGES)


@pytest.mark.parametrize(
    "value", [" a", "a  b", "a\tb", "a\nb\n", "*", "a?", "[a]", "a\\b", "~", "$x", "`x`", "'", "!", "+(a)"]
)
def test_posix_text_has_nothing_that_splitting_or_globbing_changes(value: str) -> None:
    """No glob character, backslash, run of blanks, or line end that is not also a blank."""
    text = SHELLS["sh"].render({"X": Secret(value)})
    assert not set(text) & set("*?[]\\~\t")
    assert "  " not in text
    assert text.count("\n") == text.count("&&\n") + 1


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("plain", "'plain'"),
        ("", "''"),
        ("it's", "'it''s'"),
        ('$x `n "q" #', "'$x `n \"q\" #'"),
        ("a\nb", "'a'+[char]10+'b'"),
        ("\u2019", "''+[char]8217+''"),
        ("🚀", "''+[char]55357+[char]56960+''"),
    ],
)
def test_powershell_quoting(value: str, quoted: str) -> None:
    """Recorded rules (about_Quoting_Rules): a quote is doubled, the rest is literal; beyond ASCII goes by number."""
    assert SHELLS["powershell"].render({"X": Secret(value)}) == f"$Env:X = {quoted};\n"


@pytest.mark.parametrize("value", ['a"b', "a%PATH%", "a!b", "a^b", "a\nb", "a\tb"])
def test_cmd_refuses_what_it_cannot_be_given(value: str) -> None:
    """cmd has no quoting that holds at the prompt and in a batch file alike, so nothing wrong is set."""
    with pytest.raises(UsageError, match="STSCTL_ROLE") as caught:
        SHELLS["cmd"].render({"STSCTL_ROLE": Secret(value)})
    assert value not in caught.value.message


def test_cmd_takes_what_quotes_protect() -> None:
    """Within `set "…"` the characters that end or join commands are plain."""
    assert SHELLS["cmd"].render({"X": Secret("a & b | (c) <d>")}) == 'set "X=a & b | (c) <d>"\n'


def test_nothing_to_change_is_no_statement() -> None:
    """An empty list of changes does not leave a lone separator."""
    assert SHELLS["sh"].render({}) == ""
