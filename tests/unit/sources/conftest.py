"""The stand-in for STS, and clients whose clock stands still."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from stsctl.sources import client
from stsctl.sources.client import Clients
from tests.unit.sources.server import NOW, Server


@pytest.fixture(scope="session")
def _server() -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def sts(_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The server, fresh; each call is made once, so that no test waits for a second one."""
    monkeypatch.setattr(client, "ATTEMPTS", 1)
    _server.reset()
    yield _server
    _server.released.set()


@pytest.fixture
def clients() -> Clients:
    """Clients whose clock stands at NOW."""
    return Clients(now=lambda: NOW, wall=lambda: NOW)
