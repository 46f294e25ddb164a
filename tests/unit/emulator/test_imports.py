"""What an emulator loads: for STS none of moto but IAM, and each heavy package when something needs it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import missing

_PROGRAM = """
import json, sys
from tests.unit.emulator.front import Front, Signer
from tests.unit.emulator.test_fuzzing import ALICE, SEED, VALID, form

front = Front(SEED)
answered = []
for operation in ("GetCallerIdentity", "AssumeRole", "GetSessionToken", "GetFederationToken", "GetAccessKeyInfo"):
    body = form({"Action": operation, "Version": "2011-06-15", **VALID[operation]})
    answered.append(front.send("POST", "/", ALICE.header(body), body).status)
print(json.dumps([answered, sorted(sys.modules)]))
"""


def loaded() -> tuple[list[int], list[str]]:
    """The statuses of some answers of STS, and the modules that a process has after them."""
    try:
        import moto  # noqa: F401
    except ImportError:
        missing("moto")
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", _PROGRAM], cwd=root, check=True, capture_output=True, text=True)
    found: Any = json.loads(done.stdout)
    return found[0], found[1]


def test_sts_loads_no_more_of_moto_than_its_iam() -> None:
    """STS answers with moto's IAM in memory, and nothing else of what moto emulates, nor its server."""
    statuses, modules = loaded()
    assert statuses == [200] * 5
    allowed = r"moto(\.(backend_index|backends|core|iam|moto_api|settings|utilities)(\..*)?)?"
    assert [name for name in modules if re.match(r"moto(\.|$)", name) and not re.fullmatch(allowed, name)] == []
    assert [name for name in modules if re.match(r"(flask|signxml|lxml|jinja2)(\.|$)", name)] == []
