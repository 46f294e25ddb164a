"""`stsctl sts`: whose a key is, and sessions that are revoked by the emulator's own rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.program import WORK, Me, Organisation, somebody


@pytest.fixture
def mine(home: Path, other_organisation: Organisation) -> Me:
    """Somebody in an organisation of the test's own, whose roles may be changed."""
    return somebody(home, other_organisation)


def works(me: Me, words: str = "s3 ls") -> bool:
    """Whether the session of read-only may do something."""
    return me.run("exec", "read-only", "--", "aws", *words.split()).status == 0


def test_whose_a_key_is(me: Me) -> None:
    """The account, by STS; one that is no key is refused by it."""
    assert me.ok("sts", "key-info", me.keys.access_key_id, "--as", "work") == f"{WORK}\n"
    answer = json.loads(me.ok("sts", "key-info", me.keys.access_key_id, "--as", "read-only", "--json"))
    assert answer == {"access_key_id": me.keys.access_key_id, "account_id": WORK}
    done = me.run("sts", "key-info", "AKIAAAAAAAAAAAAAAAAA", "--as", "work")
    assert (done.status, "is not a valid access key ID" in done.err) == (5, True), done


def test_revoked_sessions_may_do_nothing_and_new_ones_all(mine: Me) -> None:
    """The old session is denied by the role's own policy; it is forgotten here, and the next one works again."""
    assert works(mine)
    old = mine.session("read-only")
    as_before = {
        "AWS_ACCESS_KEY_ID": old["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": old["SecretAccessKey"],
        "AWS_SESSION_TOKEN": old["SessionToken"],
    }
    done = mine.run("sts", "revoke", "read-only", "--as", "work", "--yes")
    assert done.status == 0, done
    assert "1 of them was held here, and forgotten" in done.err
    refused = mine.program("aws", "s3", "ls", **as_before)
    assert (refused.status != 0, "explicit deny" in refused.err) == (True, True), refused
    assert mine.program("sleep", "1.1").status == 0  # the second in which they were revoked is over
    assert works(mine)
    assert mine.key_id("read-only") != old["AccessKeyId"]
    done = mine.run("sts", "revoke", "read-only", "--as", "work", "--undo", "--yes")
    assert done.status == 0, done
    assert mine.program("aws", "s3", "ls", **as_before).status == 0


def test_nothing_is_changed_that_nobody_confirmed(mine: Me) -> None:
    """Without a terminal and without --yes the person is needed; what would be done is said."""
    assert works(mine)
    done = mine.run("sts", "revoke", "read-only", "--as", "work")
    assert (done.status, "about to deny everything to every session of" in done.err) == (4, True), done
    assert works(mine)
    done = mine.run("sts", "revoke", "read-only", "--as", "work", "--undo", "--yes")
    assert (done.status, "no sessions of" in done.err) == (1, True), done


def test_an_earlier_instant_does_not_let_sessions_live_again(mine: Me) -> None:
    """What was revoked until noon is not revoked until eleven by the way."""
    assert mine.run("sts", "revoke", "long", "--as", "work", "--before", "2030-01-01T12:00:00Z", "-y").status == 0
    done = mine.run("sts", "revoke", "long", "--as", "work", "--before", "2030-01-01T11:00:00Z", "-y")
    assert (done.status, "are revoked already" in done.err) == (1, True), done


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["prod-admin", "--as", "read-only"], 2, "is in account 111111111111, the role in 222222222222"),
        (["work", "--as", "work"], 3, "only roles have sessions that can be revoked"),
        (["read-only", "--as", "work", "--before", "noon"], 2, "is no instant"),
        (["read-only", "--as", "work", "--undo", "--before", "2030-01-01T12:00:00Z"], 2, "exclude each other"),
    ],
)
def test_what_cannot_be_meant_is_said(me: Me, words: list[str], status: int, says: str) -> None:
    """Another account's role, a source, no instant, flags that contradict."""
    done = me.run("sts", "revoke", *words, "--yes")
    assert (done.status, says in done.err) == (status, True), done
