"""Never the wrong credentials: whatever shapes a session tells it from every other."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from stsctl.emulator import control
from stsctl.formats import environment
from tests.program import LONG, READ_ONLY, SECOND_ID, WORK, Me, Organisation

_POLICY = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]}'
_OTHER_POLICY = _POLICY.replace("Get", "List")
_TYPED = {
    "duration": ("--duration", "30m"),
    "another duration": ("--duration", "45m"),
    "session name": ("--session-name", "nightly"),
    "tag": ("--tag", "project=blue"),
    "another value of the tag": ("--tag", "project=red"),
    "another tag": ("--tag", "cost=blue"),
    "transitive tag": ("--tag", "project=blue", "--transitive", "project"),
    "source identity": ("--source-identity", "somebody"),
    "external id": ("--external-id", "another-43"),
    "policy": ("--policy", _POLICY),
    "another policy": ("--policy", _OTHER_POLICY),
    "policy ARN": ("--policy-arn", "arn:aws:iam::aws:policy/ReadOnlyAccess"),
    "region": ("--region", "eu-west-1"),
    "another region": ("--region", "eu-central-1"),
}


def test_every_typed_input_fetches_a_session_of_its_own_and_repeating_it_none(me: Me) -> None:
    """Each of the flags that shape a session gives another one; typed again, each gives the one that is held."""
    seen = {"nothing typed": me.key_id("long")}
    assert me.calls() == ["AssumeRole"]
    for what, words in _TYPED.items():
        seen[what] = me.key_id("long", *words)
        assert me.calls() == ["AssumeRole"], what
    assert len(set(seen.values())) == len(seen)
    for what, words in _TYPED.items():
        assert me.key_id("long", *words) == seen[what], what
    assert me.calls() == []


@pytest.mark.parametrize(
    "changed",
    [
        'duration = "2h"',
        'session_name = "nightly"',
        'tags = { project = "blue" }',
        'source_identity = "somebody"',
        'external_id = "another-43"',
        f"policy = '{_POLICY}'",
        'policy_arns = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]',
        'region = "eu-west-1"',
    ],
)
def test_every_configured_input_fetches_a_session_of_its_own(me: Me, changed: str) -> None:
    """What config.toml says of a role counts from the moment it is written, and stops to when it is taken back."""
    role = f'\n[role.mine]\nrole_arn = "{LONG}"\nfrom = "work"\n'
    me.configure_as_usual(more=role)
    before = me.key_id("mine")
    me.configure_as_usual(more=role + changed + "\n")
    assert me.key_id("mine") != before
    assert me.calls() == ["AssumeRole", "AssumeRole"]
    me.configure_as_usual(more=role)
    assert me.key_id("mine") == before
    assert me.calls() == []


def test_another_name_for_the_same_request_is_the_same_session(me: Me) -> None:
    """A name shapes no session: a role by its name, and by its ARN from the same source, is fetched once."""
    assert me.key_id("read-only") == me.key_id(READ_ONLY, "--from", "work")
    assert me.calls() == ["AssumeRole"]


def test_what_comes_before_in_the_chain_counts(me: Me) -> None:
    """A tag on the hub gives another session of the role behind it, although that role's own words are the same."""
    me.configure_as_usual(hub=me.code_process())
    before = me.key_id("prod-admin")
    me.configure_as_usual(hub=me.code_process() + '\ntags = { project = "blue" }')
    assert me.key_id("prod-admin") != before
    assert me.calls() == ["GetSessionToken", "AssumeRole", "AssumeRole", "AssumeRole", "AssumeRole"]


def test_the_external_id_of_a_chained_role_counts(me: Me) -> None:
    """Two external ids that the role's trust policy takes are two sessions."""
    me.configure_as_usual(hub=me.code_process())
    assert me.key_id("prod-admin") != me.key_id("prod-admin", "--external-id", SECOND_ID)
    assert me.calls() == ["GetSessionToken", "AssumeRole", "AssumeRole", "AssumeRole"]


def test_two_profiles_with_one_role_and_different_sources_share_nothing(me: Me, organisation: Organisation) -> None:
    """A profile's session is its own source's: who has the other's name in the role's session is another."""
    other = control.principal(organisation.running, f"{WORK}:{next(organisation.people)}").credentials
    text = ""
    for name, keys in (("one", me.keys), ("two", other)):
        text += f"[profile {name}]\nrole_arn = {READ_ONLY}\nsource_profile = keys-{name}\n"
        text += f"[profile keys-{name}]\naws_access_key_id = {keys.access_key_id}\n"
        text += f"aws_secret_access_key = {keys.secret_access_key.reveal()}\n"
    me.aws_config(text)
    one, two = me.key_id("one"), me.key_id("two")
    assert one != two
    assert (me.key_id("one"), me.key_id("two")) == (one, two)
    assert me.calls() == ["AssumeRole", "AssumeRole"]


