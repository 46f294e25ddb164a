"""The emulator's application in the test's own process: requests go in without a socket, so thousands take seconds."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import botocore.session
from botocore import UNSIGNED
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest, AWSResponse, HeadersDict, create_request_object, prepare_request_dict
from botocore.config import Config
from botocore.credentials import Credentials as Keys
from botocore.exceptions import ClientError
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from stsctl.credentials import Credentials, Secret
from stsctl.emulator.emulation import Emulation
from stsctl.emulator.protocol.request import HEADERS_KEY
from stsctl.emulator.running import PREFIX, TOKEN_HEADER
from stsctl.emulator.seeds import seed
from stsctl.emulator.web.visitors import Visitors
from stsctl.emulator.world.clock import Clock
from stsctl.emulator.world.journal import Journal
from stsctl.sources.signature import signed_headers

HOST = "127.0.0.1"
FORM = "application/x-www-form-urlencoded; charset=utf-8"
Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An answer, as a client gets it; header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def parsed(self, operation: str) -> dict[str, Any]:
        """What botocore's own parser makes of it, as an answer of STS to `operation`."""
        shape = model().operation_model(operation).output_shape
        raw = {"status_code": self.status, "headers": self.headers, "body": self.body}
        content: dict[str, Any] = create_parser("query").parse(raw, shape)
        return content


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Signs requests to STS with somebody's keys."""

    credentials: Credentials
    region: str = "us-east-1"

    def header(self, body: bytes, *, content: str = FORM) -> list[tuple[str, str]]:
        """The header fields of a POST to `/`."""
        asked = AWSRequest("POST", f"http://{HOST}/", data=body, headers={"Content-Type": content, "Host": HOST})
        SigV4Auth(self._keys(), "sts", self.region).add_auth(asked)
        return [(name, str(value)) for name, value in asked.headers.items()]

    def presigned(self, query: str, *, expires: int = 60) -> str:
        """The path and query of a GET."""
        asked = AWSRequest("GET", f"http://{HOST}/?{query}", headers={"Host": HOST})
        SigV4QueryAuth(self._keys(), "sts", self.region, expires=expires).add_auth(asked)
        return str(asked.url).removeprefix(f"http://{HOST}")

    def _keys(self) -> Keys:
        return _keys(self.credentials)


class _Raw(io.BytesIO):
    """A body as botocore reads it off a connection."""

    def stream(self, **_: Any) -> Iterable[bytes]:
        """All of it."""
        yield self.read()


