"""What SDKs, which go by this machine's clock, make of an emulator whose clock was moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from stsctl.emulator import control, remote
from stsctl.emulator.running import Running
from tests.emulator_fixture import READ_ONLY


@pytest.fixture
def profile(emulator: Running, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A profile whose role boto3 assumes by itself, and renews."""
    keys = control.principal(emulator, "alice").credentials
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(
        f"[alice]\naws_access_key_id = {keys.access_key_id}\n"
        f"aws_secret_access_key = {keys.secret_access_key.reveal()}\n"
    )
    (home / ".aws" / "config").write_text(f"[profile reader]\nrole_arn = {READ_ONLY}\nsource_profile = alice\n")
    monkeypatch.setenv("AWS_ENDPOINT_URL", emulator.url)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return "reader"


def who(session: boto3.Session) -> Any:
    """Whose the session's credentials are, as the emulator says."""
    return session.client("sts").get_caller_identity()["Arn"]


def test_a_clock_ahead(emulator: Running, profile: str) -> None:
    """Begun after the move, boto3 notices nothing; begun before, it hears ExpiredToken, and a new one gets on."""
    before = boto3.Session(profile_name=profile)
    assert ":assumed-role/ReadOnly/" in who(before)
    remote.move_clock(emulator, timedelta(minutes=61))
    with pytest.raises(ClientError, match="ExpiredToken"):
        who(before)
    after = boto3.Session(profile_name=profile)
    assert ":assumed-role/ReadOnly/" in who(after)
    credentials: Any = after.get_credentials()
    assert timedelta(minutes=119) < credentials._expiry_time - datetime.now(UTC) < timedelta(minutes=122)


def test_a_clock_behind(emulator: Running, profile: str) -> None:
    """A little behind, boto3 gets on; by more than a session lasts, it takes a new session for one that is over."""
    remote.move_clock(emulator, timedelta(minutes=-10))
    assert ":assumed-role/ReadOnly/" in who(boto3.Session(profile_name=profile))
    remote.move_clock(emulator, timedelta(hours=-2))
    with pytest.raises(RuntimeError, match="still expired"):
        who(boto3.Session(profile_name=profile))
