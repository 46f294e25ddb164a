"""A line on the desktop, by whatever program is there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from stsctl.host import desktop_notice

pytestmark = pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="notify-send is Linux's")


def _program(folder: Path, text: str) -> dict[str, str]:
    """An environment in which that script is `notify-send`."""
    path = folder / "notify-send"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)
    return {"PATH": f"{folder}:/usr/bin:/bin", "DISPLAY": ":0", "AWS_SECRET_ACCESS_KEY": "canary"}


def test_it_is_shown_as_it_is(tmp_path: Path) -> None:
    """Nothing of it is an option or markup; the program gets no secrets."""
    environ = _program(tmp_path, f'printf "%s\\n" "$@" > {tmp_path}/said; env > {tmp_path}/environ')
    assert desktop_notice.show("--title", '<b>"prod" & more', environ)
    said = (tmp_path / "said").read_text().splitlines()
    assert said[said.index("--") + 1 :] == ["--title", "&lt;b&gt;&quot;prod&quot; &amp; more"]
    assert "canary" not in (tmp_path / "environ").read_text()


def test_where_it_cannot_be_shown_that_is_said(tmp_path: Path) -> None:
    """Without a desktop, without the program, and where that fails."""
    environ = _program(tmp_path, "exit 1")
    assert not desktop_notice.show("stsctl", "text", environ)
    assert not desktop_notice.show("stsctl", "text", {**environ, "DISPLAY": ""})
    assert not desktop_notice.show("stsctl", "text", {**environ, "PATH": "/nowhere"})
