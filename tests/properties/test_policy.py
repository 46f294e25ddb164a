"""Properties of the policy language: what holds for every document and every request."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stsctl.policy.document import Document, Kind, PolicyError, likely_kind, parse, render
from stsctl.policy.evaluate import Decision, Effect, Policies, Policy, evaluate
from stsctl.policy.explain import explain
from stsctl.policy.json_text import Reader, UnreadableError, read
from stsctl.policy.message import authorization_message
from stsctl.policy.principal import Principal
from stsctl.policy.question import answer
from stsctl.policy.request import Request
from stsctl.policy.wildcard import glob

PRINCIPALS = [
    "arn:aws:iam::111111111111:user/alice",
    "arn:aws:iam::111111111111:role/hub",
    "arn:aws:sts::111111111111:assumed-role/hub/s1",
    "arn:aws:sts::111111111111:federated-user/bob",
    "arn:aws:iam::111111111111:root",
    "arn:aws:iam::222222222222:user/carol",
    "lambda.amazonaws.com",
    "*",
]
ACTIONS = ["s3:GetObject", "s3:PutObject", "sts:AssumeRole", "kms:Decrypt", "sts:GetCallerIdentity"]
RESOURCES = [
    "arn:aws:s3:::bucket/alice/key",
    "arn:aws:iam::111111111111:role/target",
    "arn:aws:kms:eu:222222222222:key/k",
]
NAMED = [*PRINCIPALS[:6], "111111111111", "222222222222"]

action_patterns = st.sampled_from(["*", "s3:*", "s3:Get*", "S3:GETOBJECT", "sts:AssumeRole", "kms:?ecrypt", "iam:*"])
resource_patterns = st.sampled_from(
    [
        "*",
        "arn:aws:s3:::bucket/*",
        "arn:aws:s3:::bucket/${aws:username}/*",
        "arn:aws:iam::*:role/target",
        "arn:aws:kms:*",
    ]
)
conditions = st.dictionaries(
    st.sampled_from(
        ["StringEquals", "StringNotEquals", "StringLikeIfExists", "ForAllValues:StringEquals", "ForAnyValue:StringLike"]
    ),
    st.dictionaries(
        st.sampled_from(["a:x", "aws:username", "aws:PrincipalArn"]),
        st.lists(st.sampled_from(["1", "alice", "*", "${aws:username}", "arn:aws:iam::*"]), max_size=2),
        max_size=2,
    ),
    max_size=2,
)
principal_elements = st.one_of(
    st.just("*"),
    st.builds(lambda names: {"AWS": names}, st.lists(st.sampled_from([*NAMED, "*"]), min_size=1, max_size=2)),
    st.just({"Service": "lambda.amazonaws.com"}),
)


@st.composite
def statements(draw: st.DrawFn, effect: str | None = None, principal: bool = False) -> dict[str, Any]:
    """A statement; with a Principal where its document has one."""
    found: dict[str, Any] = {"Effect": effect or draw(st.sampled_from(["Allow", "Deny"]))}
    found[draw(st.sampled_from(["Action", "NotAction"]))] = draw(st.lists(action_patterns, min_size=1, max_size=2))
    found[draw(st.sampled_from(["Resource", "NotResource"]))] = draw(
        st.lists(resource_patterns, min_size=1, max_size=2)
    )
    if principal:
        found["Principal"] = draw(principal_elements)
    if draw(st.booleans()):
        found["Condition"] = draw(conditions)
    return found


def text(found: list[dict[str, Any]]) -> str:
    """A document of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": found})


Layers = dict[str, list[dict[str, Any]]]


