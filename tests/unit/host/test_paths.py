"""Where the files are."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stsctl.host import paths

pytestmark = pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="XDG folders are Linux's")


def test_the_usual_places() -> None:
    """Without variables the folders are those of the XDG specification and of AWS's tools."""
    found = paths.find({"HOME": "/home/me"})
    assert found.config == Path("/home/me/.config/stsctl/config.toml")
    assert found.added == Path("/home/me/.config/stsctl/added.toml")
    assert found.index == Path("/home/me/.local/state/stsctl/index/aws")
    assert found.locks == Path("/home/me/.local/state/stsctl/locks")
    assert found.aws_config == Path("/home/me/.aws/config")
    assert found.aws_credentials == Path("/home/me/.aws/credentials")


def test_the_variables_move_them() -> None:
    """Each variable moves what is its own, and nothing else."""
    found = paths.find(
        {
            "HOME": "/home/me",
            "XDG_CONFIG_HOME": "/c",
            "XDG_STATE_HOME": "/s",
            "AWS_CONFIG_FILE": "~/elsewhere/config",
            "AWS_SHARED_CREDENTIALS_FILE": "/else/credentials",
        }
    )
    assert found.config_home == Path("/c/stsctl")
    assert found.state_home == Path("/s/stsctl")
    assert found.aws_config == Path("/home/me/elsewhere/config")
    assert found.aws_credentials == Path("/else/credentials")


@pytest.mark.parametrize("value", ["", "relative", "./relative", "~/x"])
def test_a_path_that_is_not_absolute_is_ignored(value: str) -> None:
    """The specification's rule: a relative XDG path does not count."""
    environ = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_STATE_HOME"), value)
    assert paths.find({"HOME": "/home/me", **environ}) == paths.find({"HOME": "/home/me"})


@pytest.mark.parametrize("environ", [{}, {"HOME": ""}])
def test_without_home(environ: dict[str, str], home: Path) -> None:
    """Where HOME is missing the system is asked, and the answer is an absolute path."""
    assert paths.find(environ).config.is_absolute()


def test_all_that_stsctl_keeps_is_its_own() -> None:
    """Every folder of stsctl's own lies in its state folder, and no two are one."""
    found = paths.find({"HOME": "/home/me"})
    own = [found.index, found.current, found.learned, found.locks, found.sealed, found.emulator, found.reports]
    assert len(set(own)) == len(own)
    assert all(path.is_relative_to(found.state_home) for path in own)


def test_what_is_kept_of_an_emulator_stands_apart() -> None:
    """Nothing that is tried on an emulator takes the place of what is AWS's; the person's own files are the same."""
    aws, emulated = (paths.find({"HOME": "/home/me"}, emulated=each) for each in (False, True))
    for kept in ("added", "index", "current", "sealed"):
        assert getattr(aws, kept) != getattr(emulated, kept)
    assert (aws.config, aws.aws_config) == (emulated.config, emulated.aws_config)
