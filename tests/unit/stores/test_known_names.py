"""The names that can be typed, kept from the last reading of the files that say them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stsctl.cli.surroundings import Surroundings
from stsctl.listing import Named

MANY = 300


@pytest.fixture
def here(home: Path) -> Callable[[], Surroundings]:
    """A run of stsctl in a home with many roles, written a while ago."""
    write(home / ".config" / "stsctl" / "config.toml", roles(MANY))
    return lambda: Surroundings.of_process()


def roles(count: int) -> str:
    """A configuration of so many roles."""
    source = '[source.work]\ntype = "keys"\n'
    return source + "".join(
        f'[role.role-{number}]\nrole_arn = "arn:aws:iam::222222222222:role/R{number}"\nfrom = "work"\n'
        f'description = "number {number}"\n'
        for number in range(count)
    )


def write(path: Path, text: str) -> None:
    """Writes a file, and waits until its stamp can be told from that of another change."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    while time.time_ns() - path.stat().st_ctime_ns < 30_000_000:
        time.sleep(0.01)


def reads(run: Surroundings) -> tuple[tuple[Named, ...], bool]:
    """The names, and whether the configuration was read for them."""
    return tuple(run.listing()), "configuration" in run.__dict__


def test_read_once(here: Callable[[], Surroundings]) -> None:
    """The second run has the same names, places and descriptions without reading the configuration."""
    first, was_read = reads(here())
    assert was_read
    assert len(first) == MANY + 1
    assert reads(here()) == (first, False)


@pytest.mark.parametrize("name", ["stsctl/config.toml", "stsctl/added.toml"])
def test_a_change_is_seen(here: Callable[[], Surroundings], home: Path, name: str) -> None:
    """A configuration that was changed, or has come since, is read."""
    here().listing()
    path = home / ".config" / name
    before = path.read_text() if path.exists() else ""
    write(path, before + '[role.new]\nrole_arn = "arn:aws:iam::222222222222:role/N"\nfrom = "work"\n')
    names, was_read = reads(here())
    assert was_read
    assert "new" in {one.name for one in names}


def test_an_aws_profile_that_came(here: Callable[[], Surroundings], home: Path) -> None:
    """The AWS files have a say, also where they were not there before."""
    here().listing()
    write(home / ".aws" / "config", "[profile legacy]\nrole_arn = arn:aws:iam::111111111111:role/Old\n")
    assert "legacy" in {one.name for one in here().listing()}


def test_another_configuration(here: Callable[[], Surroundings], home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a variable says other files, their names are what counts."""
    here().listing()
    write(home / "other" / "stsctl" / "config.toml", roles(1))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "other"))
    assert len(here().listing()) == 2


def test_rights_that_changed(here: Callable[[], Surroundings], home: Path) -> None:
    """A configuration that others can change since is refused as ever."""
    here().listing()
    path = home / ".config" / "stsctl" / "config.toml"
    path.chmod(0o666)
    _, was_read = reads_or_refuses(here())
    assert was_read


def reads_or_refuses(run: Surroundings) -> tuple[str, bool]:
    """What was said, and whether the configuration was looked at anew."""
    try:
        run.listing()
    except Exception as error:  # noqa: BLE001 - any refusal will do
        return str(error), True
    return "", "configuration" in run.__dict__


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"[1, {}, {}, [[]]]", b"\xff", b'[1, [], 3, "x"]'])
def test_a_damaged_file(here: Callable[[], Surroundings], content: bytes) -> None:
    """What cannot be understood is as good as nothing, and is mended."""
    names = tuple(here().listing())
    file = here().paths.known_names
    file.write_bytes(content)
    assert reads(here()) == (names, True)
    assert reads(here()) == (names, False)


def test_a_file_that_is_damaged_anywhere(here: Callable[[], Surroundings]) -> None:
    """A name, what is said of it, or the end: none of it is believed."""
    names = tuple(here().listing())
    file = here().paths.known_names
    whole = file.read_bytes()
    for damaged in (whole[:-1], whole.replace(b"role-7", b"role-x", 1), whole.replace(b"number 7", b"number x", 1)):
        file.write_bytes(damaged)
        assert reads(here()) == (names, True)


def test_few_names_leave_nothing(home: Path) -> None:
    """A configuration of the usual size is read faster than kept: no file is written."""
    write(home / ".config" / "stsctl" / "config.toml", roles(3))
    run = Surroundings.of_process()
    run.listing()
    assert not run.paths.known_names.exists()
    assert not os.path.lexists(run.paths.state_home)
