"""Chains that begin with a sign-in at Identity Center, as whole processes against the emulator's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stsctl.emulator import control
from tests.cli.test_console import page
from tests.program import STSCTL, Me, Organisation, somebody
from tests.signing_in import browser, decide, opened, seed
from tests.unit.emulator.center import PRODUCTION, START_URL, WORK

CENTER = f"""
[source.acme]
type = "identity-center"
start_url = "{START_URL}"
sso_region = "eu-central-1"

[role.list]
type = "permission-set"
from = "acme"
account_id = "{PRODUCTION}"
role_name = "ListBuckets"

[role.admin]
type = "permission-set"
from = "acme"
account_id = "{PRODUCTION}"
role_name = "Administrator"

[role.work]
type = "permission-set"
from = "acme"
account_id = "{WORK}"
role_name = "ListBuckets"
"""


@pytest.fixture(scope="module")
def organisation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Organisation]:
    """An organisation with an Identity Center."""
    folder = tmp_path_factory.mktemp("center")
    (folder / "seed.toml").write_text(seed(), encoding="utf-8")
    running = control.start(folder / "state", seed=folder / "seed.toml")
    people = (f"p{number:03}" for number in range(40))
    yield Organisation(running=running, folder=folder / "state", people=people)
    control.stop(folder / "state", running)


@pytest.fixture
def me(home: Path, organisation: Organisation) -> Me:
    """Somebody with a browser, in which dora is the one who signs in."""
    person = somebody(home, organisation)
    person.configure(CENTER)
    person.environ["BROWSER"] = browser(person)
    return person


def who(me: Me, name: str, **options: str) -> str:
    """Whose session a name gives."""
    session = json.loads(me.ok("assume", name, "--json", **options))
    assert session["Credentials"]["AccessKeyId"].startswith("ASIA")
    return str(session["AssumedRoleUser"]["Arn"])


def test_one_sign_in_for_all_permission_sets(me: Me) -> None:
    """The browser opens once; each permission set's session is that of its role, and is held like any other."""
    assert f":{PRODUCTION}:assumed-role/AWSReservedSSO_ListBuckets_" in who(me, "list")
    assert f":{WORK}:assumed-role/AWSReservedSSO_ListBuckets_" in who(me, "work")
    assert len(opened(me)) == 1
    assert me.key_id("list") == me.key_id("list")
    assert "/dora" in me.ok("list", "--json")


def test_credential_process_opens_no_browser(me: Me) -> None:
    """An SDK that asks before anybody signed in is told what to type, and no page comes up."""
    done = me.run("credential-process", "list")
    assert done.status == 4, done
    assert done.err.endswith("stsctl: hint: stsctl sso login acme\n")
    assert opened(me) == []
    who(me, "list")
    assert me.key_id("work").startswith("ASIA")


def test_nobody_is_asked_with_no_prompt(me: Me) -> None:
    """--no-prompt opens nothing either."""
    assert me.run("assume", "list", "--no-prompt").status == 4
    assert opened(me) == []


def test_parallel_callers_open_one_browser(me: Me) -> None:
    """However many start at once, one page comes up, and all have their session."""
    names = ["list", "work", "admin", "list", "work"]
    started = [me.start(str(STSCTL), "assume", name, "--json") for name in names]
    for process in started:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        assert '"AccessKeyId"' in out
    assert len(opened(me)) == 1


def test_listing_accounts_and_roles(me: Me) -> None:
    """Whoever is not signed in yet does so first; then everything is told, in full or of one account."""
    assert me.ok("sso", "accounts") == f"{PRODUCTION}\tproduction\n{WORK}\twork\n"
    assert me.ok("sso", "roles", "acme") == (
        f"{PRODUCTION}\tproduction\tAdministrator\n{PRODUCTION}\tproduction\tListBuckets\n{WORK}\twork\tListBuckets\n"
    )
    assert me.ok("sso", "roles", "--account", "work") == f"{WORK}\twork\tListBuckets\n"
    assert json.loads(me.ok("sso", "roles", "--account", WORK, "--json")) == [
        {"account_name": "work", "account_id": WORK, "role_name": "ListBuckets"}
    ]
    assert json.loads(me.ok("sso", "accounts", "--json"))[0] == {"account_id": PRODUCTION, "name": "production"}
    assert len(opened(me)) == 1
    done = me.run("sso", "roles", "--account", "nowhere")
    assert done.status == 2, done
    assert 'no role in an account "nowhere"' in done.err


