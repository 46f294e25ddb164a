"""Somebody with a certificate, in an organisation whose CA is the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from stsctl.emulator import control
from tests.program import PRODUCTION, WORK, Me, Organisation, somebody, start

SERVER = f"arn:aws:iam::{WORK}:role/Server"
DEPLOY = f"arn:aws:iam::{PRODUCTION}:role/Deploy"
ACTIONS = '["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]'
PASSPHRASE = "canary passphrase 0123456789"


def _role(account: str, name: str, principal: str, condition: str = "") -> str:
    return f"""
[account.{account}.role.{name}]
max_duration = "4h"
trust = {{ Version = "2012-10-17", Statement = [
    {{ Effect = "Allow", Principal = {principal}, Action = {ACTIONS}{condition} }} ] }}
policies.all = {{ Version = "2012-10-17", Statement = [ {{ Effect = "Allow", Action = "*", Resource = "*" }} ] }}
"""


SEED = (
    f'[account.{WORK}.trust_anchor.corp]\nregion = "eu-central-1"\n'
    f'[account.{WORK}.roles_anywhere_profile.servers]\nregion = "eu-central-1"\nroles = ["Server", "OnlyWeb"]\n'
    'accept_role_session_name = true\nduration = "6h"\n'
    f'[account.{WORK}.roles_anywhere_profile.brief]\nregion = "eu-central-1"\nroles = ["Server"]\nduration = "30m"\n'
    + _role(WORK, "Server", '{ Service = "rolesanywhere.amazonaws.com" }')
    + _role(
        WORK,
        "OnlyWeb",
        '{ Service = "rolesanywhere.amazonaws.com" }',
        ', Condition = { StringLike = { "aws:PrincipalTag/x509Subject/CN" = "web-*" } }',
    )
    + _role(PRODUCTION, "Deploy", f'{{ AWS = "{SERVER}" }}')
    + _role(PRODUCTION, "Strict", f'{{ AWS = "{SERVER}" }}').replace(ACTIONS, '"sts:AssumeRole"')
)


@pytest.fixture(scope="module")
def anywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """An organisation whose CA is the emulator, in another region than the usual."""
    found = start(tmp_path_factory.mktemp("anywhere"), more=SEED)
    yield found
    control.stop(found.folder, found.running)


@pytest.fixture
def certified(home: Path, anywhere: Organisation) -> Me:
    """Somebody without keys, and with a certificate."""
    found = somebody(home, anywhere)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        found.environ.pop(name, None)
    # The emulator is of this person, as it is of who starts one.
    found.state.mkdir(parents=True, exist_ok=True)
    (found.state / "emulator").symlink_to(anywhere.folder)
    found.configure(enrolled(found) + MORE)
    return found


MORE = f"""
[role.server]
role_arn = "{SERVER}"
from = "web-1"
duration = "1h"

[role.named]
role_arn = "{SERVER}"
from = "web-1"
duration = "1h"
session_name = "by-{{user}}"

[role.unlimited]
role_arn = "{SERVER}"
from = "web-1"

[role.deploy]
role_arn = "{DEPLOY}"
from = "server"
"""


def enrolled(me: Me, name: str = "web-1") -> str:
    """A new certificate, and a source of it."""
    found = control.certificate(me.organisation.running, name, folder=me.home / ".config" / "stsctl")
    profile_arn, _ = found.profiles[0]
    return f"""
[source.{name}]
type = "roles-anywhere"
certificate = "{found.certificate.name}"
private_key = "{found.private_key.name}"
trust_anchor_arn = "{found.trust_anchor_arn}"
profile_arn = "{profile_arn}"
"""


def again(me: Me) -> None:
    """The certificate is renewed: another one, with another key, of the same name."""
    for path in (certificate(me), key(me)):
        path.unlink()
    enrolled(me)


def certificate(me: Me) -> Path:
    """The certificate's file."""
    return me.home / ".config" / "stsctl" / "web-1.pem"


def key(me: Me) -> Path:
    """The key's file."""
    return me.home / ".config" / "stsctl" / "web-1-key.pem"


def lock(me: Me) -> None:
    """Puts the key under a passphrase."""
    found = load_pem_private_key(key(me).read_bytes(), None)
    form = BestAvailableEncryption(PASSPHRASE.encode())
    key(me).write_bytes(found.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, form))


def with_process(me: Me, answer: str) -> None:
    """A program gives the passphrase, and notes that it was asked."""
    script = me.script("passphrase", f"echo >> {me.home}/asked\necho '{answer}'")
    line, text = f'passphrase_process = "{script}"', me.config.read_text()
    if line not in text:
        me.configure(text.replace('type = "roles-anywhere"', f'type = "roles-anywhere"\n{line}'), store="")
