"""Documents: what is refused, with its place and reason, and what is taken."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stsctl.policy.document import Kind, PolicyError, likely_kind, parse, render
from stsctl.policy.grammar import RCP_SERVICES
from tests.unit.policy.statements import allow, deny, document, refused, trust

BROKEN = Path(__file__).with_name("broken.txt")
_SECTION = re.compile(
    r"^=== (?P<kind>\w+): (?P<title>.+)\n(?P<text>(?:(?!> |===).*\n)*?)(?P<problems>(?:> .*\n)+)", re.M
)


def broken() -> Iterator[Any]:
    """Every broken document of the file, with what is wrong with it."""
    for found in _SECTION.finditer(BROKEN.read_text(encoding="utf-8")):
        problems = [line[2:] for line in found["problems"].splitlines()]
        yield pytest.param(Kind(found["kind"]), found["text"].removesuffix("\n"), problems, id=found["title"])


@pytest.mark.parametrize(("kind", "text", "problems"), list(broken()))
def test_a_broken_document_is_refused_with_place_and_reason(kind: Kind, text: str, problems: list[str]) -> None:
    """Every problem of a document is told: line, column, the path in it, and why AWS would refuse it."""
    assert refused(text, kind) == problems


def test_the_broken_documents_are_all_read() -> None:
    """The file has the documents that it seems to have, and more than sixty."""
    sections = BROKEN.read_text(encoding="utf-8").count("\n=== ")
    assert len(list(broken())) == sections
    assert sections >= 60


def test_the_error_says_the_first_problem_and_how_many_more() -> None:
    """The message of the error is one line; the problems are its attribute."""
    with pytest.raises(PolicyError) as raised:
        parse('{"Statement": {}}', Kind.IDENTITY)
    assert raised.value.message == (
        "the policy is not valid: 1:15: Statement: the element Effect is missing (and 2 more)"
    )
    assert raised.value.status == 3
    problem = raised.value.problems[1]
    assert (problem.line, problem.column, problem.path) == (1, 15, "Statement")


@pytest.mark.parametrize(
    ("kind", "statement"),
    [
        (Kind.IDENTITY, {"Effect": "Allow", "NotAction": ["iam:*"], "NotResource": ["arn:aws:s3:::a/*"]}),
        (
            Kind.IDENTITY,
            allow(["s3:Get*", "*:Tag?esource", "*"], ["arn:aws:iam::*:role/x", "arn:aws:s3:::*", "arn:aws:sqs:*"]),
        ),
        (Kind.IDENTITY, allow(resource="arn:*:s3:::a")),
        (Kind.IDENTITY, allow(resource="arn:aws-us-gov:s3:::${aws:username}/${*}")),
        (Kind.IDENTITY, allow(Sid="", Condition={})),
        (Kind.IDENTITY, allow(Condition={"ForAnyValue:stringLikeIfExists": {"aws:TagKeys": ["a", 1, True]}})),
        (Kind.IDENTITY, allow(Condition={"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/X:sub": []}})),
        (Kind.IDENTITY, allow(Condition={"DateLessThan": {"aws:EpochTime": 1767225600}})),
        (Kind.RESOURCE, allow(Principal="*", Sid="a sentence is fine here")),
        (Kind.RESOURCE, {"Effect": "Deny", "NotPrincipal": {"AWS": ["111111111111"]}, "Action": "s3:*"}),
        (
            Kind.RESOURCE,
            allow("execute-api:Invoke", "execute-api:/prod/GET/*", Principal={"Service": "a.amazonaws.com"}),
        ),
        (Kind.RESOURCE, allow(Principal={"CanonicalUser": "ab" * 32, "Federated": "accounts.google.com"})),
        (Kind.TRUST, trust({"AWS": ["AROAEXAMPLE000000", "arn:aws:sts::111111111111:assumed-role/a/b"]})),
        (Kind.TRUST, {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "NotAction": "sts:TagSession"}),
        (Kind.TRUST, trust({"Federated": "arn:aws-cn:iam::111111111111:saml-provider/x"}, "sts:AssumeRoleWithSAML")),
        (Kind.SCP, {"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::a", "Condition": {}}),
        (Kind.SCP, deny("ec2:*Instance*", Condition={"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/a"}})),
        (Kind.RCP, {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}),
        (Kind.RCP, {"Effect": "Allow", "Principal": "*", "Action": ["*"], "Resource": ["*"], "Sid": "Full"}),
        (Kind.RCP, deny(["s3:*", "sts:AssumeRole"], Principal="*", Condition={"Bool": {"aws:SecureTransport": False}})),
        (Kind.RCP, {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "NotResource": "arn:aws:s3:::a/*"}),
        (Kind.SESSION, allow("s3:*", "arn:aws:s3:::b")),
    ],
)
def test_what_aws_saves_is_taken_and_rendered_to_the_same(kind: Kind, statement: Any) -> None:
    """A valid document of each kind parses, and parses to an equal document when it is rendered."""
    parsed = document(kind, statement)
    again = parse(render(parsed), kind)
    assert again == parsed
    assert hash(again) == hash(parsed)
    assert render(again) == render(parsed)


def test_a_document_keeps_what_it_says() -> None:
    """Version, Id, Sids and the order of statements survive."""
    text = json.dumps({"Version": "2012-10-17", "Id": "p", "Statement": [deny(Sid="No"), allow(Sid="Yes"), allow()]})
    parsed = parse(text, Kind.IDENTITY)
    assert (parsed.version, parsed.id, parsed.kind) == ("2012-10-17", "p", Kind.IDENTITY)
    assert [(one.index, one.sid, one.denies) for one in parsed.statements] == [
        (0, "No", True),
        (1, "Yes", False),
        (2, None, False),
    ]


def test_the_version_changes_what_a_document_means() -> None:
    """Two documents that differ by version only are different; no version is the first one."""
    new, old, none = (document(Kind.IDENTITY, allow(), version) for version in ("2012-10-17", "2008-10-17", None))
    assert new != old
    assert old == none


def test_what_looks_like_a_variable_is_text_in_the_old_version() -> None:
    """A brace that does not close is no problem where there are no variables."""
    statement = allow(resource="arn:aws:s3:::a/${x", Condition={"StringEquals": {"a:x": "${"}})
    assert document(Kind.IDENTITY, statement, "2008-10-17")
    with pytest.raises(PolicyError, match="no closing brace"):
        document(Kind.IDENTITY, statement)


def test_a_document_remembers_no_more_than_it_should() -> None:
    """Asking for ever new actions does not fill the memory, and the answers stay right."""
    parsed = document(Kind.IDENTITY, [allow("s3:get*"), deny("s3:getobject99")])
    for number in range(1200):
        found = parsed.about(f"s3:getobject{number}")
        assert found.matching == (True, number == 99)
        assert (len(found.denies), len(found.allows)) == (int(number == 99), 1)
    assert len(parsed.remembered) <= 512


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"Statement": allow()}, Kind.IDENTITY),
        ({"Statement": [trust("*")]}, Kind.TRUST),
        ({"Statement": [trust("*", ["sts:AssumeRoleWithSAML", "sts:TagSession"])]}, Kind.TRUST),
        ({"Statement": [allow(Principal="*")]}, Kind.RESOURCE),
        ({"Statement": [trust("*", "ecr:GetDownloadUrlForLayer")]}, Kind.RESOURCE),
        ({"Statement": [trust("*"), {**trust("*"), "Resource": "*"}]}, Kind.RESOURCE),
        ({"Statement": [None, "x"]}, Kind.IDENTITY),
        ([], Kind.IDENTITY),
    ],
)
def test_the_likely_kind_of_a_document(value: Any, kind: Kind) -> None:
    """A document tells by its elements what it is most likely attached to."""
    assert likely_kind(json.dumps(value)) is kind
    assert likely_kind(json.dumps(value)[:-1] + " ,") in Kind


@pytest.mark.parametrize("service", RCP_SERVICES)
def test_rcps_reach_a_fixed_list_of_services(service: str) -> None:
    """§2.10: each of the services can be named in an RCP."""
    assert document(Kind.RCP, deny(f"{service}:*", Principal="*"))


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"Statement": ' + '{"a":' * 50_000 + "1" + "}" * 50_000 + "}",
        '{"Statement": [], "Version": ' + "9" * 10_000 + "}",
        '{"Statement": [], "Version": 1e' + "9" * 10_000 + "}",
        '{"Statement": {"Effect": "\\ud800", "Action": "\ud800:x", "Resource": "\\udfff"}}',
        '{"Statement": [' + '{"Effect": 1},' * 5000 + "1]}",
        "\ufeff{}",
        "\x00",
        '"' + "\\u0000" * 1000 + '"',
        "{" + ",".join(f'"k{number}": {number}' for number in range(5000)) + "}",
    ],
)
@pytest.mark.parametrize("kind", list(Kind))
def test_nothing_but_a_policy_error(text: str, kind: Kind) -> None:
    """However deep, long or odd the text, it is refused with at least one problem that has a place."""
    with pytest.raises(PolicyError) as raised:
        parse(text, kind)
    assert all(problem.line >= 1 and problem.column >= 1 for problem in raised.value.problems)
    assert str(raised.value).encode("utf-8", "backslashreplace")
