"""Links in the place of files that stsctl writes: what they lead to stays as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from stsctl.formats import environment
from tests.program import Me

VICTIM = "somebody's own words\n"


def _write_everything(me: Me) -> None:
    """A chain with a code, a refusal, keys, a profile, the current session: all that is kept is written."""
    me.ok("assume", "prod-admin", "--refresh", "--mfa-token", me.code())
    assert me.run("credential-process", "locked").status == 5
    me.ok("keys", "add", "other", "--stdin", given=environment.pair(me.keys))
    me.ok("profile", "write", "read-only", "--refresh")


def _is_vital(path: Path) -> bool:
    """Whether stsctl would rather stop than do without what is in a file."""
    return path.suffix == ".sealed" or path.name in {"header.json", "added.toml", "credentials"}


@pytest.mark.slow
def test_no_link_is_followed_but_those_of_a_persons_own_files(me: Me, tmp_path: Path) -> None:
    """A file is written anew beside the link and takes its place; dotfiles that are links stay such."""
    _write_everything(me)
    written = [path for path in me.home.rglob("*") if path.is_file() and path != me.config and path.parent != me.home]
    holders = [path.with_suffix(".holder") for path in written if path.suffix == ".lock"]
    assert {"sealed-file", "learned", "last-refusal", "aws", "stsctl", ".aws", "emulator"} <= {
        part for path in written for part in path.parts
    } | {"aws"}
    victims = {}
    for number, path in enumerate([*written, *holders]):
        if path.suffix == ".lock" and path.exists():
            continue
        victims[path] = tmp_path / f"victim-{number}"
        victims[path].write_bytes(path.read_bytes() if _is_vital(path) else VICTIM.encode())
        path.unlink(missing_ok=True)
        path.symlink_to(victims[path])
    _write_everything(me)
    for path, victim in victims.items():
        if not _is_vital(path):
            assert victim.read_text() == VICTIM, path
    replaced = [path for path in victims if not path.is_symlink()]
    assert {"learned", "sealed", "sealed-file", "last-refusal"} <= {part for path in replaced for part in path.parts}
    kept = {path.name for path in victims if path.is_symlink()}
    assert {"added.toml", "credentials"} <= kept
    assert "[read-only]" in victims[me.home / ".aws" / "credentials"].read_text()


def test_a_link_in_the_place_of_a_lock_is_an_error(me: Me, tmp_path: Path) -> None:
    """It is named, and what it leads to is neither emptied nor locked."""
    me.ok("credential-process", "read-only")
    victim = tmp_path / "victim"
    victim.write_text(VICTIM)
    locks = list((me.state / "locks").glob("*.lock"))
    for lock in locks:
        lock.unlink()
        lock.symlink_to(victim)
    done = me.run("credential-process", "read-only", "--refresh")
    assert (done.status, done.out) == (1, ""), done
    assert "cannot lock" in done.err
    assert victim.read_text() == VICTIM
