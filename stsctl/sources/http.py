"""HTTP requests that no keys of AWS's sign: to identity providers, to AWS's sign-in pages, to this machine's metadata.

A certificate's key signs those to IAM Roles Anywhere, which no client of botocore's knows how to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from datetime import UTC, datetime
from typing import Any

from stsctl.credentials import Secret
from stsctl.dataclass import dataclass
from stsctl.errors import StsctlError, UnavailableError
from stsctl.sources.client import CONNECT_TIMEOUT, READ_TIMEOUT, translated

LARGEST = 1_000_000
"""Bytes of an answer that are read: more than any token, key set or discovery document has."""

Fields = Mapping[str, str | Secret]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What was answered; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)

    @property
    def json(self) -> Mapping[str, Any]:
        """The JSON object in it; empty where there is none."""
        try:
            found = json.loads(self.content)
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def text(self) -> Secret | None:
        """It as text; None where it is none."""
        try:
            return Secret(self.content.decode())
        except UnicodeDecodeError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Http:
    """Asks. `ca_bundle` is a file or folder of certificates in place of the usual ones.

    A redirect is an answer like any other, which nobody follows. `operation` is what errors call a request: URL, fields
    and headers may hold secrets, which none repeats. Raises UnavailableError.
    """

    ca_bundle: str | None = None

    def get(self, operation: str, url: str, *, headers: Fields | None = None) -> Reply:
        """A GET."""
        return self._send(operation, "GET", url, None, headers or {})

    def post(self, operation: str, url: str, form: Fields) -> Reply:
        """A POST of a form."""
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        return self._send(operation, "POST", url, shown(form), headers)

    def post_signed(self, operation: str, url: str, body: bytes, headers: Fields) -> Reply:
        """A POST of a body whose signature is in the headers."""
        return self._send(operation, "POST", url, body, headers)

    def _send(
        self,
        operation: str,
        method: str,
        url: str,
        data: Mapping[str, str] | bytes | None,
        headers: Fields,
    ) -> Reply:
        from botocore.awsrequest import AWSRequest
        from botocore.httpsession import URLLib3Session
        from botocore.utils import get_environ_proxies

        certificates: Any = self.ca_bundle or True
        limits: Any = (CONNECT_TIMEOUT, READ_TIMEOUT)
        proxies = get_environ_proxies(url)
        try:
            with translated(operation, lambda: datetime.now(UTC), None):
                http = URLLib3Session(verify=certificates, proxies=proxies, timeout=limits)
                request = AWSRequest(method, url, shown(headers), data=data, stream_output=True).prepare()
                answer = http.send(request)
                content = _read(answer.raw, operation)
        except StsctlError as error:
            raise error from None  # the cause has the URL
        return Reply(
            status=answer.status_code,
            headers={name.lower(): value for name, value in answer.headers.items()},
            content=content,
        )


def shown(fields: Fields) -> dict[str, str]:
    """Fields as they are sent, their secrets open."""
    return {name: value.reveal() if isinstance(value, Secret) else value for name, value in fields.items()}


def _read(body: Any, operation: str) -> bytes:
    """What comes, and no more of it than anybody would send who answers in good faith."""
    from urllib3.exceptions import HTTPError

    found = b""
    try:
        while len(found) <= LARGEST and (more := body.read(LARGEST + 1 - len(found), decode_content=True)):
            found += more
    except HTTPError:
        raise UnavailableError(f"what answered {operation} is not what it says: it is not used") from None
    if len(found) > LARGEST:
        raise UnavailableError(f"what answered {operation} is larger than {LARGEST} bytes: it is not used")
    return found
