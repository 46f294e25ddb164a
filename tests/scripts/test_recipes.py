"""Every recipe works as it is written: its files, its lines in a real bash, and what it promises of each."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click
import pexpect
import pytest

from stsctl import configuration, role_table, totp
from stsctl.cli import stsctl
from stsctl.credentials import Secret
from stsctl.emulator import control, remote
from stsctl.emulator.running import Running
from stsctl.emulator.seeds import seed
from stsctl.formats import environment
from stsctl.source import SourceKind
from stsctl.target import HopKind
from tests import browser
from tests.cli.test_cloud_tokens import Metadata
from tests.conftest import missing
from tests.crowd import until
from tests.program import BIN
from tests.scripts import recipes, visitor
from tests.scripts.conftest import fresh
from tests.scripts.recipes import Recipe, Step

RECIPES = recipes.read(recipes.PLACE.read_text(encoding="utf-8"))
BASE = '[defaults]\nstore = "sealed-file"\n\n[sealed_file]\nkey_file = "~/.seal"\n\n'
PERSON = "username=dora username=frank principal=111111111111:bob decision=allow"


# ── that there is one for everything ──


def _typed() -> set[str]:
    """Every command that some recipe has typed, in full: `keys add`."""
    lines = "\n".join(step.line for recipe in RECIPES for step in recipe.steps)
    return {name for name in _commands(stsctl, "") if re.search(rf"\bstsctl {name}\b", lines)}


def _commands(command: click.Command, path: str) -> Iterator[str]:
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _commands(inner, f"{path} {name}".strip())
    else:
        yield path


@pytest.mark.parametrize("group", ["keys", "mfa", "sso", "sts", "console"])
def test_every_operation_has_a_recipe(group: str) -> None:
    """Each command of the groups that lead in, or work with who one is, is typed in some recipe."""
    wanted = {name for name in _commands(stsctl, "") if name.split()[0] == group}
    assert wanted - _typed() == set()


def _configured() -> list[configuration.Configuration]:
    return [configuration.load(recipe.written("toml").encode(), None) for recipe in RECIPES]


@pytest.mark.parametrize("kind", list(SourceKind), ids=lambda kind: str(kind.value))
def test_every_source_has_a_recipe(kind: SourceKind) -> None:
    """Each kind is configured in some recipe; keys and the environment are there without a line."""
    configured = {entry.source.kind for found in _configured() for entry in found.sources.values()}
    assert kind in configured | {SourceKind.KEYS, SourceKind.ENVIRONMENT}


def test_every_input_of_a_role_is_in_a_recipe() -> None:
    """Each type of `[role.NAME]`, and each key that one can have, stands in some recipe."""
    lines = "\n".join(recipe.written("toml") for recipe in RECIPES)
    keys = {key for keys in role_table._KEYS.values() for key in keys}
    assert {key for key in keys if not re.search(rf"^{key} = ", lines, re.MULTILINE)} == set()
    kinds = {entry.hop.kind for found in _configured() for entry in found.roles.values()}
    assert set(HopKind) - kinds == set()


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: str(recipe.title))
def test_a_recipe_promises_something(recipe: Recipe) -> None:
    """One that shows no outcome could not be told from one that does nothing."""
    assert any(step.promised for step in recipe.steps)
    assert len({one.title for one in RECIPES}) == len(RECIPES)


def test_the_readme_leads_to_each() -> None:
    """Its table has every recipe, in order, and nothing that is none."""
    readme = (recipes.PLACE.parent.parent / "README.md").read_text(encoding="utf-8")
    section = readme.partition("\n## Recipes\n")[2].partition("\n## ")[0]
    linked = re.findall(r"\[([^]]+)\]\(docs/recipes\.md#([^)]+)\)", section)
    assert linked == [(recipe.title, recipe.anchor) for recipe in RECIPES]


# ── that each works ──


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
            self.environ["DISPLAY"] = ":none"  # there is a screen, as far as stsctl can see
        return text

    def program(self, name: str, text: str) -> None:
        """A program that the shell finds by its name."""
        self.write(f"bin/{name}", text, mode=stat.S_IRWXU)


def _keys(place: Place, name: str = "work") -> tuple[str, str]:
    """The keys that somebody calls so: alice's, where it is no user's name."""
    keys = control.principal(place.running, name if name == "bob" else "alice").credentials
    return keys.access_key_id, keys.secret_access_key.reveal()


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
    return "Access key ID,Secret access key\n{},{}\n".format(*_keys(place))


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
"""Where a recipe with such a line runs."""


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of an emulator with the example organisation."""
    try:
        import moto  # noqa: F401
    except ImportError:
        missing("moto")
    folder = tmp_path_factory.mktemp("emulator")
    (folder / "org.toml").write_text(seed.example_text(), encoding="utf-8")
    running = control.start(folder / "state", seed=folder / "org.toml")
    yield folder / "state"
    control.stop(folder / "state", running)


