"""The AWS SDK for JavaScript v3 at the emulator: each of its providers finds credentials, and they work on S3."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.conftest import missing
from tests.emulator_fixture import client
from tests.program import STSCTL
from tests.real.test_emulator_identity_center import SESSION_PROFILE, signed_in
from tests.real.test_emulator_login import SAME_DEVICE, logged_in
from tests.real.test_emulator_login import stamp as in_cache
from tests.sdk_for_javascript import SDK
from tests.unit.emulator import test_web_identity as web
from tests.unit.emulator.center import START_URL, TOML, WORK
from tests.unit.emulator.workloads import DEPLOY, MAY_S3, SEED, variables

SCRIPT = Path(__file__).with_name("providers.cjs")
CAROL = f"arn:aws:iam::{WORK}:user/carol"
LENA = f"arn:aws:iam::{WORK}:user/lena"
WITH_MFA = f"arn:aws:iam::{WORK}:role/WithMfa"
FEDERATED = f"arn:aws:iam::{WORK}:role/Federated"


def _trust(**more: object) -> str:
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


ORGANISATION = f"""{TOML}
{SEED}
[account.{WORK}.user.carol]
key.main = {{}}
mfa = {{}}
policies.become = '{_trust(Resource=[WITH_MFA, f"arn:aws:iam::{WORK}:role/Plain"])}'
[account.{WORK}.user.lena]
managed = ["arn:aws:iam::aws:policy/SignInLocalDevelopmentAccess"]
policies.s3 = '{MAY_S3}'
[account.{WORK}.role.WithMfa]
trust = '{_trust(Principal={"AWS": CAROL}, Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})}'
policies.s3 = '{MAY_S3}'
[account.{WORK}.role.Plain]
trust = '{_trust(Principal={"AWS": CAROL})}'
policies.s3 = '{MAY_S3}'
[account.{WORK}.oidc_provider."{web.ISSUER}"]
client_ids = ["sts.amazonaws.com"]
jwks = '{web.jwks()}'
[account.{WORK}.role.Federated]
trust = '{web.trust({})}'
policies.s3 = '{MAY_S3}'
"""

CONFIG = f"""
[profile with-mfa]
role_arn = {WITH_MFA}
source_profile = carol
mfa_serial = arn:aws:iam::{WORK}:mfa/carol
[profile plain]
role_arn = arn:aws:iam::{WORK}:role/Plain
source_profile = carol
[profile hooked]
credential_process = {STSCTL} --store memory credential-process plain
[profile by-instance]
role_arn = {DEPLOY}
credential_source = Ec2InstanceMetadata
[profile by-container]
role_arn = {DEPLOY}
credential_source = EcsContainer
[profile lena]
login_session = {LENA}
{SESSION_PROFILE}
"""


class Person:
    """Somebody's home, with what the providers of the SDK look for in it."""

    def __init__(self, folder: Path, running: Running) -> None:
        self.running = running
        self.aws = folder / ".aws"
        self.aws.mkdir()
        self.token = folder / "token"
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "NODE_PATH": str(SDK / "node_modules"),
            "AWS_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL": running.url,
            "STSCTL_EMULATOR": running.instance,
        }

    def prepare(self) -> None:
        """Carol's keys, a web identity's token, dora's Identity Center token and lena's login."""
        keys = control.principal(self.running, "carol").credentials
        secret = keys.secret_access_key.reveal()
        (self.aws / "credentials").write_text(
            f"[carol]\naws_access_key_id = {keys.access_key_id}\naws_secret_access_key = {secret}\n"
        )
        (self.aws / "config").write_text(CONFIG)
        self.token.write_text(web.token())
        dora = signed_in(self.running, "dora", "sso:account:access")
        content = {name: dora[name] for name in ("clientId", "clientSecret", "accessToken", "refreshToken")}
        content |= {"startUrl": START_URL, "region": "eu-central-1", "expiresAt": in_cache(hours=8)}
        self._cache("sso", hashlib.sha1(b"acme").hexdigest(), content)
        self._cache("login", hashlib.sha256(LENA.encode()).hexdigest(), self._login())

    def _login(self) -> dict[str, object]:
        """A login whose credentials are over, so that the SDK has to get others with its proof."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
        from joserfc.jwk import ECKey

        key = ECKey.generate_key("P-256")
        tokens: Any = logged_in(self.running, key, f"{WORK}:lena")
        pem = key.private_key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        over = {**tokens["accessToken"], "accountId": WORK, "expiresAt": in_cache(minutes=-1)}
        return {
            "accessToken": over,
            "tokenType": tokens["tokenType"],
            "clientId": SAME_DEVICE,
            "refreshToken": tokens["refreshToken"],
            "idToken": tokens["idToken"],
            "dpopKey": pem.decode(),
        }

    def _cache(self, kind: str, name: str, content: dict[str, object]) -> None:
        folder = self.aws / kind / "cache"
        folder.mkdir(parents=True)
        (folder / f"{name}.json").write_text(json.dumps(content))

    def wishes(self) -> dict[str, dict[str, Any]]:
        """What the SDK is asked for, by what it proves."""
        container, instance = variables(self.running, "job"), variables(self.running, f"{WORK}:web")
        federated = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(self.token), "AWS_ROLE_ARN": FEDERATED}
        chain = {"params": {"RoleArn": DEPLOY, "RoleSessionName": "onward"}}
        return {
            "assume role with MFA": {
                "provider": "fromIni",
                "options": {"profile": "with-mfa"},
                "code": control.code(self.running, "carol"),
            },
            "web identity": {"provider": "fromTokenFile", "environ": federated},
            "container": {"provider": "fromContainerMetadata", "environ": container},
            "container by http": {"provider": "fromHttp", "environ": container},
            "container in the chain": {"provider": "fromNodeProviderChain", "environ": container},
            "instance": {"provider": "fromInstanceMetadata", "environ": instance},
            "instance in the chain": {"provider": "fromNodeProviderChain", "environ": instance},
            "from an instance on": {"provider": "fromIni", "options": {"profile": "by-instance"}, "environ": instance},
            "from a container on": {
                "provider": "fromIni",
                "options": {"profile": "by-container"},
                "environ": container,
            },
            "temporary": {
                "provider": "fromTemporaryCredentials",
                "options": chain,
                "master": "fromInstanceMetadata",
                "environ": instance,
            },
            "process": {"provider": "fromProcess", "options": {"profile": "hooked"}},
            "sso": {"provider": "fromSSO", "options": {"profile": "dora"}},
            "login": {"provider": "fromLoginCredentials", "options": {"profile": "lena"}},
            "wrong token": {
                "provider": "fromHttp",
                "environ": {**container, "AWS_CONTAINER_AUTHORIZATION_TOKEN": "wrong"},
            },
            "instance without trust": {
                "provider": "fromInstanceMetadata",
                "environ": variables(self.running, "untrusted"),
            },
        }


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, dict[str, Any]]]:
    """What each provider found, in one run of node."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node, and Debian's is too old for the SDK")
    if not (SDK / "node_modules" / "@aws-sdk" / "credential-providers").is_dir():
        missing(f"the AWS SDK for JavaScript in {SDK}")
    folder = tmp_path_factory.mktemp("javascript")
    (folder / "org.toml").write_text(ORGANISATION)
    running = control.start(folder / "state", seed=folder / "org.toml")
    try:
        root = client(running, "s3", control.principal(running, f"{WORK}:root").credentials)
        root.create_bucket(Bucket="of-work")
        person = Person(folder, running)
        person.prepare()
        wishes = person.wishes()
        done = subprocess.run(
            [str(node), str(SCRIPT)],
            env=person.environ,
            input=json.dumps(list(wishes.values())),
            capture_output=True,
            text=True,
            check=False,
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        yield dict(zip(wishes, lines, strict=True))
    finally:
        control.stop(folder / "state", running)


@pytest.mark.parametrize(
    ("wish", "account", "identity"),
    [
        ("assume role with MFA", WORK, "assumed-role/WithMfa/"),
        ("web identity", WORK, "assumed-role/Federated/"),
        ("container", WORK, "assumed-role/Job/"),
        ("container by http", WORK, "assumed-role/Job/"),
        ("container in the chain", WORK, "assumed-role/Job/"),
        ("instance", WORK, "assumed-role/Web/i-0"),
        ("instance in the chain", WORK, "assumed-role/Web/i-0"),
        ("from an instance on", "222222222222", "assumed-role/Deploy/"),
        ("from a container on", "222222222222", "assumed-role/Deploy/"),
        ("temporary", "222222222222", "assumed-role/Deploy/onward"),
        ("process", WORK, "assumed-role/Plain/"),
        ("sso", "222222222222", "assumed-role/AWSReservedSSO_ListBuckets_"),
        ("login", WORK, "user/lena"),
    ],
)
def test_a_provider(answers: dict[str, dict[str, Any]], wish: str, account: str, identity: str) -> None:
    """The provider finds the credentials of whom it should, and S3 lists that account's buckets with them."""
    found = answers[wish]
    assert "error" not in found, found["error"]
    service = "iam" if identity.startswith("user/") else "sts"
    assert found["arn"].startswith(f"arn:aws:{service}::{account}:{identity}")
    assert found["buckets"] == (["of-work"] if account == WORK else [])


@pytest.mark.parametrize("wish", ["wrong token", "instance without trust"])
def test_a_provider_that_gets_nothing(answers: dict[str, dict[str, Any]], wish: str) -> None:
    """Where the emulator refuses, the provider finds no credentials."""
    assert "CredentialsProviderError" in answers[wish]["error"]
