"""What files of others may say: what takes trust, which names they can have, and what stays the person's own."""

from __future__ import annotations

import pytest

from stsctl import configuration, names, profile, role_table, settings
from stsctl.configuration import Configuration
from stsctl.errors import ConfigurationError
from stsctl.origin import Origin, Shared
from stsctl.shared_file import FREE, SharedFile, Trust, leads_out, wishes
from stsctl.sharing import merged
from stsctl.source import SourceKind
from stsctl.target import Target, Wanted
from stsctl.toml_text import Anew

ROLE = "arn:aws:iam::222222222222:role/Admin"
EVIL = "arn:aws:iam::666666666666:role/Admin"
OWN = f"""\
[source.work]
type = "keys"

[role.mine]
role_arn = "{ROLE}"
from = "work"
external_id = "agreed"

[role.through-profile]
role_arn = "{ROLE}2"
from = "elsewhere"

[group.all]
roles = ["*"]
"""


def role(name: str, more: str = "", *, arn: str = ROLE) -> str:
    """A role as a file says it; `more` begins at its third line."""
    return f'[role.{name}]\nrole_arn = "{arn}"\nfrom = "work"\n{more}\n'


def shared(
    text: str, *, trust: Trust = Trust.NONE, place: str = "~/team/roles.toml", whose: Shared = Shared.INCLUDED
) -> SharedFile:
    """A file of others."""
    return SharedFile(
        content=text.encode(), path=place.replace("~", "/home/me"), place=place, trust=trust, shared=whose
    )


def beside(*files: SharedFile, own: str = OWN, profiles: tuple[str, ...] = ()) -> Configuration:
    """The person's own configuration with those files beside it."""
    return merged(configuration.load(own.encode(), None), files, profiles=profiles)


def target(found: Configuration, name: str, **wanted: object) -> Target:
    """What a name means there."""
    return names.resolve(
        Wanted(name=name, **wanted),  # type: ignore[arg-type]
        found,
        profile.load(None, None),
        settings.resolve(found, {}),
        read_text=lambda _: "{}",
    )


def refusal(found: Configuration, name: str) -> ConfigurationError:
    """Why a name means nothing."""
    with pytest.raises(ConfigurationError) as caught:
        target(found, name)
    return caught.value


def test_a_role_of_an_included_file_counts_with_its_place() -> None:
    """It leads on to what is the person's own."""
    hop = target(beside(shared(role("prod"))), "prod").hops[0]
    assert (str(hop.role_arn), hop.origin) == (ROLE, Origin(place="~/team/roles.toml", line=1))


TAKES_TRUST = {"mfa_process"}
"""What a role may say only in a file that is trusted."""


def test_every_key_of_a_role_was_thought_about() -> None:
    """A new one takes trust until somebody has decided otherwise."""
    known = {*role_table._EVERYWHERE, *(key for keys in role_table._KEYS.values() for key in keys)}
    assert known == FREE | TAKES_TRUST


@pytest.mark.parametrize(
    "line",
    [
        'mfa_process = ["/bin/evil"]',
        'policy_file = "../secret"',
        'policy_file = "/etc/passwd"',
        'policy_file = "~/.aws/credentials"',
        'policy_file = "a/../../secret"',
        "provided_contexts = { 'arn:aws:iam::aws:contextProvider/IdentityCenter' = '../token' }",
    ],
)
def test_what_takes_trust_refuses_its_role_and_no_other(line: str) -> None:
    """The name is refused, with the line and what to type; trusted, the same file counts."""
    text = role("one", line) + role("two")
    found = beside(shared(text))
    error = refusal(found, "one")
    assert error.message.startswith(f"~/team/roles.toml:4: [role.one] {line.partition(' ')[0]} = ")
    assert error.hint == "stsctl config trust /home/me/team/roles.toml"
    assert "one" not in found.roles
    assert target(found, "two").hops[0].policy_file is None
    assert "one" in beside(shared(text, trust=Trust.GIVEN)).roles
    assert [wish.text.partition(" = ")[0] for wish in wishes(shared(text).read(Anew()))] == [
        f"[role.one] {line.partition(' ')[0]}"
    ]


@pytest.mark.parametrize("kind", SourceKind)
def test_every_source_takes_trust(kind: SourceKind) -> None:
    """Where a chain begins, somebody signs in, a program is run or a file is read."""
    found = beside(shared(f'[source.theirs]\ntype = "{kind.value}"\n' + role("one").replace("work", "theirs")))
    assert "theirs" not in found.sources
    for name in ("theirs", "one"):
        assert refusal(found, name).message == (
            f'~/team/roles.toml:2: [source.theirs] type = "{kind.value}" takes your trust in ~/team/roles.toml'
        )


