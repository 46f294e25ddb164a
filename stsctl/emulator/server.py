"""One WSGI application: verify who asks, route, answer.

STS is answered here; every other service by moto, in the account of the one who asks. moto's own STS, its control
pages and its metadata pages are not reachable.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from http.client import responses
from typing import Any

from stsctl.credentials import Secret
from stsctl.emulator.control_plane import ControlPlane
from stsctl.emulator.directory.principals import Caller
from stsctl.emulator.parts import Parts
from stsctl.emulator.protocol import request, wire
from stsctl.emulator.protocol.claim import Claim, is_signed, read_claim
from stsctl.emulator.protocol.refusal import Refusal, invalid_token
from stsctl.emulator.protocol.request import Request
from stsctl.emulator.protocol.wire import Answer
from stsctl.emulator.running import PREFIX
from stsctl.emulator.seeds.organisation import Organisation
from stsctl.emulator.seeds.workload import Workload
from stsctl.emulator.services import services
from stsctl.emulator.services.iam import Iam
from stsctl.emulator.services.organizations_api import OrganizationsApi
from stsctl.emulator.services.service_authorization import ServiceAuthorization
from stsctl.emulator.services.service_call import AnonymousCall, ServiceCall
from stsctl.emulator.services.services import Services
from stsctl.emulator.services.simulator import Simulator
from stsctl.emulator.sites import sites
from stsctl.emulator.state.levers import Levers
from stsctl.emulator.state.noted import CONTROL
from stsctl.emulator.state.recorded import ACTION_KEY
from stsctl.emulator.sts import parameters
from stsctl.emulator.sts.authentication import may_call_iam, missing_signature
from stsctl.emulator.sts.call import Call
from stsctl.emulator.sts.federated_roles import UnsignedCall
from stsctl.emulator.sts.global_endpoint import preferences
from stsctl.emulator.sts.service_roles import ServiceRoles
from stsctl.emulator.sts.sessions import Sessions
from stsctl.emulator.web.visitors import Visitors
from stsctl.emulator.workloads.ports import Ports
from stsctl.emulator.workloads.workload_plane import WorkloadPlane
from stsctl.emulator.workloads.workloads import Workloads
from stsctl.emulator.world.journal import Entry, Journal, noting
from stsctl.emulator.world.regions import FIRST, GLOBAL, first_region, region_of_host

INSTANCE_HEADER = "x-stsctl-emulator"
"""On every answer: the random id of the emulator that gave it, another one at each start."""

_LONGEST_FORM = 1024 * 1024
_FORBIDDEN = ("/moto-api", "/favicon.ico", "/latest")
"""What moto would answer by itself, whoever asks."""
_UNSIGNED = frozenset({"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"})

_log = logging.getLogger(__name__)


class Emulator:
    """The WSGI application; one to a process, for moto's state is the process's.

    `url` is where it is reached, `token` opens the control plane; `levers` have the clock, and the faults that requests
    meet; `ports` are those of workloads.
    """

    def __init__(
        self,
        organisation: Organisation,
        *,
        instance: str,
        url: str,
        token: Secret,
        sessions: Sessions,
        levers: Levers,
        journal: Journal,
        ports: Ports,
        visitors: Visitors,
    ) -> None:
        self.url = url
        self.instance = instance
        self._visitors = visitors
        self._clock = levers.clock
        self._faults = levers.faults
        self._journal = journal
        parts = Parts.of(organisation, url=url, instance=instance, sessions=sessions, faults=levers.faults)
        directory, authorization = parts.directory, parts.authorization
        self._authentication, self._sts = parts.authentication, parts.sts
        self._sites = sites(parts)
        own = {**parts.root_access.operations, **parts.outbound.operations, **preferences(directory)}
        self._iam = Iam(directory, own, Simulator(directory, parts.organizations))
        self._organizations_api = OrganizationsApi(directory, parts.organizations)
        self._services = Services()
        roles = ServiceRoles(directory, authorization, sessions)
        self._service_authorization = ServiceAuthorization(directory, authorization, roles, parts.sts.messages)
        self._workloads = Workloads(
            parts.organisation,
            directory=directory,
            authorization=authorization,
            sessions=sessions,
            ports=ports,
            started_at=self._clock.wall() + self._clock.ahead,
        )
        self._control = ControlPlane(
            token=token,
            instance=instance,
            directory=directory,
            sessions=sessions,
            codes=parts.codes,
            seed=organisation.name,
            levers=levers,
            workloads=WorkloadPlane(self._workloads),
            enrolment=parts.enrolment,
        )

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers one request; whatever it is, it gets an answer that its client can read."""
        return self._noted(environ, start_response, self._answer)

    def at(self, workload: Workload, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers one request at the port of a workload."""

        def answer(environ: dict[str, Any], entry: Entry) -> Answer:
            try:
                asked, site = request.from_environ(environ), self._workloads.site(workload)
                found = None if site is None else site.answer(asked, entry)
                return found or Answer(status=404, headers=(), body=b"")
            except Refusal as refusal:
                entry.refuse(refusal)
                return Answer(status=refusal.status, headers=(), body=b"")
            except Exception as error:  # noqa: BLE001 - the boundary
                _log.exception("a request of a workload could not be answered")
                entry.refuse(Refusal("InternalFailure", f"The emulator failed: {type(error).__name__}", 503))
                return Answer(status=503, headers=(), body=b"")

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
        with noting(entry):
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
            signed = is_signed(asked)
            if not signed or asked.path.startswith(PREFIX):
                self._visitors.check(asked)
            if asked.path.startswith(PREFIX):
                entry.action = CONTROL
                return self._control.answer(asked, entry)
            for site in () if signed else self._sites:  # a bucket may be called as a site is
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
        if claim.service == "iam" and not may_call_iam(caller):
            raise invalid_token()
        _check_path(environ)
        operation = self._services.read(environ, asked.body, claim)
        name = entry.action = environ[ACTION_KEY] = str(operation)
        self._faults.meet(name)
        call = ServiceCall(caller=caller, operation=operation, asked=asked, now=entry.at, region=claim.region)
        leave = self._service_authorization.check(call, entry)

        def forward(body: bytes) -> Answer:
            return services.answer(operation, environ, body, claim, leave)

        def forward_as(account: str, body: bytes) -> Answer:
            return services.answer(operation, environ, body, claim, replace(leave, account=account))

        if operation.service == "iam":
            return self._iam.answer(call, entry.wall_at, forward)
        if operation.service == "organizations":
            return self._organizations_api.answer(operation.name, asked, caller, forward_as)
        return forward(asked.body)

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
            wanted = self._services.read(environ, asked.body, None)
            name = entry.action = environ[ACTION_KEY] = str(wanted)
            self._faults.meet(name)
            call = AnonymousCall(operation=wanted, asked=asked, now=entry.at, region=FIRST["aws"])
            leave = self._service_authorization.check_anybody(call, entry)
            return services.answer(wanted, environ, asked.body, None, leave)
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
