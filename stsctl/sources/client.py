"""AWS's clients, built on first use, and AWS's errors in stsctl's words: the only file that knows botocore."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stsctl.credentials import Credentials
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError, UnavailableError, UsageError
from stsctl.request import Endpoint
from stsctl.sources.direct import Direct
from stsctl.sources.outcome import EMULATOR_HEADER, NETWORK, Answer, check_instance, no_answer, refused
from stsctl.url import is_loopback

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.loaders import Loader
    from botocore.session import Session as BotocoreSession

CONNECT_TIMEOUT = 5
READ_TIMEOUT = 10
ATTEMPTS = 3


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
    _ways: dict[Endpoint, Direct | None] = field(default_factory=dict, repr=False)

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
        direct = self._direct(endpoint) if service == "sts" else None
        attempts = ATTEMPTS if direct is None else max(ATTEMPTS - 1, 1)

        def ask(operation: str, **parameters: object) -> Answer:
            answer = direct.ask(operation, credentials, parameters, self.wall()) if direct else None
            if answer is not None:
                return answer
            from botocore import xform_name

            with translated(f"{service}:{operation}", self.wall, endpoint):
                if not made:
                    made.append(self._client(service, endpoint, url, credentials, attempts))
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

    def _direct(self, endpoint: Endpoint) -> Direct | None:
        """The way to STS without the SDK, kept for the next call."""
        if endpoint not in self._ways:
            limits = {"connecting": CONNECT_TIMEOUT, "reading": READ_TIMEOUT}
            self._ways[endpoint] = None if self.headers else Direct.to(endpoint, ca_bundle=self.ca_bundle, **limits)
        return self._ways[endpoint]

    def _client(
        self,
        service: str,
        endpoint: Endpoint,
        url: str | None,
        credentials: Credentials | None,
        attempts: int = ATTEMPTS,
    ) -> BaseClient:
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
            retries={"total_max_attempts": attempts, "mode": "standard"},
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
        raise UnavailableError(f"no connection within {CONNECT_TIMEOUT} s to {_host(error)}", hint=NETWORK) from error
    except exceptions.ReadTimeoutError as error:
        raise UnavailableError(f"no answer within {READ_TIMEOUT} s from {_host(error)}", hint=NETWORK) from error
    except exceptions.SSLError as error:
        raise _no_tls(error) from error
    except exceptions.ProxyConnectionError as error:
        raise UnavailableError("the proxy cannot be reached", hint="check HTTPS_PROXY and NO_PROXY") from error
    except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
        here = is_loopback(str(error.kwargs.get("endpoint_url", "")))
        raise UnavailableError(f"no connection to {_host(error)}", hint=_EMULATOR if here else NETWORK) from error
    except exceptions.BotoCoreError as error:
        raise ConfigurationError(f"{operation} cannot be called: {_first_line(error)}") from error
    except (ResponseParserError, KeyError, ValueError):
        raise no_answer(operation) from None  # the cause shows what was answered


_EMULATOR = "if it was the emulator: eval $(stsctl emulator env); else check AWS_ENDPOINT_URL_STS and AWS_ENDPOINT_URL"


def _no_tls(error: Any) -> UnavailableError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return UnavailableError(
            f"the certificate of {_host(error)} is not trusted", hint="set AWS_CA_BUNDLE to your proxy's certificate"
        )
    return UnavailableError(f"no TLS with {_host(error)}", hint=NETWORK)


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def _host(error: Any) -> str:
    """The host that a call went to; its path and query may hold what nobody should read."""
    from urllib.parse import urlsplit

    return urlsplit(str(error.kwargs.get("endpoint_url", ""))).netloc.rpartition("@")[2] or "AWS"
