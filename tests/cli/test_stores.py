"""Stores as people use them: sessions in one, long-term keys in another."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from tests import kernel_keyring
from tests.conftest import missing
from tests.kernel_keyring import keys
from tests.program import SEALED, STSCTL, Me

EMULATED = "stsctl emulator"
APART = SEALED.replace('store = "sealed-file"', 'store = "sealed-file"\nsession_store = "kernel"')


@pytest.fixture
def kernel() -> Iterator[None]:
    """The kernel's keyring, without what an emulator issued."""
    if not kernel_keyring.available():
        missing("a kernel whose keyrings may be used")
    # It is the user's, and so that of all tests that run at this time.
    with FileLock(Path(tempfile.gettempdir()) / "stsctl-test-kernel.lock"):
        kernel_keyring.clear(EMULATED)
        yield
        kernel_keyring.clear(EMULATED)


def add_keys(me: Me, name: str) -> None:
    """Keeps the person's keys in the store."""
    pair = f"{me.keys.access_key_id}\n{me.keys.secret_access_key.reveal()}\n"
    me.ok("keys", "add", name, "--stdin", given=pair)


@pytest.mark.usefixtures("kernel")
def test_sessions_in_the_kernel_and_keys_in_a_sealed_file(me: Me) -> None:
    """Each rests where the configuration says; lists show both; logging out empties the kernel and leaves the keys."""
    me.configure_as_usual(store=APART)
    add_keys(me, "mine")
    key_id = me.key_id("read-only")
    assert me.key_id("read-only") == key_id
    listed = json.loads(me.ok("list", "--json"))
    assert [(each["name"], each["store"]) for each in listed] == [("read-only", "kernel (emulator)")]
    assert [each["store"] for each in json.loads(me.ok("keys", "list", "--json"))] == ["sealed-file (emulator)"]
    assert [name.split(":")[1] for name in sorted(keys(EMULATED))] == ["manifest", "session"]
    assert "1 session forgotten" in me.run("logout", "--all").err
    assert [name.split(":")[1] for name in keys(EMULATED)] == ["manifest"]
    assert [each["name"] for each in json.loads(me.ok("keys", "list", "--json"))] == ["mine"]
    assert me.key_id("read-only") != key_id


@pytest.mark.usefixtures("kernel")
def test_nothing_is_listed_of_what_a_reboot_took(me: Me) -> None:
    """What was listed of the kernel's keyring before the machine was started anew is listed no more, and removed."""
    me.configure_as_usual(store=APART)
    me.key_id("read-only")
    (folder,) = (me.state / "index/emulator").glob("kernel-*")
    former = folder.rename(folder.with_name("kernel-of-another-boot"))
    assert json.loads(me.ok("list", "--json")) == []
    me.key_id("read-only")
    assert not former.exists()
    assert [each["name"] for each in json.loads(me.ok("list", "--json"))] == ["read-only"]


@pytest.mark.usefixtures("kernel")
def test_long_term_keys_do_not_go_into_the_kernel(me: Me) -> None:
    """They are refused before anything is written, with what to write into the configuration."""
    me.configure_as_usual(store=SEALED.replace("sealed-file", "kernel"))
    pair = f"{me.keys.access_key_id}\n{me.keys.secret_access_key.reveal()}\n"
    done = me.run("keys", "add", "mine", "--stdin", given=pair)
    assert done.status == 7, done
    assert "long-term keys rest elsewhere" in done.err
    assert 'session_store = "kernel"' in done.err
    assert me.key_id("read-only") == me.key_id("read-only")


