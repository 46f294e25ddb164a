"""boto3's own provider for web identities, at the emulator."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import botocore.session
import pytest

from stsctl.credentials import Credentials, Secret
from stsctl.emulator.running import Running
from tests.conftest import missing
from tests.emulator_fixture import client

ISSUER = "https://token.example"


def test_web_identity_provider_of_boto3(
    emulator_from: Callable[[str], Running], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token in a file and a role's ARN are all that boto3 needs for credentials that work on S3."""
    try:
        from joserfc import jwt
        from joserfc.jwk import RSAKey
    except ImportError:
        missing("joserfc")
    key = RSAKey.generate_key(2048, {"kid": "k"})
    statement = {
        "Effect": "Allow",
        "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/token.example"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {"StringEquals": {"token.example:sub": "repo:org/x"}},
    }
    lists = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    running = emulator_from(
        f"[account.111111111111.oidc_provider.'{ISSUER}']\nclient_ids = ['sts.amazonaws.com']\n"
        f"jwks = '{json.dumps({'keys': [key.as_dict(private=False)]})}'\n[account.111111111111.role.Deploy]\n"
        f"trust = '{json.dumps({'Version': '2012-10-17', 'Statement': [statement]})}'\n"
        f"policies.list = '{json.dumps({'Version': '2012-10-17', 'Statement': [lists]})}'\n"
    )
    now = int(datetime.now(UTC).timestamp())
    claims = {"iss": ISSUER, "aud": "sts.amazonaws.com", "sub": "repo:org/x", "iat": now, "exp": now + 300}
    (tmp_path / "token").write_text(jwt.encode({"alg": "RS256", "kid": "k"}, claims, key))
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::111111111111:role/Deploy")
    monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    found = botocore.session.Session().get_credentials()
    assert found is not None
    assert found.method == "assume-role-with-web-identity"
    frozen = found.get_frozen_credentials()
    held = Credentials(
        access_key_id=frozen.access_key,
        secret_access_key=Secret(frozen.secret_key),
        session_token=Secret(frozen.token or ""),
    )
    assert client(running, "s3", held).list_buckets()["Buckets"] == []