@st.composite
def layers(draw: st.DrawFn) -> Layers:
    """Statements of some of the kinds of policies."""
    found: Layers = {"identity": draw(st.lists(statements(), max_size=4))}
    for name in ("boundary", "session", "scp"):
        if draw(st.booleans()):
            found[name] = [*draw(st.lists(statements(), max_size=2)), *([ALL] if draw(st.booleans()) else [])]
    if draw(st.booleans()):
        found["resource"] = draw(st.lists(statements(principal=True), max_size=3))
    return found


ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}
requests = st.builds(
    lambda principal, action, resource, context: Request(
        principal=Principal.of(principal), action=action, resource=resource, context=context
    ),
    st.sampled_from(PRINCIPALS),
    st.sampled_from(ACTIONS),
    st.sampled_from(RESOURCES),
    st.dictionaries(st.sampled_from(["a:x", "A:y"]), st.lists(st.sampled_from(["1", "alice", ""]), max_size=2)),
)
KINDS = {
    "identity": Kind.IDENTITY,
    "boundary": Kind.SESSION,
    "session": Kind.SESSION,
    "scp": Kind.SCP,
    "resource": Kind.RESOURCE,
}


def policies(found: Layers) -> Policies:
    """The policies of these statements, one document for each kind that is there."""
    named = {name: Policy(name=name, document=parse(text(one), KINDS[name])) for name, one in found.items()}
    return Policies(
        identity=(named["identity"],),
        resource=named.get("resource"),
        boundaries=(named["boundary"],) if "boundary" in named else (),
        session=(named["session"],) if "session" in named else (),
        scps=((named["scp"],),) if "scp" in named else (),
    )


def decide(request: Request, found: Layers) -> Decision:
    """The decision on these statements."""
    return evaluate(request, policies(found))


@given(request=requests, found=layers(), data=st.data())
def test_adding_a_deny_never_turns_a_denial_into_an_allow(request: Request, found: Layers, data: st.DataObject) -> None:
    """A Deny more, in any policy that is there, allows nothing more."""
    name = data.draw(st.sampled_from(sorted(found)))
    added = data.draw(statements(effect="Deny", principal=name == "resource"))
    before, after = decide(request, found), decide(request, {**found, name: [*found[name], added]})
    assert before.allowed or not after.allowed


@given(request=requests, found=layers(), data=st.data())
def test_removing_an_allow_never_turns_a_denial_into_an_allow(
    request: Request, found: Layers, data: st.DataObject
) -> None:
    """An Allow less, in any policy, allows nothing more."""
    name = data.draw(st.sampled_from(sorted(found)))
    allows = [at for at, one in enumerate(found[name]) if one["Effect"] == "Allow"]
    gone = data.draw(st.sampled_from([*allows, len(found[name])]))
    fewer = {**found, name: [one for at, one in enumerate(found[name]) if at != gone]}
    assert decide(request, found).allowed or not decide(request, fewer).allowed


@given(request=requests, found=layers(), data=st.data())
def test_the_order_of_statements_does_not_matter(request: Request, found: Layers, data: st.DataObject) -> None:
    """Statements in another order decide the same, by the same layer."""
    shuffled = {name: data.draw(st.permutations(one)) for name, one in found.items()}
    before, after = decide(request, found), decide(request, shuffled)
    assert (after.effect, after.decided_by, after.missing) == (before.effect, before.decided_by, before.missing)
    assert len(after.statements) == len(before.statements)


@given(request=requests)
def test_an_empty_document_denies(request: Request) -> None:
    """No statements allow nothing but what needs no permission, and what the root user may in its own account."""
    decision = decide(request, {"identity": [], "resource": []})
    if request.verb == "sts:getcalleridentity" and request.principal.arn != "*":
        assert decision.allowed
    elif request.principal.is_root and request.owner == request.principal.account:
        assert decision.allowed == (request.verb not in ("sts:assumerole", "kms:decrypt"))
    else:
        assert decision.effect is Effect.IMPLICITLY_DENIED


@given(request=requests, found=layers())
def test_evaluation_is_deterministic_and_the_trace_changes_nothing(request: Request, found: Layers) -> None:
    """Documents compiled anew, asked again or traced, decide the same."""
    given_policies = policies(found)
    first = evaluate(request, given_policies)
    assert evaluate(replace(request), policies(found)) == first
    assert evaluate(request, given_policies) == first
    traced = evaluate(request, given_policies, trace=True)
    assert replace(traced, trace=()) == first
    assert explain(request, traced)
    assert json.dumps(authorization_message(request, traced))


