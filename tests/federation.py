"""An organisation that trusts an identity provider of the emulator: people and programs without any keys.

Tests import the fixtures `federation` (one emulator for a run) and `visitor` (somebody with a token in a file).
"""

from __future__ import annotations

import base64
import html
import json
import re
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

import pytest

from stsctl.emulator import control
from tests.conftest import missing
from tests.program import PRODUCTION, WORK, Me, Organisation, somebody

ROOT = Path(__file__).parent.parent

DEPLOY = f"arn:aws:iam::{WORK}:role/Deploy"
SHIP = f"arn:aws:iam::{PRODUCTION}:role/Ship"
READER = f"arn:aws:iam::{WORK}:role/Reader"
SHORT = f"arn:aws:iam::{WORK}:role/Short"
OIDC = f"arn:aws:iam::{WORK}:oidc-provider/${{idp.corp}}"
SAML = f"arn:aws:iam::{WORK}:saml-provider/corp"
AWAY = f"arn:aws:iam::{WORK}:saml-provider/away"
"""A provider whose pages lead to AWS's own sign-in, and to nothing of the emulator's."""
STS = "sts.amazonaws.com"
_FEDERATED = '"sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity"'


def _role(account: str, name: str, principal: str, actions: str) -> str:
    return f"""
[account.{account}.role.{name}]
max_duration = "4h"
trust = {{ Version = "2012-10-17", Statement = [
    {{ Effect = "Allow", Principal = {principal}, Action = [{actions}] }} ] }}
policies.all = {{ Version = "2012-10-17", Statement = [ {{ Effect = "Allow", Action = "*", Resource = "*" }} ] }}
"""


def _client(name: str, subject: str, repository: str) -> str:
    return f"""
[idp.corp.client.{name}]
secret = "{name}-secret-0123456789"
audience = ["{STS}"]
subject = "{subject}"
claims = {{ repository = "{repository}" }}
"""


def seed() -> str:
    """What the emulator begins with."""
    people = "".join(f"[account.{WORK}.user.p{number:03}]\nkey.main = {{}}\nmfa = {{}}\n" for number in range(90))
    return (
        '[idp.corp]\nsession_duration = "2h"\n'
        f'[idp.corp.user.alice]\nsource_identity = "alice"\nroles = ["{READER}", "{DEPLOY}", "{SHORT}"]\n'
        f'[idp.corp.user.bob]\nroles = ["{READER}"]\n'
        '[idp.corp.client.app]\nredirect_uris = ["http://127.0.0.1/oauth/callback"]\n'
        '[idp.away]\nsign_in = "https://signin.aws.amazon.com/saml"\n'
        f'[idp.away.user.carol]\nroles = ["{READER},{AWAY}"]\n[account.{WORK}.saml_provider.away]\nidp = "away"\n'
        + _client("blue", "repo:org/blue:ref:main", "org/blue")
        + _client("red", "repo:org/red:ref:main", "org/red")
        + _client("fork", "repo:org/blue:ref:main", "fork/blue")
        + f'[account.{WORK}.oidc_provider.corp]\nidp = "corp"\nclient_ids = ["{STS}", "blue", "red", "fork", "app"]\n'
        + f'[account.{WORK}.saml_provider.corp]\nidp = "corp"\n'
        + people
        + _role(WORK, "Deploy", f'{{ Federated = ["{OIDC}", "{SAML}"] }}', _FEDERATED)
        + _role(WORK, "Reader", f'{{ Federated = ["{SAML}", "{AWAY}"] }}', _FEDERATED)
        + _role(WORK, "Short", f'{{ Federated = "{SAML}" }}', _FEDERATED).replace("4h", "1h")
        + f"[account.{PRODUCTION}]\n"
        + _role(PRODUCTION, "Ship", f'{{ AWS = "{DEPLOY}" }}', '"sts:AssumeRole", "sts:SetSourceIdentity"')
    )


@pytest.fixture(scope="session")
def federation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """The organisation."""
    for package in ("joserfc", "signxml"):
        if find_spec(package) is None:
            missing(package)
    folder = tmp_path_factory.mktemp("federation")
    file = folder / "seed.toml"
    file.write_text(seed(), encoding="utf-8")
    running = control.start(folder / "state", seed=file)
    people = (f"p{number:03}" for number in range(90))
    yield Organisation(running=running, folder=folder / "state", people=people)
    control.stop(folder / "state", running)


@pytest.fixture
def visitor(home: Path, federation: Organisation) -> Me:
    """Somebody without keys, and with a token in a file."""
    found = somebody(home, federation)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        found.environ.pop(name, None)
    (home / "token").write_text(token(federation) + "\n")
    found.configure(configuration('web_identity_token_file = "~/token"'))
    return found


def configuration(source: str, *, kind: str = "oidc", more: str = "") -> str:
    """A source, a role that it becomes, and one behind that."""
    return f"""
[source.ci]
type = "{kind}"
{source}

[role.deploy]
role_arn = "{DEPLOY}"
from = "ci"
{more}

[role.ship]
role_arn = "{SHIP}"
from = "deploy"
"""


def _post(federation: Organisation, path: str, fields: dict[str, str]) -> str:
    opener = build_opener(ProxyHandler({}))
    with opener.open(f"{federation.running.url}{path}", urlencode(fields).encode(), timeout=30) as answer:
        return str(answer.read().decode())


def token(federation: Organisation, client: str = "blue") -> str:
    """A new token about a client of the issuer."""
    fields = {"grant_type": "client_credentials", "client_id": client, "client_secret": f"{client}-secret-0123456789"}
    return str(json.loads(_post(federation, "/idp/corp/oidc/token", fields))["access_token"])


def assertion(federation: Organisation, person: str = "alice") -> str:
    """A new SAML response about somebody."""
    found = re.search(r'name="SAMLResponse" value="([^"]+)"', _post(federation, "/idp/corp/saml", {"username": person}))
    assert found is not None
    return html.unescape(found[1])


def changed(text: str, **claims: object) -> str:
    """A token with other claims, which nobody signed."""
    head, body, signature = text.split(".")
    said = json.loads(base64.urlsafe_b64decode(body + "=="))
    new = base64.urlsafe_b64encode(json.dumps(said | claims).encode()).decode().rstrip("=")
    return f"{head}.{new}.{signature}"


def sign_in(page: str, person: str, *more: str) -> str:
    """Signs somebody in on a page of the issuer, as a browser that follows where that leads; gives the last page.

    `more` are fields, as `name=value`, of another form that is posted there.
    """
    browser = build_opener(ProxyHandler({}), HTTPCookieProcessor())
    text = ""
    for fields in ({"username": person}, dict(field.split("=", 1) for field in more)):
        if fields:
            with browser.open(page, urlencode(fields).encode(), timeout=30) as answer:
                text = answer.read().decode()
    return text


def browser(me: Me, person: str = "alice", *, first: str = "") -> str:
    """A BROWSER in which somebody signs in at once, and that notes in ~/opened where it was sent to.

    `first` is a command of the shell that may change the address, which is in $page.
    """
    run = f"cd {ROOT} && {sys.executable} -m tests.federation"
    script = me.script(
        f"browser-{person}", f'page="$1"\necho "$page" >> {me.home}/opened\n{first}\n{run} "$page" {person}'
    )
    return f"{script} %s &"


def opened(me: Me) -> list[str]:
    """Where the browser was sent to."""
    file = me.home / "opened"
    return file.read_text().splitlines() if file.exists() else []


if __name__ == "__main__":
    sign_in(*sys.argv[1:])
