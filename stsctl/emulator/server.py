"""One WSGI application: verify who asks, route, answer.

STS is answered here; every other service by moto, in the account of the one who asks. moto's own STS, its control
pages and its metadata pages are not reachable.
"""

from __future__ import annotations

import io
import logging
import secrets
import threading
from collections.abc import Callable, Iterable
from http.client import responses
from typing import Any

from stsctl.credentials import Secret
from stsctl.emulator import federation_sites, identity_center_sites, parameters, request, served_idp, wire
from stsctl.emulator.authentication import Authentication, may_call_iam, missing_signature
from stsctl.emulator.authorization import Authorization
from stsctl.emulator.call import Call
from stsctl.emulator.claim import ALGORITHM, Claim, is_signed, read_claim
from stsctl.emulator.control_plane import ControlPlane
from stsctl.emulator.directory import Directory
from stsctl.emulator.federated_roles import UnsignedCall
from stsctl.emulator.iam import Iam
from stsctl.emulator.issuing import Issuing
from stsctl.emulator.journal import Entry, Journal
from stsctl.emulator.levers import Levers
from stsctl.emulator.noted import CONTROL
from stsctl.emulator.organisation import Organisation
from stsctl.emulator.organizations import Organizations
from stsctl.emulator.ports import Ports
from stsctl.emulator.principals import Caller
from stsctl.emulator.public_buckets import AnonymousCall, owner_for_anybody
from stsctl.emulator.refusal import Refusal, invalid_token
from stsctl.emulator.regions import FIRST, GLOBAL, first_region, region_of_host
from stsctl.emulator.request import Request
from stsctl.emulator.root_access import RootAccess
from stsctl.emulator.running import PREFIX
from stsctl.emulator.sessions import Sessions
from stsctl.emulator.site import Site
from stsctl.emulator.sts import Sts
from stsctl.emulator.totp import UsedCodes
from stsctl.emulator.wire import Answer
from stsctl.emulator.workload import Workload
from stsctl.emulator.workload_plane import WorkloadPlane
from stsctl.emulator.workloads import Workloads

INSTANCE_HEADER = "x-stsctl-emulator"
"""On every answer: the random id of the emulator that gave it, another one at each start."""