def test_files_of_a_trusted_source_lie_beside_it() -> None:
    """A relative path begins at the folder of the file that says it; others stay as they are."""
    text = "\n".join(
        f'[source.s{at}]\ntype = "file"\npath = "{path}"' for at, path in enumerate(("a.json", "/b.json", "~/c", "-"))
    )
    found = beside(shared(text, trust=Trust.GIVEN))
    paths = [found.sources[f"s{at}"].source.path for at in range(4)]
    assert paths == ["/home/me/team/a.json", "/b.json", "~/c", "-"]


def test_files_of_a_role_must_not_lead_out_of_its_folder_by_links_either() -> None:
    """Whoever opens them is told the folder, unless the file is trusted."""
    text = role("one", 'policy_file = "p.json"')
    for trust, within in ((Trust.NONE, "/home/me/team"), (Trust.GIVEN, None)):
        file = beside(shared(text, trust=trust)).roles["one"].hop.policy_file
        assert file is not None
        assert (file.path, file.within) == ("/home/me/team/p.json", within)


def test_what_a_file_says_in_general_takes_trust_and_gives_way() -> None:
    """Then it holds where the person's own file does not say it; of two the first one counts, and that is said."""
    text = '[defaults]\nstore = "memory"\nregion = "us-east-1"\n'
    own = '[defaults]\nregion = "eu-west-1"\n'
    new = beside(shared(text), own=own)
    assert (new.defaults.store, new.defaults.region) == (None, "eu-west-1")
    assert len(new.asides) == 1
    trusted = [shared(text, trust=Trust.GIVEN, place=place) for place in ("a.toml", "b.toml")]
    found = beside(*trusted, own=own)
    assert (found.defaults.store, found.defaults.region) == (configuration.StoreName.MEMORY, "eu-west-1")
    assert settings.resolve(found, {}).store.origin == Origin(place="a.toml", line=2)
    assert found.troubles == ("b.toml:2: store is said in a.toml:2 already, which counts",)


@pytest.mark.parametrize("table", ["sealed_file", "console", "agent", "include", "unknown"])
@pytest.mark.parametrize("trust", Trust)
def test_some_things_are_nobody_elses_to_say(table: str, trust: Trust) -> None:
    """Nothing in such a file counts then, and everything else does; so no file includes another."""
    line = 'include = ["x"]' if table == "include" else f'{table}.key = "x"'
    found = beside(shared(f"{line}\n{role('one')}", trust=trust))
    assert "one" not in found.roles
    assert found.troubles[0].startswith(f'~/team/roles.toml:1: "{table}" is not for an included file to say')
    assert target(found, "mine").hops


def test_a_file_that_changed_since_it_was_trusted_does_not_count() -> None:
    """None of its names does, also where it wants nothing that takes trust: the person went by what they had seen."""
    found = beside(shared(role("one", arn=EVIL), trust=Trust.LAPSED))
    error = refusal(found, "one")
    assert "~/team/roles.toml has changed since you trusted it" in error.message
    assert error.hint == "stsctl config trust /home/me/team/roles.toml"


def test_accounts_of_a_file_that_changed_keep_their_numbers() -> None:
    """What is shown of an account is nobody's word then, and never in place of one's own."""
    text = '[accounts]\n222222222222 = "prod"\n111111111111 = "theirs"\n'
    own = OWN + '[accounts]\n111111111111 = "mine"\n'
    assert beside(shared(text), own=own).accounts == {"111111111111": "mine", "222222222222": "prod"}
    assert beside(shared(text, trust=Trust.LAPSED), own=own).accounts == {"111111111111": "mine"}


@pytest.mark.parametrize(
    ("text", "is_right"),
    [
        (role("one"), True),
        (role("one", 'mfa_process = "code"'), True),
        (role("mine"), True),
        (role("bad", arn="arn:x"), False),
        (role("bad", 'mfa_process = "code"', arn="arn:x"), False),
        (role("mine", arn="arn:x"), False),
        ('[source.s]\ntype = "process"\n', False),
        ("[group.g]\n", False),
        ("[sealed_file]\n", False),
        ("[", False),
    ],
)
def test_what_is_kept_of_files_is_all_right(text: str, is_right: bool) -> None:
    """Also of what does not count yet: it is not looked at again when it does."""
    said: list[bool] = []
    merged(configuration.load(OWN.encode(), None), [shared(text)], right=lambda: said.append(True))
    assert bool(said) is is_right


