"""Questions and answers as JSON lines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stsctl.policy.question import QuestionError, answer, read_question
from tests.unit.policy.statements import allow, deny, trust

ALICE = "arn:aws:iam::111111111111:user/alice"
SESSION = "arn:aws:sts::111111111111:assumed-role/hub/s1"
OBJECT = "arn:aws:s3:::bucket/key"
FULL = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


def doc(*statements: Any) -> dict[str, Any]:
    """A document of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def asked(**fields: Any) -> str:
    """A question by alice about an object, as a line."""
    return json.dumps({"principal": ALICE, "action": "s3:GetObject", "resource": OBJECT, **fields})


def test_the_question_of_the_issue_is_answered() -> None:
    """Every field, as the documentation of the command shows it."""
    line = asked(
        resource_account="111111111111",
        context={"aws:PrincipalTag/team": "red", "aws:TagKeys": ["a", "b"]},
        identity_policies=[doc(deny("iam:*")), doc(allow("ec2:*"), allow("s3:*", Sid="S3"))],
        resource_policy=doc({**FULL, "Action": "s3:PutObject"}),
        permissions_boundaries=[doc(allow("s3:*"))],
        session_policies=[doc(allow("s3:Get*"))],
        service_control_policies=[[doc(allow())], [doc(allow()), doc(deny("iam:*"))]],
        resource_control_policies=[[doc(FULL)]],
    )
    assert answer(line) == {
        "effect": "Allowed",
        "decided_by": "identity",
        "statements": [{"policy": "identity_policies[1]", "index": 1, "sid": "S3"}],
    }


@pytest.mark.parametrize(
    ("fields", "effect", "decided_by", "policy"),
    [
        ({}, "ImplicitlyDenied", "identity", None),
        ({"identity_policies": [doc(deny())]}, "ExplicitlyDenied", "identity", "identity_policies[0]"),
        ({"resource_policy": doc(FULL)}, "Allowed", "resource", "resource_policy"),
        ({"permissions_boundaries": [doc(deny())]}, "ExplicitlyDenied", "boundary", "permissions_boundaries[0]"),
        ({"session_policies": [doc(deny())]}, "ExplicitlyDenied", "session", "session_policies[0]"),
        (
            {"service_control_policies": [[doc(allow())], [doc(allow()), doc(deny())]]},
            "ExplicitlyDenied",
            "scp",
            "service_control_policies[1][1]",
        ),
        (
            {"resource_control_policies": [[doc(FULL), doc({**deny("s3:*"), "Principal": "*"})]]},
            "ExplicitlyDenied",
            "rcp",
            "resource_control_policies[0][1]",
        ),
        ({"action": "sts:GetCallerIdentity", "identity_policies": [doc(deny())]}, "Allowed", None, None),
    ],
)
def test_answers_name_the_kind_and_the_statement(
    fields: dict[str, Any], effect: str, decided_by: str | None, policy: str | None
) -> None:
    """The kind of policy that decided, and the policy by its place in the question."""
    found = answer(asked(**fields))
    assert (found["effect"], found["decided_by"]) == (effect, decided_by)
    assert found["statements"] == ([] if policy is None else [{"policy": policy, "index": 0, "sid": None}])


@pytest.mark.parametrize(
    "field",
    [
        "resource_policy",
        "permissions_boundaries",
        "session_policies",
        "service_control_policies",
        "resource_control_policies",
        "context",
        "resource_account",
        "management_account",
    ],
)
def test_null_is_none_of_it(field: str) -> None:
    """A kind that is null is as one that is absent."""
    assert answer(asked(identity_policies=[doc(allow())], **{field: None}))["effect"] == "Allowed"


@pytest.mark.parametrize("field", ["permissions_boundaries", "session_policies", "service_control_policies"])
def test_an_empty_list_limits_nothing(field: str) -> None:
    """No SCPs, no boundary and no session policy limit nothing."""
    assert answer(asked(identity_policies=[doc(allow())], **{field: []}))["effect"] == "Allowed"


@pytest.mark.parametrize("given", [{}, {"session_policies": None}, {"session_policies": []}])
def test_a_federated_user_without_session_policies_has_no_permissions(given: dict[str, Any]) -> None:
    """`session_policies: []` on a federated user means no permissions."""
    line = asked(principal="arn:aws:sts::111111111111:federated-user/f", identity_policies=[doc(allow())], **given)
    assert answer(line) == {"effect": "ImplicitlyDenied", "decided_by": "session", "statements": []}


