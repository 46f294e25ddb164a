"""What answers a call, or does not, in stsctl's words: every case over a real socket."""

from __future__ import annotations

import socket
import traceback
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from stsctl.credentials import Credentials, Secret
from stsctl.errors import ConfigurationError, RefusedError, StsctlError, UnavailableError, UsageError
from stsctl.request import Endpoint
from stsctl.sources import client
from stsctl.sources.client import Clients
from stsctl.sources.outcome import EMULATOR_HEADER
from tests.unit.sources.server import KEYS, NOW, Server, Told, answer_xml, credentials_xml


def call(clients: Clients, endpoint: Endpoint, credentials: Credentials = KEYS, **parameters: object) -> client.Answer:
    """One call of an operation that needs no parameters."""
    return clients.call("sts", "GetSessionToken", endpoint, credentials, **parameters)


def failure(clients: Clients, endpoint: Endpoint, **parameters: object) -> StsctlError:
    """How the call failed."""
    with pytest.raises(StsctlError) as raised:
        call(clients, endpoint, **parameters)
    return raised.value


def test_a_refusal_keeps_awss_own_words(sts: Server, clients: Clients) -> None:
    """Code, message, request id and operation of a refusal are kept apart from stsctl's own message."""
    sts.refuse(403, "AccessDenied", "User: x is not authorized")
    error = failure(clients, sts.endpoint)
    assert isinstance(error, RefusedError)
    assert (error.message, error.code, error.reason) == ("", "AccessDenied", "User: x is not authorized")
    assert (error.request_id, error.operation) == ("req-1", "sts:GetSessionToken")


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("InvalidClientTokenId", "stsctl keys list"),
        ("SignatureDoesNotMatch", "stsctl keys add"),
        ("RegionDisabledException", "--region"),
        ("PackedPolicyTooLarge", "shorten"),
    ],
)
def test_known_codes_have_a_hint(sts: Server, clients: Clients, code: str, hint: str) -> None:
    """What usually helps against a code is said with it."""
    sts.refuse(400, code)
    assert hint in (failure(clients, sts.endpoint).hint or "")


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "Throttling"), (400, "RequestLimitExceeded"), (429, "Whatever"), (503, "ServiceUnavailable"), (500, "Oops")],
)
def test_throttled_and_broken_are_unavailable(sts: Server, clients: Clients, status: int, code: str) -> None:
    """Throttling and 5xx are no refusal: status 6, with the code named and a hint to try again."""
    sts.refuse(status, code)
    error = failure(clients, sts.endpoint)
    assert isinstance(error, UnavailableError)
    assert code in error.message
    assert error.hint == "try again in a minute"


@pytest.mark.parametrize("body", ["", "<html>canary-body</html>", "canary-body <", '{"canary-body": 1}'])
@pytest.mark.parametrize("status", [200, 400, 403, 404, 500, 502])
def test_garbage_is_no_answer_and_not_shown(sts: Server, clients: Clients, status: int, body: str) -> None:
    """A proxy's or a portal's page is neither an answer nor AWS's refusal; its text is not in the traceback either."""
    sts.tell(status, body)
    error = failure(clients, sts.endpoint)
    assert isinstance(error, UnavailableError)
    assert "canary-body" not in error.message
    assert "canary-body" not in "".join(traceback.format_exception(error))


def test_an_answer_of_another_shape_is_not_shown(sts: Server, clients: Clients) -> None:
    """An answer whose time cannot be read fails without its secrets in the traceback."""
    sts.tell(200, answer_xml("GetSessionToken", credentials_xml(expires_at="yesterday")))
    error = failure(clients, sts.endpoint)
    assert isinstance(error, UnavailableError)
    assert "answered-" not in "".join(traceback.format_exception(error))


def test_an_answer_does_not_print_its_secrets(sts: Server, clients: Clients) -> None:
    """The parsed answer, which holds plain texts, has a repr without them."""
    sts.tell(200, answer_xml("GetSessionToken", credentials_xml()))
    assert "answered" not in repr(call(clients, sts.endpoint))