@pytest.mark.parametrize("trust", [Trust.NONE, Trust.GIVEN])
def test_a_name_that_an_included_file_shares_with_ones_own_means_nothing(trust: Trust) -> None:
    """Neither silently becomes the other: both places are said, and all else goes on."""
    found = beside(shared(role("mine", arn=EVIL) + role("one"), trust=trust))
    error = refusal(found, "mine")
    assert error.message == 'the name "mine" is written twice: config.toml:4 and ~/team/roles.toml:1'
    assert target(found, "one").hops
    twice = beside(shared(role("one")), shared(role("one", arn=EVIL), place="b.toml"))
    assert refusal(twice, "one").message == 'the name "one" is written twice: ~/team/roles.toml:1 and b.toml:1'
    source_too = beside(shared(role("work")))
    assert "work" in refusal(source_too, "mine").message


def test_another_name_of_ones_own_is_no_name_of_theirs() -> None:
    """An alias is a name like any other: neither a role nor an alias of theirs comes in its place."""
    own = OWN.replace('external_id = "agreed"', 'aliases = ["m"]')
    found = beside(shared(role("m", arn=EVIL) + role("one", 'aliases = ["m", "mine", "o"]', arn=EVIL)), own=own)
    assert refusal(found, "m").message == 'the name "m" is written twice: config.toml:4 and ~/team/roles.toml:1'
    assert str(target(found, "o").hops[0].role_arn) == EVIL
    assert str(target(found, "mine").hops[0].role_arn) == ROLE
    assert found.troubles == tuple(f'~/team/roles.toml:8: "{name}" stays what it is' for name in ("m", "mine"))
    project = shared(role("m", arn=EVIL), trust=Trust.GIVEN, place="/p/.stsctl.toml", whose=Shared.PROJECT)
    there = beside(project, own=own)
    assert str(target(there, "m").hops[0].role_arn) == ROLE
    assert there.troubles == ('/p/.stsctl.toml:1: "m" stays what it is (config.toml:4)',)


def test_a_project_is_known_by_its_aliases_too() -> None:
    """Neither does a role of one's own start from one, nor is it the same in another project."""
    text = role("deploy", 'aliases = ["elsewhere", "d"]')
    found = beside(shared(text, trust=Trust.GIVEN, place="/p/.stsctl.toml", whose=Shared.PROJECT))
    assert names.project_of(Wanted(name=ROLE, source="d"), found) == "/p/.stsctl.toml"
    assert "there is no role" in refusal(found, "through-profile").message


def test_a_group_with_the_name_of_ones_own_does_not_count() -> None:
    """Whoever runs a program in a group of roles would run it in others."""
    found = beside(shared('[group.all]\nroles = ["prod-*"]\n[group.some]\nroles = ["x"]\n'))
    assert set(found.groups) == {"some"}
    assert found.troubles == ('the name "all" is written twice: config.toml:13 and ~/team/roles.toml:1',)


@pytest.mark.parametrize("whose", Shared)
def test_the_keys_in_the_environment_keep_their_name(whose: Shared) -> None:
    """Nobody has to write them down, so nobody else can."""
    own = OWN + '[role.ours]\nrole_arn = "arn:aws:iam::222222222222:role/Admin"\nfrom = "environment"\n'
    found = beside(shared(role("environment"), trust=Trust.GIVEN, whose=whose), own=own)
    assert target(found, "ours").source.kind is SourceKind.ENVIRONMENT
    assert len(found.troubles) == 1


def test_a_project_takes_no_name_that_is_somebodys() -> None:
    """One's own, or an AWS profile's; and no role of one's own comes to start from one of it. The rest of it counts."""
    text = "".join(role(name, arn=EVIL) for name in ("mine", "elsewhere", "in-aws", "deploy"))
    found = beside(shared(text, trust=Trust.GIVEN, place="/p/.stsctl.toml", whose=Shared.PROJECT), profiles=("in-aws",))
    assert str(target(found, "mine").hops[0].role_arn) == ROLE
    assert str(target(found, "deploy").hops[0].role_arn) == EVIL
    assert refusal(found, "through-profile").message.endswith('there is no role, source or AWS profile "elsewhere"')
    assert [trouble.partition(" stays")[0] for trouble in found.troubles] == [
        '/p/.stsctl.toml:1: "mine"',
        '/p/.stsctl.toml:9: "in-aws"',
    ]
    assert "in-aws" not in found.roles


def test_a_project_says_nothing_in_general() -> None:
    """Where somebody is must not change how all their roles are reached, however much they trust the place."""
    text = f'{role("deploy")}[defaults]\nregion = "us-east-1"\n'
    found = beside(shared(text, trust=Trust.GIVEN, whose=Shared.PROJECT))
    assert (found.defaults.region, "deploy" in found.roles) == (None, False)
    assert '"defaults" is not for a project' in found.troubles[0]


