"""One WSGI application: verify who asks, route, answer.

STS is answered here; every other service by moto, in the account of the one who asks. moto's own STS, its control
pages and its metadata pages are not reachable.
"""

from __future__ import annotations

import io
import logging
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Any

from stsctl.credentials import Secret
from stsctl.emulator import parameters, request, signature, wire
from stsctl.emulator.authentication import Authentication, may_call_iam, missing_signature
from stsctl.emulator.control_plane import ControlPlane
from stsctl.emulator.directory import Directory
from stsctl.emulator.iam import Iam
from stsctl.emulator.journal import Entry, Journal
from stsctl.emulator.organisation import Organisation
from stsctl.emulator.principals import Caller
from stsctl.emulator.refusal import Refusal, access_denied, invalid_token
from stsctl.emulator.request import Request
from stsctl.emulator.running import PREFIX
from stsctl.emulator.sessions import Sessions
from stsctl.emulator.sts import Call, Sts
from stsctl.emulator.totp import UsedCodes
from stsctl.emulator.wire import Answer

INSTANCE_HEADER = "x-stsctl-emulator"
"""On every answer: the random id of the emulator that gave it, another one at each start."""

_LONGEST_FORM = 1024 * 1024
_FORBIDDEN = ("/moto-api", "/favicon.ico", "/latest")
"""What moto would answer by itself, whoever asks."""
_UNSIGNED = frozenset({"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})

_log = logging.getLogger(__name__)


class Emulator:
    """The WSGI application; one to a process, for moto's state is the process's.

    `token` opens the control plane, `clock` gives the present instant, aware.
    """

    def __init__(
        self, organisation: Organisation, *, token: Secret, clock: Callable[[], datetime], journal: Journal
    ) -> None:
        self.instance = secrets.token_hex(8)
        self._clock = clock
        self._journal = journal
        directory, sessions, codes = Directory(organisation), Sessions(), UsedCodes()
        self._authentication = Authentication(directory, sessions)
        self._sts = Sts(directory, sessions, codes)
        self._iam = Iam(directory)
        self._moto = _Moto()
        self._control = ControlPlane(
            token=token,
            instance=self.instance,
            directory=directory,
            sessions=sessions,
            codes=codes,
            seed=organisation.name,
        )

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers one request; whatever it is, it gets an answer that its client can read."""
        entry = Entry(at=self._clock())
        answer = self._answer(environ, entry)
        self._journal.write(entry)
        headers = [*answer.headers, (INSTANCE_HEADER, self.instance)]
        if not any(name.lower() == "content-length" for name, _ in headers):
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", headers)
        return [answer.body]

    def _answer(self, environ: dict[str, Any], entry: Entry) -> Answer:
        speech = wire.Dialect.QUERY
        try:
            asked = request.from_environ(environ)
            if asked.path.startswith(PREFIX):
                entry.action = "stsctl:control"
                return self._control.answer(asked, entry.at)
            speech = wire.dialect(asked, None)
            claim = signature.read(asked)
            if claim is None:
                return self._answer_unsigned(asked, entry)
            speech = wire.dialect(asked, claim.service)
            entry.service = claim.service
            return self._answer_signed(environ, asked, claim, entry)
        except Refusal as refusal:
            entry.refuse(refusal)
            return wire.refuse(refusal, speech)
        except Exception as error:  # noqa: BLE001 - the boundary
            _log.exception("a request could not be answered")
            failure = Refusal("InternalFailure", f"The emulator failed: {type(error).__name__}, see its log", 500)
            entry.refuse(failure)
            return wire.refuse(failure, speech)

    def _answer_signed(self, environ: dict[str, Any], asked: Request, claim: signature.Claim, entry: Entry) -> Answer:
        caller = self._authentication.caller(asked, claim, entry.at)
        entry.who = caller.arn
        if claim.service == "sts":
            return self._answer_sts(asked, caller, claim.region, entry)
        _check_path(environ)
        entry.action = _action(asked, claim.service)
        body = asked.body
        if claim.service == "iam":
            if not may_call_iam(caller):
                raise invalid_token()
            body = self._iam.prepared(asked, caller, entry.at)
        return self._moto.answer(environ, body, claim, caller.account, entry.action)

    def _answer_sts(self, asked: Request, caller: Caller, region: str, entry: Entry) -> Answer:
        fields = _fields(asked)
        operation = fields.get("Action")
        if operation is None:
            raise Refusal("MissingAction", "The request must contain the parameter Action", 400)
        self._sts.check(operation, fields.get("Version"))
        entry.action, entry.resource = f"sts:{operation}", fields.get("RoleArn", "")[:2048]
        given = parameters.read(operation, fields)
        call = Call(
            operation=operation,
            parameters=given,
            caller=caller,
            now=entry.at,
            source_ip=asked.source_ip,
            region=region,
        )
        return wire.succeed(operation, self._sts.answer(call), wire.dialect(asked, "sts"))

    def _answer_unsigned(self, asked: Request, entry: Entry) -> Answer:
        """Nobody signs STS's federation, and what a bucket's policy lets everybody read."""
        if wire.dialect(asked, None) is wire.Dialect.S3:
            entry.service = "s3"
            raise access_denied("Access Denied")
        operation = _fields(asked).get("Action", "")
        if operation in _UNSIGNED:
            entry.action = f"sts:{operation}"
            self._sts.check(operation, parameters.VERSION)
        raise missing_signature()


class _Moto:
    """moto, behind the check of signatures; built when it is first needed."""

    def __init__(self) -> None:
        self._application: Callable[..., Iterable[bytes]] | None = None
        self._s3: Callable[..., Iterable[bytes]] | None = None

    def answer(self, environ: dict[str, Any], body: bytes, claim: signature.Claim, account: str, action: str) -> Answer:
        """moto's answer to a request of `account`; raises Refusal where moto has none."""
        environ = {
            **environ,
            "wsgi.input": io.BytesIO(body),
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_MOTO_ACCOUNT_ID": account,
        }
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        if claim.lifetime is not None and claim.service != "s3":
            # moto finds the service in this header only.
            environ["HTTP_AUTHORIZATION"] = (
                f"AWS4-HMAC-SHA256 Credential={claim.access_key_id}/{claim.scope}, presigned"
            )
        begun: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
            begun[:] = [int(status.split()[0]), headers]

        try:
            # A presigned URL could make moto guess another service from its path.
            presigned = claim.lifetime is not None and claim.service == "s3"
            content = b"".join((self._for_s3() if presigned else self._for_all())(environ, start_response))
        except Exception as error:  # moto fails in as many ways as it has services
            missing = "moto does not have it" if isinstance(error, NotImplementedError) else type(error).__name__
            raise Refusal("NotImplemented", f"The emulator cannot answer {action}: {missing}", 501) from error
        status, headers = begun
        return Answer(status=status, headers=tuple(headers), body=content)

    def _for_all(self) -> Callable[..., Iterable[bytes]]:
        if self._application is None:
            from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

            self._application = DomainDispatcherApplication(create_backend_app)
        return self._application

    def _for_s3(self) -> Callable[..., Iterable[bytes]]:
        if self._s3 is None:
            from moto.moto_server.werkzeug_app import create_backend_app

            self._s3 = create_backend_app("s3")
        return self._s3


def _check_path(environ: dict[str, Any]) -> None:
    if environ.get("PATH_INFO", "").startswith(_FORBIDDEN):
        raise Refusal("NotImplemented", "The emulator does not serve this path", 404)


def _fields(asked: Request) -> dict[str, str]:
    """The parameters of the query protocol, from the URL and the form."""
    if len(asked.body) > _LONGEST_FORM:
        raise Refusal("RequestEntityTooLarge", "The request is too long", 413)
    pairs = request.form_pairs(asked.query)
    if asked.is_form():
        pairs += request.form_pairs(request.text_of(asked.body))
    return {name: value for name, value in pairs if len(name) <= 200}


def _action(asked: Request, service: str) -> str:
    """What is asked of a service, as far as it can be told, for the log."""
    target = asked.header("x-amz-target")
    if target:
        return f"{service}:{target.rsplit('.', 1)[-1][:100]}"
    if asked.is_form() or "Action=" in asked.query:
        return f"{service}:{_fields(asked).get('Action', '')[:100]}"
    return f"{service} {asked.method} {asked.path[:200]}"
