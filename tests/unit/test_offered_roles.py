"""The roles that an assertion offers, where its responses are posted to, and which role is meant."""

from __future__ import annotations

import pytest

from stsctl import configuration, federation
from stsctl.cli import offered_roles
from stsctl.cli.offered_roles import Offered
from stsctl.cli.report import Report
from stsctl.errors import PersonNeededError
from stsctl.request import Asker
from stsctl.signing_in import saml_addresses

READER, ADMIN = "arn:aws:iam::111111111111:role/Reader", "arn:aws:iam::222222222222:role/path/Admin"
PROVIDER = "arn:aws:iam::111111111111:saml-provider/corp"


def asker(*values: str) -> Asker:
    """The subject of an assertion with these values of AWS's attribute Role."""
    return federation.saml("https://idp.example", "alice", [("other", ["x,y"]), (federation.ROLE, values)])


def test_both_orders_each_once() -> None:
    """AWS takes role and provider in either order, with spaces; what is no pair is no role."""
    offered = asker(f"{READER},{PROVIDER}", f" {PROVIDER} , {ADMIN} ", f"{READER},{PROVIDER}2", "nonsense", "a,b,c")
    assert federation.offered_roles(offered) == (READER, ADMIN)
    assert federation.offered_roles(asker()) == ()


def test_roles_by_account_with_the_names_of_the_configuration() -> None:
    """A role of this source that is configured is called so; one of another source is not."""
    text = f"""
[source.corp]
type = "saml"
[role.read]
role_arn = "{READER}"
from = "corp"
[role.other]
role_arn = "{ADMIN}"
from = "elsewhere"
"""
    found = offered_roles.of(
        asker(f"{ADMIN},{PROVIDER}", f"{READER},{PROVIDER}", f"no-arn,{PROVIDER}"),
        "corp",
        configuration.load(text.encode(), None),
    )
    assert [(one.account_id, one.role_name, one.called) for one in found] == [
        ("111111111111", "Reader", "read"),
        ("222222222222", "Admin", ADMIN),
    ]


ROLES = (
    Offered(role_arn=READER, account_id="1" * 12, role_name="Reader", name="read"),
    Offered(role_arn=ADMIN, account_id="2" * 12, role_name="Admin\x1b[2J", name=None),
)


@pytest.mark.parametrize(("typed", "meant"), [("1", 0), (" 2 ", 1), ("read", 0), ("Reader", 0), (ADMIN, 1)])
def test_a_choice(capsys: pytest.CaptureFixture[str], typed: str, meant: int) -> None:
    """By its number, its name in the configuration, its own or its ARN; nothing offered can write to the terminal."""
    found = offered_roles.choose("corp", ROLES, Report({}), lambda _: typed)
    assert found == ROLES[meant]
    said = capsys.readouterr().err
    assert "1  111111111111  Reader  (read)" in said
    assert "\x1b" not in said


def test_the_only_one_is_not_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is one, it is meant."""

    def ask(_: str) -> str:
        raise AssertionError("nobody need be asked")

    assert offered_roles.choose("corp", ROLES[:1], Report({}), ask) == ROLES[0]
    assert capsys.readouterr().err == ""


def test_no_choice() -> None:
    """After three answers that mean none, or several, nothing is chosen."""
    answers = iter(["", "0", "3"])
    with pytest.raises(PersonNeededError, match="no role was chosen"):
        offered_roles.choose("corp", ROLES, Report({}), lambda _: next(answers))
    twice = (ROLES[0], Offered(role_arn="other", account_id="3" * 12, role_name="Reader", name=None))
    with pytest.raises(PersonNeededError):
        offered_roles.choose("corp", twice, Report({}), lambda _: "Reader")


@pytest.mark.parametrize(
    "address",
    [
        "https://signin.aws.amazon.com/saml",
        "https://eu-west-1.signin.aws.amazon.com/saml",
        "https://us-east-1.signin.aws.amazon.com/saml/acs/SAMLSPABC_1-2",
        "https://signin.aws.amazon.com/saml?x=1",
        "https://signin.amazonaws.cn/saml",
        "https://cn-north-1.signin.amazonaws.cn/saml",
        "https://signin.amazonaws-us-gov.com/saml",
        "https://us-gov-west-1.signin.amazonaws-us-gov.com/saml",
        "https://signin.amazonaws-eusc.eu/saml",
        "http://127.0.0.1:4567/saml",
    ],
)
def test_where_responses_are_posted_to(address: str) -> None:
    """AWS's sign-in in every partition, regional and for encrypted assertions, and the emulator's own."""
    assert saml_addresses("http://127.0.0.1:4567").search(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://signin.aws.amazon.com/saml",
        "https://signin.aws.amazon.com.evil.example/saml",
        "https://evil.example/https://signin.aws.amazon.com/saml",
        "https://a.b.signin.aws.amazon.com/saml",
        "https://signinXaws.amazon.com/saml",
        "https://signin.aws.amazon.com/samlx",
        "https://signin.aws.amazon.com/",
        "http://127.0.0.1:4568/saml",
        "http://127.0.0.1:4567/idp/corp/saml",
    ],
)
def test_where_they_are_not(address: str) -> None:
    """Look-alikes, other pages, and another emulator's."""
    assert not saml_addresses("http://127.0.0.1:4567").search(address)
    assert not saml_addresses(None).search("http://127.0.0.1:4567/saml")
