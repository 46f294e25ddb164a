"""`keys add --move`, killed at every call that changes a file: the keys are in the file, in the store, or in both."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from stsctl.cli import stsctl
from stsctl.cli.app import App
from stsctl.cli.report import Report
from stsctl.profile import load
from tests.program import Me
from tests.traced import FILE_CALLS, Traced, steps

MOVE = ["keys", "add", "dev", "--from-profile", "dev", "--move", "--hook"]
REMOVE = ["keys", "remove", "dev"]
AWS_FILES = re.compile(r"\w+\(.*(/\.aws[/>]|/sealed/|added\.toml)")
"""The calls at which something of the person's may be lost; what locks and lists go through has its own tests."""

MOVING = f"""
import os
from pathlib import Path
from stsctl.cli import main, stsctl
credentials = Path(os.environ["HOME"], ".aws", "credentials")
before = credentials.read_bytes()
stsctl.main({MOVE}, standalone_mode=False)
credentials.write_bytes(before)
stsctl.main({REMOVE}, standalone_mode=False)
def act():
    try:
        main({MOVE})
    except SystemExit as end:
        return end.code
"""
"""The first one has loaded what all the others need."""


@pytest.fixture
def credentials(me: Me, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that has the keys; this process is in the person's environment."""
    secret = me.keys.secret_access_key.reveal()
    path = me.home / ".aws" / "credentials"
    path.parent.mkdir()
    path.write_text(
        f"# mine\n[dev]\naws_access_key_id = {me.keys.access_key_id}\naws_secret_access_key = {secret}\nregion = x\n"
    )
    path.chmod(0o600)
    me.configure("")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del me.environ[name]
        monkeypatch.delenv(name, raising=False)
    for name, value in me.environ.items():
        monkeypatch.setenv(name, value)
    return path


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_at_every_step_it_loses_no_key(me: Me, credentials: Path, tmp_path: Path) -> None:
    """The file is the old or the new; where it is the new, the store has the keys; and the same command goes on."""
    old, new = credentials.read_bytes(), b"# mine\n[dev]\nregion = x\n"
    trace, tracing = tmp_path / "trace", ("-y", "-e", f"trace={','.join(FILE_CALLS)}")
    left = set()
    with Traced(MOVING) as traced:
        assert traced.run(trace, options=tracing) == 0
        assert credentials.read_bytes() == new
        for step in steps(trace, AWS_FILES):
            stsctl.main(REMOVE, standalone_mode=False)
            credentials.write_bytes(old)
            assert traced.run(trace, options=(*tracing, "-e", step.injecting("signal=SIGKILL"))) == -9, step
            kept = App(os.environ, Report(os.environ)).keys_held.keys("dev")
            found = credentials.read_bytes()
            left.add((found, kept is not None))
            assert found in (old, new), step
            in_file = load(None, found).by_name["dev"].credentials()
            assert (in_file or (kept and kept.credentials)) == me.keys, step
            if found == old:
                stsctl.main(MOVE, standalone_mode=False)
            assert credentials.read_bytes() == new, step
    assert left == {(old, False), (old, True), (new, True)}
