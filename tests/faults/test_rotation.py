"""`keys rotate`, killed before each of AWS's answers: keys that work are in the store, and none is left behind."""

from __future__ import annotations

import json

import pytest

from stsctl.emulator import control
from tests.emulator_fixture import client
from tests.gate import Gate
from tests.program import WORK, Me


@pytest.fixture
def kept(me: Me) -> Me:
    """Somebody with one pair of keys, in the store."""
    iam = client(me.organisation.running, "iam", me.keys)
    for key in iam.list_access_keys()["AccessKeyMetadata"]:
        if key["AccessKeyId"] != me.keys.access_key_id:
            iam.delete_access_key(AccessKeyId=key["AccessKeyId"])
    pair = f"{me.keys.access_key_id}\n{me.keys.secret_access_key.reveal()}\n"
    me.configure("")
    me.ok("keys", "add", "mine", "--stdin", given=pair)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del me.environ[name]
    return me


def key_id(me: Me) -> str:
    """The key that a new process takes from the store; IAM was asked with it, and took it."""
    (mine,) = json.loads(me.ok("keys", "list", "--last-used", "--json"))
    assert "created_at" in mine
    return str(mine["access_key_id"])


def ids_at_aws(me: Me) -> set[str]:
    """Every key of the user, as IAM lists them for an administrator."""
    admin = control.principal(me.organisation.running, f"{WORK}:alice").credentials
    listed = client(me.organisation.running, "iam", admin).list_access_keys(UserName=me.user)["AccessKeyMetadata"]
    return {key["AccessKeyId"] for key in listed}


def killed_at(me: Me, nth: int) -> bool:
    """Whether a rotation was killed while it waited for its nth answer, False where it ended before; AWS acted."""
    with Gate(me.organisation.running.url, answers=True, first=nth) as gate:
        process = me.start("stsctl", "keys", "rotate", "mine", AWS_ENDPOINT_URL=gate.url)
        while process.poll() is None:
            try:
                gate.wait(timeout=0.05)
            except AssertionError:
                continue
            process.kill()
        process.communicate()
    return process.returncode == -9


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_at_every_answer_it_never_loses_a_key(kept: Me) -> None:
    """Whatever AWS did already: the store's pair works, and the next rotation leaves one pair at AWS."""
    kills = 0
    while killed_at(kept, kills):
        kills += 1
        assert key_id(kept) in ids_at_aws(kept)
        done = kept.run("keys", "rotate", "mine")
        assert done.status == 0, done
        assert ids_at_aws(kept) == {key_id(kept)}
    assert kills >= 7  # list, last use, create, identity, list, deactivate, identity, delete


def test_a_rotation_that_is_over_is_told(kept: Me) -> None:
    """Each step is said, no secret among it; added.toml names the new key, and `keys list` how old it is."""
    before = key_id(kept)
    done = kept.run("keys", "rotate", "mine")
    assert done.status == 0, done
    after = key_id(kept)
    assert (done.out, before != after) == ("", True)
    assert [f"{before} is {what}" in done.err for what in ("deactivated", "deleted")] == [True, True]
    assert after in (kept.config.parent / "emulator" / "added.toml").read_text()
    assert f"mine\t{after}" in kept.ok("keys", "list", "--last-used")
    assert "0 days old" in kept.ok("keys", "list", "--last-used")


def test_two_at_once_rotate_one_after_the_other(kept: Me) -> None:
    """Neither meets the other's second key."""
    both = [kept.start("stsctl", "keys", "rotate", "mine") for _ in range(2)]
    outcomes = [(process.communicate(), process.returncode) for process in both]
    assert [status for _, status in outcomes] == [0, 0], outcomes
    assert ids_at_aws(kept) == {key_id(kept)}


def test_a_file_of_the_console_is_taken(kept: Me) -> None:
    """Its byte order mark too; a file of another sort is refused without a word of what is in it."""
    path = kept.home / "accessKeys.csv"
    pair = f"{kept.keys.access_key_id},{kept.keys.secret_access_key.reveal()}"
    path.write_text(f"\ufeffAccess key ID,Secret access key\r\n{pair}\r\n", encoding="utf-8")
    done = kept.run("keys", "add", "other", "--from-csv", str(path))
    assert done.status == 0, done
    assert "still has them in plain text" in done.err
    path.write_text(f"Secret access key\n{pair}\n", encoding="utf-8")
    done = kept.run("keys", "add", "third", "--from-csv", str(path))
    assert done.status == 3, done
    assert kept.keys.secret_access_key.reveal() not in done.err