def test_documents_may_be_texts() -> None:
    """A document that stands as a JSON text, as AWS's APIs give it, is read."""
    line = asked(identity_policies=[json.dumps(doc(allow()), indent=1), doc(deny("iam:*"))])
    assert answer(line)["effect"] == "Allowed"


def test_values_of_the_context_may_be_numbers_and_booleans() -> None:
    """JSON's own values are the texts that conditions compare."""
    condition = {
        "Bool": {"a:b": "true"},
        "NumericEquals": {"a:n": "1.5"},
        "ForAllValues:StringEquals": {"a:l": ["1", "true", "x"]},
    }
    line = asked(
        context={"a:b": True, "a:n": 1.5, "a:l": [1, True, "x"]}, identity_policies=[doc(allow(Condition=condition))]
    )
    assert answer(line)["effect"] == "Allowed"


def test_keys_that_follow_from_the_principal_are_filled_in_and_given_ones_win() -> None:
    """aws:PrincipalArn, aws:username and the rest are there; a context that names one replaces it."""
    own = doc(allow(resource="arn:aws:s3:::bucket/${aws:username}"))
    line = {"resource": "arn:aws:s3:::bucket/alice", "identity_policies": [own]}
    assert answer(asked(**line))["effect"] == "Allowed"
    assert answer(asked(**line, context={"aws:UserName": "bob"}))["effect"] == "ImplicitlyDenied"
    assert answer(asked(**line, context={"aws:username": None}))["effect"] == "ImplicitlyDenied"


