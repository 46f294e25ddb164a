"""A thousand processes at once that want a session that is held: each gets it, and nobody is asked anything."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from stsctl.formats import environment
from tests.conftest import missing
from tests.program import KEYRING, READ_ONLY, Me
from tests.secret_service import SecretService, available

COUNT = 1000


def hook_of(me: Me) -> list[str]:
    """What SDKs are given for a role whose keys and session are in the keyring; the session is held."""
    me.configure(f'[role.read-only]\nrole_arn = "{READ_ONLY}"\nfrom = "work"\n', store=KEYRING)
    me.ok("keys", "add", "work", "--stdin", given=environment.pair(me.keys))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del me.environ[name]
    me.ok("profile", "hook", "read-only")
    me.ok("credential-process", "read-only", "--mfa-token", me.code())
    me.ok("credential-process", "read-only")  # leaves the record that the hook goes by
    found = re.search(r"credential_process = (.*)", (me.home / ".aws" / "config").read_text())
    assert found is not None
    return shlex.split(found[1])


@pytest.mark.crowd
@pytest.mark.timeout(600)
def test_1000_processes_on_a_hit_all_answer(me: Me, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """All started before any is waited for: one answer, a thousand times, and no call is made."""
    if not available():
        missing("gnome-keyring and dbus-daemon")
    with SecretService.start(tmp_path_factory.mktemp("k")) as service:
        me.environ |= service.environment
        argv = hook_of(me)
        me.calls()
        answers, complaints = tmp_path / "answers", tmp_path / "complaints"
        with answers.open("ab") as out, complaints.open("ab") as err:
            crowd = [
                subprocess.Popen(argv, env=me.environ, cwd=me.home, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
                for _ in range(COUNT)
            ]
            statuses = Counter(process.wait() for process in crowd)
    assert statuses == {0: COUNT}, complaints.read_text()[:2000]
    ((answer, count),) = Counter(answers.read_bytes().splitlines()).items()
    assert (count, json.loads(answer)["AccessKeyId"][:4]) == (COUNT, "ASIA")
    assert complaints.read_text() == ""
    assert me.calls() == []
