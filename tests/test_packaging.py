"""What is built has what it should have, nothing else, and works when it is installed alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from stsctl import __version__

ROOT = Path(__file__).parent.parent
BIN = "Scripts" if os.name == "nt" else "bin"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def _run(
    *command: str | Path, environ: Mapping[str, str], cwd: Path, status: int = 0
) -> subprocess.CompletedProcess[str]:
    run = subprocess.run([*map(str, command)], env=dict(environ), cwd=cwd, capture_output=True, text=True, check=False)
    assert run.returncode == status, run.stdout + run.stderr
    return run


def _pip_environ(folder: Path) -> dict[str, str]:
    """What pip needs to find its registry, and a home that is not the person's."""
    names = ("PATH", "LANG", "TMPDIR", "SSL_CERT_FILE", "http_proxy", "https_proxy", "no_proxy")
    kept = {name: value for name, value in _AMBIENT.items() if name in names or name.startswith("PIP_")}
    return kept | {"HOME": str(folder)}


# conftest.py takes nearly everything out of the environment of a test; how packages are reached is needed here.
_AMBIENT = dict(os.environ)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wheel and an sdist, made from the files that a commit of this tree would have."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    left_out = shutil.ignore_patterns(".git", ".venv", "__pycache__", ".*_cache", ".hypothesis", "dist", "build")
    shutil.copytree(ROOT, source, ignore=left_out)
    _run(sys.executable, "-m", "build", "--outdir", folder, source, environ=_pip_environ(folder), cwd=folder)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """The wheel."""
    return built / f"stsctl-{__version__}-py3-none-any.whl"


def _of_the_package() -> set[str]:
    files = (path for path in (ROOT / "stsctl").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(ROOT)) for path in files}


def test_the_wheel_has_the_package_and_what_shells_and_man_read(wheel: Path) -> None:
    """Exactly the package, its metadata and licence, the manual, and the completions; no tests and no tools."""
    data, info = f"stsctl-{__version__}.data/data/share", f"stsctl-{__version__}.dist-info"
    pages = {f"{data}/man/man1/{path.name}" for path in (ROOT / "man").glob("*.1")}
    completions = {
        f"{data}/bash-completion/completions/stsctl",
        f"{data}/zsh/site-functions/_stsctl",
        f"{data}/fish/vendor_completions.d/stsctl.fish",
    }
    metadata = {f"{info}/{name}" for name in ("METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE")}
    with zipfile.ZipFile(wheel) as archive:
        found = set(archive.namelist())
    assert found == _of_the_package() | pages | completions | metadata
    assert {"stsctl/py.typed", "stsctl/emulator/seeds/built_in.toml"} <= found


def test_the_wheel_keeps_extras_extra(wheel: Path) -> None:
    """moto and the AWS CLI are wanted only by those who ask for them."""
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(f"stsctl-{__version__}.dist-info/METADATA").decode()
    wanted = [line for line in text.splitlines() if line.startswith("Requires-Dist:")]
    always = [line for line in wanted if "extra ==" not in line]
    assert not [line for line in always if "moto" in line or "awscli" in line or "pytest" in line]
    assert [line for line in wanted if "moto" in line and "extra == 'emulator'" in line]


def test_the_sdist_can_be_built_and_tested(built: Path) -> None:
    """It has the package, the tests with what they read, and what the wheel is made of."""
    with tarfile.open(built / f"stsctl-{__version__}.tar.gz") as archive:
        found = {name.partition("/")[2] for name in archive.getnames()}
    needed = ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "SECURITY.md", "CONTRIBUTING.md", "Makefile")
    more = (
        ".ci/run",
        "tests/conftest.py",
        "tools/generate.py",
        "tools/manual/stsctl.md",
        "man/stsctl.1",
        "docs/pictures/assume.svg",
    )
    assert {*needed, *more, *_of_the_package()} <= found
    assert not [name for name in found if "__pycache__" in name or name.startswith((".venv", ".git/"))]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh virtual environment in which the wheel is installed without an extra."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / BIN / "python"
    _run(python, "-m", "pip", "install", "--quiet", wheel, environ=_pip_environ(folder), cwd=folder)
    return folder / "venv"


def _stsctl(installed: Path, home: Path, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    environ = {"HOME": str(home), "PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true"}
    return _run(installed / BIN / "stsctl", *words, environ=environ, cwd=home, status=status)


def test_it_works_without_any_extra(installed: Path, home: Path) -> None:
    """`--help` and `plan` answer."""
    assert "credential-process" in _stsctl(installed, home, "--help").stdout
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text(
        "[profile admin]\nrole_arn = arn:aws:iam::222222222222:role/Admin\ncredential_source = Environment\n"
    )
    assert "arn:aws:iam::222222222222:role/Admin" in _stsctl(installed, home, "plan", "admin").stdout


@pytest.mark.parametrize("words", [["emulator", "start"], ["demo"]], ids=" ".join)
def test_what_needs_an_extra_says_which(installed: Path, home: Path, words: list[str]) -> None:
    """Without moto the emulator says what to install, with a status of its own."""
    run = _stsctl(installed, home, *words, status=3)
    assert "pip install 'stsctl[emulator]'" in run.stderr


def test_the_manual_and_the_completions_are_installed(installed: Path) -> None:
    """They are where man, bash, zsh and fish look below a prefix."""
    share = installed / "share"
    assert (share / "man" / "man1" / "stsctl-assume.1").is_file()
    assert (share / "bash-completion" / "completions" / "stsctl").is_file()
    assert (share / "zsh" / "site-functions" / "_stsctl").is_file()
    assert (share / "fish" / "vendor_completions.d" / "stsctl.fish").is_file()


def test_its_types_are_seen(installed: Path) -> None:
    """The installed package says that it is typed."""
    found = list((installed / "lib").glob("python*/site-packages/stsctl/py.typed"))
    assert len(found) == 1
