"""Every AWS service but STS, as moto has it: what a request asks of it, and the answer."""

from __future__ import annotations

import gzip
import io
import threading
import zlib
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from stsctl.emulator.protocol.claim import ALGORITHM, Claim, mismatch
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.wire import Answer

_FOR_S3 = f"{ALGORITHM} Credential=x/x/us-east-1/s3/aws4_request, "
"""What makes moto choose S3."""
_SHARED = {
    "apigateway": ("apigateway", "apigatewayv2"),
    "awslambda": ("lambda",),
    "elb": ("elb", "elbv2"),
    "elbv2": ("elb", "elbv2"),
    "es": ("es", "opensearch"),
    "kinesisvideo": ("kinesisvideo", "kinesis-video-archived-media"),
    "rds": ("rds", "neptune", "docdb"),
    "sagemaker": ("sagemaker", "sagemaker-runtime", "sagemaker-metrics"),
    "servicecatalog": ("servicecatalog", "servicecatalog-appregistry"),
    "timestreamquery": ("timestream-query", "timestream-write"),
    "timestreamwrite": ("timestream-write", "timestream-query"),
}
"""Which models of botocore's a module of moto's answers for, where its name does not tell."""
_LARGEST_UNZIPPED = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a request asks for: service and operation by botocore's names, parameters by those of the model."""

    service: str
    name: str
    prefix: str
    """The service's name in signatures, in small letters: what its actions begin with, most times."""
    parameters: Mapping[str, Any]
    application: Any = field(repr=False, compare=False)
    """moto's, which answers it."""

    def __str__(self) -> str:
        return f"{self.prefix}:{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave:
    """What an authorized request may do: act in an account, with everything but what is `withheld`, by ARN."""

    account: str
    withheld: frozenset[str] = frozenset()


_leave: ContextVar[Leave | None] = ContextVar("leave", default=None)
"""That of the request that moto is answering."""


class Services:
    """moto's applications, each loaded when it is first needed."""

    def __init__(self) -> None:
        self._dispatcher: Any = None
        self._lock = threading.Lock()

    def read(self, environ: dict[str, Any], body: bytes, claim: Claim | None) -> Operation:
        """The operation that a request asks for; no claim is anonymous S3.

        Raises Refusal: NotImplemented for a service that moto has not, else for what is no operation of the service.
        """
        environ = _prepared(environ, body, claim)
        application = self._application(environ, claim)
        if application.service == "sts" or (claim is not None and claim.service != claim.service.lower()):
            raise mismatch("Credential should be scoped to correct service.")
        try:
            for service in _models_of(application.service):
                model, labels = _match(service, environ, body)
                if model is not None:
                    return Operation(
                        service=service,
                        name=model.name,
                        prefix=claim.service.lower() if claim else "s3",
                        parameters=_parameters(model, labels, environ, body),
                        application=application,
                    )
        except Exception as error:  # moto's parsers fail in as many ways as there are bad requests
            raise _unreadable(claim) from error
        raise _unknown(environ, claim)

    def _application(self, environ: dict[str, Any], claim: Claim | None) -> Any:
        """moto's application for the service that is asked; raises Refusal where there is none."""
        with self._lock:
            if self._dispatcher is None:
                from moto import backends
                from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

                known: Any = frozenset(backends.list_of_moto_modules())
                backends.list_of_moto_modules = lambda: known  # or it would look at 350 folders for every request
                self._dispatcher = DomainDispatcherApplication(create_backend_app)
        if claim is None or (claim.lifetime is not None and claim.service == "s3"):
            # Without the header, moto would guess the service from the path.
            path = environ.get("PATH_INFO", "/")
            environ = {"HTTP_AUTHORIZATION": _FOR_S3, "PATH_INFO": path, "HTTP_HOST": "s3"}
        try:
            return self._dispatcher.get_application(environ)
        except Exception as error:
            name = claim.service[:50] if claim else "s3"
            raise _unanswered(f'the service "{name}"', "moto does not have it") from error


def answer(operation: Operation, environ: dict[str, Any], body: bytes, claim: Claim | None, leave: Leave) -> Answer:
    """moto's answer to an operation that has leave; raises Refusal where moto has none."""
    environ = {**_prepared(environ, body, claim), "HTTP_X_MOTO_ACCOUNT_ID": leave.account}
    begun: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
        begun[:] = [int(status.split()[0]), headers]

    if operation.service == "s3":
        _mend_buckets()
    given = _leave.set(leave)
    try:
        content = b"".join(operation.application(environ, start_response))
    except Exception as error:  # moto fails in as many ways as it has services
        missing = "moto does not have it" if isinstance(error, NotImplementedError) else type(error).__name__
        raise _unanswered(str(operation), missing) from error
    finally:
        _leave.reset(given)
    status, headers = begun
    if status == 500:
        raise _unanswered(str(operation), "moto failed")
    return Answer(status=status, headers=tuple(headers), body=content)


