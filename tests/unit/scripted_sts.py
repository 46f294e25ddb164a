"""AWS's side of the broker's tests: an STS that knows what it gives and to whom, and counts what it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Secret, Session
from stsctl.errors import RefusedError, UnavailableError
from stsctl.request import Operation, SessionRequest


class Clock:
    """A clock that moves by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """The time it shows."""
        return self.at

    def move(self, **length: float) -> None:
        """Moves it forward."""
        self.at += timedelta(**length)


@dataclass
class ScriptedSts:
    """Answers as STS would: `codes` are those that a device will show, `maxima` the roles' own limits.

    `down` makes it unreachable, `denied` are roles that it refuses, `lives` how long sessions last where a test wants
    another length than was asked for; `forgetful`, it knows none of the sessions that it gives. `meanwhile` is called
    once, before the next answer.
    """

    clock: Clock
    known: set[str]
    codes: set[str] = field(default_factory=lambda: {"111111", "222222", "333333"})
    maxima: dict[Arn, timedelta] = field(default_factory=dict)
    denied: set[Arn] = field(default_factory=set)
    lives: dict[Operation, timedelta] = field(default_factory=dict)
    down: bool = False
    meanwhile: Callable[[], None] | None = None
    forgetful: bool = False
    given: int = 0
    calls: list[tuple[SessionRequest, str, str | None]] = field(default_factory=list)

    def obtain(self, request: SessionRequest, credentials: Credentials, code: str | None) -> Session:
        """One call, which takes a second; see `Exchange`."""
        self.calls.append((request, credentials.access_key_id, code))
        self.clock.move(seconds=1)
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        if self.down:
            raise UnavailableError("no connection to sts.test")
        if credentials.access_key_id not in self.known:
            raise self._refusal(
                request, "InvalidClientTokenId", "The security token included in the request is invalid."
            )
        self._check(request, credentials, code)
        return self.session(request)

    def session(self, request: SessionRequest) -> Session:
        """A new session in answer to `request`."""
        ordinary = timedelta(hours=12) if request.operation is Operation.GET_SESSION_TOKEN else timedelta(hours=1)
        life = self.lives.get(request.operation, request.duration or ordinary)
        self.given += 1
        key_id = f"ASIA{self.given:016d}"
        if not self.forgetful:
            self.known.add(key_id)
        credentials = Credentials(
            access_key_id=key_id,
            secret_access_key=Secret(f"secret of {key_id}"),
            session_token=Secret(f"token of {key_id}"),
            expires_at=self.clock() + life,
        )
        return Session(credentials=credentials, request_key=request.cache_key(), obtained_at=self.clock())

    @property
    def made(self) -> list[str]:
        """The calls so far in short: the operation, or the role's name."""
        return [request.role_arn.resource_name if request.role_arn else "session" for request, _, _ in self.calls]

    @property
    def codes_seen(self) -> list[str | None]:
        """The codes that were sent, in order, refused ones included."""
        return [code for _, _, code in self.calls if code is not None]

    def _check(self, request: SessionRequest, credentials: Credentials, code: str | None) -> None:
        role, asked = request.role_arn, request.duration
        if role is not None and asked is not None:
            if credentials.session_token is not None and asked > timedelta(hours=1):
                raise self._refusal(
                    request,
                    "ValidationError",
                    "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role"
                    " chaining.",
                )
            if asked > self.maxima.get(role, timedelta(hours=12)):
                raise self._refusal(
                    request,
                    "ValidationError",
                    "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
                )
        if request.mfa_serial is not None:
            if code not in self.codes:
                raise self._refusal(
                    request, "AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code."
                )
            self.codes.discard(code)
        if role in self.denied:
            raise self._refusal(request, "AccessDenied", f"not authorized to perform: sts:AssumeRole on {role}")

    def _refusal(self, request: SessionRequest, code: str, reason: str) -> RefusedError:
        return RefusedError("", code=code, reason=reason, request_id="req-1", operation=request.operation.action)
