"""A wrong answer is not kept, and what was damaged afterwards mends itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.program import READ_ONLY, Me


def _sealed(me: Me) -> list[Path]:
    return sorted(me.state.rglob("*.sealed"))


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-20]),
        lambda path: path.write_bytes(path.read_bytes()[:-1] + bytes([path.read_bytes()[-1] ^ 1])),
        lambda path: path.write_bytes(b"{}"),
        lambda path: path.unlink(),
    ],
    ids=["emptied", "truncated", "one bit changed", "something else", "gone"],
)
def test_a_damaged_session_is_fetched_anew_and_then_held_again(me: Me, damage: object) -> None:
    """Whatever became of the files, the next process gets a session by one call, and the one after it by none."""
    assert callable(damage)
    before = me.key_id("read-only")
    for path in _sealed(me):
        damage(path)
    mended = me.key_id("read-only")
    assert mended != before
    assert me.key_id("read-only") == mended
    assert me.calls() == ["AssumeRole", "AssumeRole"]
    assert "1 session forgotten" in me.run("logout", "--all").err


def test_sessions_swapped_on_the_disk_are_not_taken_for_each_other(me: Me) -> None:
    """A file put in another's place is refused: each role still answers with a session of its own."""
    first, second = me.key_id("read-only"), me.key_id("long")
    one, two = sorted(_sealed(me), key=lambda path: path.stat().st_size)[-2:]
    swapped = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(swapped)
    assert me.key_id("read-only") not in {first, second}
    assert me.key_id("long") not in {first, second}
    assert me.calls() == ["AssumeRole"] * 4


def test_without_the_index_held_sessions_are_still_used_and_found(me: Me) -> None:
    """The index may be lost: what is held is served without a call, and logout --all finds all of it."""
    held = [me.key_id(name) for name in ("read-only", "long")]
    shutil.rmtree(me.state / "index")
    assert [me.key_id(name) for name in ("read-only", "long")] == held
    shutil.rmtree(me.state / "index", ignore_errors=True)
    done = me.run("logout", "--all")
    assert done.status == 0, done
    assert "2 sessions forgotten" in done.err
    assert me.key_id("read-only") not in held
    assert me.calls() == ["AssumeRole"] * 3


def test_a_damaged_index_is_no_failure(me: Me) -> None:
    """Entries that are no JSON, or those of another kind, are passed over."""
    me.key_id("read-only")
    for path in (me.state / "index").rglob("*.json"):
        path.write_text("{]")
    assert me.ok("list", "--json").strip() == "[]"
    assert me.key_id("read-only")
    assert me.calls() == ["AssumeRole"]


def test_what_was_learned_may_be_lost_or_damaged(me: Me) -> None:
    """The notes about roles, devices and failures are not vital."""
    assert me.run("credential-process", "locked").status == 5
    notes = list((me.state / "learned").iterdir())
    assert notes
    for path in notes:
        path.write_bytes(b"\xff\x00[[")
    assert me.run("credential-process", "locked").status == 5
    assert me.key_id("hub", "-t", me.code())


def test_another_sealing_key_opens_nothing_and_says_so(me: Me) -> None:
    """With another key than the files were sealed with, nothing is overwritten: it is an error of the store."""
    me.key_id("read-only")
    before = {path: path.read_bytes() for path in _sealed(me)}
    (me.home / "seal.key").write_text("b3RoZXItdGVzdHMtc2VhbGluZy1rZXktMzItYnl0ZXM=\n")
    done = me.run("credential-process", "read-only")
    assert done.status == 7, done
    assert "hint:" in done.err
    assert {path: path.read_bytes() for path in _sealed(me)} == before


def test_logout_finds_a_session_that_was_last_asked_for_by_its_arn(me: Me) -> None:
    """One session has several names; forgotten by any of them it is gone."""
    me.key_id("read-only")
    me.key_id(READ_ONLY, "--from", "work")
    assert me.calls() == ["AssumeRole"]
    me.ok("logout", "read-only")
    assert me.run("list").out == ""


def test_logout_forgets_what_was_held(me: Me) -> None:
    """After logout NAME that role is fetched anew, and another that was held is not."""
    first, other = me.key_id("read-only"), me.key_id("long")
    me.ok("logout", "read-only")
    assert me.key_id("long") == other
    assert me.key_id("read-only") != first
    assert me.calls() == ["AssumeRole"] * 3


def test_a_secret_that_is_given_as_the_id_does_not_leave(me: Me) -> None:
    """A pair the wrong way round is refused here, also where the secret has letters and digits only."""
    done = me.run("keys", "add", "mine", "--stdin", given=f"{'aB3' * 13}x\n{me.keys.access_key_id}\n")
    assert done.status == 2, done
    assert "aB3" not in done.err
    assert me.calls() == []


def test_logout_takes_back_from_a_shell_what_another_has_forgotten(me: Me) -> None:
    """The session is held no more, but the shell still has it: that it gives back, and no other shell's."""
    exported = json.loads(me.ok("env", "read-only", "--format", "json"))
    shell = {name: value for name, value in exported.items() if value is not None}
    me.ok("logout", "--all")
    done = me.run("logout", "--export", "bash", **shell)
    assert (done.status, "unset" in done.out) == (0, True), done
    assert "STSCTL_ROLE" in done.out
    assert '"read-only"' in done.err
    other = me.run("logout", "long", "--export", "bash", **shell)
    assert (other.status, other.out) == (3, ""), other