def test_a_sessions_role_is_taken_from_the_context() -> None:
    """The role's path and id, which a session's ARN has lost, come from aws:PrincipalArn and aws:userid."""
    by_role = doc({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:role/a/hub"}, "Action": "s3:*"})
    by_id = doc({"Effect": "Allow", "Principal": {"AWS": "AROAEXAMPLE000000"}, "Action": "s3:*"})
    for policy, context, effect in (
        (by_role, {}, "Allowed"),
        (by_role, {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/b/hub"}, "ImplicitlyDenied"),
        (by_role, {"aws:PrincipalArn": "arn:aws:iam::111111111111:role/a/hub"}, "Allowed"),
        (by_id, {}, "ImplicitlyDenied"),
        (by_id, {"aws:userid": "AROAEXAMPLE000000:s1"}, "Allowed"),
    ):
        assert answer(asked(principal=SESSION, resource_policy=policy, context=context))["effect"] == effect


def test_the_resource_policy_of_a_role_is_its_trust_policy() -> None:
    """For sts:AssumeRole the grammar of trust policies holds."""
    role = {"action": "sts:AssumeRole", "resource": "arn:aws:iam::111111111111:role/target"}
    assert answer(asked(**role, resource_policy=doc(trust({"AWS": ALICE}))))["effect"] == "Allowed"
    wrong = answer(asked(**role, resource_policy=doc(FULL)))
    assert "a trust policy has no Resource" in str(wrong["error"])


def test_the_management_account_can_be_named() -> None:
    """It is left alone by its organisation's policies."""
    line = {"identity_policies": [doc(allow())], "service_control_policies": [[doc(deny())]]}
    assert answer(asked(**line))["effect"] == "ExplicitlyDenied"
    assert answer(asked(**line, management_account="111111111111"))["effect"] == "Allowed"


def test_an_explanation_can_be_asked_for() -> None:
    """The lines of the explanation come with the answer."""
    found = answer(asked(identity_policies=[doc(allow("s3:Put*"))]), explained=True)
    assert found["effect"] == "ImplicitlyDenied"
    assert found["explanation"] == [
        f'implicitly denied: nothing in identity policies allows s3:GetObject on "{OBJECT}" by "{ALICE}"',
        "  identity_policies[0], statement 0 does not apply:",
        '    Action: wanted "s3:Put*", request has "s3:GetObject"',
        "    to change: the statement takes in s3:GetObject",
    ]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("", "column 1: expected a value, the text ends here"),
        ("{", "column 2: expected a key in double quotes, the text ends here"),
        ("nonsense", 'column 1: expected a value, found "n"'),
        ('{"principal": "*"} {}', "column 20: there is more text behind the end of the document"),
        ('{\n"principal": }', 'line 2, column 14: expected a value, found "}": is the comma before it one too many?'),
        ('{"action": "a:b", "action": "a:c"}', "column 19: the key stands twice in its object"),
        ('{"principal": "*"{"action": "a:b"}', 'column 18: expected a comma or "}", found "{"'),
        (',"principal": "*"}', 'column 1: expected a value, found ","'),
        ("[]", "a question is an object, this is a list"),
        ("null", "a question is an object, this is null"),
        ("{}", 'the question has no "principal"'),
        ('{"principal": "*"}', 'the question has no "action"'),
        ('{"principal": "*", "action": "a:b"}', 'the question has no "resource"'),
        ('{"principal": 5, "action": "a:b"}', '"principal" is a text, this is the number 5'),
        (asked(principal="alice"), '"alice" is no ARN: it does not start with "arn:"'),
        (asked(resource_account="1111"), '"resource_account" is the id of an account, 12 digits, not "1111"'),
        (asked(identity_policies=doc(allow())), '"identity_policies" is a list of policies'),
        (asked(service_control_policies=[doc(allow())]), '"service_control_policies" is a list of lists of policies'),
        (asked(identity_policies=[None]), "identity_policies[0] is null, not a policy"),
        (asked(identity_policy=[]), 'there is no field "identity_policy", did you mean "identity_policies"?'),
        (asked(context=[]), 'the "context" is an object, this is a list'),
        (asked(context={"a:x": {}}), 'the values of "a:x" are texts, numbers, true or false, in no more than one list'),
        (
            asked(context={"a:x": [None]}),
            'the values of "a:x" are texts, numbers, true or false, in no more than one list',
        ),
        (
            asked(identity_policies=[doc(), doc({"Effect": "allow", "Action": "x:y", "Resource": "*"})]),
            'identity_policies[1]: 1:52: Statement[0].Effect: the effect is "Allow" or "Deny", not "allow"',
        ),
        (
            asked(identity_policies=["nonsense"]),
            'identity_policies[0]: 1:1: expected a value, found "n"',
        ),
        (asked(identity_policies=[7]), "identity_policies[0]: 1:1: a policy is an object, this is the number 7"),
        (asked(context=json.loads("[" * 900 + "]" * 900)), 'the "context" is an object, this is a list'),
        (
            '{"context": ' + "[" * 100_000 + "]" * 100_000 + "}",
            "the question is nested too deeply, or the name of a field has an escape",
        ),
        ('{"princip\\u0061l": "*"}', "the question is nested too deeply, or the name of a field has an escape"),
        ('{"principal": NaN}', "column 15: NaN and Infinity are no JSON"),
    ],
)
def test_a_line_that_cannot_be_read_is_answered_with_why(line: str, error: str) -> None:
    """Whatever stands on the line, the answer is an object, and says what is wrong and where."""
    assert answer(line) == {"error": error}
    with pytest.raises(QuestionError if "ARN" not in error else Exception):
        read_question(line)


def test_other_fields_are_let_pass() -> None:
    """A line may carry what is nobody's business here."""
    assert answer(asked(id=7, comment="x", expected={"effect": "Allowed"}))["effect"] == "ImplicitlyDenied"


def test_the_question_before_does_not_matter() -> None:
    """Documents that are longer, shorter or other than the last question's are read as they stand."""
    short, longer, other = doc(allow()), doc(allow(), deny("s3:GetObject")), doc(deny())
    for policies, effect in (
        ([short], "Allowed"),
        ([longer], "ExplicitlyDenied"),
        ([short, other], "ExplicitlyDenied"),
        ([other, short], "ExplicitlyDenied"),
        ([short], "Allowed"),
        ([None, short], None),
        ([json.dumps(short), short], "Allowed"),
        ([], "ImplicitlyDenied"),
    ):
        assert answer(asked(identity_policies=policies)).get("effect") == effect
    assert "error" in answer(asked(identity_policies=[short]).replace("]}]}", "]} x]}"))


def test_white_space_does_not_matter() -> None:
    """The same question, spread out, has the same answer."""
    fields = {"identity_policies": [doc(allow())], "service_control_policies": [[], []], "context": {"a:b": "c"}}
    assert answer(json.dumps(json.loads(asked(**fields)), indent=3) + "\r\n ") == answer(asked(**fields))
