"""AWS's clients, built on first use, and AWS's errors in stsctl's words: the only file that knows botocore."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stsctl.credentials import Credentials
from stsctl.dataclass import dataclass
from stsctl.duration import render_duration
from stsctl.errors import ConfigurationError, RefusedError, StsctlError, ThrottledError, UnavailableError, UsageError
from stsctl.request import Endpoint
from stsctl.url import is_loopback

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.loaders import Loader
    from botocore.session import Session as BotocoreSession

CONNECT_TIMEOUT = 5
READ_TIMEOUT = 10
ATTEMPTS = 3
EMULATOR_HEADER = "x-stsctl-emulator"

_THROTTLED = {"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown"}
_CLOCK = {"RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"}
_ANYWHERE = "Invalid signature"
"""All that IAM Roles Anywhere says of a request from another time."""
_LEAST_SKEW = timedelta(minutes=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call answered: the parsed body, and the id of the emulator that gave it (None: AWS's own)."""

    body: Mapping[str, Any] = field(repr=False)
    instance: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """Calls AWS. `ca_bundle` is a file or folder of certificates in place of the usual ones.

    `urls` are those of services other than STS, where somebody said one: where STS is asked is part of a request.
    Credentials end by `now`; `wall` is this machine's clock, which requests are signed by.
    `headers` makes more of them, for each request by its URL.
    """

    now: Callable[[], datetime]
    wall: Callable[[], datetime]
    ca_bundle: str | None = None
    urls: Mapping[str, str] = field(default_factory=dict)
    headers: Callable[[str], Mapping[str, str]] | None = None

    def call(
        self, service: str, operation: str, endpoint: Endpoint, credentials: Credentials | None, **parameters: object
    ) -> Answer:
        """One call, `operation` in AWS's spelling; without credentials nobody signs it.

        Raises RefusedError, UnavailableError, UsageError (a parameter that cannot be sent), ConfigurationError.
        """
        return self.caller(service, endpoint, credentials)(operation, **parameters)

    def caller(self, service: str, endpoint: Endpoint, credentials: Credentials | None) -> Callable[..., Answer]:
        """What makes calls as `call` does, with one client for all of them, from any thread."""
        url = self.url(service, endpoint)
        made: list[BaseClient] = []

        def ask(operation: str, **parameters: object) -> Answer:
            from botocore import xform_name

            with translated(f"{service}:{operation}", self.wall, endpoint):
                if not made:
                    made.append(self._client(service, endpoint, url, credentials))
                body: dict[str, Any] = getattr(made[0], xform_name(operation))(**parameters)
            headers = body.pop("ResponseMetadata", {}).get("HTTPHeaders", {})
            instance = headers.get(EMULATOR_HEADER)
            check_instance(endpoint, instance)
            return Answer(body=body, instance=instance)

        return ask

    def url(self, service: str, endpoint: Endpoint) -> str | None:
        """Where a service is asked, if that is not where AWS has it."""
        return endpoint.url if service == "sts" or endpoint.instance else self.urls.get(service)

    def creator(self, endpoint: Endpoint) -> Callable[..., BaseClient]:
        """Makes clients that sign nothing, as botocore's own providers call for them."""

        def checked(http_response: Any, **_: object) -> None:
            check_instance(endpoint, http_response.headers.get(EMULATOR_HEADER))

        def create(service: str, *, region_name: str | None = None, **_: object) -> BaseClient:
            where = replace(endpoint, region=region_name or endpoint.region)
            client = self._client(service, where, self.url(service, where), None)
            client.meta.events.register("after-call", checked)
            return client

        return create

    def _client(self, service: str, endpoint: Endpoint, url: str | None, credentials: Credentials | None) -> BaseClient:
        from botocore import UNSIGNED
        from botocore.config import Config

        if self.ca_bundle and not Path(self.ca_bundle).exists():
            raise ConfigurationError(
                f'there are no certificates at "{self.ca_bundle}"', hint="check AWS_CA_BUNDLE and ca_bundle"
            )
        # The settings have read the variables of endpoints; behind them none has a say.
        own: dict[str, Any] = {"ignore_configured_endpoint_urls": True}
        config = Config(
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=READ_TIMEOUT,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            signature_version=None if credentials else UNSIGNED,
            use_fips_endpoint=endpoint.use_fips,
            use_dualstack_endpoint=endpoint.use_dualstack,
            **own,
        )
        keys: dict[str, Any] = {}
        if credentials:
            token = credentials.session_token
            keys = {
                "aws_access_key_id": credentials.access_key_id,
                "aws_secret_access_key": credentials.secret_access_key.reveal(),
                "aws_session_token": token.reveal() if token else None,
            }
        client = session().create_client(
            service, region_name=endpoint.region, endpoint_url=url, verify=self.ca_bundle, config=config, **keys
        )
        if self.headers is not None:
            client.meta.events.register("before-send", _adding(self.headers))
        return client


def _adding(headers: Callable[[str], Mapping[str, str]]) -> Callable[..., None]:
    def add(request: Any, **_: object) -> None:
        for name, value in headers(request.url).items():
            request.headers[name] = value

    return add


# In botocore's form (key in the file, variable, default, conversion): without the first two the default counts.
_OWN_WAY = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
    "sts_regional_endpoints": (None, None, "regional", None),
    "defaults_mode": (None, None, "legacy", None),  # "auto" would ask the instance's metadata service for a region
}


def session() -> BotocoreSession:
    """A session of botocore that reads no profile: what a profile says, stsctl has already read."""
    import botocore.session

    found = botocore.session.Session(session_vars=_OWN_WAY)
    found.register_component("data_loader", _loader())
    return found


