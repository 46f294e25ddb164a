"""Opening the usual browser: whether one is here that comes back, and what is made of how it starts."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from stsctl.host import browser
from stsctl.host.browser import Browser, BrowserError


@pytest.fixture(autouse=True)
def on_a_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    """No container around these tests, wherever they run."""
    monkeypatch.setattr(browser, "_CONTAINED", ())


def script(folder: Path, text: str) -> Path:
    """A program to open pages with."""
    path = folder / "opener"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("environ", "comes_back"),
    [
        ({}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"BROWSER": "my-browser"}, True),
        ({"DISPLAY": ":10", "SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"}, False),
        ({"BROWSER": "w3m", "SSH_TTY": "/dev/pts/0"}, False),
        ({"DISPLAY": ":0", "container": "podman"}, False),
        ({"BROWSER": "to-the-host", "container": "podman"}, True),
    ],
)
def test_where_a_browser_comes_back(environ: dict[str, str], comes_back: bool) -> None:
    """Only one of this very machine reaches its loopback."""
    assert Browser(environ=environ).comes_back() is comes_back


def test_in_docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Docker leaves a mark, and no variable."""
    monkeypatch.setattr(browser, "_CONTAINED", (str(tmp_path),))
    assert not Browser(environ={"DISPLAY": ":0"}).comes_back()


@pytest.mark.parametrize("ending", ["", " &"])
def test_a_page_is_opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ending: str) -> None:
    """In the foreground or in the background, which may be over before anybody looks; it prints nothing of its own."""
    program = script(tmp_path, f'echo noise; echo "$1" > {tmp_path}/seen')
    monkeypatch.setenv("BROWSER", f"{program} %s{ending}")
    Browser(environ=os.environ).open("http://127.0.0.1:1/?a=b&c=$(d)")
    deadline = time.monotonic() + 10
    while not (tmp_path / "seen").exists() or not (tmp_path / "seen").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert (tmp_path / "seen").read_text() == "http://127.0.0.1:1/?a=b&c=$(d)\n"


@pytest.mark.parametrize("program", ["/nonexistent", "false"])
def test_one_that_cannot(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """A browser that is not there, or fails, opened nothing."""
    monkeypatch.setenv("BROWSER", f"{program} %s")
    monkeypatch.setenv("PATH", "/nowhere")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BrowserError):
        Browser(environ=os.environ).open("http://127.0.0.1:1/")
