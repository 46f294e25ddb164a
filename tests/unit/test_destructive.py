"""Which command lines look destructive."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stsctl import destructive
from stsctl.destructive import DEFAULT, found

ALIASES = """
alias tf='terraform'
alias -- k kubectl
abbr -a -- gone 'terraform destroy'
alias say=$'x'
alias tfd='tf destroy'
alias rm='rm -i'
alias here=there
alias there=here
"""


@pytest.mark.parametrize(
    "line",
    [
        "rm -rf x",
        "rm -fR x",
        "rm --recursive x",
        "/bin/rm -r x",
        "r''m \\\n -r x",
        "FOO=1 sudo -E rm -R x",
        "ls | xargs rm -r",
        "(cd x; rm -r y)",
        "if true; then rm -r x; fi",
        'echo "$(rm -r x)"',
        "echo `rm -r x`",
        'echo "`rm -r x`"',
        "bash -c 'cd /x && rm -r y'",
        "cd x && terraform -chdir=y apply",
        "stsctl exec prod -- terraform destroy",
        "aws --profile p s3api delete-bucket --bucket x",
        "aws s3 sync a s3://b --delete",
        "for pod in a b; do kubectl delete pod $pod; done",
        "tf destroy",
        "k delete pod x",
        "gone",
        "tfd",
        "TF_VAR_x=1 tf destroy",
        "time tf destroy",
        "! tf destroy",
        "{ tf destroy; }",
        "if tf destroy; then echo; fi",
        "for p in a b; do k delete pod $p; done",
        "sudo tf destroy",
        "rm -r x",
        "terraform destroy>log",
        "terraform destroy</dev/null",
        "terraform.exe destroy",
        "su -c 'terraform destroy'",
    ],
)
def test_these_look_destructive(line: str) -> None:
    """However they are wrapped, quoted or called."""
    assert found(line, DEFAULT, ALIASES)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "rm x",
        "rm -i --force x",
        "terraform plan",
        "aws s3 ls",
        "aws ec2 describe-instances",
        "kubectl get pods",
        "git commit -m 'rm -r x'",
        "echo 'terraform destroy'",
        "destroy terraform",
        "echo 'unclosed rm -r",
        "echo $((1 + 2)) > x",
        "tf plan",
        "here",
        "echo tf destroy",
    ],
)
def test_these_do_not(line: str) -> None:
    """What a quoted text says is only said."""
    assert found(line, DEFAULT, ALIASES) is None


def test_what_is_found_is_the_one_command() -> None:
    """The person is shown what it is about, and not the whole line."""
    assert found("cd x && terraform destroy && ls", DEFAULT) == "terraform destroy"


def test_a_list_of_ones_own_is_instead() -> None:
    """It comes back out of the variable as it went in; nothing said is nothing asked."""
    own = ("drop *", "terraform apply")
    assert destructive.of_variable(destructive.as_variable(own)) == own
    assert destructive.of_variable(destructive.as_variable(DEFAULT)) == DEFAULT
    assert destructive.of_variable("") == ()
    assert found("sql drop tables", own)
    assert found("rm -r x", own) is None


@given(st.text(max_size=300), st.text(max_size=100))
def test_any_line_has_an_answer(line: str, aliases: str) -> None:
    """Whatever is typed, and whatever the aliases are."""
    found(line, DEFAULT, aliases)


@pytest.mark.parametrize("line", ["'" * 20_000, '"$(' * 20_000, "\\" * 20_001, '"' + "\\x" * 10_000, "bash " * 20_000])
def test_a_long_line_has_an_answer_soon(line: str) -> None:
    """A text that was pasted does not hold the terminal up."""
    begin = time.process_time()
    found(line, DEFAULT)
    assert time.process_time() - begin < 10