def test_the_keys_in_the_environment_are_told_apart(me: Me, organisation: Organisation) -> None:
    """Another person's keys in the same shell find nothing that was held for the first."""
    mine = me.key_id("read-only")
    other = control.principal(organisation.running, f"{WORK}:{next(organisation.people)}").credentials
    secret = other.secret_access_key.reveal()
    theirs = me.key_id("read-only", AWS_ACCESS_KEY_ID=other.access_key_id, AWS_SECRET_ACCESS_KEY=secret)
    assert theirs != mine
    assert me.key_id("read-only") == mine
    assert me.calls() == ["AssumeRole", "AssumeRole"]


def _stored(me: Me) -> None:
    text = me.config.read_text().replace('type = "environment"', 'type = "keys"')
    me.config.write_text(text)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del me.environ[name]


def test_keys_replaced_under_the_same_name_find_nothing_old(me: Me, organisation: Organisation) -> None:
    """After `keys add` with another pair, a role from that source is fetched anew, as whoever the new keys are."""
    pair = environment.pair(me.keys)
    _stored(me)
    me.ok("keys", "add", "work", "--stdin", given=pair)
    first = me.key_id("read-only")
    other = control.principal(organisation.running, f"{WORK}:{next(organisation.people)}")
    me.ok("keys", "add", "work", "--stdin", given=environment.pair(other.credentials))
    assert me.key_id("read-only") != first
    me.ok("keys", "add", "work", "--stdin", given=pair)
    assert me.key_id("read-only") == first
    assert [call for call in me.calls() if call == "AssumeRole"] == ["AssumeRole"] * 2


def test_another_mfa_device_or_none_is_another_request(me: Me) -> None:
    """A session with MFA is not taken for one without, nor the other way."""
    without = me.key_id("long")
    words = ("long", "--mfa-serial", me.mfa_serial, "-t")
    with_mfa = me.key_id(*words, me.code())
    assert with_mfa != without
    assert me.key_id(*words, "000000") == with_mfa
    assert me.key_id("long") == without
    assert me.calls() == ["AssumeRole", "GetSessionToken", "AssumeRole"]


def test_direct_and_shared_mfa_are_two_requests(me: Me) -> None:
    """The code in the role's own call, and the code in a GetSessionToken before it, give two sessions."""
    assert me.key_id("hub", "-t", me.code()) != me.key_id("hub", "--no-session", "-t", me.code())
    assert me.calls() == ["GetSessionToken", "AssumeRole", "AssumeRole"]


def test_the_session_of_one_emulator_is_not_used_with_another(me: Me, other_organisation: Organisation) -> None:
    """Whoever points the shell at another emulator gets that one's session, although every name is the same."""
    here = me.key_id("read-only")
    running = other_organisation.running
    theirs = control.principal(running, f"{WORK}:{me.user}").credentials
    pointed = environment.child({}, environment.emulator(running.url, running.instance, theirs, {}))
    there = me.key_id("read-only", **pointed)
    assert there != here
    assert [each["action"] for each in other_organisation.journal() if each["action"].startswith("sts:")] == [
        "sts:AssumeRole"
    ]
    assert me.key_id("read-only") == here


def test_an_emulator_that_began_anew_at_the_same_place_is_another(me: Me, tmp_path: Path) -> None:
    """With the same keys, the same URL and another instance behind it, what was held before is not used."""
    from tests.program import _seed

    folder = tmp_path / "again"
    folder.mkdir()
    seed = folder / "seed.toml"
    pair = 'key.main = { id = "AKIAEXAMPLEEXAMPLE01", secret = "a-secret-for-a-test-only-0123456789" }'
    seed.write_text(_seed().replace("user.alice]\nkey.main = {}", f"user.alice]\n{pair}"))
    keys = []
    port: int | None = None
    for _ in range(2):
        running = control.start(folder / "state", seed=seed, port=port)
        port = running.port
        alice = control.principal(running, "alice").credentials
        pointed = environment.child({}, environment.emulator(running.url, running.instance, alice, {}))
        keys += [me.key_id("read-only", **pointed), me.key_id("read-only", **pointed)]
        control.stop(folder / "state", running)
    assert keys[0] == keys[1] != keys[2] == keys[3]


