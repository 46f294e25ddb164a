"""AWS Labs' own client of IAM Roles Anywhere, which signs by botocore's code, against the emulator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from stsctl.credentials import Credentials, Secret
from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.certificates import Holder, authority, issue, key_of, name
from tests.conftest import missing
from tests.emulator_fixture import client

PLACE = "arn:aws:rolesanywhere:us-east-1:111111111111"
ANCHOR, PROFILE = (f"{digit}0000000-0000-0000-0000-000000000000" for digit in "ab")
ROOT = authority("Root")
MIDDLE = authority("Middle", by=ROOT)
SEED = f"""
[account.111111111111.trust_anchor.root]
id = "{ANCHOR}"
certificates = '''
{ROOT.pem}'''
[account.111111111111.roles_anywhere_profile.servers]
id = "{PROFILE}"
roles = ["Server"]
accept_role_session_name = true
[account.111111111111.role.Server.trust]
Version = "2012-10-17"
Statement = [
    {{ Effect = "Allow", Principal = {{ Service = "rolesanywhere.amazonaws.com" }}, Action = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"] }},
]
"""  # noqa: E501 - a seed


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An emulator that believes the certificates of ROOT."""
    folder = tmp_path_factory.mktemp("emulator")
    seed = folder / "seed.toml"
    seed.write_text(SEED)
    found = control.start(folder / "state", seed=seed)
    yield found
    control.stop(folder / "state", found)


@pytest.mark.parametrize("kind", ["rsa2048", "p256"])
@pytest.mark.parametrize("by", [ROOT, MIDDLE], ids=["directly", "by a chain"])
def test_the_client_of_aws_labs(running: Running, tmp_path: Path, kind: str, by: Holder) -> None:
    """It is let in, with its certificate alone or with what leads to the CA, and STS knows the session."""
    try:
        from iam_rolesanywhere_session import IAMRolesAnywhereSigner
    except ImportError:
        missing("iam-rolesanywhere-session")
    holder = issue(name("web-1"), by=by, key=key_of(kind))
    chain = MIDDLE.pem.encode() if by is MIDDLE else None
    signer = IAMRolesAnywhereSigner(holder.pem.encode(), holder.key_pem, certificate_chain=chain)
    wanted = {
        "durationSeconds": 900,
        "profileArn": f"{PLACE}:profile/{PROFILE}",
        "roleArn": "arn:aws:iam::111111111111:role/Server",
        "trustAnchorArn": f"{PLACE}:trust-anchor/{ANCHOR}",
        "roleSessionName": "by-labs",
    }
    headers = {"Content-Type": "application/json"}
    request = AWSRequest("POST", f"{running.url}/sessions", data=json.dumps(wanted), headers=headers)
    signer.add_auth(request)
    answer = URLLib3Session().send(request.prepare())
    assert answer.status_code == 201, answer.text
    given = json.loads(answer.text)["credentialSet"][0]["credentials"]
    credentials = Credentials(
        access_key_id=given["accessKeyId"],
        secret_access_key=Secret(given["secretAccessKey"]),
        session_token=Secret(given["sessionToken"]),
    )
    arn = client(running, "sts", credentials).get_caller_identity()["Arn"]
    assert arn == "arn:aws:sts::111111111111:assumed-role/Server/by-labs"