_LONGEST_FORM = 1024 * 1024
_FORBIDDEN = ("/moto-api", "/favicon.ico", "/latest")
"""What moto would answer by itself, whoever asks."""
_UNSIGNED = frozenset({"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})

_FOR_S3 = f"{ALGORITHM} Credential=x/x/us-east-1/s3/aws4_request, "
"""What makes moto choose S3."""

_log = logging.getLogger(__name__)


class Emulator:
    """The WSGI application; one to a process, for moto's state is the process's.

    `url` is where it is reached, `token` opens the control plane; `levers` have the clock, and the faults that requests
    meet; `ports` are those of workloads.
    """

    def __init__(
        self, organisation: Organisation, *, url: str, token: Secret, levers: Levers, journal: Journal, ports: Ports
    ) -> None:
        self.url = url
        self.instance = secrets.token_hex(8)
        self._clock = levers.clock
        self._faults = levers.faults
        self._journal = journal
        organisation, idps = served_idp.serve(organisation, url)
        directory, sessions, codes = Directory(organisation), Sessions(), UsedCodes()
        organizations, issuing = Organizations(organisation), Issuing(directory, sessions)
        self._authorization = Authorization(organizations)
        root_access = RootAccess(directory, organizations, self._authorization, issuing)
        self._authentication = Authentication(directory, sessions)
        further = {"AssumeRoot": root_access.assume_root}
        self._sts = Sts(directory, self._authorization, issuing, codes, further)
        self._iam = Iam(directory, root_access.operations)
        self._directory = directory
        self._moto = _Moto()
        self._sites: tuple[Site, ...] = (
            *federation_sites.sites(
                organisation,
                idps,
                url=url,
                instance=self.instance,
                directory=directory,
                authentication=self._authentication,
                sessions=sessions,
                sts=self._sts,
            ),
            *identity_center_sites.sites(organisation, url, directory, self._authorization, issuing),
        )
        self._workloads = Workloads(
            organisation,
            directory=directory,
            authorization=self._authorization,
            sessions=sessions,
            ports=ports,
            started_at=self._clock.wall() + self._clock.ahead,
        )
        self._control = ControlPlane(
            token=token,
            instance=self.instance,
            directory=directory,
            sessions=sessions,
            codes=codes,
            seed=organisation.name,
            levers=levers,
            workloads=WorkloadPlane(self._workloads),
        )

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers one request; whatever it is, it gets an answer that its client can read."""
        return self._noted(environ, start_response, self._answer)

    def at(self, workload: Workload, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers one request at the port of a workload."""

        def answer(environ: dict[str, Any], entry: Entry) -> Answer:
            try:
                asked = request.from_environ(environ)
            except Refusal as refusal:
                entry.refuse(refusal)
                return Answer(status=refusal.status, headers=(), body=b"")
            return self._workloads.site(workload).answer(asked, entry) or Answer(status=404, headers=(), body=b"")

        return self._noted(environ, start_response, answer)

    def _noted(
        self,
        environ: dict[str, Any],
        start_response: Callable[..., Any],
        answering: Callable[[dict[str, Any], Entry], Answer],
    ) -> Iterable[bytes]:
        """The answer of `answering`, and a line of the journal."""
        wall_at = self._clock.wall()
        entry = Entry(at=wall_at + self._clock.ahead, wall_at=wall_at)
        answer = answering(environ, entry)
        self._journal.write(entry)
        headers = [*answer.headers, (INSTANCE_HEADER, self.instance)]
        if not any(name.lower() == "content-length" for name, _ in headers):
            headers.append(("Content-Length", str(len(answer.body))))
        start_response(f"{answer.status} {responses.get(answer.status, '')}", headers)
        return [answer.body]

    def _answer(self, environ: dict[str, Any], entry: Entry) -> Answer:
        speech = wire.Dialect.QUERY
        try:
            asked = request.from_environ(environ)
            if asked.path.startswith(PREFIX):
                entry.action = CONTROL
                return self._control.answer(asked, entry)
            for site in () if is_signed(asked) else self._sites:  # a bucket may be called as a site is
                found = site.answer(asked, entry)
                if found is not None:
                    return found
            speech = wire.dialect(asked, None)
            claim = read_claim(asked)
            if claim is None:
                return self._answer_unsigned(environ, asked, entry)
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

    def _answer_signed(self, environ: dict[str, Any], asked: Request, claim: Claim, entry: Entry) -> Answer:
        caller = self._authentication.caller(asked, claim, now=entry.at, wall_at=entry.wall_at)
        entry.who = caller.arn
        if claim.service == "sts":
            here = region_of_host(asked.header("host") or "")
            return self._answer_sts(asked, caller, GLOBAL if here == GLOBAL else claim.region, entry)
        _check_path(environ)
        entry.action = _action(asked, claim.service)
        self._faults.meet(entry.action)

        def forward(body: bytes) -> Answer:
            return self._moto.answer(environ, body, claim, caller.account, entry.action)

        if claim.service != "iam":
            return forward(asked.body)
        if not may_call_iam(caller):
            raise invalid_token()
        return self._iam.answer(asked, caller, entry.wall_at, forward)

    def _answer_sts(self, asked: Request, caller: Caller, region: str, entry: Entry) -> Answer:
        fields = _fields(asked)
        operation = fields.get("Action")
        if operation is None:
            raise Refusal("MissingAction", "The request must contain the parameter Action", 400)
        self._sts.check(operation, fields.get("Version"))
        entry.action, entry.resource = f"sts:{operation}", fields.get("RoleArn", "")[:2048]
        if operation in _UNSIGNED:
            return self._answer_federation(asked, operation, region, entry)
        self._faults.meet(entry.action)
        given = parameters.read(operation, fields)
        call = Call(
            operation=operation,
            parameters=given,
            caller=caller,
            now=entry.at,
            wall_at=entry.wall_at,
            source_ip=asked.source_ip,
            region=region,
        )
        return wire.succeed(operation, self._sts.answer(call), wire.dialect(asked, "sts"))

    def _answer_unsigned(self, environ: dict[str, Any], asked: Request, entry: Entry) -> Answer:
        """Nobody signs STS's federation, and what a bucket's policy lets everybody read."""
        if wire.dialect(asked, None) is wire.Dialect.S3:
            _check_path(environ)
            entry.action = f"s3 {asked.method} {asked.path[:200]}"
            self._faults.meet(entry.action)
            call = AnonymousCall(now=entry.at, source_ip=asked.source_ip, region=FIRST["aws"])
            owner = owner_for_anybody(asked, call, self._directory, self._authorization)
            return self._moto.answer(environ, asked.body, None, owner, entry.action)
        fields = _fields(asked)
        operation = fields.get("Action", "")
        if operation in _UNSIGNED:
            self._sts.check(operation, fields.get("Version"))
            entry.service = "sts"
            entry.action, entry.resource = f"sts:{operation}", fields.get("RoleArn", "")[:2048]
            region = region_of_host(asked.header("host") or "") or first_region(entry.resource)
            return self._answer_federation(asked, operation, region, entry)
        raise missing_signature()

    def _answer_federation(self, asked: Request, operation: str, region: str, entry: Entry) -> Answer:
        """What nobody signs, or whose signature does not count: the token in it says who asks."""
        self._faults.meet(entry.action)
        call = UnsignedCall(
            operation=operation,
            parameters=parameters.read(operation, _fields(asked)),
            now=entry.at,
            source_ip=asked.source_ip,
            region=region,
        )
        return wire.succeed(operation, self._sts.answer_unsigned(call), wire.dialect(asked, "sts"))


class _Moto:
    """moto, behind the check of signatures; loaded when it is first needed."""

    def __init__(self) -> None:
        self._dispatcher: Any = None
        self._lock = threading.Lock()

    def answer(self, environ: dict[str, Any], body: bytes, claim: Claim | None, account: str, action: str) -> Answer:
        """moto's answer to a request of `account`; raises Refusal where moto has none. No claim is anonymous S3."""
        environ = {
            **environ,
            "wsgi.input": io.BytesIO(body),
            "wsgi.input_terminated": True,
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_MOTO_ACCOUNT_ID": account,
        }
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        if claim is None:
            environ["HTTP_AUTHORIZATION"] = "anonymous"  # or moto would ask the object's access list
        elif claim.lifetime is not None and claim.service != "s3":
            # moto finds the service in this header only.
            credential = f"{claim.access_key_id}/{claim.scope}"
            environ["HTTP_AUTHORIZATION"] = f"{ALGORITHM} Credential={credential}, presigned"
        begun: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
            begun[:] = [int(status.split()[0]), headers]

        try:
            content = b"".join(self._application(environ, claim)(environ, start_response))
        except Exception as error:  # moto fails in as many ways as it has services
            missing = "moto does not have it" if isinstance(error, NotImplementedError) else type(error).__name__
            raise Refusal("NotImplemented", f"The emulator cannot answer {action}: {missing}", 501) from error
        status, headers = begun
        return Answer(status=status, headers=tuple(headers), body=content)

    def _application(self, environ: dict[str, Any], claim: Claim | None) -> Callable[..., Iterable[bytes]]:
        """moto's application for the service that is asked."""
        with self._lock:
            if self._dispatcher is None:
                from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

                self._dispatcher = DomainDispatcherApplication(create_backend_app)
        if claim is None or (claim.lifetime is not None and claim.service == "s3"):
            # Without the header, moto would guess the service from the path.
            environ = {"HTTP_AUTHORIZATION": _FOR_S3, "PATH_INFO": "/", "HTTP_HOST": "s3"}
        try:
            application: Callable[..., Iterable[bytes]] = self._dispatcher.get_application(environ)
        except Exception as error:
            raise NotImplementedError from error
        return application


def _check_path(environ: dict[str, Any]) -> None:
    if environ.get("PATH_INFO", "").startswith(_FORBIDDEN):
        raise Refusal("NotImplemented", "The emulator does not serve this path", 404)


def _fields(asked: Request) -> dict[str, str]:
    """The parameters of the query protocol, from the URL and the form."""
    if len(asked.body) > _LONGEST_FORM:
        raise Refusal("RequestEntityTooLarge", "The request is too long", 413)
    pairs = request.form_pairs(asked.query) if asked.query else []
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
