"""What is sent to STS without the SDK is what the SDK would send: form, signature and headers, byte for byte."""

from __future__ import annotations

import string
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import botocore.auth
import botocore.credentials
import pytest
from botocore.client import BaseClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stsctl.credentials import Credentials, Secret
from stsctl.request import Endpoint
from stsctl.sources import query
from stsctl.sources.client import Clients
from stsctl.sources.direct import Direct

SIGNERS = [sys.modules[name] for name in ("botocore.auth", "botocore.crt.auth") if name in sys.modules]
"""Which of them signs depends on whether the package awscrt is there."""
REGIONS = ("us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1")
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_VISIBLE = st.text(string.ascii_letters + string.digits + "+/=.:_-", min_size=16, max_size=60)
_WHEN = st.datetimes(datetime(1980, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the bounds
_KEYS = st.builds(
    lambda key_id, secret, token: Credentials(
        access_key_id=key_id, secret_access_key=Secret(secret), session_token=Secret(token) if token else None
    ),
    _VISIBLE,
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60),
    st.none() | _VISIBLE,
)


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """An operation, and parameters that SDKs take: of each the shortest and longer ones, in any order."""
    operation = draw(st.sampled_from(sorted(query.LEAST)))
    parameters: dict[str, Any] = {}
    lists: dict[str, dict[str, int]] = {}
    for name, least in query.LEAST[operation].items():
        outer, _, inner = name.partition(".")
        if inner or name == "TransitiveTagKeys":
            lists.setdefault(outer, {})[inner] = least
        elif name == "DurationSeconds":
            parameters[name] = draw(st.integers(least, 43200))
        else:
            parameters[name] = draw(_sized(least))
    for name, members in lists.items():
        one = st.fixed_dictionaries({key: _sized(least) for key, least in members.items()})
        found = draw(st.lists(one if "" not in members else one.map(lambda each: each[""]), min_size=1, max_size=3))
        parameters[name] = found
    needed = query.REQUIRED.intersection(parameters)
    kept = [name for name in draw(st.permutations(sorted(parameters))) if name in needed or draw(st.booleans())]
    return operation, {name: parameters[name] for name in kept}


def _sized(least: int) -> st.SearchStrategy[str]:
    return _TEXT.map(lambda text: text + "x" * (least - len(text)))


class _Sent(Exception):  # noqa: N818 - it ends a call before anything is sent
    def __init__(self, request: Any) -> None:
        super().__init__()
        self.request = request


@pytest.fixture(scope="module")
def sdk() -> Any:
    """What botocore would send for a call: its request, as it was prepared."""
    clients: dict[object, BaseClient] = {}

    def stop(request: Any, **_: object) -> None:
        raise _Sent(request)

    def sent(endpoint: Endpoint, keys: Credentials | None, operation: str, parameters: dict[str, Any]) -> Any:
        found = clients.get((endpoint, keys is None))
        if found is None:
            ours = Clients(now=lambda: datetime.now(UTC), wall=lambda: datetime.now(UTC))
            found = clients[endpoint, keys is None] = ours._client("sts", endpoint, endpoint.url, keys)
            found.meta.events.register("before-send", stop)
        if keys is not None:
            token = keys.session_token.reveal() if keys.session_token else None
            found._request_signer._credentials = botocore.credentials.Credentials(  # type: ignore[attr-defined]
                keys.access_key_id, keys.secret_access_key.reveal(), token
            )
        with pytest.raises(_Sent) as raised:
            found._make_api_call(operation, parameters)  # type: ignore[attr-defined]
        return raised.value.request

    return sent


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    call=calls(),
    keys=_KEYS,
    at=_WHEN,
    region=st.sampled_from(REGIONS),
    url=st.sampled_from(
        [None, "http://127.0.0.1:5000", "https://localhost:8443", "http://[::1]:80", "https://sts.test"]
    ),
)
def test_the_request_is_the_sdks(
    sdk: Any, call: tuple[str, dict[str, Any]], keys: Credentials, at: datetime, region: str, url: str | None
) -> None:
    """For any call, keys, clock, region and URL: the same bytes in the body, and the same signature in the headers."""
    operation, parameters = call
    signer = None if operation in ("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity") else keys
    endpoint = Endpoint(partition="aws", region=region, url=url)
    with ExitStack() as stack:
        for module in SIGNERS:
            stack.enter_context(mock.patch.object(module, "get_current_datetime", return_value=at))
        theirs = sdk(endpoint, signer, operation, parameters)
    direct = Direct.to(endpoint, ca_bundle=None, connecting=1, reading=1)
    assert direct is not None
    sent = direct.request(operation, signer, parameters, at)
    assert sent is not None
    headers, body = sent
    assert body == (theirs.body if isinstance(theirs.body, bytes) else theirs.body.encode())
    expected = {name.lower(): _text(value) for name, value in theirs.headers.items()}
    ours = {name.lower(): value for name, value in headers.items()}
    for name in ("authorization", "x-amz-date", "x-amz-security-token", "content-type"):
        assert ours.get(name) == expected.get(name), name
    address, host = urlsplit(theirs.url), direct.connections.host
    assert (theirs.method, address.path, address.query) == ("POST", "/", "")
    assert (host.name, host.port) == (address.hostname, address.port or {"http": 80, "https": 443}[address.scheme])
    assert (host.tls is not None) == (address.scheme == "https")
    assert set(ours) <= {*expected, "host"}


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
