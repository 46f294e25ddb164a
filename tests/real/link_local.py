"""Run in a network namespace of its own: AWS's link-local addresses, with an emulator behind them.

`python -m tests.real.link_local FOLDER` prints, for an instance and for a task, by which of its providers boto3 found
credentials with nothing but what AWS sets, and whose they are. Only loopback is there, and nothing leaves it.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

from stsctl.emulator import control, remote
from stsctl.emulator.running import Running
from tests.unit.emulator.workloads import SEED

_WHO = """
import boto3
session = boto3.Session()
print(session.get_credentials().method, session.client("sts").get_caller_identity()["Arn"])
"""


def main(folder: Path) -> None:
    """Starts everything, asks, and stops it."""
    ip = shutil.which("ip") or "/sbin/ip"
    subprocess.run([ip, "link", "set", "lo", "up"], check=True)
    for address in ("169.254.169.254", "169.254.170.2"):
        subprocess.run([ip, "address", "add", f"{address}/32", "dev", "lo"], check=True)
    seed = folder / "seed.toml"
    seed.write_text(SEED)
    running = control.start(folder / "state", seed=seed)
    try:
        web = _found(running, "old")["AWS_EC2_METADATA_SERVICE_ENDPOINT"]
        job = urlsplit(_found(running, "job")["AWS_CONTAINER_CREDENTIALS_FULL_URI"])
        _relay("169.254.169.254", urlsplit(web).port or 0)
        _relay("169.254.170.2", job.port or 0)
        _show(running, {})
        _show(running, {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": job.path})
    finally:
        control.stop(folder / "state", running)


def _found(running: Running, name: str) -> dict[str, str]:
    place = remote.place(running, "workload", name=name)
    return {key: value.reveal() for key, value in place.variables.items()}


def _show(running: Running, found: dict[str, str]) -> None:
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "AWS_REGION": "us-east-1"}
    environ |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL": running.url}
    subprocess.run([sys.executable, "-c", _WHO], env=environ | found, check=True)


def _relay(address: str, port: int) -> None:
    """Whatever comes to port 80 of an address goes to a port of loopback, and back."""
    listener = socket.create_server((address, 80))

    def pass_on() -> None:
        while True:
            near, _ = listener.accept()
            far = socket.create_connection(("127.0.0.1", port))
            for source, target in ((near, far), (far, near)):
                threading.Thread(target=_copy, args=(source, target), daemon=True).start()

    threading.Thread(target=pass_on, daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    while data := source.recv(65536):
        target.sendall(data)
    target.shutdown(socket.SHUT_WR)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
