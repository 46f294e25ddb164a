"""Where a page is tried: a home, an emulator, and what the page speaks of as being there."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from stsctl.emulator import control, remote
from stsctl.emulator.running import Running
from stsctl.formats import environment
from tests import browser
from tests.cli.test_cloud_tokens import Metadata
from tests.conftest import missing
from tests.emulator_fixture import client
from tests.scripts import pages, visitor
from tests.scripts.conftest import fresh
from tests.scripts.pages import Block, Page
from tests.scripts.reader import PERSON, Reader
from tests.sdk_for_javascript import SDK

BASE = '[defaults]\nstore = "sealed-file"\n\n[sealed_file]\nkey_file = "~/.seal"\n\n'


@dataclass(kw_only=True)
class Place:
    """Where a recipe is tried: a home, and the emulator with the example that "stsctl emulator seed" prints."""

    home: Path
    running: Running
    environ: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=browser.free_port)
    """Where a Chromium listens to the person at it."""
    ended: list[Callable[[], object]] = field(default_factory=list)
    """What is to be done in the end."""

    def write(self, name: str, text: str, *, mode: int = 0o600) -> Path:
        """A file below the home."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    def here(self, text: str) -> str:
        """A configuration with the emulator's addresses, which nobody knows beforehand, for the example's."""
        addresses = {
            "https://corp.example.com/aws": f"{self.running.url}/idp/corp/saml",
            "https://corp.example.com": f"{self.running.url}/idp/corp/oidc",
        }
        for example, here in addresses.items():
            text = text.replace(example, here)
        if "sign_in_url" in text:
            text = text.replace('"chromium"', f'"{browser.program(self.home, port=self.port)}"')
        return text

    def program(self, name: str, text: str) -> None:
        """A program that the shell finds by its name."""
        self.write(f"bin/{name}", text, mode=stat.S_IRWXU)

    def keys(self, name: str = "work") -> tuple[str, str]:
        """The keys that somebody calls so: alice's, where it is no user's name."""
        keys = control.principal(self.organisation(), name if name == "bob" else "alice").credentials
        return keys.access_key_id, keys.secret_access_key.reveal()

    def organisation(self) -> Running:
        """The emulator that the page itself has started, or else the one that is there."""
        return control.find(self.home / ".local" / "state" / "stsctl" / "emulator") or self.running

    def come_upon_the_emulator(self, folder: Path) -> None:
        """The one that is there is as if somebody had started it here."""
        (self.home / ".local" / "state" / "stsctl").mkdir(mode=0o700, parents=True)
        for file in folder.iterdir():
            self.write(f".local/state/stsctl/emulator/{file.name}", file.read_text(encoding="utf-8"))

    def write_block(self, block: Block) -> None:
        """The file that a block is: what it adds to a configuration, and otherwise all of it."""
        assert block.file is not None, f"what is this, and where does it go? {block}"
        text = self.here(block.text)
        if text.startswith("#!"):
            self.program(block.file, text)
            return
        path = self.home / block.file.removeprefix("~/")
        if path.exists() and block.file in pages.USUAL.values():
            text = _with_tables(path.read_text(encoding="utf-8"), text)
        self.write(str(path.relative_to(self.home)), text)

    def furnish(self, page: Page) -> None:
        """What a page speaks of as being there: files, programs, and what a machine of its kind tells programs."""
        for names, add in ((FILES, self.write), (PROGRAMS, self.program)):
            for name, content in names.items():
                if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", page.text):
                    add(name, content(self))
        for line, variables in PLACES.items():
            if line in page.text:
                found = variables(self)
                self.environ |= found
                if found:
                    self.environ.pop("AWS_EC2_METADATA_DISABLED", None)

        for file in STAND_INS.iterdir():
            is_typed = any(re.search(rf"(?:^|[ |]){file.name} ", step.line) for step in page.steps)
            if is_typed and not _is_here(file.name):
                assert page.says_that_it_stands_in(file.name), (
                    f"{page.title} does not say that {file.name} is a stand-in"
                )
                self.program(file.name, f"#!{sys.executable}\n{file.read_text(encoding='utf-8')}")
        if "eks update-kubeconfig" in page.text:
            self.make_a_cluster()
        if "sign_in_url" in page.text:
            self.environ["DISPLAY"] = ":none"  # there is a screen, as far as stsctl can see

    def make_a_cluster(self) -> None:
        """The cluster "prod" of EKS, in the account of the role prod-admin."""
        keys = control.principal(self.running, "222222222222:root").credentials
        statement = {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": statement})
        role = client(self.running, "iam", keys).create_role(RoleName="Cluster", AssumeRolePolicyDocument=trust)
        network = {"subnetIds": ["subnet-1", "subnet-2"]}
        arn = role["Role"]["Arn"]
        client(self.running, "eks", keys).create_cluster(name="prod", roleArn=arn, resourcesVpcConfig=network)

    def follow(self, page: Page) -> None:
        """Does what a page says, block by block."""
        self.furnish(page)
        reader = Reader(self)
        try:
            for block in page.blocks:
                if block.is_run and block.kind != "console":
                    self.write_block(block)
                for step in block.steps if block.is_run else ():
                    reader.types(step)
        finally:
            reader.close()


def _token(place: Place) -> str:
    """What the provider of the example gives to the client "ci"."""
    from urllib.request import Request, urlopen

    form = b"grant_type=client_credentials&client_id=ci&client_secret=not+a+secret+here"
    with urlopen(Request(f"{place.running.url}/idp/corp/oidc/token", form)) as answer:
        return str(json.loads(answer.read())["access_token"])


def _assertion(place: Place) -> str:
    """What the provider of the example says of frank."""
    from urllib.request import Request, urlopen

    with urlopen(Request(f"{place.running.url}/idp/corp/saml", b"username=frank")) as answer:
        found = re.search(r'name="SAMLResponse" value="([^"]+)"', answer.read().decode())
    assert found
    return found[1]


def _saved(place: Place) -> str:
    """What "aws sts assume-role" printed to somebody."""
    found = control.principal(place.running, "arn:aws:iam::111111111111:role/Analyst").credentials
    assert found.session_token
    assert found.expires_at
    answer = {
        "AccessKeyId": found.access_key_id,
        "SecretAccessKey": found.secret_access_key.reveal(),
        "SessionToken": found.session_token.reveal(),
        "Expiration": found.expires_at.isoformat(),
    }
    return json.dumps({"Credentials": answer})


def _other_tool(place: Place) -> str:
    answer = json.loads(_saved(place))["Credentials"]
    return f"#!/bin/sh\necho '{json.dumps({'Version': 1} | answer)}'\n"


def _csv(place: Place) -> str:
    return "Access key ID,Secret access key\n{},{}\n".format(*place.keys())


def _certificate(place: Place) -> tuple[str, str]:
    """A certificate of a server's, and its key."""
    if not (place.home / "pki").exists():
        (place.home / "pki").mkdir()
        control.certificate(place.running, "web-1", folder=place.home / "pki", trust_anchor=None)
    return tuple((place.home / "pki" / f"web-1{end}.pem").read_text() for end in ("", "-key"))  # type: ignore[return-value]


def _workload(name: str) -> Callable[[Place], dict[str, str]]:
    def place_of(place: Place) -> dict[str, str]:
        found = remote.place(place.running, "workload", name=name)
        return {key: value.reveal() for key, value in found.variables.items()}

    return place_of


FILES: dict[str, Callable[[Place], str]] = {
    "token": _token,
    "assertion": _assertion,
    "session.json": _saved,
    "alice_accessKeys.csv": _csv,
    "context": lambda _: "an assertion of Identity Center",
    "web-1.pem": lambda place: _certificate(place)[0],
    "web-1-key.pem": lambda place: _certificate(place)[1],
}
"""What a recipe that names such a file has lying there."""
PROGRAMS: dict[str, Callable[[Place], str]] = {
    "my-token": lambda place: f"#!/bin/sh\necho '{_token(place)}'\n",
    "my-sign-in": lambda place: f"#!/bin/sh\necho '{_assertion(place)}'\n",
    "my-tool": _other_tool,
    "authenticator": lambda place: f"#!/bin/sh\necho {control.code(place.running, 'alice')}\n",
}
"""What a recipe that names such a program has installed."""


class _Actions(BaseHTTPRequestHandler):
    """GitHub's side of a job: gives a token to whoever has the job's secret."""

    token = ""

    def do_GET(self) -> None:
        """The token, for an audience."""
        known = self.headers["Authorization"] == "Bearer of-the-job" and "audience=sts.amazonaws.com" in self.path
        body = json.dumps({"value": self.token} if known else {}).encode()
        self.send_response(200 if known else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


def _job(place: Place) -> dict[str, str]:
    """The variables of a job of GitHub Actions."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Job", (_Actions,), {"token": _token(place)}))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    place.ended += [server.shutdown, server.server_close]
    url = f"http://127.0.0.1:{server.server_port}/token?v=2"
    return {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": url,
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job",
    }


def _cloud(place: Place) -> dict[str, str]:
    """The variables by which a machine's metadata is found, with a token in it."""
    text, server = _token(place), Metadata()

    def answer(query: dict[str, str], _: dict[str, str]) -> tuple[int, dict[str, str], str]:
        is_google = "format" in query
        return 200, {"Metadata-Flavor": "Google"}, text if is_google else json.dumps({"access_token": text})

    server.answers = answer
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    place.ended += [server.shutdown, server.server_close]
    azure = {"IDENTITY_ENDPOINT": f"http://{server.host}/token", "IDENTITY_HEADER": "of-the-app"}
    return {"GCE_METADATA_HOST": server.host, **azure}


def _with_keys(place: Place) -> dict[str, str]:
    return control.variables(control.principal(place.running, "alice"))


PLACES: dict[str, Callable[[Place], dict[str, str]]] = {
    'type = "instance-metadata"': _workload("web"),
    'type = "container"': _workload("batch"),
    "credential_source = Ec2InstanceMetadata": _workload("web"),
    "credential_source = EcsContainer": _workload("batch"),
    "credential_source = Environment": _with_keys,
    'type = "oidc"\n\n': _job,
    'token_from = "gcp"': _cloud,
    'token_from = "azure"': _cloud,
}
"""Where a page with such a line is followed."""


def _with_tables(before: str, added: str) -> str:
    """A configuration with more in it: a table that is there already has, and says otherwise, what is added to it."""
    tables = dict.fromkeys(re.split(r"^(?=\[)", before, flags=re.MULTILINE), "")
    for table in re.split(r"^(?=\[)", added, flags=re.MULTILINE):
        heading, _, rest = table.partition("\n")
        there = next((old for old in tables if heading.startswith("[") and old.partition("\n")[0] == heading), None)
        if there is None:
            tables[table] = ""
            continue
        keys = {line.partition(" =")[0] for line in rest.splitlines()}
        kept = [line for line in there.splitlines() if line.partition(" =")[0] not in keys]
        tables = {"\n".join((*kept, rest)) if old == there else old: "" for old in tables}
    return "\n".join(tables)


STAND_INS = Path(__file__).parent / "stand_ins"
"""Programs that stand in for what cannot run here; a page that has them typed says so."""


def _is_here(program: str) -> bool:
    """Whether the real one is tried."""
    return (program == "terraform" and bool(shutil.which(program))) or (
        program == "node" and (SDK / "node_modules").exists()
    )


@contextmanager
def emulator(folder: Path, seed: str | None = None) -> Iterator[Path]:
    """The folder of an emulator, with an organisation from a seed or the built-in one."""
    try:
        import moto  # noqa: F401
    except ImportError:
        missing("moto")
    if seed:
        (folder / "org.toml").write_text(seed, encoding="utf-8")
    running = control.start(folder / "state", seed=folder / "org.toml" if seed else None)
    yield folder / "state"
    control.stop(folder / "state", running)


@contextmanager
def fresh_place(emulator: Path, home: Path) -> Iterator[Place]:
    """A fresh home, and the emulator at its seed."""
    running = control.find(emulator)
    assert running is not None
    remote.reset(running)
    running = control.find(emulator)
    assert running is not None
    found = Place(home=home, running=running)
    found.write(".inputrc", "set enable-bracketed-paste off\n")
    found.write(".seal", "c3RzY3RsLXRlc3RzLXNlYWxpbmcta2V5LTMyLWJ5dGU=\n")
    found.write(".config/stsctl/config.toml", BASE)
    found.program("browser", f'#!/bin/sh\nexec "{sys.executable}" "{visitor.__file__}" "$1"\n')
    base = fresh(home) | {
        "TERM": "xterm",
        "LOGNAME": "alice",
        "NODE_PATH": str(SDK / "node_modules"),
        "PS1": "[status $?]$ ",
        "BROWSER": f"{home}/bin/browser %s",
        "VISITOR": PERSON,
    }
    base["PATH"] = f"{home}/bin{os.pathsep}{base['PATH']}"
    found.environ = environment.child(base, environment.emulator(running.url, running.instance, None, base))
    try:
        yield found
    finally:
        if found.organisation() != running:
            control.stop(home / ".local" / "state" / "stsctl" / "emulator", found.organisation())
        for end in found.ended:
            end()
