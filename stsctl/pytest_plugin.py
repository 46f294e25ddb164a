"""A plugin for pytest: the emulator in tests, one for each organisation, back at its seed for each test.

    def test_alice_may_not_delete(stsctl_emulator):
        with pytest.raises(ClientError):
            stsctl_emulator.client("s3", as_="alice").delete_bucket(Bucket="logs")
        assert "KeepTheLogs" in stsctl_emulator.decisions(denied=True)[-1].because

Loading it loads nothing of the emulator; that comes with the first test that asks for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from stsctl.emulator.control import Principal
    from stsctl.emulator.running import Running
    from stsctl.emulator.state.noted import Noted

MARKER = "stsctl_organization"


def pytest_configure(config: pytest.Config) -> None:
    """Says what the marker is for."""
    config.addinivalue_line(
        "markers", f"{MARKER}(seed): the organisation of the stsctl_emulator: a dict, TOML text, or the path of a file"
    )


@dataclass(slots=True, kw_only=True)
class EmulatedAws:
    """A running emulator, as a test uses it. `as_` is whom: `alice`, `111111111111:root`, or an ARN."""

    folder: Path = field(repr=False)
    _before: int = field(default=0, repr=False)

    @property
    def running(self) -> Running:
        """Where it runs, and how it stands: its URL, its instance, how far its clock is ahead."""
        from stsctl.emulator import running

        found = running.read(self.folder)
        if found is None:
            raise RuntimeError("the emulator has ended")
        return found

    @property
    def url(self) -> str:
        """The endpoint of every service."""
        return self.running.url

    def principal(self, as_: str) -> Principal:
        """Keys of somebody, their ARN and their MFA device; a role's are those of a session that starts now."""
        from stsctl.emulator import control

        return control.principal(self.running, as_)

    def client(self, service: str, *, as_: str, region: str = "us-east-1", **options: Any) -> Any:
        """A boto3 client of a service; it takes nothing from the environment."""
        import boto3

        variables = self.environment(as_)
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.url,
            region_name=region,
            aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=variables.get("AWS_SESSION_TOKEN"),
            **options,
        )

    def environment(self, as_: str | None = None) -> dict[str, str]:
        """The variables that point SDKs, the AWS CLI and stsctl at it, and make them somebody."""
        from stsctl.emulator import control

        running = self.running
        variables = {
            "AWS_ENDPOINT_URL": running.url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "STSCTL_EMULATOR": running.instance,
        }
        return variables if as_ is None else variables | control.variables(control.principal(running, as_))

    def code(self, user: str) -> str:
        """A code of a user's MFA device that was not used yet; it may take until the next half minute."""
        from stsctl.emulator import control

        return control.code(self.running, user)

    def move_clock(self, by: timedelta | None) -> None:
        """Moves the emulator's clock, for expiry and policies; None puts it back to this machine's."""
        from stsctl.emulator import remote

        remote.move_clock(self.running, by)

    def fail(
        self, action: str, fault: str = "throttle", *, times: int | None = 1, lasts: timedelta | None = None
    ) -> None:
        """Makes the next calls of an action fail: "throttle", "slow" (for `lasts`) or "unavailable"."""
        from stsctl.emulator import remote

        remote.fail(self.running, action, fault, times=times, lasts=lasts)

    def decisions(self, *, denied: bool = False, action: str | None = None) -> list[Noted]:
        """What was asked during this test, in order; `because` says which statement decided."""
        found = self._noted()[self._before :]
        return [each for each in found if (each.denied or not denied) and action in (None, each.action)]

    def reset(self) -> None:
        """Back to the seed: what was made and issued is gone; keys and URL stay."""
        from stsctl.emulator import remote

        remote.reset(self.running)
        self._before = len(self._noted())

    def _noted(self) -> list[Noted]:
        from stsctl.emulator import running
        from stsctl.emulator.state import noted

        return list(noted.read(running.log_in(self.folder)))


class _Emulators:
    """Those of one test run (of one worker of it), each started when it is first wanted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: dict[str, EmulatedAws] = {}

    def of(self, organization: object) -> EmulatedAws:
        """The one of this organisation."""
        from stsctl.emulator import control
        from stsctl.emulator.seeds import seed

        text = seed.built_in_text() if organization is None else _toml(organization)
        key = hashlib.sha256(text.encode()).hexdigest()[:12]
        if key not in self._started:
            folder = self._folder / key
            folder.mkdir()
            (folder / "org.toml").write_text(text, encoding="utf-8")
            control.start(folder, seed=folder / "org.toml")
            self._started[key] = EmulatedAws(folder=folder)
        return self._started[key]

    def stop(self) -> None:
        """Ends all of them."""
        from stsctl.emulator import control

        for each in self._started.values():
            found = control.find(each.folder)
            if found is not None:
                control.stop(each.folder, found)


def _toml(organization: object) -> str:
    if isinstance(organization, Mapping):
        import tomli_w

        return tomli_w.dumps(organization)
    if isinstance(organization, Path):
        return organization.read_text(encoding="utf-8")
    if isinstance(organization, str):
        return organization
    raise pytest.UsageError(f"{MARKER} is a dict, TOML text, or a pathlib.Path, not {type(organization).__name__}")


@pytest.fixture(scope="session")
def stsctl_emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Emulators]:
    """The emulators of this run; tests ask for `stsctl_emulator`."""
    from importlib.util import find_spec

    if any(find_spec(name) is None for name in ("moto", "flask")):
        pytest.fail("the emulator is not installed: pip install 'stsctl[emulator]'", pytrace=False)
    emulators = _Emulators(tmp_path_factory.mktemp("stsctl"))
    yield emulators
    emulators.stop()


@pytest.fixture
def stsctl_organization(request: pytest.FixtureRequest) -> object:
    """The organisation of the test: that of the nearest marker, else the built-in one. Override it for your own."""
    marker = request.node.get_closest_marker(MARKER)
    return marker.args[0] if marker is not None else None


@pytest.fixture
def stsctl_emulator(stsctl_emulators: _Emulators, stsctl_organization: object) -> EmulatedAws:
    """A running emulator, as its seed says."""
    emulator = stsctl_emulators.of(stsctl_organization)
    emulator.reset()
    return emulator