def test_what_was_asked_for_in_one_project_is_not_what_is_called_so_in_another() -> None:
    """Wherever the session is renewed, the name means what it meant, or nothing."""
    here, there = (
        beside(shared(role("deploy"), trust=Trust.GIVEN, place=place, whose=Shared.PROJECT))
        for place in ("/a/.stsctl.toml", "/b/.stsctl.toml")
    )
    assert names.project_of(Wanted(name="deploy"), here) == "/a/.stsctl.toml"
    assert names.project_of(Wanted(name="mine"), here) is None
    assert target(here, "deploy", project="/a/.stsctl.toml").hops
    for elsewhere in (there, beside(own=OWN + role("deploy"))):
        with pytest.raises(ConfigurationError, match=r"a name of /a/\.stsctl\.toml") as caught:
            target(elsewhere, "deploy", project="/a/.stsctl.toml")
        assert caught.value.hint == "cd /a"


def test_an_arn_is_assumed_as_though_no_file_of_others_were_there() -> None:
    """Neither is its external id theirs to say, nor who assumes it."""
    text = role("one", 'external_id = "theirs"', arn=EVIL) + role("two", 'external_id = "other"')
    text += '[source.theirs]\ntype = "environment"\n'
    found = beside(shared(text, trust=Trust.GIVEN))
    for arn, external_id in ((EVIL, None), (ROLE, "agreed")):
        meant = target(found, arn)
        assert (meant.hops[0].external_id, meant.source.name) == (external_id, "work")


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("[role", "~/team/roles.toml:1: this is no TOML"),
        ("\xff".encode("latin-1").decode("latin-1") + "=", "~/team/roles.toml:1: this is no TOML"),
        ("role = 1", "~/team/roles.toml:1: role is a number"),
        ('[role."-x"]', '~/team/roles.toml:1: "-x" cannot be a name'),
        ('[role."a\\u001bb"]', "cannot be a name"),
    ],
)
def test_a_file_that_cannot_be_read_takes_nothing_with_it(text: str, trouble: str) -> None:
    """What is one's own goes on, and it is said that the file does not count."""
    found = beside(shared(text + "\n"))
    assert trouble in found.troubles[0]
    assert found.troubles[0].endswith("nothing in ~/team/roles.toml counts")
    assert target(found, "mine").hops


def test_a_role_that_cannot_be_read_is_refused_by_itself() -> None:
    """A key that a later version knows, or an ARN that is none, is said when the name is asked for."""
    found = beside(shared(role("new", "later = 1") + role("bad", arn="arn:x") + role("one")))
    assert "[role.new] later = 1 takes your trust" in refusal(found, "new").message
    assert refusal(found, "bad").message.startswith("~/team/roles.toml:6: ")
    assert target(found, "one").hops
    trusted = beside(shared(role("new", "later = 1"), trust=Trust.GIVEN))
    assert 'unknown key "later"' in refusal(trusted, "new").message


@pytest.mark.parametrize(
    ("path", "out"),
    [
        ("p.json", False), ("a/p.json", False), ("./p", False), ("a/../p", False), ("..p", False),
        ("..", True), ("../p", True), ("a/../../p", True), ("/p", True), ("~/p", True), ("~x", True), ("..\\p", True),
        ("\\\\host\\p", True), ("C:p", True), ("-", True),
    ],
)  # fmt: skip
def test_which_paths_lead_out_of_a_folder(path: str, out: bool) -> None:
    """As they are written, on every system."""
    assert leads_out(path) is out


def test_aliases_of_others_are_for_names_that_mean_nothing() -> None:
    """Neither a name nor an alias of the person's own, of another file or of a profile comes to mean their role."""
    own = OWN.replace('external_id = "agreed"', 'aliases = ["m"]')
    taken = '"work", "mine", "m", "two", "environment", "twice"'
    text = role("one", f'aliases = ["o", {taken}]') + role("two", 'aliases = ["o"]')
    twice = shared(role("twice"), place="~/a.toml"), shared(role("twice"), place="~/b.toml")
    found = beside(shared(text), *twice, own=own)
    assert {name: found.called(name) for name in ("o", "m", "work", "mine", "two", "twice")} == {
        "o": "one", "m": "mine", "work": "work", "mine": "mine", "two": "two", "twice": "twice",
    }  # fmt: skip
    assert target(found, "o").hops[0].name == "one"
    assert len([each for each in found.troubles if "stays what it is" in each]) == 7
    project = shared(role("one", 'aliases = ["o", "legacy", "-x"]'), place="~/p/.stsctl.toml", whose=Shared.PROJECT)
    assert dict(beside(project, profiles=("legacy",)).aliases) == {"o": "one"}