def test_slow(sts: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not answer is given up after the time limit, which is named with the host."""
    monkeypatch.setattr(client, "READ_TIMEOUT", 0.2)
    sts.told = Told(stuck=True)
    error = failure(clients, sts.endpoint)
    assert isinstance(error, UnavailableError)
    assert error.message == f"no answer within 0.2 s from 127.0.0.1:{sts.server_port}"


def test_the_limits_are_those_promised() -> None:
    """Connecting is given 5 s, an answer 10 s, and there are few tries."""
    assert (client.CONNECT_TIMEOUT, client.READ_TIMEOUT, client.ATTEMPTS) == (5, 10, 3)


def test_what_may_pass_is_tried_again(sts: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 500 is tried as often as ATTEMPTS says, a refusal once."""
    monkeypatch.setattr(client, "ATTEMPTS", 2)
    sts.refuse(500, "InternalFailure")
    failure(clients, sts.endpoint)
    assert len(sts.forms) == 2
    sts.refuse(403, "AccessDenied")
    failure(clients, sts.endpoint)
    assert len(sts.forms) == 3


def test_a_closed_port_is_unavailable(sts: Server, clients: Clients) -> None:
    """Where nobody listens is a matter of the network (status 6), not of the configuration."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        error = failure(clients, replace(sts.endpoint, url=f"http://127.0.0.1:{port}"))
    assert isinstance(error, UnavailableError)
    assert error.message == f"no connection to 127.0.0.1:{port}"
    assert "eval $(stsctl emulator env)" in (error.hint or "")
    assert "AWS_ENDPOINT_URL_STS" in (error.hint or "")


def test_a_name_and_a_password_in_a_url_are_not_shown(sts: Server, clients: Clients) -> None:
    """The host is named without what stands before an @."""
    url = "http://user:canary-password@127.0.0.1:1/path?canary"
    assert "canary" not in failure(clients, replace(sts.endpoint, url=url)).message


def test_https_where_only_http_is_spoken(sts: Server, clients: Clients) -> None:
    """A URL with the wrong scheme is not blamed on a certificate."""
    error = failure(clients, replace(sts.endpoint, url=sts.url.replace("http:", "https:")))
    assert isinstance(error, UnavailableError)
    assert error.message == f"no TLS with 127.0.0.1:{sts.server_port}"


def test_certificates_that_are_not_there(sts: Server, clients: Clients, tmp_path: Path) -> None:
    """A CA bundle that does not exist is named before anything is sent."""
    error = failure(replace(clients, ca_bundle=str(tmp_path / "absent.pem")), sts.endpoint)
    assert isinstance(error, ConfigurationError)
    assert "absent.pem" in error.message
    assert sts.forms == []


def test_a_proxy_that_is_not_there(sts: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that refuses connections is named as the proxy."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    error = failure(clients, sts.endpoint)
    assert isinstance(error, UnavailableError)
    assert error.message == "the proxy cannot be reached"


def test_a_parameter_that_cannot_be_sent(sts: Server, clients: Clients) -> None:
    """What botocore refuses to send is the person's mistake, and is not sent."""
    error = failure(clients, sts.endpoint, SerialNumber="short", TokenCode="123456")
    assert isinstance(error, UsageError)
    assert error.message.startswith("sts:GetSessionToken cannot be sent")
    assert "SerialNumber" in error.message
    assert sts.forms == []


@pytest.mark.parametrize(
    ("offset", "words"),
    [(timedelta(minutes=7), "7m ahead of AWS's"), (timedelta(hours=-2), "2h behind AWS's"), (timedelta(0), "")],
)
@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "RequestExpired"])
def test_a_wrong_clock_is_said_with_its_error(
    sts: Server, clients: Clients, code: str, offset: timedelta, words: str
) -> None:
    """Where a refusal may be due to the clock and the clocks differ, the difference and the remedy are said."""
    server_time = NOW - offset
    sts.refuse(403, code, Date=format_datetime(server_time, usegmt=True))
    error = failure(clients, sts.endpoint)
    assert isinstance(error, RefusedError)
    assert error.message == (f"this machine's clock is {words}" if words else "")
    assert ("hwclock" in (error.hint or "")) is bool(words)


