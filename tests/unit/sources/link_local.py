"""A metadata service or a credentials endpoint on loopback, which answers what a test has put at its paths."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, str]


@dataclass
class Service:
    """`answers` by method and path, each its own 404 where there is none; `seen` is every request with its headers."""

    url: str
    answers: dict[str, Answer] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    silent: bool = False

    @property
    def asked(self) -> list[str]:
        """Methods and paths of the requests."""
        return [asked for asked, _ in self.seen]


@contextmanager
def serving() -> Iterator[Service]:
    """A service, for as long as the context lasts."""
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Any request."""
            asked = f"{self.command} {self.path}"
            service.seen.append((asked, {name.lower(): value for name, value in self.headers.items()}))
            if service.silent:
                released.wait(20)
                return
            status, body = service.answers.get(asked, (404, ""))
            content = body.encode(errors="surrogateescape")
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()
            self.wfile.write(content)

        do_PUT = do_GET  # noqa: N815 - http.server's own name

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        service = Service(url=f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield service
        released.set()
        server.shutdown()
        thread.join()