def test_signing_in_and_out(me: Me) -> None:
    """A sign-in is told with its end; afterwards neither token nor session is left, here and at AWS."""
    done = me.run("sso", "login")
    assert done.status == 0, done
    assert 'you are signed in to "acme": the token ends at 20' in done.err
    assert "and is renewed by itself" in done.err
    who(me, "list")
    assert len(opened(me)) == 1
    out = me.run("sso", "logout")
    assert 'you are signed out of "acme"; 1 session forgotten' in out.err
    assert me.ok("list", "--json").strip() == "[]"
    assert me.run("assume", "list", "--no-prompt").status == 4
    assert "nobody is signed in" in me.run("sso", "logout", "acme").err


def test_logging_out_of_everything(me: Me) -> None:
    """`logout --all` forgets the sign-in with the sessions, and says that it goes on elsewhere."""
    who(me, "list")
    done = me.run("logout", "--all")
    assert "stsctl: 1 session forgotten\n" in done.err
    assert "1 sign-in forgotten here" in done.err
    assert me.run("assume", "list", "--no-prompt").status == 4


def test_who_was_signed_out_elsewhere_signs_in_again(me: Me) -> None:
    """A token that AWS takes no longer is replaced: by the person, once, and not by whoever may not ask one."""
    me.ok("sso", "login")
    sealed = me.state / "sealed" / "emulator"
    before = {path.name: path.read_bytes() for path in sealed.iterdir()}
    me.ok("sso", "logout")
    for name, content in before.items():
        (sealed / name).write_bytes(content)
    done = me.run("credential-process", "list")
    assert done.status == 4, done
    assert 'the sign-in "acme" has ended' in done.err
    assert who(me, "list").endswith("/dora")
    assert len(opened(me)) == 2


def test_two_people_never_share_a_session(me: Me) -> None:
    """Signing in anew as somebody else gives that one's sessions, with the former one's still in the store."""
    me.ok("sso", "login")
    assert who(me, "work").endswith("/dora")
    me.ok("sso", "login", BROWSER=browser(me, "eve"))
    assert who(me, "work").endswith("/eve")
    done = me.run("assume", "admin")
    assert done.status == 5, done
    assert "ForbiddenException" in done.err


def test_by_device(me: Me) -> None:
    """--device shows a code and opens no browser here; so does a shell behind SSH, by itself."""
    for words, more in ((("--device",), {}), ((), {"SSH_CONNECTION": "192.0.2.1 1 192.0.2.2 22"})):
        process = me.start(str(STSCTL), "sso", "login", *words, **more)
        assert process.stderr is not None
        assert "and type the code" in process.stderr.readline()
        lines = [process.stderr.readline() for _ in range(3)]
        decide(lines[-1].strip(), "dora")
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        assert "you are signed in" in err
    assert opened(me) == []


IMPORTED = "production-Administrator", "production-ListBuckets", "work-ListBuckets"


def test_importing_roles(me: Me) -> None:
    """Every role is written, under a name that can be typed at once; a second time nothing changes."""
    shown = me.ok("sso", "import", "--diff").splitlines()
    assert shown[0] == f"+ {IMPORTED[0]}\t{PRODUCTION} Administrator"
    assert [line.split("\t")[0] for line in shown] == [f"+ {name}" for name in IMPORTED]
    added = me.config.parent / "emulator" / "added.toml"
    assert not added.exists()
    assert "3 roles: 3 new, 0 changed" in me.run("sso", "import", "acme").err
    assert who(me, IMPORTED[2]).endswith("/dora")
    before = added.read_bytes()
    assert "3 roles: 0 new, 0 changed" in me.run("sso", "import").err
    assert added.read_bytes() == before
    assert me.ok("sso", "import", "--diff").strip() == ""


def test_names_that_a_person_wrote_stay_theirs(me: Me) -> None:
    """Where a name is taken, by config.toml or by an AWS profile, the account's id is added."""
    me.configure(CENTER.replace("[role.work]", "[role.work-ListBuckets]"))
    keys = "aws_access_key_id = AKIA1\naws_secret_access_key = x\n"
    me.aws_config(f"[profile production-ListBuckets]\n{keys}[profile production-Administrator]\nregion = eu-west-1\n")
    me.ok("sso", "import")
    names = set(me.ok("list", "--names").split())
    assert {f"work-ListBuckets-{WORK}", f"production-ListBuckets-{PRODUCTION}", IMPORTED[0]} <= names
    assert "config.toml" in me.ok("config", "show")


