"""The ports where workloads find their credentials: each has one of its own, on loopback, as long as it is wanted.

An SDK is pointed at instance metadata by a host and a port alone (the one for JavaScript drops a path), so instances
cannot share one.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from stsctl.emulator.protocol.listening import HOST, bind, serve
from stsctl.emulator.seeds.organisation import Organisation
from stsctl.emulator.seeds.workload import Instance, Workload
from stsctl.errors import StsctlError
from stsctl.host import process_table

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

Start = Callable[..., Any]
_NAMES = frozenset({HOST, "localhost", "169.254.169.254", "169.254.170.2"})
"""What a request may call the port; any other name could be a web page's, which rebinds its own to loopback."""
_PAUSE = timedelta(milliseconds=500)


class Ports:
    """Opens and closes ports; what they are asked goes to `answer`, with the workload whose port it is."""

    def __init__(self, answer: Callable[[Workload, dict[str, Any], Start], Iterable[bytes]]) -> None:
        self._answer = answer
        self._lock = threading.Lock()
        self._open: dict[str, BaseWSGIServer] = {}

    def open(self, workload: Workload, *, owner: int | None = None) -> str:
        """The URL of the workload's port, which is opened where it is not; raises OSError where it cannot be.

        `owner` is a process with whose end the port is closed; without, that is the emulator's.
        """
        with self._lock:
            server = self._open.get(workload.arn)
            if server is None:
                listener = bind(workload.port or 0)
                server = serve(lambda environ, start: self._answered(workload, environ, start), listener)
                self._open[workload.arn] = server
                threading.Thread(target=server.serve_forever, daemon=True).start()
                if owner is not None:
                    threading.Thread(target=self._close_after, args=(workload, owner), daemon=True).start()
        return f"http://{HOST}:{server.port}"

    def open_all(self, organisation: Organisation) -> None:
        """Opens those that the seed names; raises StsctlError."""
        for workload in (each for account in organisation.accounts for each in account.workloads if each.port):
            try:
                self.open(workload)
            except OSError as error:
                where = f'port {workload.port} for "{workload.name}"'
                reason = (error.strerror or str(error)).lower()
                raise StsctlError(f"the emulator cannot listen on {where}: {reason}") from error

    def close(self, workload: Workload) -> None:
        """Closes the workload's port: a connection that is still there gets no more answers."""
        with self._lock:
            server = self._open.pop(workload.arn, None)
        if server is not None:
            server.shutdown()

    def _close_after(self, workload: Workload, owner: int) -> None:
        begun = process_table.look_up(owner)
        while begun is not None:  # where there is no way to ask, the port stays
            time.sleep(_PAUSE.total_seconds())
            now = process_table.look_up(owner)
            if now is None or now.started != begun.started:
                return self.close(workload)
        return None

    def _answered(self, workload: Workload, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        name = environ.get("HTTP_HOST", "").rpartition(":")[0] or environ.get("HTTP_HOST", "")
        if workload.arn not in self._open or name not in _NAMES:
            start_response("403 Forbidden", [("Content-Length", "0"), ("Connection", "close")])
            return [b""]
        if isinstance(workload, Instance):
            _limit_hops(environ, workload.hop_limit)
        return self._answer(workload, environ, start_response)


def _limit_hops(environ: dict[str, Any], limit: int) -> None:
    """The answer to a PUT, which has the token, goes no farther than `limit` hops: the TTL of its packets is that.

    Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
    """
    connection: socket.socket = environ["werkzeug.socket"]
    hops = limit if environ["REQUEST_METHOD"] == "PUT" else _usual_hops()
    connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, hops)


def _usual_hops() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as fresh:
        return fresh.getsockopt(socket.IPPROTO_IP, socket.IP_TTL)