@cache
def _mend_buckets() -> None:
    """moto denies by bucket policies of its own accord, and forgets Principal and Condition: our decision counts."""
    from moto.iam.access_control import PermissionResult
    from moto.s3 import models

    def get_permission(_bucket: object, _action: str, resource: str) -> PermissionResult:
        leave = _leave.get()
        return PermissionResult.DENIED if leave and resource in leave.withheld else PermissionResult.PERMITTED

    buckets: Any = models.FakeBucket
    buckets.get_permission = get_permission


def _prepared(environ: dict[str, Any], body: bytes, claim: Claim | None) -> dict[str, Any]:
    """The request as moto is to see it."""
    environ = {
        **environ,
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        "CONTENT_LENGTH": str(len(body)),
    }
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    if claim is None:
        environ["HTTP_AUTHORIZATION"] = "anonymous"  # or moto would ask the object's access list
    elif claim.lifetime is not None and claim.service != "s3":
        # moto finds the service in this header only.
        credential = f"{claim.access_key_id}/{claim.scope}"
        environ["HTTP_AUTHORIZATION"] = f"{ALGORITHM} Credential={credential}, presigned"
    return environ


@cache
def _models_of(module: str) -> tuple[str, ...]:
    """The names of botocore's models that may describe a request to one of moto's modules."""
    from botocore.loaders import create_loader

    known = {name.replace("-", ""): name for name in create_loader().list_available_services("service-2")}
    return _SHARED.get(module) or tuple(known[name] for name in (module,) if name in known)


def _match(service: str, environ: dict[str, Any], body: bytes) -> tuple[Any, dict[str, Any]]:
    """The model of the operation of `service` that is asked for, None where it has no such; and what its path says."""
    from moto.core.routing import get_service_router
    from werkzeug.exceptions import HTTPException

    asked = _request(environ, body)
    try:
        operation, labels = get_service_router(service).match(asked)
    except (HTTPException, NotImplementedError):
        return None, {}
    if service in ("elb", "elbv2") and asked.values.get("Version") != operation.service_model.api_version:
        return None, {}
    return operation, labels


def _parameters(operation: Any, labels: dict[str, Any], environ: dict[str, Any], body: bytes) -> Mapping[str, Any]:
    """The request's parameters, by the model's names."""
    from moto.core.parse import PROTOCOL_PARSERS
    from moto.core.request import determine_request_protocol

    asked = _request(environ, body)
    protocol = determine_request_protocol(operation.service_model, asked.content_type)
    found: Mapping[str, Any] = PROTOCOL_PARSERS[protocol](operation).parse(
        {
            "method": asked.method,
            "values": asked.values,
            "headers": asked.headers,
            "body": _unzipped(body, environ.get("HTTP_CONTENT_ENCODING", "")),
            "url_path": asked.path,
            "url_params": labels,
        }
    )
    return found


def _request(environ: dict[str, Any], body: bytes) -> Any:
    """A request as moto's router and parsers take it; each reads its body once."""
    from moto.core.request import Request

    return Request({**environ, "wsgi.input": io.BytesIO(body)})


def _unzipped(body: bytes, encoding: str) -> bytes:
    """The body as it was before an SDK packed it; S3's objects are left as they are, for nobody unpacks those."""
    if encoding.lower() != "gzip":
        return body
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
            return packed.read(_LARGEST_UNZIPPED)
    except (OSError, EOFError, zlib.error):
        return body


def _unreadable(claim: Claim | None) -> Refusal:
    if claim is None or claim.service == "s3":
        message = "The XML you provided was not well-formed or did not validate against our published schema"
        return Refusal("MalformedXML", message, 400)
    return Refusal("SerializationException", "The request could not be read", 400)


def _unknown(environ: dict[str, Any], claim: Claim | None) -> Refusal:
    """What AWS says to a request for an operation that the service does not have."""
    if environ.get("HTTP_X_AMZ_TARGET"):
        return Refusal("UnknownOperationException", "", 400)
    if claim is None or claim.service == "s3":
        return Refusal("MethodNotAllowed", "The specified method is not allowed against this resource.", 405)
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return Refusal("InvalidAction", "The action or operation requested is invalid.", 400)
    return Refusal("UnknownOperationException", "The requested operation is not known to the service.", 404)


def _unanswered(what: str, because: str) -> Refusal:
    return Refusal("NotImplemented", f"The emulator cannot answer {what}: {because}", 501)
