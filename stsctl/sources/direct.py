"""STS asked directly, without the SDK, whose loading takes longer than all the rest of a call.

Only what is plain goes this way: the operations of `query.py`, at a regional host of AWS's or at a URL without a path,
through no proxy. Each call is tried once. An answer is final, whether it gives a session or refuses one. What may pass
(no connection, no answer in time, throttling, a failure at AWS) is taken up by the SDK, with the tries that are left
and in its words, as it would have gone on after a first try of its own: so there are no more tries than the SDK makes.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from stsctl import __version__, endpoint
from stsctl.credentials import Credentials
from stsctl.dataclass import dataclass
from stsctl.request import Endpoint
from stsctl.sources import query
from stsctl.sources.outcome import EMULATOR_HEADER, Answer, check_instance, no_answer, refused
from stsctl.sources.signature import CONTENT_TYPE, signed_headers
from stsctl.sources.transport import Connections, Host, NoReplyError, Reply

if TYPE_CHECKING:
    import ssl

_SENDABLE = re.compile(r"[\x21-\x7e]+")
"""What stands in a header just as it is signed."""
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")
"""A file in a folder of certificates that OpenSSL looks into, as its `rehash` calls it."""
_UNSIGNED = ("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity")

MAY_PASS = frozenset(
    {
        "RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete", "IDPCommunicationError",
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
        "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "RequestThrottled", "SlowDown",
        "EC2ThrottledException",
    }
)  # fmt: skip
"""The codes after which an SDK tries again (botocore's standard mode)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """The way to STS at one endpoint."""

    endpoint: Endpoint
    connections: Connections

    @classmethod
    def to(cls, where: Endpoint, *, ca_bundle: str | None, connecting: float, reading: float) -> Self | None:
        """The way there; None where it is for the SDK to find, or to say what is wrong with it."""
        url = endpoint.sts_url(where)
        if url is None or not _is_clear() or (ca_bundle and not Path(ca_bundle).exists()):
            return None
        parts = urlsplit(url)
        if parts.path not in ("", "/") or parts.query or not parts.hostname or "@" in parts.netloc:
            return None
        tls = None
        if parts.scheme == "https":
            tls = _trusting(ca_bundle)
            if tls is None:
                return None
        host = Host(name=parts.hostname, port=parts.port or (443 if tls else 80), tls=tls)
        return cls(endpoint=where, connections=Connections(host, connecting=connecting, reading=reading))

    def ask(
        self, operation: str, credentials: Credentials | None, parameters: Mapping[str, object], at: datetime
    ) -> Answer | None:
        """What STS answers; None where the SDK has to ask. Raises RefusedError, UnavailableError."""
        request = self.request(operation, credentials, parameters, at)
        if request is None:
            return None
        called = f"sts:{operation}"
        try:
            reply = self.connections.post(*request)
        except NoReplyError:
            return None
        if reply.status >= 500 or reply.status == 429:
            return None
        instance = reply.headers.get(EMULATOR_HEADER)
        try:
            if reply.status < 300:
                found = query.result(operation, reply.content)
                check_instance(self.endpoint, instance)
                return Answer(body=found, instance=instance)
            said = query.error(reply.content)
        except ValueError:
            raise no_answer(called) from None  # the cause shows what was answered
        if said["Error"].get("Code") in MAY_PASS:
            return None
        if instance:
            check_instance(self.endpoint, instance)
        raise refused(called, _with_head(said, reply), at)

    def request(
        self, operation: str, credentials: Credentials | None, parameters: Mapping[str, object], at: datetime
    ) -> tuple[dict[str, str], bytes] | None:
        """The headers of a call and its body; None where these cannot be sent as they are."""
        body = query.form(operation, parameters)
        if body is None:
            return None
        host, about = self.connections.host.header, {"User-Agent": f"stsctl/{__version__}"}
        if operation in _UNSIGNED:
            return about | {"Content-Type": CONTENT_TYPE, "Host": host}, body
        if credentials is None:
            return None
        token = credentials.session_token
        if not all(_SENDABLE.fullmatch(each) for each in (credentials.access_key_id, token.reveal() if token else "x")):
            return None
        return about | signed_headers(host, body, region=self.endpoint.region, credentials=credentials, at=at), body


def _with_head(said: Mapping[str, object], reply: Reply) -> dict[str, object]:
    """An error answer as botocore gives it, with what it came with."""
    metadata = said["ResponseMetadata"]
    assert isinstance(metadata, dict)
    came = {"HTTPStatusCode": reply.status, "HTTPHeaders": reply.headers}
    return {**said, "ResponseMetadata": metadata | came}


def _is_clear() -> bool:
    """Whether nothing on this machine says another way, or other certificates, in words that are the SDK's to read."""
    if sys.platform in ("darwin", "win32"):
        from urllib.request import getproxies

        if getproxies():
            return False
    names = {name.lower() for name, value in os.environ.items() if value}
    return not names & {"http_proxy", "https_proxy", "all_proxy", "requests_ca_bundle", "ssl_cert_file", "ssl_cert_dir"}


def _trusting(ca_bundle: str | None) -> ssl.SSLContext | None:
    """TLS with the certificates of a file or a folder, or with the usual ones; None where those cannot be read."""
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # names are checked, and nothing below TLS 1.2 is spoken
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    place = Path(ca_bundle) if ca_bundle else _usual()
    try:
        if place.is_dir():
            context.load_verify_locations(capath=place)
        else:
            context.load_verify_locations(cafile=place)
    except OSError:
        return None
    return context


@cache
def _usual() -> Path:
    """The system's folder of certificates, of which only those are read that are needed; else the SDK's file."""
    import ssl
    from importlib.util import find_spec

    system = ssl.get_default_verify_paths().openssl_capath
    try:
        if any(_HASHED.fullmatch(name) for name in os.listdir(system)):  # noqa: PTH208 - names, of hundreds of files
            return Path(system)
    except OSError:
        pass
    for package, file in (("certifi", "cacert.pem"), ("botocore", "cacert.pem")):
        spec = find_spec(package)
        if spec is not None and spec.origin is not None and (found := Path(spec.origin).with_name(file)).is_file():
            return found
    return Path(system)
