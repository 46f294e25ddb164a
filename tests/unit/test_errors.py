"""What an error carries."""

from __future__ import annotations

import pytest

from stsctl.errors import (
    AnswerIsNo,
    ConfigurationError,
    PersonNeededError,
    RefusedError,
    StoreError,
    StsctlError,
    UnavailableError,
    UsageError,
)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (StsctlError, 1),
        (UsageError, 2),
        (ConfigurationError, 3),
        (PersonNeededError, 4),
        (RefusedError, 5),
        (UnavailableError, 6),
        (StoreError, 7),
        (AnswerIsNo, 8),
    ],
)
def test_message_hint_and_status(kind: type[StsctlError], status: int) -> None:
    """Each kind has its status, keeps message and hint, and prints as its message."""
    error = kind("what happened", hint="what to type")
    assert (error.status, error.message, error.hint) == (status, "what happened", "what to type")
    assert str(error) == "what happened"
    assert kind("what happened").hint is None


def test_a_refusal_carries_awss_words_apart() -> None:
    """Code, reason, request id and operation are fields, and empty unless given."""
    error = RefusedError("", code="AccessDenied", reason="no", request_id="r", operation="sts:AssumeRole")
    assert (error.code, error.reason, error.request_id, error.operation) == (
        "AccessDenied",
        "no",
        "r",
        "sts:AssumeRole",
    )
    assert RefusedError("").code == RefusedError("").reason == RefusedError("").operation == ""


def test_whether_a_person_was_asked() -> None:
    """A question that was never shown is not said to have been."""
    assert PersonNeededError("x").asked is False
    assert PersonNeededError("x", asked=True).asked is True