class Front:
    """An emulator that runs here."""

    def __init__(self, toml: str) -> None:
        organisation = seed.parse(toml.encode(), "test.toml")
        self._token = Secret("control")
        self._emulation = Emulation(
            organisation,
            url=f"http://{HOST}",
            token=self._token,
            journal=Journal(),
            visitors=Visitors(from_elsewhere=False),
        )

    @property
    def clock(self) -> Clock:
        """The emulator's clock."""
        return self._emulation.clock

    def status(self) -> dict[str, Any]:
        """How the emulator is."""
        return self.controlled("status")

    def controlled(self, what: str, method: str = "GET") -> dict[str, Any]:
        """What the control plane answers."""
        answer = self.send(method, PREFIX + what, [(TOKEN_HEADER, self._token.reveal())])
        facts: dict[str, Any] = json.loads(answer.body)
        return facts

    def code(self, name: str) -> str:
        """A code of a user's device. Where all were used, the emulator forgets them, as if time had gone by for it."""
        found = self.controlled(f"code?name={quote(name)}")["code"]
        if found is None:
            wall = self.clock.wall
            self.clock.wall = lambda: wall() + timedelta(minutes=2)
            self.controlled(f"code?name={quote(name)}")
            self.clock.wall = wall
            found = self.controlled(f"code?name={quote(name)}")["code"]
        return str(found)

    def principal(self, name: str) -> Credentials:
        """The credentials of a principal of the seed."""
        facts = self.controlled(f"principal?name={quote(name)}")
        token = facts["session_token"]
        return Credentials(
            access_key_id=facts["access_key_id"],
            secret_access_key=Secret(facts["secret_access_key"]),
            session_token=Secret(token) if token else None,
        )

    def client(self, service: str, credentials: Credentials | None, region: str = "us-east-1") -> Any:
        """A client of botocore's whose requests come here; without credentials it does not sign."""
        keys: dict[str, Any] = {}
        if credentials is not None:
            token = credentials.session_token
            keys["aws_access_key_id"] = credentials.access_key_id
            keys["aws_secret_access_key"] = credentials.secret_access_key.reveal()
            keys["aws_session_token"] = token.reveal() if token else None
        unsigned = UNSIGNED if credentials is None else None
        # What the client would refuse by itself is the emulator's to refuse.
        config = Config(retries={"total_max_attempts": 1}, signature_version=unsigned, parameter_validation=False)
        client = _session().create_client(
            service, region_name=region, endpoint_url=f"http://{HOST}", config=config, **keys
        )
        client.meta.events.register("before-send", self._sent)
        return client

    def call(self, credentials: Credentials, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """An operation by AWS's names; raises ClientError.

        It is as with a client of botocore's, whose making takes longer than the call.
        """
        described = model(service)
        wanted = described.operation_model(operation)
        asked = _serializer(described.protocol).serialize_to_request(parameters, wanted)
        if service == "sts":
            body = urlencode(asked["body"]).encode()
            at = datetime.now(UTC)
            headers = signed_headers(HOST, body, region="us-east-1", credentials=credentials, at=at)
            received = self.send("POST", "/", headers.items(), body)
            raw: dict[str, Any] = {"status_code": received.status, "headers": received.headers, "body": received.body}
        else:
            prepare_request_dict(asked, endpoint_url=f"http://{HOST}")
            request = create_request_object(asked)
            SigV4Auth(_keys(credentials), described.signing_name, "us-east-1").add_auth(request)
            answer = self._sent(request.prepare())
            raw = {"status_code": answer.status_code, "headers": answer.headers, "body": answer.content}
        found: dict[str, Any] = _parser(described.protocol).parse(raw, wanted.output_shape)
        if raw["status_code"] >= 300:
            raise ClientError(found, operation)
        return found

    def _sent(self, request: Any, **_: Any) -> AWSResponse:
        """botocore's request, answered before it gets to a socket."""
        fields = {"host": HOST}
        for name, value in request.headers.items():
            fields[name.lower()] = value if isinstance(value, str) else value.decode()
        body = request.body or b""
        answer = self.send(
            request.method,
            request.url.removeprefix(f"http://{HOST}"),
            fields.items(),
            body if isinstance(body, bytes) else body.encode(),
        )
        return AWSResponse(request.url, answer.status, HeadersDict(answer.headers), _Raw(answer.body))

    def send(self, method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes = b"") -> Received:
        """The answer to one request; whatever the application raises, is raised."""
        fields = list(headers)
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "RAW_URI": target,
            "PATH_INFO": target.partition("?")[0],
            "QUERY_STRING": target.partition("?")[2],
            "REMOTE_ADDR": HOST,
            "SERVER_NAME": HOST,
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(body)),
            "CONTENT_TYPE": next((value for name, value in fields if name.lower() == "content-type"), ""),
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": "http",
            "wsgi.version": (1, 0),
            HEADERS_KEY: fields,
            **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in fields},
        }
        begun: list[Any] = []
        content = b"".join(self._emulation(environ, lambda status, found: begun.extend((status, found))))
        status, found = begun
        return Received(
            status=int(status.split()[0]), headers={name.lower(): value for name, value in found}, body=content
        )


@cache
def _session() -> botocore.session.Session:
    """One session for all clients, so that service models are read once."""
    return botocore.session.Session()


@cache
def model(service: str = "sts") -> ServiceModel:
    """botocore's model of a service."""
    found: ServiceModel = _session().get_service_model(service)
    return found


@cache
def _serializer(protocol: str) -> Any:
    return create_serializer(protocol, include_validation=False)


@cache
def _parser(protocol: str) -> Any:
    return create_parser(protocol)


def _keys(credentials: Credentials) -> Keys:
    token = credentials.session_token
    return Keys(credentials.access_key_id, credentials.secret_access_key.reveal(), token.reveal() if token else None)