def test_pruning(me: Me) -> None:
    """What is no more is taken out when that is asked for, and nothing else is."""
    me.ok("sso", "import")
    added = me.config.parent / "emulator" / "added.toml"
    added.write_text(
        added.read_text() + f'\n[role.mine]\ntype = "permission-set"\nfrom = "other"\naccount_id = "{WORK}"\n'
        'role_name = "x"\n\n[source.other]\ntype = "identity-center"\nstart_url = "https://o.example"\n'
        'sso_region = "eu-west-1"\n'
    )
    done = me.run("sso", "import", "acme", "--template", "{role_name}@{account_name}")
    assert "3 roles: 3 new, 0 changed" in done.err
    assert "3 of an earlier import you do not have any more" in done.err
    shown = me.ok("sso", "import", "acme", "--template", "{role_name}@{account_name}", "--prune", "--diff")
    assert [line[0] for line in shown.splitlines()] == ["-", "-", "-"]
    me.ok("sso", "import", "acme", "--template", "{role_name}@{account_name}", "--prune")
    names = set(me.ok("list", "--names").split())
    assert "ListBuckets@work" in names
    assert "mine" in names
    assert not set(IMPORTED) & names


SESSION = f"""
[sso-session acme]
sso_start_url = {START_URL}
sso_region = eu-central-1
sso_registration_scopes = sso:account:access

[profile dora]
sso_session = acme
sso_account_id = {PRODUCTION}
sso_role_name = ListBuckets
region = us-west-2
"""


def test_aws_profiles_with_an_sso_session(me: Me) -> None:
    """They are names like any other; their section is what is signed in at, and imported from."""
    me.configure("")
    me.aws_config(SESSION)
    assert ":assumed-role/AWSReservedSSO_ListBuckets_" in who(me, "dora")
    assert me.ok("sso", "roles").count("\n") == 3
    me.ok("sso", "import")
    assert who(me, IMPORTED[2]).endswith("/dora")
    assert len(opened(me)) == 1
    me.ok("sso", "logout", "dora")


def test_a_session_that_is_called_as_a_profile(me: Me) -> None:
    """Importing from it leaves the profile what it is."""
    me.configure("")
    me.aws_config(SESSION.replace("[profile dora]", "[profile acme]"))
    before = who(me, "acme")
    me.ok("sso", "import", "acme")
    assert who(me, "acme") == before
    assert who(me, IMPORTED[2]).endswith("/dora")
    assert "3 roles: 0 new, 0 changed" in me.run("sso", "import").err


def test_names_of_the_wrong_kind(me: Me) -> None:
    """Nobody signs in at a source of keys; where there are several or none, that is said."""
    me.configure('[source.work]\ntype = "environment"\n')
    assert '"work" is no Identity Center' in me.run("sso", "login", "work").err
    assert "there is no Identity Center in your configuration" in me.run("sso", "roles").err
    me.configure(CENTER + CENTER.replace("acme", "other").replace("[role.", "[role.other-"))
    done = me.run("sso", "login")
    assert (done.status, 'which Identity Center? there are "acme", "other"' in done.err) == (2, True), done
    assert me.run("sso", "import", "acme", "--template", "{x}").status == 2


def test_a_permission_set_opens_the_console(me: Me) -> None:
    """Its session is a role's, which AWS's console takes; by that name it can have a container of its own."""
    shown = page(me.ok("console", "list", "--print").strip())
    assert "assumed-role/AWSReservedSSO_ListBuckets_" in shown
    address = '"$(echo "$1" | sed "s/.*&url=//; s/%3A/:/g; s,%2F,/,g")"'
    firefox = me.script("firefox", f'echo "$1" > {me.home}/word\ncurl -sS -o /dev/null {address}')
    me.environ["PATH"] = f"{firefox.parent}:{me.environ['PATH']}"
    me.configure(f'{CENTER}\n[console]\ncontainer = "{{account_id}} {{role_name}}"\n')
    me.ok("console", "list")
    assert (me.home / "word").read_text().startswith(f"ext+container:name={PRODUCTION}%20AWSReservedSSO_ListBuckets_")