def test_a_program_keeps_the_sessions(me: Me) -> None:
    """It runs with what the person's shell has, less the session that stsctl exported; no secret is an argument."""
    program = me.script(
        "keep",
        """
env > ~/env; echo "$@" >> ~/calls; at=~/kept/$2
case $1 in
    get) cat "$at" 2>/dev/null || exit 66 ;;
    put) mkdir -p "${at%/*}"; cat > "$at" ;;
    delete) rm "$at" 2>/dev/null || exit 66 ;;
esac""",
    )
    me.configure_as_usual(store=f'[defaults]\nstore = "process"\nstore_process = ["{program}"]\n')
    key_id = me.key_id("read-only")
    assert me.key_id("read-only") == key_id
    session = me.session("read-only")
    done = me.run("exec", "read-only", "--", str(STSCTL), "logout", "--all", TERM="from-the-shell")
    assert "1 session forgotten" in done.err
    seen = (me.home / "env").read_text()
    assert "TERM=from-the-shell" in seen
    assert "SESSION_TOKEN" not in seen
    calls = (me.home / "calls").read_text()
    assert "put stsctl-emulator/session/" in calls
    assert all(session[name] not in calls for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    assert [path.name for path in (me.home / "kept").rglob("*") if path.is_file()] == ["manifest"]


def test_a_program_that_is_not_named_is_asked_for(me: Me) -> None:
    """The store `process` alone says nothing: what is to be written is said."""
    done = me.run("--store", "process", "credential-process", "read-only")
    assert done.status == 3, done
    assert 'no program is named for the store "process"' in done.err
    assert "store_process = " in done.err


@pytest.mark.usefixtures("kernel")
def test_logging_out_looks_where_sessions_were_before(me: Me) -> None:
    """Sessions that rest with the keys, from before the configuration was changed, are listed and forgotten too."""
    me.key_id("read-only")
    me.configure_as_usual(store=APART)
    me.key_id("long")
    listed = json.loads(me.ok("list", "--json"))
    assert {each["name"]: each["store"] for each in listed} == {
        "read-only": "sealed-file (emulator)",
        "long": "kernel (emulator)",
    }
    assert "2 sessions forgotten" in me.run("logout", "--all").err
    assert json.loads(me.ok("list", "--json")) == []


@pytest.mark.usefixtures("kernel")
def test_one_session_is_forgotten_wherever_it_is(me: Me) -> None:
    """`logout NAME` takes it out of both stores."""
    me.key_id("read-only")
    me.configure_as_usual(store=APART)
    me.key_id("read-only")
    me.ok("logout", "read-only")
    assert json.loads(me.ok("list", "--json")) == []
    assert [name.split(":")[1] for name in keys(EMULATED)] == ["manifest"]


@pytest.mark.usefixtures("kernel")
def test_moving_from_store_to_store(me: Me) -> None:
    """What the kernel takes goes there and works from there; keys stay and are said; what went comes back the same."""
    add_keys(me, "mine")
    key_id = me.key_id("read-only")
    words = ("store", "migrate", "--from", "sealed-file", "--to", "kernel")
    assert "1 of 2 would go from sealed-file to kernel" in me.run(*words, "--dry-run").err
    assert me.key_id("read-only") == key_id
    done = me.run(*words)
    assert "keys\tmine\tstays: the store kernel (emulator) takes no long-term keys" in done.out
    assert "session\tread-only\tmoved" in done.out
    assert 'store = "kernel" under [defaults]' in done.err
    assert json.loads(me.ok("list", "--json")) == []
    me.configure_as_usual(store=APART)
    assert me.key_id("read-only") == key_id
    assert [each["name"] for each in json.loads(me.ok("keys", "list", "--json"))] == ["mine"]
    back = json.loads(me.ok("store", "migrate", "--from", "kernel", "--to", "sealed-file", "--json"))
    assert back == [{"kind": "session", "name": "read-only", "fate": "moved", "why": None}]
    assert keys(EMULATED) == {}
    me.configure_as_usual()
    assert me.key_id("read-only") == key_id
    assert "nothing is in kernel" in me.run("store", "migrate", "--from", "kernel", "--to", "sealed-file").err


def test_a_store_is_not_moved_to_itself_nor_out_of_reach(me: Me) -> None:
    """Neither is anything changed where the goal does not answer."""
    key_id = me.key_id("read-only")
    assert me.run("store", "migrate", "--from", "sealed-file", "--to", "sealed-file").status == 2
    done = me.run("store", "migrate", "--from", "sealed-file", "--to", "keyring")
    assert (done.status, "there is no keyring here" in done.err) == (7, True)
    assert me.key_id("read-only") == key_id


def test_the_stores_are_listed_as_they_are(me: Me) -> None:
    """Each with what it is used for, what it takes and how it is; nobody is asked for a passphrase."""
    listed = {each["name"]: each for each in json.loads(me.ok("store", "list", "--json"))}
    assert list(listed) == ["keyring", "sealed-file", "kernel", "process", "memory"]
    assert (listed["keyring"]["state"], listed["keyring"]["used_for"]) == ("there is no keyring here", [])
    assert (listed["sealed-file"]["state"], listed["sealed-file"]["used_for"]) == ("answers", ["keys", "sessions"])
    assert "keys" not in (listed["kernel"]["kinds"] or [])
    assert listed["process"]["state"] == 'no program is named for the store "process"'
    me.configure_as_usual(store='[defaults]\nstore = "sealed-file"\nsession_store = "memory"\n')
    lines = {line.split()[0]: line for line in me.ok("store", "list").splitlines()}
    assert lines["sealed-file"].endswith("asks for a passphrase")
    assert lines["memory"].split()[1] == "sessions"
