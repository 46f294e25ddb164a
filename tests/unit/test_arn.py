"""ARNs: canonical or rejected, with what is wrong."""

from __future__ import annotations

import pytest

from stsctl.arn import Arn
from stsctl.errors import UsageError

ROLES = [
    ("arn:aws:iam::123456789012:role/Admin", "Admin"),
    ("arn:aws-cn:iam::123456789012:role/Admin", "Admin"),
    ("arn:aws-us-gov:iam::123456789012:role/team/ops/Admin", "Admin"),
    ("arn:aws-iso-b:iam::123456789012:role/a,b+c=d@e.f-g_h", "a,b+c=d@e.f-g_h"),
    ("arn:aws:iam::123456789012:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX", "AWSServiceRoleForX"),
    (f"arn:aws:iam::123456789012:role/{'n' * 64}", "n" * 64),
]


@pytest.mark.parametrize(("text", "name"), ROLES)
def test_roles(text: str, name: str) -> None:
    """A role's ARN comes back as it was written; its name is what follows the path."""
    arn = Arn.parse_role(text)
    assert str(arn) == text
    assert arn.resource_name == name
    assert arn.account == "123456789012"


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:s3:::bucket",
        "arn:aws:s3:::bucket/with:colons/and/*",
        "arn:aws:iam::aws:policy/ReadOnlyAccess",
        "arn:aws:sqs:eu-west-1:123456789012:queue",
    ],
)
def test_other_arns(text: str) -> None:
    """Any service's ARN is one, colons in the resource included; none of these is a role's."""
    assert str(Arn.parse(text)) == text
    with pytest.raises(UsageError, match="no role ARN"):
        Arn.parse_role(text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", 'does not start with "arn:"'),
        ("Admin", 'does not start with "arn:"'),
        ("ARN:aws:iam::123456789012:role/Admin", 'does not start with "arn:"'),
        (" arn:aws:iam::123456789012:role/Admin", 'does not start with "arn:"'),
        ("arn:aws:iam:123456789012:role/Admin", "5 of the 6 parts"),
        ("arn:amazon:iam::123456789012:role/Admin", '"amazon" is no partition'),
        ("arn:aws-:iam::123456789012:role/Admin", '"aws-" is no partition'),
        ("arn:aws:::123456789012:role/Admin", "the service is missing"),
        ("arn:aws:iam::12345678901:role/Admin", '"12345678901", it has 12 digits'),
        ("arn:aws:iam::1234567890123:role/Admin", "it has 12 digits"),
        ("arn:aws:iam::123456789012:", "the resource is missing"),
        ("arn:aws:iam::123456789012:role/Ad min", "characters that an ARN cannot have"),
        ("arn:aws:iam::123456789012:role/Admin\n", "characters that an ARN cannot have"),
        ("arn:aws:iam::123456789012:role/Ädmin", "characters that an ARN cannot have"),
        ("arn:aws:iam::١٢٣٤٥٦٧٨٩٠١٢:role/Admin", "characters that an ARN cannot have"),
        (f"arn:aws:iam::123456789012:role/{'p' * 2048}", "longer than 2048"),
    ],
)
def test_what_is_no_arn(text: str, problem: str) -> None:
    """The error quotes what was typed and says which part is wrong."""
    with pytest.raises(UsageError) as raised:
        Arn.parse(text)
    assert raised.value.message.startswith(f'"{text}" is no ARN: ')
    assert problem in raised.value.message


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("arn:aws:sts::123456789012:assumed-role/Admin/me", 'the service is "sts"'),
        ("arn:aws:iam:us-east-1:123456789012:role/Admin", 'this one says "us-east-1"'),
        ("arn:aws:iam::aws:role/Admin", 'the account is "aws"'),
        ("arn:aws:iam:::role/Admin", 'the account is ""'),
        ("arn:aws:iam::123456789012:user/Admin", "should read role/Name"),
        ("arn:aws:iam::123456789012:role/", "should read role/Name"),
        ("arn:aws:iam::123456789012:role//Admin", "should read role/Name"),
        ("arn:aws:iam::123456789012:role/Admin*", "should read role/Name"),
        ("arn:aws:iam::123456789012:role/path/", "should read role/Name"),
        (f"arn:aws:iam::123456789012:role/{'n' * 65}", "should read role/Name"),
    ],
)
def test_what_is_no_role(text: str, problem: str) -> None:
    """An ARN of something else is refused as a role, and the error says why."""
    with pytest.raises(UsageError) as raised:
        Arn.parse_role(text)
    assert raised.value.message.startswith(f'"{text}" is no role ARN: ')
    assert problem in raised.value.message


@pytest.mark.timeout(5)
def test_a_path_of_many_slashes_is_decided_at_once() -> None:
    """Checking a hostile path takes no more than its length: the pattern divides it in one way only."""
    with pytest.raises(UsageError, match="should read role/Name"):
        Arn.parse_role(f"arn:aws:iam::123456789012:role/{'a/' * 900}!")


def test_sessions() -> None:
    """The ARN of an assumed-role session tells role and session name; no other does."""
    arn = Arn.parse("arn:aws:sts::123456789012:assumed-role/Admin/alice")
    assert (arn.session_role, arn.session_name) == ("Admin", "alice")
    for text in (
        "arn:aws:sts::123456789012:federated-user/alice",
        "arn:aws:sts::123456789012:other/Admin/alice",
        "arn:aws:sts::123456789012:assumed-role/Admin",
        "arn:aws:sts::123456789012:assumed-role/Admin/alice/more",
        "arn:aws:iam::123456789012:assumed-role/Admin/alice",
        "arn:aws:iam::123456789012:role/Admin",
    ):
        other = Arn.parse(text)
        assert (other.session_role, other.session_name) == (None, None)