@pytest.mark.parametrize("date", ["", "rubbish", "Fri, 01 May 2026 11:00:00 -0000"])
def test_a_useless_date_is_no_skew(sts: Server, clients: Clients, date: str) -> None:
    """Without a date that can be compared, nothing is said of the clock."""
    sts.refuse(403, "RequestExpired", Date=date)
    assert failure(clients, sts.endpoint).message == ""


def test_other_refusals_say_nothing_of_the_clock(sts: Server, clients: Clients) -> None:
    """A plain refusal is not explained by a clock, however wrong."""
    sts.refuse(403, "AccessDenied", Date=format_datetime(datetime(2020, 1, 1, tzinfo=NOW.tzinfo), usegmt=True))
    assert failure(clients, sts.endpoint).message == ""


@pytest.mark.parametrize(
    ("expected", "header", "words"),
    [
        ("one", None, "is not the emulator that this shell was set up for"),
        (None, "one", "is an emulator, and this shell does not know it"),
        ("one", "two", "is another emulator"),
    ],
)
def test_an_emulator_is_never_taken_for_another(
    sts: Server, clients: Clients, expected: str | None, header: str | None, words: str
) -> None:
    """An answer from other than the emulator (or AWS) that was meant is not used."""
    headers = {EMULATOR_HEADER.replace("-", "_"): header} if header else {}
    sts.tell(200, answer_xml("GetSessionToken", credentials_xml()), **headers)
    error = failure(clients, replace(sts.endpoint, instance=expected))
    assert words in error.message
    assert error.status == 1


def test_a_refusal_by_another_emulator_is_not_awss(sts: Server, clients: Clients) -> None:
    """A refusal says first that it came from another emulator, which knows none of these keys."""
    sts.refuse(403, "InvalidClientTokenId", **{EMULATOR_HEADER: "two"})
    error = failure(clients, replace(sts.endpoint, instance="one"))
    assert not isinstance(error, RefusedError)
    assert "is another emulator" in error.message


def test_the_emulator_that_is_meant(sts: Server, clients: Clients) -> None:
    """The right emulator's answer is used, and says which it is."""
    sts.tell(200, answer_xml("GetSessionToken", credentials_xml()), **{EMULATOR_HEADER: "one"})
    assert call(clients, replace(sts.endpoint, instance="one")).instance == "one"


def test_no_variable_moves_the_call(sts: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request for AWS's own endpoint, and for no other key, goes there whatever the SDK's variables say."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_STS_REGIONAL_ENDPOINTS", "legacy")
    monkeypatch.setenv("HTTPS_PROXY", sts.url)
    failure(clients, Endpoint(partition="aws", region="us-east-1"))
    assert sts.tunnels == ["sts.us-east-1.amazonaws.com:443"]


def test_no_profile_has_a_say(sts: Server, clients: Clients, monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Files and variables of the SDKs, even broken ones, change nothing: what was given signs."""
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text("[default\nrole_arn = broken\n")
    monkeypatch.setenv("AWS_PROFILE", "nowhere")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAAMBIENT000000001")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ambient")
    sts.tell(200, answer_xml("GetSessionToken", credentials_xml()))
    token = replace(KEYS, session_token=Secret("canary-token"))
    call(clients, sts.endpoint, token)
    assert f"Credential={KEYS.access_key_id}/" in sts.seen[0]["authorization"]
    assert "/eu-west-1/sts/" in sts.seen[0]["authorization"]
    assert sts.seen[0]["x-amz-security-token"] == "canary-token"
