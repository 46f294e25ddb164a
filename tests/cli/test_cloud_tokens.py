"""Tokens of machines in other clouds: asked of their metadata where a source says so, and nowhere else."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.federation import STS, configuration, federation, token, visitor
from tests.program import Me, Organisation

__all__ = ["federation", "visitor"]

Answer = tuple[int, dict[str, str], str]


class Metadata(ThreadingHTTPServer):
    """Plays a machine's metadata; `asked` is what came: path, query and headers, these by their names in lower case."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        self.answers: Callable[[dict[str, str], dict[str, str]], Answer] = lambda *_: (404, {}, "")
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def host(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Metadata

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((asked.path, query, headers))
        status, given, body = self.server.answers(query, headers)
        self.send_response(status)
        for name, value in {**given, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def metadata() -> Iterator[Metadata]:
    """What answers in the place of a machine's metadata."""
    found = Metadata()
    threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


def _google(text: str) -> Callable[[dict[str, str], dict[str, str]], Answer]:
    def answer(query: dict[str, str], headers: dict[str, str]) -> Answer:
        known = headers.get("metadata-flavor") == "Google" and query["format"] == "full"
        return (200, {"Metadata-Flavor": "Google"}, text) if known else (403, {}, "")

    return answer


def test_google(visitor: Me, metadata: Metadata, federation: Organisation) -> None:
    """The token of the machine's service account, for the audience of the source; no proxy sees the question."""
    metadata.answers = _google(token(federation))
    visitor.configure(configuration('token_from = "gcp"'))
    visitor.session("deploy", GCE_METADATA_HOST=metadata.host)
    ((path, query, _),) = metadata.asked
    assert path == "/computeMetadata/v1/instance/service-accounts/default/identity"
    assert query["audience"] == STS
    visitor.configure(configuration(f'token_from = "gcp"\naudience = "{STS}"'))
    done = visitor.run("credential-process", "deploy", GCE_METADATA_HOST=metadata.host, HTTP_PROXY="http://127.0.0.1:9")
    assert done.status == 0, done
    assert visitor.calls() == ["AssumeRoleWithWebIdentity"]


def test_what_is_not_google(visitor: Me, metadata: Metadata, federation: Organisation) -> None:
    """A machine without a service account, something else in the metadata's place, and nobody there are told apart."""
    visitor.configure(configuration('token_from = "gcp"'))
    for answer, said in (
        ((404, {"Metadata-Flavor": "Google"}, ""), "no ID token came from Google Cloud (HTTP status 404)"),
        ((200, {"Metadata-Flavor": "Google"}, " \n"), "no ID token came from Google Cloud"),
        ((200, {}, token(federation)), "is something else"),
        ((302, {"Location": "http://127.0.0.1:9/"}, ""), "is something else"),
    ):
        metadata.answers = lambda *_, answer=answer: answer  # type: ignore[misc]
        done = visitor.run("credential-process", "deploy", GCE_METADATA_HOST=metadata.host)
        assert (done.status, said in done.err) == (3, True), done
    done = visitor.run("credential-process", "deploy", GCE_METADATA_HOST="127.0.0.1:9")
    assert (done.status, "no metadata of Google Cloud answers here" in done.err) == (6, True), done
    assert visitor.calls() == []


def test_azure_apps(visitor: Me, metadata: Metadata, federation: Organisation) -> None:
    """App Service and Container Apps: by the app's secret, for the source's audience and the identity said."""
    text = token(federation)

    def answer(query: dict[str, str], headers: dict[str, str]) -> Answer:
        known = headers.get("x-identity-header") == "app-secret" and query["api-version"] == "2019-08-01"
        return (200, {}, json.dumps({"access_token": text})) if known else (401, {}, "{}")

    metadata.answers = answer
    app: dict[str, Any] = {
        "IDENTITY_ENDPOINT": f"http://{metadata.host}/msi/token",
        "IDENTITY_HEADER": "app-secret",
        "AZURE_CLIENT_ID": "the-identity",
    }
    visitor.configure(configuration('token_from = "azure"'))
    done = visitor.run("credential-process", "deploy", **app)
    assert (done.status, 'add audience = "api://' in done.err) == (3, True), done
    assert metadata.asked == []
    visitor.configure(configuration(f'token_from = "azure"\naudience = "{STS}"'))
    visitor.session("deploy", **app)
    ((path, query, _),) = metadata.asked
    assert (path, query["resource"], query["client_id"]) == ("/msi/token", STS, "the-identity")
    done = visitor.run("--debug", "credential-process", "deploy", **{**app, "IDENTITY_HEADER": "other-secret"})
    assert (done.status, "HTTP status 401" in done.err, "other-secret" in done.err) == (3, True, False), done
    assert visitor.calls() == ["AssumeRoleWithWebIdentity"]


def test_azure_workloads(visitor: Me) -> None:
    """A pod of AKS has its token in a file, which is read anew; without the file it is said."""
    visitor.configure(configuration('token_from = "azure"'))
    first = visitor.key_id("deploy", AZURE_FEDERATED_TOKEN_FILE=f"{visitor.home}/token")
    assert visitor.key_id("deploy", AZURE_FEDERATED_TOKEN_FILE=f"{visitor.home}/token") == first
    done = visitor.run("credential-process", "deploy", AZURE_FEDERATED_TOKEN_FILE="/no/such/file")
    assert (done.status, 'AZURE_FEDERATED_TOKEN_FILE: there is no file "/no/such/file"' in done.err) == (3, True), done
    assert visitor.calls() == ["AssumeRoleWithWebIdentity"]


def test_nobody_is_asked_unless_a_source_says_so(visitor: Me, metadata: Metadata, federation: Organisation) -> None:
    """A source that says nothing takes no cloud's token, though all that tells of one is there."""
    metadata.answers = _google(token(federation))
    cloud = {
        "GCE_METADATA_HOST": metadata.host,
        "IDENTITY_ENDPOINT": f"http://{metadata.host}/msi/token",
        "IDENTITY_HEADER": "app-secret",
        "AZURE_FEDERATED_TOKEN_FILE": f"{visitor.home}/token",
    }
    visitor.configure(configuration(""))
    done = visitor.run("credential-process", "deploy", **cloud)
    assert (done.status, "there is no token" in done.err) == (3, True), done
    assert metadata.asked == []


def test_one_place_only(visitor: Me) -> None:
    """A source that names a CI system takes that one's token, and no other that is there."""
    text = (visitor.home / "token").read_text()
    gitlab = {"GITLAB_CI": "true", "GITLAB_OIDC_TOKEN": text}
    visitor.configure(configuration('token_from = "gitlab"'))
    first = visitor.key_id("deploy", CIRCLECI="true", **gitlab)
    visitor.configure(configuration('token_from = "circleci"'))
    done = visitor.run("credential-process", "deploy", **gitlab)
    assert (done.status, "there is no token" in done.err) == (3, True), done
    assert visitor.key_id("deploy", CIRCLECI="true", CIRCLE_OIDC_TOKEN=text, **gitlab) == first
    visitor.configure(configuration('token_from = "heroku"'))
    done = visitor.run("credential-process", "deploy", **gitlab)
    assert (done.status, '"heroku"' in done.err, "gcp" in done.err) == (3, True, True), done
    assert visitor.calls() == ["AssumeRoleWithWebIdentity"]