@given(patterns=st.lists(action_patterns, min_size=1, max_size=3), action=st.sampled_from(ACTIONS))
def test_action_and_not_action_partition_all_actions(patterns: list[str], action: str) -> None:
    """Of two statements with one list, one takes in an action and the other does not."""
    both = [{"Effect": "Allow", name: patterns, "Resource": "*"} for name in ("Action", "NotAction")]
    one, other = parse(text(both), Kind.IDENTITY).statements
    assert one.actions.match(action.lower()) is not other.actions.match(action.lower())


@given(found=st.lists(statements(principal=True), max_size=4), request=requests)
def test_parse_after_render_is_the_same_document(found: list[dict[str, Any]], request: Request) -> None:
    """A document that is rendered and parsed again is equal, and decides the same."""
    document = parse(text(found), Kind.RESOURCE)
    again = parse(render(document), Kind.RESOURCE)
    assert again == document
    decisions = [
        evaluate(request, Policies(resource=Policy(name="p", document=one))).effect for one in (document, again)
    ]
    assert decisions[0] is decisions[1]


@given(st.text("ab*?:", max_size=12), st.text("ab:", max_size=12))
def test_wildcards_match_as_a_regular_expression_does(pattern: str, subject: str) -> None:
    """A glob takes what the regular expression of the same meaning takes."""
    meaning = "".join({"*": ".*", "?": "."}.get(character, re.escape(character)) for character in pattern)
    assert glob(pattern)(subject) is (re.fullmatch(meaning, subject, re.DOTALL) is not None)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.sampled_from(ACTIONS)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(
                st.sampled_from(
                    ["Version", "Id", "Statement", "Sid", "Effect", "Action", "NotAction", "Resource", "Condition"]
                ),
                st.sampled_from(["Principal", "NotPrincipal", "AWS", "StringEquals", "Bool", "DateLessThan", "Null"]),
                st.text(max_size=5),
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=20,
)


def refusal(found: str, kind: Kind) -> PolicyError | Document:
    """A document, or the error about it; nothing else may come."""
    try:
        return parse(found, kind)
    except PolicyError as error:
        return error


@given(value=json_values, kind=st.sampled_from(list(Kind)))
def test_no_json_raises_anything_but_a_policy_error(value: Any, kind: Kind) -> None:
    """Any JSON is a document or a PolicyError whose problems have places inside the text."""
    found = json.dumps(value, indent=1)
    error = refusal(found, kind)
    lines = found.split("\n")
    assert likely_kind(found) in Kind
    for problem in error.problems if isinstance(error, PolicyError) else ():
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1


@given(found=st.text(max_size=60), kind=st.sampled_from(list(Kind)))
def test_no_text_raises_anything_but_a_policy_error(found: str, kind: Kind) -> None:
    """Any text at all is refused properly, and has a likely kind."""
    assert refusal(found, kind)
    assert likely_kind(found) is Kind.IDENTITY


@given(value=json_values, cut=st.integers(0, 200), junk=st.text('{}[],:"\\ a1', max_size=2))
def test_both_readers_of_json_agree(value: Any, cut: int, junk: str) -> None:
    """What the fast reader takes, the one with places takes with the same value; what it refuses, that one faults."""
    found = json.dumps(value)
    found = found[:cut] + junk + found[cut:]
    reader = Reader(found)
    try:
        fast = read(found)
    except UnreadableError:
        assert reader.faults
    else:
        assert not reader.faults
        assert reader.value == fast


@settings(max_examples=300)
@given(st.one_of(json_values.map(json.dumps), st.text(max_size=40)))
def test_every_line_has_an_answer(line: str) -> None:
    """Whatever stands on a line, the answer is an object that JSON can write."""
    assert "error" in json.loads(json.dumps(answer(line)))


@given(request=requests, found=layers(), context=st.dictionaries(st.text(max_size=4), json_values, max_size=2))
def test_every_question_has_an_answer(request: Request, found: Layers, context: dict[str, Any]) -> None:
    """A question with good policies and any context is decided, or refused with a reason."""
    line = json.dumps(
        {
            "principal": request.principal.arn,
            "action": request.action,
            "resource": request.resource,
            "context": context,
            "identity_policies": [{"Version": "2012-10-17", "Statement": found["identity"]}],
        }
    )
    found_answer = answer(line, explained=True)
    assert "error" in found_answer or found_answer["explanation"]
