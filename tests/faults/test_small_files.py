"""Every small file that stsctl keeps is the old or the new, whole, at whatever call its writing is killed or fails."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from stsctl.arn import Arn
from stsctl.errors import StsctlError
from stsctl.formats import added
from stsctl.host import aws_files, drafts
from stsctl.host.session_leader import SessionLeader
from stsctl.host.witness import Witness
from stsctl.lifetime import Maximum
from stsctl.request import Asker, AskerKind, Endpoint
from stsctl.stores import hits, last_refusal
from stsctl.stores.askers import Askers
from stsctl.stores.current import Current, Terminals
from stsctl.stores.index import Index
from stsctl.stores.learned import Learned
from stsctl.stores.uses import Uses
from stsctl.target import Wanted
from tests.faults.test_stores import NOW, entry, session
from tests.traced import FILE_CALLS, Traced, steps

ENDPOINT = Endpoint(partition="aws", region="eu-west-1")
ROLE = Arn.parse("arn:aws:iam::111111111111:role/Admin")
HERE = SessionLeader(pid=1, started="boot+1")
ERRORS = ("ENOSPC", "EDQUOT", "EROFS", "EIO", "EINTR", "EACCES")


def _current(folder: Path, turn: int) -> None:
    Terminals(folder=folder / "current").put(HERE, Current(wanted=Wanted(name=f"r{turn}"), request_key="k"))


def _refusal(folder: Path, turn: int) -> None:
    refusal = last_refusal.LastRefusal(
        wanted=Wanted(name="x"), position=turn, at=NOW, operation="sts:AssumeRole", code="AccessDenied", reason="no"
    )
    last_refusal.keep(folder / "last-refusal.json", refusal)


def _added(folder: Path, turn: int) -> None:
    edit = partial(added.with_source, name="mine", values={"type": "keys", "user_arn": f"arn:{turn}"})
    aws_files.change(folder / "config" / "added.toml", edit, locks=folder / "locks")


def _hit(folder: Path, turn: int) -> None:
    one = session("hit", turn)
    line = f'{{"SecretAccessKey": "secret hit {turn}", "SessionToken": "token hit {turn}"}}'
    answer = hits.PlainAnswer(
        line=line, session=one, item=b"/item", kept=line.encode(), since=0, until=2_000_000_000, host=platform.node()
    )
    environ = {b"HOME": bytes(folder), b"XDG_STATE_HOME": bytes(folder / "state")}
    witness = Witness({})
    witness.files[b"/nowhere"] = witness.rights[b"/nowhere"] = b"-"
    hits.keep("prod", answer, witness, environ, 1_000_000_000)


def _learned(folder: Path, turn: int) -> None:
    learned = Learned(folder=folder / "learned")
    learned.learn_maximum(ROLE, ENDPOINT, Maximum(at_least=timedelta(hours=1 + turn)))


def _code(folder: Path, turn: int) -> None:
    Learned(folder=folder / "codes").spend("serial", ENDPOINT, f"00000{turn}", NOW)


WRITERS: Mapping[str, Callable[[Path, int], object]] = {
    "index": lambda folder, turn: Index(folder / "index").put(entry(session("one", turn))),
    "current session": _current,
    "role's maximum": _learned,
    "used codes": _code,
    "failure": lambda folder, turn: Learned(folder=folder / "failures").failed("key", StsctlError(f"{turn}"), NOW),
    "last refusal": _refusal,
    "asker": lambda folder, turn: Askers(folder=folder / "askers", now=lambda: NOW).note(
        "key", Asker(kind=AskerKind.WEB_IDENTITY, id=f"{turn}")
    ),
    "uses": lambda folder, turn: Uses(file=folder / "uses.json").add("prod", NOW + timedelta(days=turn)),
    "hit record": _hit,
    "added.toml": _added,
}
"""What writes each of them; a second turn replaces what the first wrote."""


def write_all(folder: Path, turn: int) -> int:
    """Writes every one of them; how many could not be."""
    failures = 0
    for write in WRITERS.values():
        try:
            write(folder, turn)
        except StsctlError:
            failures += 1
    return failures


ACT = """
from pathlib import Path
import filelock, tomli_w
from tests.faults.test_small_files import write_all
def act(folder):
    return 10 + write_all(Path(folder), 1)
"""


def _contents(folder: Path) -> dict[Path, bytes]:
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if _is_kept(path)}


def _is_kept(path: Path) -> bool:
    return path.is_file() and path.suffix not in {".lock", ".holder"} and not path.name.startswith(".")


def _check(folder: Path, old: dict[Path, bytes], new: dict[Path, bytes]) -> None:
    """Each file is one of the two; all is private, and beside them there is nothing but a draft, which then is old."""
    found = _contents(folder)
    assert found.keys() <= old.keys() | new.keys()
    for path in old.keys() | new.keys():
        assert found.get(path) in (old.get(path), new.get(path)), path
    for path in folder.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
        if path.is_file() and path.name.startswith("."):
            assert drafts.is_draft(path.name), path
            os.utime(path, (0, 0))


@pytest.mark.slow
def test_every_small_file_is_the_old_or_the_new_wherever_its_writing_ends(tmp_path: Path) -> None:
    """Killed at each call, or told by it that the disk is full, or broken, or read-only, or to try again."""
    before, after, trace = tmp_path / "before", tmp_path / "after", tmp_path / "trace"
    before.mkdir(mode=0o700)
    assert write_all(before, 0) == 0
    old = _contents(before)
    assert len(old) == len(WRITERS)
    with Traced(ACT) as traced:
        tracing = ("-e", f"trace={','.join(FILE_CALLS)}")
        shutil.copytree(before, after)
        assert traced.run(trace, str(after), options=tracing) == 10
        found, new = steps(trace), _contents(after)
        assert {step.call for step in found} >= set(FILE_CALLS) - {"mkdir", "link"}
        assert [path for path in old if old[path] == new[path]] == []
        for number, step in enumerate(found):
            for fault in ("signal=SIGKILL", f"error={ERRORS[number % len(ERRORS)]}"):
                folder = tmp_path / f"{number}-{fault[0]}"
                shutil.copytree(before, folder)
                options = (*tracing, "-e", step.injecting(fault))
                status = traced.run(trace, str(folder), options=options)
                assert status == -9 if fault.startswith("signal") else 10 <= status <= 11, (step, fault, status)
                _check(folder, old, new)
                assert write_all(folder, 1) == 0
                assert _contents(folder).keys() == new.keys()
                assert [path for path in folder.rglob(".*") if path.is_file()] == []
                shutil.rmtree(folder)
