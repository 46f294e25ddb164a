"""What the one who started the emulator may ask of it, by its control token: keys, codes, how it is."""

from __future__ import annotations

import hmac
import json
from datetime import datetime, timedelta

from stsctl.arn import Arn
from stsctl.credentials import Credentials, Secret
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.principals import Caller, IssuedSession, Kind, LongTermKey, Role, User
from stsctl.emulator.directory.totp import UsedCodes
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.roles_anywhere.enrolment import Enrolment, NotEnrolledError
from stsctl.emulator.running import PREFIX, TOKEN_HEADER
from stsctl.emulator.state.levers import LeverError, Levers
from stsctl.emulator.sts.authentication import Authentication
from stsctl.emulator.sts.sessions import Sessions, instant
from stsctl.emulator.workloads.workload_plane import PLACES, WorkloadPlane
from stsctl.emulator.world import identifiers
from stsctl.emulator.world.journal import Entry
from stsctl.errors import UsageError

_SESSION_NAME = "stsctl-emulator"


class NotFoundError(Exception):
    """What was asked for is not there; the message says what is."""


class ControlPlane:
    """Answers GET /_stsctl/…, and POST for what changes something, to whoever has the token, and to nobody else."""

    def __init__(
        self,
        *,
        token: Secret,
        instance: str,
        directory: Directory,
        sessions: Sessions,
        codes: UsedCodes,
        seed: str,
        levers: Levers,
        workloads: WorkloadPlane,
        enrolment: Enrolment,
    ) -> None:
        self._token = token
        self._instance = instance
        self._directory = directory
        self._sessions = sessions
        self._codes = codes
        self._seed = seed
        self._levers = levers
        self._workloads = workloads
        self._enrolment = enrolment
        self._authentication = Authentication(directory, sessions)

    def answer(self, request: Request, entry: Entry) -> Answer:
        """The answer to a request below PREFIX."""
        offered = request.header(TOKEN_HEADER) or ""
        if not hmac.compare_digest(offered.encode("utf-8", "replace"), self._token.reveal().encode()):
            return _json(403, {"error": "the control token is missing or wrong"})
        what = request.path.removeprefix(PREFIX)
        name = request.argument("name") or ""
        try:
            if request.method == "POST" and what in PLACES:
                return _json(*self._workloads.answer(what, request, entry))
            if request.method == "POST":
                return self._pull(what, request)
            match what:
                case "status":
                    return _json(200, self._status())
                case "faults":
                    return _json(200, {"faults": self._levers.wishes()})
                case "principal":
                    return _json(200, self._principal(name, entry.at))
                case "code":
                    return _json(200, self._code(name, entry.wall_at))
                case "certificate":
                    return _json(200, self._enrolment.enrol(name, request.argument("trust_anchor"), entry.at))
                case _:
                    return _json(404, {"error": f'there is no "{what[:50]}" to ask for'})
        except (NotFoundError, NotEnrolledError) as error:
            return _json(404, {"error": str(error)})

    def _pull(self, what: str, request: Request) -> Answer:
        try:
            if self._levers.pull(what, request):
                return _json(200, {"clock_ahead": self._levers.clock.ahead.total_seconds()})
        except LeverError as error:
            return _json(404, {"error": str(error)})
        return _json(404, {"error": f'there is no "{what[:50]}" to do'})

    def _status(self) -> dict[str, object]:
        return {
            "instance": self._instance,
            "seed": self._seed,
            "accounts": list(self._directory.accounts),
            "sessions": len(self._sessions),
            "clock_ahead": self._levers.clock.ahead.total_seconds(),
            "remarks": list(self._levers.remarks),
        }

    def _principal(self, name: str, now: datetime) -> dict[str, object]:
        found = self._find(name)
        if isinstance(found, Role):
            credentials, caller = self._role_session(found, now)
        else:
            keys = [found] if isinstance(found, LongTermKey) else self._directory.keys_of(found)
            key = next((key for key in keys if key.active), None)
            if key is None:
                raise NotFoundError(f'user "{name}" has no active access key')
            credentials = Credentials(access_key_id=key.id, secret_access_key=key.secret)
            caller = self._authentication.owner(key)
        token = credentials.session_token
        return {
            "access_key_id": credentials.access_key_id,
            "secret_access_key": credentials.secret_access_key.reveal(),
            "session_token": token.reveal() if token else None,
            "expires_at": credentials.expires_at.isoformat() if credentials.expires_at else None,
            "arn": caller.arn,
            "account": caller.account,
            "mfa_serials": list(caller.user.devices) if caller.user else [],
        }

    def _code(self, name: str, wall_at: datetime) -> dict[str, object]:
        found = self._find(name)
        if not isinstance(found, User):
            raise NotFoundError(f'"{name}" is no user, only users have MFA devices')
        device = next((self._directory.device(found.account, serial) for serial in found.devices), None)
        if device is None:
            raise NotFoundError(f'user "{name}" has no MFA device')
        code, seconds = self._codes.next_code(device.serial, device.seed, wall_at)
        return {"serial": device.serial, "code": code, "seconds": seconds.total_seconds()}

    def _find(self, name: str) -> User | Role | LongTermKey:
        """Whom a name means: `alice`, `111111111111:alice`, `111111111111:root`, or an ARN of a user, role or root."""
        account, kind, rest = _parts(name)
        if account is None:
            users = self._directory.users_named(rest)
            if len(users) == 1:
                return users[0]
            if users:
                names = ", ".join(f"{user.account}:{user.name}" for user in users)
                raise NotFoundError(f'"{name}" is there more than once: {names}')
        elif account in self._directory.accounts:
            if rest == "root" and kind in ("", "root"):
                return self._directory.root_key(account)
            found = self._directory.role(account, rest) if kind == "role" else self._directory.user(account, rest)
            if found is not None and (not name.startswith("arn:") or found.arn == name):
                return found
        raise NotFoundError(f'there is no "{name}" in this emulator')

    def _role_session(self, role: Role, now: datetime) -> tuple[Credentials, Caller]:
        """A session of a role, given without asking its trust policy: the one who asks owns the emulator."""
        session = IssuedSession(
            access_key_id=identifiers.access_key_id("ASIA", role.account),
            kind=Kind.SESSION_OF_ROLE,
            account=role.account,
            principal=role.name,
            principal_id=role.id,
            name=_SESSION_NAME,
            issued_at=instant(now),
            expires_at=instant(now) + timedelta(hours=1),
        )
        return self._sessions.keep(session, now=now), self._authentication.behind(session)


def _parts(name: str) -> tuple[str | None, str, str]:
    """Account, kind (`user`, `role`, `root`, nothing) and name of a principal as it is written."""
    if name.startswith("arn:"):
        try:
            arn = Arn.parse(name)
        except UsageError:
            return "", "", name
        return arn.account, arn.resource.partition("/")[0], arn.resource_name
    account, found, rest = name.partition(":")
    return (account, "", rest) if found else (None, "", name)


def _json(status: int, content: dict[str, object]) -> Answer:
    return Answer(
        status=status,
        headers=(("Content-Type", "application/json"), ("Cache-Control", "no-store")),
        body=json.dumps(content).encode(),
    )