@pytest.fixture
def place(emulator: Path, home: Path) -> Iterator[Place]:
    """A fresh home, and the emulator at its seed."""
    running = control.find(emulator)
    assert running is not None
    remote.reset(running)
    running = control.find(emulator)
    assert running is not None
    found = Place(home=home, running=running)
    found.write(".inputrc", "set enable-bracketed-paste off\n")
    found.write(".seal", "c3RzY3RsLXRlc3RzLXNlYWxpbmcta2V5LTMyLWJ5dGU=\n")
    found.program("browser", f'#!/bin/sh\nexec "{sys.executable}" "{visitor.__file__}" "$1"\n')
    base = fresh(home) | {
        "TERM": "xterm",
        "PS1": "[status $?]$ ",
        "BROWSER": f"{home}/bin/browser %s",
        "VISITOR": PERSON,
    }
    base["PATH"] = f"{home}/bin{os.pathsep}{base['PATH']}"
    found.environ = environment.child(base, environment.emulator(running.url, running.instance, None, base))
    yield found
    for end in found.ended:
        end()


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: str(recipe.title))
def test_a_recipe_works_as_it_is_written(recipe: Recipe, place: Place) -> None:
    """Its files are written, its lines typed and its questions answered; then it shows what it promises."""
    if not (BIN / "aws").exists():
        missing("the AWS CLI")
    everything = "\n".join(text for _, text in recipe.blocks)
    for name, content in FILES.items():
        if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", everything):
            place.write(name, content(place))
    for name, content in PROGRAMS.items():
        if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", everything):
            place.program(name, content(place))
    for line, of in PLACES.items():
        if line in everything:
            place.environ |= of(place)
            place.environ.pop("AWS_EC2_METADATA_DISABLED", None)
    place.write(".config/stsctl/config.toml", BASE + place.here(recipe.written("toml")))
    if recipe.written("ini"):
        place.write(".aws/config", recipe.written("ini"))
    reader = Reader(place)
    try:
        for step in recipe.steps:
            reader.types(step)
    finally:
        reader.close()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


_PROMPT = r"\[status ([0-9]+)\]\$ "


class Reader:
    """Somebody who types what a recipe says into bash, and answers what is asked."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._line = ""
        self._seed = ""
        self._step = 0
        self._terminal = pexpect.spawn(
            "bash",
            ["--norc", "--noprofile"],
            env=place.environ,
            cwd=str(place.home),
            encoding="utf-8",
            timeout=40,
            dimensions=(80, 300),
        )
        self._terminal.expect(_PROMPT)

    def types(self, step: Step) -> None:
        """Types a line, answers its questions, and compares."""
        self._line = step.line
        self._terminal.sendline(step.line)
        shown = ""
        while found := self._terminal.expect([_PROMPT, *self._answers()]):
            shown += str(self._terminal.before) + str(self._terminal.after)
            answer = list(self._answers().values())[found - 1](shown)
            if answer:
                self._terminal.sendline(answer)
        shown = (shown + str(self._terminal.before)).partition("\n")[2]  # without the line itself
        shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
        refused = any(line.startswith("stsctl: error: ") for line in step.promised)
        assert bool(int(self._terminal.match[1])) is refused, f"{step.line}: {shown}"
        assert step.is_kept_by(shown), f"{step.line}\npromised: {step.promised}\nshown: {shown}"

    def _answers(self) -> dict[str, Callable[[str], str]]:
        """What is asked, and what is answered, given all that was shown."""
        return {
            r"Access key id: ": lambda _: _keys(self._place, self._line.split()[-1])[0],
            r"Secret access key \(not shown\): ": lambda _: _keys(self._place, self._line.split()[-1])[1],
            r'MFA code of [^\r\n]* for "[^\r\n]*": ': lambda _: control.code(self._place.running, "alice"),
            r"The code that the device shows: ": self._first_code,
            r"The next code that it shows[^\r\n]*: ": self._next_code,
            r"\[y/N\] ": lambda _: "y",
            r"https?://\S+user_code=\S+": self._with_a_phone,
            r"in the browser that opens": self._at_a_browser,
        }

    def _with_a_phone(self, shown: str) -> str:
        """Opens the address that is shown in a browser that is not this machine's; nothing is typed."""
        visitor.visit(shown[shown.rindex("http") :], visitor.words(PERSON))
        return ""

    def _at_a_browser(self, _: str) -> str:
        """Signs in in the Chromium that opens; nothing is typed on the terminal."""
        try:
            from playwright.sync_api import sync_playwright
        except ImportError:
            missing("playwright")
        with sync_playwright() as playwright:
            until(lambda: _listens(self._place.port), "the browser to open")
            page = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{self._place.port}").contexts[0].pages[0]
            page.get_by_role("button", name="frank").click(timeout=30_000)
            page.get_by_role("button", name="Continue to AWS").click(no_wait_after=True)
        return ""

    def _first_code(self, shown: str) -> str:
        """What a device shows: an app has read its key from the terminal, or somebody left it in a file."""
        if (file := self._place.home / "seed").exists():
            self._seed = file.read_text()
        if found := re.search(r"type the key into it:\s+([A-Z2-7 ]+)\r", shown):
            self._seed = found[1].replace(" ", "")
        self._step = totp.step_at(datetime.now(UTC))
        return totp.code_at(Secret(self._seed), self._step)

    def _next_code(self, _: str) -> str:
        return totp.code_at(Secret(self._seed), self._step + 1)

    def close(self) -> None:
        """Closes the terminal."""
        self._terminal.close(force=True)
