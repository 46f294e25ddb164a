"""Running emulators for tests: a conftest.py that wants them imports the fixtures from here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from stsctl.credentials import Credentials, Secret
from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.conftest import missing

ALICE = "arn:aws:iam::111111111111:user/alice"
ALICE_MFA = "arn:aws:iam::111111111111:mfa/alice"
HUB = "arn:aws:iam::111111111111:role/Hub"
READ_ONLY = "arn:aws:iam::111111111111:role/ReadOnly"
LOCKED = "arn:aws:iam::111111111111:role/Locked"
ADMIN = "arn:aws:iam::222222222222:role/Admin"
EXTERNAL_ID = "x-emulated-42"


def _need_moto() -> None:
    try:
        import moto  # noqa: F401
    except ImportError:
        missing("moto")


@pytest.fixture(scope="session")
def shared_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One emulator for all tests of a run, with the built-in organisation: for tests that change nothing in it."""
    _need_moto()
    folder = tmp_path_factory.mktemp("emulator")
    running = control.start(folder)
    yield running
    control.stop(folder, running)


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[Running]:
    """An emulator of the test's own, with the built-in organisation."""
    _need_moto()
    folder = tmp_path / "emulator"
    running = control.start(folder)
    yield running
    control.stop(folder, running)


@pytest.fixture
def emulator_from(tmp_path: Path) -> Iterator[Callable[[str], Running]]:
    """Starts an emulator from a seed, given as TOML text."""
    _need_moto()
    started: list[tuple[Path, Running]] = []

    def start(text: str) -> Running:
        folder = tmp_path / f"emulator-{len(started)}"
        seed = tmp_path / f"seed-{len(started)}.toml"
        seed.write_text(text)
        running = control.start(folder, seed=seed)
        started.append((folder, running))
        return running

    yield start
    for folder, running in started:
        control.stop(folder, running)


def client(running: Running, service: str, credentials: Credentials, **options: Any) -> Any:
    """A boto3 client of `service` at an emulator, with nothing from the environment."""
    import boto3
    from botocore.config import Config

    token = credentials.session_token
    return boto3.client(
        service,  # type: ignore[call-overload]
        endpoint_url=running.url,
        region_name=options.pop("region", "us-east-1"),
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key.reveal(),
        aws_session_token=token.reveal() if token else None,
        config=Config(retries={"total_max_attempts": 1}, **options),
    )


def credentials_of(answer: Any) -> Credentials:
    """The credentials in an answer of STS."""
    found = answer["Credentials"]
    return Credentials(
        access_key_id=found["AccessKeyId"],
        secret_access_key=Secret(found["SecretAccessKey"]),
        session_token=Secret(found["SessionToken"]),
        expires_at=found["Expiration"],
    )
