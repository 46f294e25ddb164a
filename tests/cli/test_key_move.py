"""`stsctl keys add --from-profile P --move`: long-term keys leave a plain file for the store, and nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stsctl.emulator import control
from stsctl.formats import environment
from tests.program import HUB, READ_ONLY, WORK, Done, Me

MOVE = ("keys", "add", "dev", "--from-profile", "dev", "--move")
REST = "# of 2019\r\n[other]\r\nregion = x\r\n\r\n[dev]\r\n{}output = json\r\n"


@pytest.fixture
def credentials(me: Me) -> Path:
    """~/.aws/credentials with the keys in it, which are nowhere else."""
    path = me.home / ".aws" / "credentials"
    path.parent.mkdir()
    path.write_bytes(REST.format(pair(me)).encode())
    path.chmod(0o600)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del me.environ[name]
    me.configure("")
    return path


def pair(me: Me) -> str:
    """The two lines."""
    secret = me.keys.secret_access_key.reveal()
    return f"aws_access_key_id = {me.keys.access_key_id}\r\naws_secret_access_key = {secret}\r\n"


def kept(me: Me) -> list[str]:
    """The names of the keys in the store."""
    return [each["name"] for each in json.loads(me.ok("keys", "list", "--json"))]


def refused(me: Me, credentials: Path, *words: str, status: int = 3) -> Done:
    """A move that is refused, with nothing done."""
    before = credentials.read_bytes(), kept(me)
    done = me.run(*words)
    assert done.status == status, done
    assert (credentials.read_bytes(), kept(me)) == before
    return done


def test_they_are_moved_and_every_other_byte_stays(me: Me, credentials: Path) -> None:
    """What starts from them in stsctl goes on; a link stays one, with the file behind it."""
    real = credentials.with_name("real")
    credentials.rename(real)
    credentials.symlink_to("real")
    me.configure(f'[role.r]\nrole_arn = "{READ_ONLY}"\nfrom = "dev"\n')
    before = me.session("r")
    done = me.run(*MOVE)
    assert (done.status, done.out) == (0, ""), done
    assert 'they are no longer in profile "dev" of ~/.aws/credentials' in done.err
    assert credentials.is_symlink()
    assert real.read_bytes() == REST.format("").encode()
    assert real.stat().st_mode & 0o777 == 0o600
    assert kept(me) == ["dev"]
    assert me.session("r", "--refresh")["AccessKeyId"] != before["AccessKeyId"]
    assert me.keys.secret_access_key.reveal() not in done.err
    assert refused(me, credentials, *MOVE).err.count("has no access keys") == 1


def test_without_move_they_are_copied(me: Me, credentials: Path) -> None:
    """The file stays as it is, and it is said that they are there."""
    before = credentials.read_bytes()
    assert "--move takes them out" in me.run(*MOVE[:-1]).err
    assert (credentials.read_bytes(), kept(me)) == (before, ["dev"])


def test_wrong_keys_stay_where_they_are(me: Me, credentials: Path) -> None:
    """AWS is asked whose they are first."""
    secret = me.keys.secret_access_key.reveal()
    credentials.write_bytes(credentials.read_bytes().replace(secret.encode(), secret[::-1].encode()))
    refused(me, credentials, *MOVE, status=5)


def test_another_pair_of_that_name_is_not_lost(me: Me, credentials: Path) -> None:
    """What is in the store may be nowhere else."""
    alice = control.principal(me.organisation.running, f"{WORK}:alice").credentials
    me.ok("keys", "add", "dev", "--stdin", given=environment.pair(alice))
    assert "stsctl keys remove dev" in refused(me, credentials, *MOVE).err


@pytest.mark.parametrize("store", ["memory", "kernel"])
def test_a_store_that_forgets_gets_none(me: Me, credentials: Path, store: str) -> None:
    """Keys that a reboot takes would be lost."""
    before = credentials.read_bytes()
    done = me.run("--store", store, *MOVE)
    assert (done.status, credentials.read_bytes()) == (7, before), done


def test_who_starts_from_the_profile_goes_on(me: Me, credentials: Path) -> None:
    """Without a hook SDKs would not: refused, with what to type; with one they do, and stsctl does by itself."""
    path = me.aws_config(
        f"[profile dev]\nregion = us-east-1\n[profile ro]\nrole_arn = {READ_ONLY}\nsource_profile = dev\n"
    )
    done = refused(me, credentials, *MOVE)
    assert '~/.aws/config:5: the profile "ro" starts from it' in done.err
    assert "hint: stsctl keys add dev --from-profile dev --move --hook" in done.err
    refused(me, credentials, "keys", "add", "other", *MOVE[3:], "--hook")
    me.ok(*MOVE, "--hook")
    assert credentials.read_bytes() == REST.format("").encode()
    assert path.read_text().count("credential_process") == 1
    me.session("ro")
    me.calls()
    code = (
        "import boto3; s = boto3.Session(profile_name='ro')\n"
        "assert s.client('sts').get_caller_identity()['Arn'].split('/')[1] == 'ReadOnly'"
    )
    done = me.program("python", "-W", "ignore", "-c", code)
    assert done.status == 0, done
    assert me.calls() == ["AssumeRole", "GetCallerIdentity"]


def test_what_cannot_go_on_is_refused(me: Me, credentials: Path) -> None:
    """A role that names its own keys, keys in both files, a role of stsctl's where the keys get another name."""
    me.aws_config(f"[profile dev]\nrole_arn = {HUB}\nsource_profile = dev\n")
    assert "assumes its own role" in refused(me, credentials, *MOVE, "--hook").err
    me.aws_config(f"[profile dev]\n{pair(me)}")
    assert "keys in both files" in refused(me, credentials, *MOVE).err
    me.aws_config("")
    me.configure(f'[role.r]\nrole_arn = "{READ_ONLY}"\nfrom = "dev"\n')
    done = refused(me, credentials, "keys", "add", "other", *MOVE[3:])
    assert 'config.toml:9: the role "r" starts from it' in done.err
    me.aws_config("[profile dev]\nsso_session = x\n")
    assert "has sso_session, and SDKs would not come to a hook" in refused(me, credentials, *MOVE, "--hook").err
    for words in (("keys", "add", "x", "--move"), (*MOVE[:-1], "--hook"), ("keys", "add", "x", "--stdin", "--move")):
        assert me.run(*words).status == 2


