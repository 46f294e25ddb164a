"""The policy that revokes a role's sessions: what it says, and that it is known again."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from stsctl.policy.document import Kind, parse
from stsctl.revocation import policy, revoked_before

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_it_is_a_policy_that_aws_takes() -> None:
    """The grammar has nothing against it."""
    assert parse(policy(NOON), Kind.IDENTITY).statements[0].denies


@pytest.mark.parametrize(
    ("microsecond", "second"), [(0, 0), (1, 1), (999_999, 1)], ids=["a whole second", "just after", "just before"]
)
def test_what_is_left_of_a_second_counts(microsecond: int, second: int) -> None:
    """A session of the very second in which it was revoked must not live on."""
    assert revoked_before(policy(NOON.replace(microsecond=microsecond))) == NOON.replace(second=second)


def test_what_the_console_wrote_is_read() -> None:
    """It writes lists, and milliseconds."""
    text = policy(NOON).replace('"2026-05-01T12:00:00Z"', '["2026-05-01T12:00:00.250Z"]')
    assert revoked_before(text) == NOON.replace(microsecond=250_000)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"Statement": []}', "[" * 5000, policy(NOON).replace("Deny", "Allow")]
    + [policy(NOON).replace("2026-05-01T12:00:00Z", instant) for instant in ("x", "2026-13-01T12:00:00Z", "")],
)
def test_another_policy_is_none(text: str) -> None:
    """Whatever stands under that name, nothing is raised."""
    assert revoked_before(text) is None


def test_the_statement_has_one_condition() -> None:
    """Nothing else narrows the Deny."""
    (statement,) = json.loads(policy(NOON))["Statement"]
    assert statement.keys() == {"Effect", "Action", "Resource", "Condition"}
    assert (statement["Action"], statement["Resource"]) == (["*"], ["*"])
