"""Run in a network namespace of its own: Azure's instance metadata at its own address, and stsctl that asks it.

`python -m tests.real.azure_imds FOLDER` prints what it was asked before a source said so and after, and how that ended.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from stsctl.emulator import control
from tests import federation
from tests.program import Organisation, somebody

_AUDIENCE = federation.STS
_ASKED: list[str] = []


def main(folder: Path) -> None:
    """Starts everything, asks, and stops it."""
    ip = shutil.which("ip") or "/sbin/ip"
    subprocess.run([ip, "link", "set", "lo", "up"], check=True)
    subprocess.run([ip, "address", "add", "169.254.169.254/32", "dev", "lo"], check=True)
    seed = folder / "seed.toml"
    seed.write_text(federation.seed(), encoding="utf-8")
    running = control.start(folder / "state", seed=seed)
    try:
        _ask(folder, Organisation(running=running, folder=folder / "state", people=iter(["p000"])))
    finally:
        control.stop(folder / "state", running)


def _ask(folder: Path, organisation: Organisation) -> None:
    text = federation.token(organisation)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(asked.query).items()}
            known = self.headers.get("Metadata") == "true" and query.get("api-version") == "2018-02-01"
            _ASKED.append(f"{asked.path} {query.get('resource')} {known}")
            body = json.dumps({"access_token": text} if known else {"error": "bad_request"}).encode()
            self.send_response(200 if known else 400)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("169.254.169.254", 80), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    home = folder / "machine"
    home.mkdir()
    me = somebody(home, organisation)
    for said in ("", f'token_from = "azure"\naudience = "{_AUDIENCE}"'):
        me.configure(federation.configuration(said))
        done = me.run("credential-process", "deploy")
        sys.stdout.write(json.dumps({"status": done.status, "asked": _ASKED}) + "\n")
    server.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
