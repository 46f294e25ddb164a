"""Properties of the values: canonical or rejected, round trips, keys that never meet."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import timedelta

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from stsctl.arn import Arn
from stsctl.duration import parse_duration, render_duration
from stsctl.errors import UsageError
from stsctl.request import Asker, AskerKind, Endpoint, Operation, SessionRequest

PARTS = st.one_of(
    st.sampled_from(["", "arn", "aws", "aws-cn", "iam", "sts", "eu-west-1", "aws", "123456789012", "role/a/B", "*"]),
    st.text(alphabet=string.ascii_letters + string.digits + ":/-* \n\x7fé", max_size=8),
)
ROLE_NAMES = st.text(alphabet=string.ascii_letters + string.digits + "_+=,.@-", min_size=1, max_size=64)
PATHS = st.lists(st.text(alphabet=[chr(number) for number in range(0x21, 0x7F)], min_size=1, max_size=9), max_size=4)


@given(st.one_of(st.text(max_size=60), st.lists(PARTS, min_size=4, max_size=8).map(":".join)))
@example("arn:aws:iam::123456789012:role/Admin")
def test_an_arn_is_canonical_or_rejected(text: str) -> None:
    """A text that is taken for an ARN comes back as the very same text; any other is refused by UsageError only."""
    for parse in (Arn.parse, Arn.parse_role):
        try:
            arn = parse(text)
        except UsageError:
            continue
        assert str(arn) == text
        assert Arn.parse(str(arn)) == arn


@given(PATHS, ROLE_NAMES, st.integers(0, 10**12 - 1))
def test_every_role_that_aws_can_have_is_one(path: list[str], name: str, account: int) -> None:
    """Any path of printable characters, any name of AWS's characters and any account make a role's ARN."""
    text = f"arn:aws:iam::{account:012}:role/{''.join(part + '/' for part in path)}{name}"
    arn = Arn.parse_role(text)
    assert str(arn) == text
    assert arn.resource_name == name


@given(st.integers(0, 9999 * 3600))
def test_a_duration_comes_back(seconds: int) -> None:
    """What is rendered is parsed to the same length, and rendering is stable."""
    length = timedelta(seconds=seconds)
    assert parse_duration(render_duration(length)) == length


@given(st.text(alphabet="0123456789hms. -", max_size=8))
def test_a_duration_is_parsed_or_refused(text: str) -> None:
    """Any text is a length that is not negative, or refused by UsageError; what is taken can be rendered."""
    try:
        length = parse_duration(text)
    except UsageError:
        return
    assert length >= timedelta(0)
    assume(length < timedelta(hours=10_000))
    assert parse_duration(render_duration(length)) == length


TEXTS = st.text(max_size=6)
MAYBE = st.none() | TEXTS
ARNS = st.builds(
    lambda account, name: Arn.parse_role(f"arn:aws:iam::{account:012}:role/{name}"),
    st.integers(0, 3),
    st.sampled_from(["a", "b", "a/b"]),
)
REQUESTS = st.builds(
    SessionRequest,
    operation=st.sampled_from(Operation),
    endpoint=st.builds(Endpoint, partition=TEXTS, region=TEXTS, url=MAYBE, instance=MAYBE),
    asker=st.builds(Asker, kind=st.sampled_from(AskerKind), id=TEXTS),
    role_arn=st.none() | ARNS,
    session_name=MAYBE,
    duration=st.none() | st.integers(0, 50_000).map(lambda seconds: timedelta(seconds=seconds)),
    external_id=MAYBE,
    policy=MAYBE,
    policy_arns=st.lists(TEXTS, max_size=3).map(tuple),
    tags=st.lists(st.tuples(TEXTS, TEXTS), max_size=3).map(tuple),
    transitive_tag_keys=st.lists(TEXTS, max_size=3).map(tuple),
    source_identity=MAYBE,
    mfa_serial=MAYBE,
    provider_arn=st.none() | ARNS,
)
FIELDS = sorted(SessionRequest.__dataclass_fields__)


@settings(max_examples=50)  # a request has many fields to make up
@given(REQUESTS, REQUESTS)
def test_different_requests_have_different_keys(one: SessionRequest, other: SessionRequest) -> None:
    """Keys are equal exactly when requests are."""
    assert (one.cache_key() == other.cache_key()) is (one == other)


@settings(max_examples=50)  # a request has many fields to make up
@given(REQUESTS, REQUESTS, st.sampled_from(FIELDS))
def test_one_field_makes_the_difference(one: SessionRequest, other: SessionRequest, name: str) -> None:
    """A request that differs in one field only, by whatever value, has another key."""
    changed = replace(one, **{name: getattr(other, name)})
    assert (changed.cache_key() == one.cache_key()) is (changed == one)


@settings(max_examples=50)  # a request has many fields to make up
@given(REQUESTS, st.tuples(TEXTS, TEXTS))
def test_values_do_not_move_between_fields(one: SessionRequest, pair: tuple[str, str]) -> None:
    """The same texts in swapped places are another request with another key."""
    first, second = pair
    assume(first != second)
    here = replace(one, session_name=first, external_id=second)
    there = replace(one, session_name=second, external_id=first)
    assert here.cache_key() != there.cache_key()