def test_an_emulator_that_the_shell_does_not_know_is_refused(me: Me) -> None:
    """An endpoint that turns out to be an emulator, in a shell that was not set up for it, gets no session held."""
    done = me.run("credential-process", "read-only", STSCTL_EMULATOR=None)
    assert done.status not in (0, 70), done
    assert "emulator" in done.err
    assert "hint:" in done.err
    assert done.out == ""
    assert me.run("list", "--json", STSCTL_EMULATOR=None).out.strip() == "[]"


def test_an_emulator_other_than_the_one_the_shell_names_is_refused(me: Me) -> None:
    """A shell that was set up for an emulator which is gone does not take another's session for that one's."""
    done = me.run("credential-process", "read-only", STSCTL_EMULATOR="0123456789abcdef")
    assert done.status not in (0, 70), done
    assert "emulator" in done.err
    assert done.out == ""


def test_no_cache_neither_takes_nor_holds(me: Me) -> None:
    """With --no-cache each run makes its own call, and what is held stays what it was."""
    held = me.key_id("read-only")
    assert me.key_id("read-only", "--no-cache") != held
    assert me.key_id("read-only") == held
    assert me.calls() == ["AssumeRole", "AssumeRole"]


def test_refresh_takes_a_new_one_and_holds_it(me: Me) -> None:
    """--refresh fetches although a session is held, and from then on the new one is held."""
    held = me.key_id("read-only")
    new = me.key_id("read-only", "--refresh")
    assert new != held
    assert me.key_id("read-only") == new
    assert me.calls() == ["AssumeRole", "AssumeRole"]


def test_the_memory_store_lasts_no_longer_than_a_process(me: Me) -> None:
    """With the store `memory` nothing is on the disk, and the next process fetches anew."""
    assert me.key_id("read-only", STSCTL_STORE="memory") != me.key_id("read-only", STSCTL_STORE="memory")
    assert not list(me.state.rglob("*.sealed"))
    assert me.calls() == ["AssumeRole", "AssumeRole"]


def test_adding_a_role_changes_nothing_for_the_others(me: Me) -> None:
    """A plan depends on its target and its target's sources only: another role leaves what is held in use."""
    held = me.key_id("read-only")
    me.configure_as_usual(more=f'\n[role.new]\nrole_arn = "{READ_ONLY}"\nfrom = "work"\nsession_name = "new"\n')
    assert me.key_id("read-only") == held
    assert me.calls() == ["AssumeRole"]


def _exported(me: Me, *words: str, **environ: str | None) -> dict[str, str | None]:
    """What `eval $(stsctl env …)` puts into a shell."""
    return dict(json.loads(me.ok("env", *words, "--format", "json", **environ)))


def test_a_shell_whose_session_nobody_knows_any_more_does_not_get_a_wider_one(me: Me) -> None:
    """Where the flags that a session was asked for with are lost, its plain role is not taken in its place."""
    me.ok("keys", "add", "mine", "--stdin", given=environment.pair(me.keys))
    me.configure(f'[role.read-only]\nrole_arn = "{READ_ONLY}"\nfrom = "mine"\n{me.code_process()}\n')
    plain, narrow = _exported(me, "read-only"), _exported(me, "read-only", "--policy", _POLICY)
    assert _exported(me, **narrow) == narrow
    shutil.rmtree(me.state / "index")
    done = me.run("env", "--format", "json", **narrow)
    assert done.status == 2, done
    assert done.out == ""
    assert "stsctl assume read-only" in done.err
    assert _exported(me, **plain) == plain


def test_one_store_does_not_hide_what_another_holds(me: Me) -> None:
    """The same session held in two stores is listed of each."""
    me.key_id("read-only")
    me.key_id("read-only", STSCTL_STORE="memory")
    assert me.ok("list").startswith("read-only\t")
    assert me.run("list", STSCTL_STORE="memory").out == ""


def test_what_is_tried_on_an_emulator_leaves_what_is_awss(me: Me) -> None:
    """Keys under the name of a real source do not change that source, nor does their removal."""
    added = me.config.parent / "added.toml"
    added.write_text('[source.mine]\ntype = "keys"\naccess_key_id = "AKIAREAL000000000000"\n')
    before = added.read_bytes()
    me.ok("keys", "add", "mine", "--stdin", given=environment.pair(me.keys))
    assert me.keys.access_key_id in me.ok("keys", "list")
    assert "AKIAREAL000000000000" in me.ok("plan", "mine", STSCTL_EMULATOR=None)
    me.ok("keys", "remove", "mine")
    assert added.read_bytes() == before