@cache
def _loader() -> Loader:
    """What reads AWS's models: one for all calls, because it keeps what it has read."""
    from botocore.loaders import create_loader

    return create_loader()


def check_instance(endpoint: Endpoint, instance: str | None) -> None:
    """Never takes an emulator's answer for AWS's, nor for another emulator's."""
    if instance == endpoint.instance:
        return
    if instance is None:
        raise StsctlError(f'"{endpoint.url}" is not the emulator that this shell was set up for')
    if endpoint.instance is None:
        raise StsctlError(
            f'"{endpoint.url}" is an emulator, and this shell does not know it',
            hint="eval $(stsctl emulator env)",
        )
    raise StsctlError(
        f'"{endpoint.url}" is another emulator than the one this shell was set up for',
        hint="eval $(stsctl emulator env)",
    )


@contextmanager
def translated(operation: str, now: Callable[[], datetime], endpoint: Endpoint | None) -> Iterator[None]:
    """Turns botocore's errors into stsctl's; messages carry names and codes only."""
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    try:
        yield
    except exceptions.ClientError as error:
        instance = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get(EMULATOR_HEADER)
        if endpoint and instance:
            check_instance(endpoint, instance)
        raise refused(operation, error.response, now()) from error
    except exceptions.ParamValidationError as error:
        raise UsageError(f"{operation} cannot be sent: {_first_line(error)}") from error
    except exceptions.ConnectTimeoutError as error:
        raise UnavailableError(f"no connection within {CONNECT_TIMEOUT} s to {_host(error)}", hint=_NETWORK) from error
    except exceptions.ReadTimeoutError as error:
        raise UnavailableError(f"no answer within {READ_TIMEOUT} s from {_host(error)}", hint=_NETWORK) from error
    except exceptions.SSLError as error:
        raise _no_tls(error) from error
    except exceptions.ProxyConnectionError as error:
        raise UnavailableError("the proxy cannot be reached", hint="check HTTPS_PROXY and NO_PROXY") from error
    except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
        here = is_loopback(str(error.kwargs.get("endpoint_url", "")))
        raise UnavailableError(f"no connection to {_host(error)}", hint=_EMULATOR if here else _NETWORK) from error
    except exceptions.BotoCoreError as error:
        raise ConfigurationError(f"{operation} cannot be called: {_first_line(error)}") from error
    except (ResponseParserError, KeyError, ValueError):
        raise _no_answer(operation) from None  # the cause shows what was answered


_NETWORK = "check the network, the proxy (HTTPS_PROXY) and the endpoint (AWS_ENDPOINT_URL_STS)"
_EMULATOR = "if it was the emulator: eval $(stsctl emulator env); else check AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL"


def _no_answer(operation: str) -> UnavailableError:
    return UnavailableError(f"what answered {operation} is not AWS (a proxy, a portal?)", hint=_NETWORK)


def _no_tls(error: Any) -> UnavailableError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return UnavailableError(
            f"the certificate of {_host(error)} is not trusted", hint="set AWS_CA_BUNDLE to your proxy's certificate"
        )
    return UnavailableError(f"no TLS with {_host(error)}", hint=_NETWORK)


def refused(operation: str, response: Mapping[str, Any], now: datetime) -> StsctlError:
    """What AWS said against a call, in stsctl's words; `response` is as botocore parses it."""
    error, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
    code, reason = str(error.get("Code", "")), str(error.get("Message", ""))
    status = metadata.get("HTTPStatusCode", 0)
    if status < 500 and status != 429 and not code:
        return _no_answer(operation)
    if code in _THROTTLED or status == 429:
        return ThrottledError(f"AWS throttles {operation} ({code})", hint="try again in a minute")
    if status >= 500:
        what = " ".join(dict.fromkeys((str(status), code)))
        return UnavailableError(f"{operation} failed at AWS ({what})", hint="try again in a minute")
    message, hint = "", _HINTS.get(code)
    if code == "InvalidClientTokenId" and EMULATOR_HEADER in metadata.get("HTTPHeaders", {}):
        hint = "these keys are of another emulator: stsctl emulator keys alice | stsctl keys add work --stdin"
    about_clocks = code in _CLOCK or reason == _ANYWHERE
    skew = _skew(metadata.get("HTTPHeaders", {}).get("date"), now) if about_clocks else None
    if skew is not None:
        ahead = "ahead of" if skew > timedelta(0) else "behind"
        message = f"this machine's clock is {render_duration(abs(skew))} {ahead} AWS's"
        hint = "set the clock: sudo hwclock -s, or wsl --shutdown under WSL"
    refused = RefusedError(
        message,
        hint=hint,
        code=code,
        reason=reason,
        request_id=str(metadata.get("RequestId", "")),
        operation=operation,
    )
    refused.encoded = str(error.get("EncodedAuthorizationMessage", ""))
    return refused


_HINTS = {
    "InvalidClientTokenId": "AWS does not know these keys (deleted, inactive, or of another partition): "
    'run "stsctl keys list"',
    "SignatureDoesNotMatch": 'the secret access key is wrong: run "stsctl keys add" again',
    "RegionDisabledException": "STS is not active in this region for that account: try --region us-east-1",
    "PackedPolicyTooLarge": "shorten the session policy, or pass fewer tags",
}


def _skew(date: str | None, now: datetime) -> timedelta | None:
    """How far this clock is ahead of the server's, where a refusal may be due to that (AWS allows five minutes)."""
    if not date:
        return None
    try:
        ahead = now - parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    return ahead if abs(ahead) >= _LEAST_SKEW else None


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _host(error: Any) -> str:
    """The host that a call went to; its path and query may hold what nobody should read."""
    from urllib.parse import urlsplit

    return urlsplit(str(error.kwargs.get("endpoint_url", ""))).netloc.rpartition("@")[2] or "AWS"