STORE = """
file="$HOME/store-$(echo "$2" | tr / -)"
case $1 in
put) cat > "$file"; {at_put} ;;
get) if [ -e "$file" ]; then cat "$file"; else exit 66; fi ;;
delete) rm "$file" ;;
esac
"""


def with_store(me: Me, at_put: str) -> None:
    """A store of the person's own, which does more than that when it is given something."""
    program = me.script("store", STORE.format(at_put=at_put))
    me.configure(f'[defaults]\nstore = "process"\nstore_process = ["{program}"]\n', store="")


def test_a_file_that_changes_meanwhile_keeps_what_it_has(me: Me, credentials: Path) -> None:
    """Another pair that somebody puts there while the first one is on its way is theirs."""
    with_store(me, 'sed -i s/AKIA/AKIB/ "$HOME/.aws/credentials"')
    done = me.run(*MOVE)
    assert (done.status, "has not the keys any more that it had" in done.err) == (3, True), done
    assert credentials.read_bytes() == REST.format(pair(me)).replace("AKIA", "AKIB").encode()
    assert kept(me) == ["dev"]


def test_a_store_that_gives_nothing_back_gets_no_more_than_a_copy(me: Me, credentials: Path) -> None:
    """The file has them still."""
    before = credentials.read_bytes()
    with_store(me, 'case $2 in */keys/*) rm "$file" ;; esac')
    done = me.run(*MOVE)
    assert (done.status, "did not give back" in done.err) == (7, True), done
    assert credentials.read_bytes() == before


def test_a_move_that_was_broken_off_goes_on(me: Me, credentials: Path) -> None:
    """With the keys in both places, it is the same command again."""
    before = credentials.read_bytes()
    me.ok(*MOVE[:-1])
    assert credentials.read_bytes() == before
    me.ok(*MOVE)
    assert (credentials.read_bytes(), kept(me)) == (REST.format("").encode(), ["dev"])
