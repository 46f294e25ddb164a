"""Requests that nobody signs: what is sent, what is read, and what no error repeats."""

from __future__ import annotations

import gzip
import secrets
import traceback
import tracemalloc

import pytest

from stsctl.credentials import Secret
from stsctl.errors import UnavailableError
from stsctl.sources import http
from stsctl.sources.http import Http
from tests.unit.sources.server import Server


def test_a_form_is_posted(sts: Server) -> None:
    """The fields go as a form, secrets among them as they are, and the JSON object that comes is read."""
    sts.tell(400, '{"error": "invalid_grant"}')
    reply = Http().post("the token", sts.url, {"code": Secret("c & d"), "grant_type": "authorization_code"})
    assert sts.forms == [{"code": "c & d", "grant_type": "authorization_code"}]
    assert sts.seen[0]["accept"] == "application/json"
    assert sts.seen[0]["content-type"] == "application/x-www-form-urlencoded"
    assert (reply.status, reply.json) == (400, {"error": "invalid_grant"})


@pytest.mark.parametrize("body", ["", "[1]", "<html>", '{"a": ', "[" * 100_000])
def test_what_is_no_json_object_is_empty(sts: Server, body: str) -> None:
    """A page in place of JSON is no error of its own: the status says what to make of it."""
    sts.tell(200, body)
    assert Http().get("it", sts.url).json == {}


def test_headers_go_and_come(sts: Server) -> None:
    """A secret header is sent as it is; the answer's headers are found by their names in lower case."""
    sts.tell(200, "text", Metadata_Flavor="Google")
    reply = Http().get("it", sts.url, headers={"Authorization": Secret("Bearer canary")})
    assert sts.seen[0]["authorization"] == "Bearer canary"
    assert (reply.headers["metadata-flavor"], reply.text) == ("Google", Secret("text"))


def test_a_redirect_is_followed_by_nobody(sts: Server) -> None:
    """Who is sent elsewhere does not take the secret there."""
    sts.tell(302, "", Location=f"{sts.url}/elsewhere")
    assert Http().get("it", sts.url, headers={"Authorization": Secret("canary")}).status == 302
    assert len(sts.seen) == 1


def test_an_answer_without_end_is_not_read_to_it(sts: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than anybody has to say is not taken into memory, compressed or not."""
    monkeypatch.setattr(http, "LARGEST", 1000)
    sts.tell(200, "x" * 1000)
    assert len(Http().get("it", sts.url).content) == 1000
    sts.tell(200, "x" * 1001)
    with pytest.raises(UnavailableError, match="larger than 1000 bytes"):
        Http().get("it", sts.url)
    sts.tell_bytes(200, gzip.compress(b"x" * 10_000_000), Content_Encoding="gzip")
    with pytest.raises(UnavailableError, match="larger than 1000 bytes"):
        Http().get("it", sts.url)
    sts.tell_bytes(200, b"no gzip", Content_Encoding="gzip")
    with pytest.raises(UnavailableError, match="is not what it says"):
        Http().get("it", sts.url)


def test_what_is_not_read_takes_no_memory(sts: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an answer that is 100 MB once it is unpacked, little more than the limit is ever in memory."""
    monkeypatch.setattr(http, "LARGEST", 1000)
    sts.tell_bytes(200, gzip.compress(b"x" * 100_000_000), Content_Encoding="gzip")
    tracemalloc.start()
    try:
        with pytest.raises(UnavailableError, match="larger than 1000 bytes"):
            Http().get("it", sts.url)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 20_000_000, most


def test_a_proxy_is_asked(sts: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is for elsewhere goes where HTTP_PROXY says."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with pytest.raises(UnavailableError, match="proxy"):
        Http().get("it", sts.url)


def test_no_error_repeats_what_was_sent() -> None:
    """Neither message nor traceback of a failure has the query, the header or the form."""
    canary = secrets.token_hex(8)
    for send in (
        lambda: Http().get("it", f"http://127.0.0.1:1/{canary}?{canary}", headers={"Authorization": Secret(canary)}),
        lambda: Http().post("it", f"http://127.0.0.1:1/{canary}", {"code": Secret(canary)}),
    ):
        with pytest.raises(UnavailableError) as raised:
            send()
        assert canary not in "".join(traceback.format_exception(raised.value))
        assert "127.0.0.1:1" in raised.value.message
