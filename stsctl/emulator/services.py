"""Every AWS service but STS, as moto has it: what a request asks of it, and moto's answer."""

from __future__ import annotations

import gzip
import io
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from stsctl.emulator.claim import ALGORITHM, Claim
from stsctl.emulator.refusal import Refusal
from stsctl.emulator.wire import Answer

_FOR_S3 = f"{ALGORITHM} Credential=x/x/us-east-1/s3/aws4_request, "
"""What makes moto choose S3."""
_SHARED = {
    "apigateway": ("apigateway", "apigatewayv2"),
    "awslambda": ("lambda",),
    "elb": ("elb", "elbv2"),
    "elbv2": ("elb", "elbv2"),
    "es": ("es", "opensearch"),
    "rds": ("rds", "neptune", "docdb"),
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
        module: str = self._application(environ, claim).service  # type: ignore[attr-defined]
        found = None
        try:
            for service in _models_of(module):
                found = _match(service, environ)
                if found is not None:
                    return Operation(
                        service=service,
                        name=found.name,
                        prefix=claim.service.lower() if claim else "s3",
                        parameters=_parameters(found, environ, body),
                    )
        except Exception as error:  # moto's parsers fail in as many ways as there are bad requests
            where = f" of {found.name}" if found else ""
            message = f"The input{where} could not be read: {type(error).__name__}"
            raise Refusal("SerializationException", message, 400) from error
        raise _unknown(environ, claim)

    def answer(self, environ: dict[str, Any], body: bytes, claim: Claim | None, account: str, action: str) -> Answer:
        """moto's answer to a request, acting in `account`; raises Refusal where moto has none."""
        environ = {**_prepared(environ, body, claim), "HTTP_X_MOTO_ACCOUNT_ID": account}
        begun: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
            begun[:] = [int(status.split()[0]), headers]

        application = self._application(environ, claim)
        try:
            content = b"".join(application(environ, start_response))
        except Exception as error:  # moto fails in as many ways as it has services
            missing = "moto does not have it" if isinstance(error, NotImplementedError) else type(error).__name__
            raise _unanswered(action, missing) from error
        status, headers = begun
        if status == 500:
            raise _unanswered(action, "moto failed")
        return Answer(status=status, headers=tuple(headers), body=content)

    def _application(self, environ: dict[str, Any], claim: Claim | None) -> Callable[..., Iterable[bytes]]:
        """moto's application for the service that is asked; raises Refusal where there is none."""
        with self._lock:
            if self._dispatcher is None:
                from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

                self._dispatcher = DomainDispatcherApplication(create_backend_app)
        if claim is None or (claim.lifetime is not None and claim.service == "s3"):
            # Without the header, moto would guess the service from the path.
            path = environ.get("PATH_INFO", "/")
            environ = {"HTTP_AUTHORIZATION": _FOR_S3, "PATH_INFO": path, "HTTP_HOST": "s3"}
        try:
            application: Callable[..., Iterable[bytes]] = self._dispatcher.get_application(environ)
        except Exception as error:
            name = claim.service[:50] if claim else "s3"
            raise _unanswered(f'the service "{name}"', "moto does not have it") from error
        return application


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


def _match(service: str, environ: dict[str, Any]) -> Any:
    """The model of the operation of `service` that is asked for, None where it has no such operation."""
    from moto.core.request import Request
    from moto.core.routing import get_service_router
    from werkzeug.exceptions import HTTPException

    asked = Request({**environ, "wsgi.input": io.BytesIO(environ["wsgi.input"].getvalue())})
    try:
        operation, labels = get_service_router(service).match(asked)
    except (HTTPException, NotImplementedError):
        return None
    version = asked.values.get("Version") if operation.service_model.protocol in ("query", "ec2") else None
    if version is not None and service in ("elb", "elbv2") and version != operation.service_model.api_version:
        return None
    environ["stsctl.labels"] = labels
    return operation


def _parameters(operation: Any, environ: dict[str, Any], body: bytes) -> Mapping[str, Any]:
    from moto.core.parse import PROTOCOL_PARSERS
    from moto.core.request import Request, determine_request_protocol

    asked = Request({**environ, "wsgi.input": io.BytesIO(body)})
    protocol = determine_request_protocol(operation.service_model, asked.content_type)
    values = asked.values
    found: Mapping[str, Any] = PROTOCOL_PARSERS[protocol](operation).parse(
        {
            "method": asked.method,
            "values": values,
            "headers": asked.headers,
            "body": _unzipped(body, environ.get("HTTP_CONTENT_ENCODING", "")),
            "url_path": asked.path,
            "url_params": environ["stsctl.labels"],
        }
    )
    return found


def _unzipped(body: bytes, encoding: str) -> bytes:
    """The body as it was before an SDK packed it; S3's objects are left as they are, for nobody unpacks those."""
    if encoding.lower() != "gzip":
        return body
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
            return packed.read(_LARGEST_UNZIPPED)
    except (OSError, EOFError, zlib.error):
        return body


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
