"""Every failure that stsctl reports, and the exit status it ends with.

The class carries the status, the instance says what happened and what to type next. Messages are lower case, have no
full stop, quote what the person typed, and carry names and codes only: never a response body, an environment value or
an object.
"""

from __future__ import annotations

from typing import ClassVar


class StsctlError(Exception):
    """A failure with an exit status; `hint` is what to type next."""

    status: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(StsctlError):
    """The command line asks for something that cannot be meant."""

    status = 2


class ConfigurationError(StsctlError):
    """A profile or a configuration that cannot be used; the message says where (file and line)."""

    status = 3


class AskerChangedError(ConfigurationError):
    """The source is about somebody else than when the plan was made: another plan is needed, and no other answer."""


class PersonNeededError(StsctlError):
    """A sign-in or an MFA code is needed and nobody could be asked, or nobody answered.

    `asked` says that the question was shown: those who wait for the same answer then need not ask it again.
    """

    status = 4

    def __init__(self, message: str, *, hint: str | None = None, asked: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.asked = asked


class RefusedError(StsctlError):
    """AWS said no.

    The message is what stsctl knows of it (empty: nothing beyond AWS's own words). `code` is the error code on the
    wire, `reason` AWS's own message, `request_id` what AWS support asks for, and `operation` the action refused, as
    `sts:AssumeRole`. `by` is who said no, where that was not AWS; `position` which step of a plan it was, from 0;
    `encoded` the message that DecodeAuthorizationMessage takes, where there is one.
    """

    status = 5
    position: int | None = None
    encoded: str = ""

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        code: str = "",
        reason: str = "",
        request_id: str = "",
        operation: str = "",
        by: str = "aws",
    ) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.reason = reason
        self.request_id = request_id
        self.operation = operation
        self.by = by


class UnavailableError(StsctlError):
    """AWS, or the way to it, is not there: network, throttling, time-out."""

    status = 6


class ThrottledError(UnavailableError):
    """AWS is asked too often: later it will answer."""


class HelperError(StsctlError):
    """A program that was asked for an answer did not give one."""


class StoreError(StsctlError):
    """A store or a keyring that cannot be read or written."""

    status = 7


class AnswerIsNo(StsctlError):  # noqa: N818 - it is an answer, not an error
    """The question was answered, and the answer is no."""

    status = 8


STATUS_BUG = 70
"""The status of a failure that is stsctl's own fault (sysexits.h, EX_SOFTWARE)."""

STATUS_INTERRUPTED = 130
"""The status after Ctrl-C: 128 + SIGINT."""
