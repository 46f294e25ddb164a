"""Whoever writes a team's file, or fills a folder that somebody enters: what they cannot have stsctl do."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import shlex
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from stsctl.cli.app import App
from stsctl.cli.config import command as config
from stsctl.cli.profile_write_all import planned
from stsctl.cli.report import Report
from stsctl.errors import ConfigurationError, StsctlError
from stsctl.host import shared_files
from stsctl.target import Target, Wanted
from tests.conftest import missing
from tests.program import STSCTL, as_root

ROLE = "arn:aws:iam::222222222222:role/Admin"
EVIL = "arn:aws:iam::666666666666:role/Admin"
OWN = f"""\
include = ["~/team/*.toml"]
[source.work]
type = "environment"
[role.mine]
role_arn = "{ROLE}"
from = "work"
"""


def role(name: str, arn: str = EVIL, more: str = "") -> str:
    """A role as a file says it."""
    return f'[role.{name}]\nrole_arn = "{arn}"\nfrom = "work"\n{more}\n'


@dataclass(slots=True, kw_only=True)
class Person:
    """Somebody who includes what their team writes in ~/team, and is in the folder of a project."""

    home: Path
    environ: dict[str, str]
    said: str = ""

    @property
    def team(self) -> Path:
        """The team's file."""
        return self.home / "team" / "roles.toml"

    @property
    def project(self) -> Path:
        """The project's file."""
        return self.home / "src" / "app" / ".stsctl.toml"

    def app(self) -> App:
        """A run."""
        return App(self.environ, Report(self.environ))

    def target(self, name: str) -> Target:
        """What a name means; what is said beside it is in `said`."""
        with self._listening():
            return self.app().target(Wanted(name=name))

    def role(self, name: str) -> str:
        """The role that a name means."""
        return str(self.target(name).hops[-1].role_arn)

    def refusal(self, name: str) -> StsctlError:
        """Why a name means nothing."""
        with pytest.raises(StsctlError) as caught:
            self.target(name)
        return caught.value

    def trust(self, path: Path, *words: str) -> None:
        """`stsctl config trust`, with the digest of what is there unless something else is said."""
        words = words or ("--sha256", hashlib.sha256(path.read_bytes()).hexdigest())
        with self._listening():
            self._run("trust", str(path), *words)

    def listed(self) -> dict[str, str]:
        """How far each file counts."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), self._listening():
            self._run("trust", "--list", "--json")
        return {each["file"]: each["trust"] for each in json.loads(out.getvalue())}

    def names(self) -> set[str]:
        """Every name that can be typed."""
        with self._listening():
            return {name for name, _ in self.app().names()}

    def _run(self, *words: str) -> None:
        config.main([*words], parent=as_root(self.app()), standalone_mode=False)

    @contextlib.contextmanager
    def _listening(self):  # type: ignore[no-untyped-def]
        err = io.StringIO()
        try:
            with contextlib.redirect_stderr(err):
                yield
        finally:
            self.said = err.getvalue()


@pytest.fixture
def person(home: Path, monkeypatch: pytest.MonkeyPatch) -> Person:
    """That person."""
    found = Person(home=home, environ={"HOME": str(home), "PATH": os.environ["PATH"], "USER": "me"})
    for folder in (home / ".config" / "stsctl", found.team.parent, found.project.parent):
        folder.mkdir(parents=True)
        folder.chmod(0o755)
    (home / ".config" / "stsctl" / "config.toml").write_text(OWN)
    monkeypatch.chdir(found.project.parent)
    return found


# A team's file.


def test_a_team_cannot_take_a_name_of_ones_own(person: Person) -> None:
    """Neither at once nor trusted: the name is an error with both places, and no role of theirs."""
    for trusted in (False, True):
        person.team.write_text(role("mine"))
        if trusted:
            person.trust(person.team)
        error = person.refusal("mine")
        assert "~/.config/stsctl/config.toml:4" in error.message
        assert "~/team/roles.toml:1" in error.message


def test_what_was_trusted_cannot_be_led_elsewhere(person: Person) -> None:
    """Another role, another external id, one policy less: and the whole file counts for nothing, which is said."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
    good = role("prod", ROLE, f"external_id = 'agreed'\npolicy = '{policy}'")
    person.team.write_text(good)
    person.trust(person.team)
    assert person.role("prod") == ROLE
    for evil in (good.replace(ROLE, EVIL), good.replace("agreed", "theirs"), good.replace(policy, "{}"), good + "#"):
        person.team.write_text(evil)
        error = person.refusal("prod")
        assert "has changed since you trusted it" in error.message
        assert error.hint == f"stsctl config trust {person.team}"
        assert "has changed since you trusted it" in person.said
        assert person.role("mine") == ROLE
        assert "has changed" not in person.said  # once for each change
    person.team.write_text(good)
    assert person.role("prod") == ROLE


def test_no_program_of_a_team_runs_before_it_is_trusted(person: Person) -> None:
    """Not for codes, not for credentials, not for tokens or passphrases, and not as what opens a page."""
    person.team.write_text(
        role("coded", ROLE, 'mfa_serial = "arn:aws:iam::111111111111:mfa/me"\nmfa_process = ["/bin/evil"]')
        + '[source.process]\ntype = "process"\nprocess = "/bin/evil"\n'
        + '[source.token]\ntype = "oidc"\ntoken_process = "/bin/evil"\n'
        + '[source.page]\ntype = "saml"\nsign_in_url = "https://evil.example/"\nbrowser = "/bin/evil"\n'
        + '[defaults]\nstore = "process"\nstore_process = ["/bin/evil"]\nmfa_process = ["/bin/evil"]\n'
    )
    for name in ("coded", "process", "token", "page"):
        error = person.refusal(name)
        assert "takes your trust" in error.message
        assert str(person.team) in str(error.hint)
    settings = person.app().settings
    assert (settings.store_process.value, settings.mfa_process.value, settings.store.value.value) == ((), (), "keyring")
    assert person.target("mine").source.mfa_process == ()
    assert person.names() == {"mine", "work"}
    person.trust(person.team)
    assert person.target("coded").hops[-1].mfa_process == ("/bin/evil",)
    assert person.app().settings.store_process.value == ("/bin/evil",)


def test_no_secret_is_read_by_a_path_that_a_team_writes(person: Person) -> None:
    """Not by a path that leads out of their folder, nor by a link in it; nor is anybody kept waiting."""
    secret = person.home / "secret.json"
    secret.write_text("{}")
    (person.team.parent / "link.json").symlink_to(secret)
    (person.team.parent / "up").symlink_to("..")
    os.mkfifo(person.team.parent / "pipe.json")
    (person.team.parent / "fine.json").write_text('{"Statement": []}')
    names = {
        "out": "../secret.json", "whole": str(secret), "home": "~/secret.json", "link": "link.json",
        "up": "up/secret.json", "pipe": "pipe.json", "nothing": "a\\u0000b", "fine": "fine.json",
    }  # fmt: skip
    person.team.write_text("".join(role(name, ROLE, f'policy_file = "{path}"') for name, path in names.items()))
    for name in names:
        if name != "fine":
            error = person.refusal(name)
            assert isinstance(error, ConfigurationError), error
            assert "~/team/roles.toml:" in error.message, error.message
    assert person.target("fine").hops[-1].policy == '{"Statement":[]}'


def test_a_teams_region_leads_to_no_host_of_theirs(person: Person) -> None:
    """What a request is sent to is made of it."""
    for region in ("evil.example/", "eu-west-1.evil.example", "x@evil.example", "eu-west-1#"):
        person.team.write_text(role("prod", ROLE, f'region = "{region}"'))
        app = person.app()
        with pytest.raises(ConfigurationError, match="is no region"):
            app.plan(app.target(Wanted(name="prod")))


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_file_that_others_can_change_does_not_count(person: Person, what: str) -> None:
    """Trusted or not: it is said, and what is one's own goes on."""
    person.team.write_text(role("prod", ROLE))
    person.trust(person.team)
    changed = person.team if what == "file" else person.team.parent
    changed.chmod(0o777)
    assert "there is no role" in person.refusal("prod").message
    assert "others can change" in person.said
    assert person.role("mine") == ROLE
    with pytest.raises(ConfigurationError, match="others can change"):
        person.trust(person.team)


def test_a_file_of_another_user_does_not_count(person: Person) -> None:
    """Whose it is, is looked at where it is open: nobody puts another in its place in between."""
    if os.geteuid():
        missing("root, to be two other users")
    from tests.attacks.test_other_users import ME, NEIGHBOUR, acting_as

    person.team.write_text(role("prod", ROLE))
    for folder in (person.home.parent, *person.home.parent.parents):
        if folder.stat().st_mode & 0o001 == 0:
            folder.chmod(folder.stat().st_mode | 0o011)
    os.chown(person.team.parent, ME, ME)
    os.chown(person.team, ME, ME)
    assert acting_as(ME, lambda: shared_files.read(person.team) is not None) is True
    os.chown(person.team, NEIGHBOUR, NEIGHBOUR)
    assert "belongs to another user" in str(acting_as(ME, lambda: str(shared_files.read(person.team))))


def test_files_that_are_none_count_for_nothing(person: Person) -> None:
    """A pipe, a folder, a link that goes round, thousands of files, one that is too large: nobody waits for any."""
    os.mkfifo(person.team.parent / "pipe.toml")
    (person.team.parent / "folder.toml").mkdir()
    (person.team.parent / "round.toml").symlink_to("round.toml")
    with (person.team.parent / "large.toml").open("wb") as file:
        file.truncate(shared_files.LARGEST + 1)
    person.team.write_text(role("prod", ROLE))
    assert person.role("prod") == ROLE
    for name in ("pipe", "folder", "round", "large"):
        assert f"{name}.toml" in person.said
    for number in range(2000):
        (person.team.parent / f"{number}.toml").touch()
    assert "more than 100 files" in (person.refusal("prod") and person.said)
    assert person.role("mine") == ROLE


@pytest.mark.parametrize(
    "text",
    [
        f"x = {'9' * 5000}",
        f"[role.theirs]\nduration = 0x{'f' * 5000}",
        f"[source.theirs]\ntype = 0o{'7' * 9000}",
        ".".join("a" * 100_000) + " = 1",
        f"[{'.'.join('a' * 100_000)}]",
        f"x = {{{'.'.join('a' * 100_000)} = 1}}",
        'x = ["""a"""", {' + ".".join("a" * 100_000) + ' = 1}, "b"]',
        " . ".join(['"a=b"'] * 50_000) + " = 1",
        "[" * 100_000,
    ],
    ids=["long", "hexadecimal", "octal", "dotted", "header", "inline", "behind quotes", "quoted", "deep"],
)
def test_no_text_of_a_team_stops_or_stalls_anybody(person: Person, text: str) -> None:
    """Numbers that Python refuses to write, and keys that tomllib would need hours for: what is one's own goes on."""
    person.team.write_text(text + "\n")
    began = time.process_time()
    assert person.role("mine") == ROLE
    assert "nothing in ~/team/roles.toml counts" in person.said
    assert time.process_time() - began < 5


def test_a_team_does_not_flood_the_terminal(person: Person) -> None:
    """What of theirs does not count is said, up to a point, and how much more there is."""
    person.team.write_text(role("team", more=f"aliases = {[f'a b{number}' for number in range(5000)]}"))
    assert person.role("mine") == ROLE
    assert len(person.said.splitlines()) == 21
    assert "4980 more" in person.said


def test_a_long_policy_is_no_long_key(person: Person) -> None:
    """Dots in texts and comments are no parts of a key."""
    dots = ".".join("a" * 500)
    person.team.write_text(
        role("team", more=f"description = '{dots}' # {dots}\npolicy = '''\n{{}}\n\n''' #'\n# {dots}")
    )
    assert person.role("team") == EVIL


def test_what_is_to_be_typed_holds_no_command_of_theirs(person: Person) -> None:
    """Names stand in hints and lists, from where people paste them: theirs are words to every shell, or count not."""
    names = ["$(touch x)", "`touch x`", "x; touch x", "x|y", "a b", "x&", "~root", "!x", "=x", "@x", "%x%", "x\u2019y"]
    person.team.write_text("".join(role(json.dumps(name)) for name in names) + role("team", more="aliases = ['a;b']"))
    for name in names:
        assert "cannot be a name" in person.refusal(name).message
    assert person.role("team") == EVIL
    assert "cannot be a name" in person.said
    assert not {*names, "a;b"} & person.names()


def test_a_team_does_not_say_whom_sdks_ask_without_a_profile(person: Person) -> None:
    """No [default] is written for a role of theirs, by whichever way it is called so; nor does one stop the others."""
    person.team.write_text(role("default") + role("DEFAULT") + role("team", EVIL.replace("Admin", "default")))
    for template, written in (("{name}", ["mine", "team"]), ("{role}", ["Admin"])):
        said: list[str] = []
        roles = ["mine", "default", "DEFAULT", "team"] if template == "{name}" else ["mine", "team"]
        found = planned(person.app(), roles, template, say=said.append)
        assert [each.name for each in found] == written
        assert any("~/team/roles.toml" in each for each in said)


def test_a_policy_file_with_a_name_of_no_file(person: Person) -> None:
    """Is refused as one that cannot be read, also where the system does not even look for it."""
    person.team.write_text(role("team", more=f"policy_file = '{'a' * 5000}'"))
    assert "cannot read" in person.refusal("team").message
    assert person.role("mine") == ROLE


def test_no_more_than_so_many_files_are_read_of_all_patterns(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said that the rest does not count."""
    monkeypatch.setattr(shared_files, "MOST", 2)
    own = person.home / ".config/stsctl/config.toml"
    own.write_text(OWN.replace('toml"]', 'toml", "~/more/*.toml"]', 1))
    for number, place in enumerate(("team/a", "team/b", "more/c", "more/d")):
        path = person.home / f"{place}.toml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(role(f"r{number}"))
    assert person.names() == {"mine", "work", "r0", "r1"}
    assert "no more than 2 files are read" in person.said


def test_a_file_includes_no_other(person: Person) -> None:
    """So none is included for ever, and who reads config.toml sees what has a say."""
    person.team.write_text('include = ["~/team/*.toml", "/etc/passwd"]\n' + role("prod", ROLE))
    assert "there is no role" in person.refusal("prod").message
    assert '"include" is not for an included file to say' in person.said


# Trusting.


def test_what_is_trusted_is_what_was_read(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who changes the file while the person reads what it wants has changed a file that is not trusted."""
    person.team.write_text(role("prod", ROLE))

    def ask(*_: object, **__: object) -> str:
        person.team.write_text(role("prod", EVIL))
        return "y"

    monkeypatch.setattr("stsctl.cli.machine.Machine.ask", ask)
    with person._listening():
        person._run("trust", str(person.team))
    assert person.listed()[str(person.team)] == "changed since it was trusted"
    assert "has changed" in person.refusal("prod").message
    person.team.write_text(role("prod", ROLE))
    assert person.role("prod") == ROLE


def test_only_the_digest_that_was_meant_is_trusted(person: Person) -> None:
    """Without a question, that of somebody else's text is refused."""
    person.team.write_text(role("coded", ROLE, 'mfa_process = ["/bin/evil"]'))
    for digest in ("0" * 64, "", hashlib.sha256(b"").hexdigest()):
        with pytest.raises(ConfigurationError, match="has the SHA-256"):
            person.trust(person.team, "--sha256", digest)
    assert "takes your trust" in person.refusal("coded").message


@pytest.mark.parametrize("answer", ["", "n", "no", "yy"])
def test_nothing_but_yes_is_yes(person: Person, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Whoever presses Enter trusts nobody."""
    person.project.write_text(role("deploy"))
    monkeypatch.setattr("stsctl.cli.machine.Machine.ask", lambda *_, **__: answer)
    with pytest.raises(StsctlError, match="nothing was changed"):
        person.trust(person.project, "--")
    assert "there is no role" in person.refusal("deploy").message


def test_what_is_shown_before_it_is_trusted_is_all_of_it_and_steers_nothing(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every value whole, with its line, and no terminal obeys any; what changed is shown line by line."""
    monkeypatch.setattr("stsctl.cli.machine.Machine.ask", lambda *_, **__: "y")
    steering = "\\u001b]0;evil\\u0007\\u202e"
    person.team.write_text(role("coded", ROLE, f'mfa_process = [\n  "sh", "-c",\n\n  "evil {steering}"]'))
    person.trust(person.team, "--")
    assert '~/team/roles.toml:4: [role.coded] mfa_process = ["sh", "-c", "evil ' in person.said
    with person.team.open("a") as file:
        file.write('# \x1b[2J\x9b31m\u202e\u200b\n[source.s]\ntype = "file"\npath = "s"\n'.replace("\x1b", ""))
    person.trust(person.team, "--")
    assert "has changed since you trusted it" in person.said
    assert '  +path = "s"' in person.said
    assert '~/team/roles.toml:10: [source.s] type = "file"' in person.said
    assert '~/team/roles.toml:11: [source.s] path = "s"' in person.said
    assert '     "evil ' in person.said
    assert "  +# [2J\\x9b31m\\u202e\\u200b" in person.said
    assert all(each.isprintable() or each == "\n" for each in person.said)


def test_trust_is_taken_back(person: Person) -> None:
    """Then the file counts as it did before."""
    person.team.write_text(role("coded", ROLE, 'mfa_process = ["/bin/code"]'))
    person.trust(person.team)
    assert person.role("coded") == ROLE
    person.trust(person.team, "--revoke")
    assert "takes your trust" in person.refusal("coded").message
    assert person.listed() == {str(person.team): "not trusted"}


def test_trust_is_of_a_place(person: Person) -> None:
    """The same text elsewhere is not trusted, nor is another file under a trusted name by way of a link."""
    person.team.write_text(role("coded", ROLE, 'mfa_process = ["/bin/code"]'))
    person.trust(person.team)
    elsewhere = person.team.with_name("other.toml")
    person.team.rename(elsewhere)
    assert "takes your trust" in person.refusal("coded").message
    person.team.symlink_to(elsewhere)
    assert "takes your trust" in person.refusal("coded").message


def test_nobody_else_can_say_what_is_trusted(person: Person) -> None:
    """A record that others can read or change is no record; one that is garbage is none either."""
    person.team.write_text(role("coded", ROLE, 'mfa_process = ["/bin/code"]'))
    person.trust(person.team)
    (record,) = (path for path in (person.home / ".local/state/stsctl/trusted").iterdir() if path.is_file())
    assert record.stat().st_mode & 0o777 == 0o600
    kept = record.read_bytes()
    record.chmod(0o644)
    with contextlib.suppress(StsctlError):
        assert person.role("coded") == "nothing"
    record.chmod(0o600)
    assert person.role("coded") == ROLE
    for garbage in (b"", b"\n", kept.partition(b"\n")[2], b'"/elsewhere"\n' + kept.partition(b"\n")[2], b"[1]\n"):
        record.write_bytes(garbage)
        assert "takes your trust" in person.refusal("coded").message


# A project's file.


def test_a_project_counts_for_nothing_before_it_is_trusted(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not even opened; what to type is said once."""
    person.project.write_text(role("deploy") + role("mine"))
    opened: list[str] = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda path, *rest, **more: opened.append(str(path)) or real(path, *rest, **more))
    for at in range(2):
        error = person.refusal("deploy")
        assert error.hint == f"stsctl config trust {person.project}"
        assert person.said.count(f'run "stsctl config trust {person.project}"') == (at == 0)
    assert person.role("mine") == ROLE
    assert person.names() == {"mine", "work"}
    assert str(person.project) not in opened


def test_a_trusted_project_counts_in_its_folder_and_takes_no_name_of_ones_own(person: Person) -> None:
    """Whatever it calls so stays the person's own, and that is said each time."""
    person.project.write_text(role("deploy") + role("mine"))
    person.trust(person.project)
    assert (person.role("deploy"), person.role("mine")) == (EVIL, ROLE)
    assert '"mine" stays what it is (~/.config/stsctl/config.toml:4)' in person.said
    assert person.names() == {"mine", "work", "deploy"}
    below = person.project.parent / "a" / "b"
    below.mkdir(parents=True)
    os.chdir(below)
    assert person.role("deploy") == EVIL
    os.chdir(person.home / "src")
    assert "there is no role" in person.refusal("deploy").message


def test_names_that_are_remembered_are_of_no_project(person: Person) -> None:
    """Many names are remembered until a file changes that says them: those of a project, in its folder, never."""
    person.team.write_text("".join(role(f"r{number}") for number in range(200)))
    person.project.write_text(role("deploy"))
    person.trust(person.project)
    remembered = person.home / ".local/state/stsctl/names.json"
    time.sleep(0.03)  # what was written this moment might change once more, unnoticed
    assert "deploy" in person.names()
    assert not remembered.exists()
    os.chdir(person.home)
    everywhere = person.names()
    assert remembered.exists()
    assert "deploy" not in everywhere
    os.chdir(person.project.parent)
    assert person.names() == everywhere | {"deploy"}
    os.chdir(person.home)
    (person.team.parent / "more.toml").write_text(role("more"))
    assert person.names() == everywhere | {"more"}
    person.team.write_text(role("mine"))
    assert person.names() == {"mine", "work", "more"}


def test_a_project_that_changed_counts_for_nothing(person: Person) -> None:
    """A pull is enough; then the name is unknown again."""
    person.project.write_text(role("deploy", ROLE))
    person.trust(person.project)
    person.project.write_text(role("deploy", EVIL))
    error = person.refusal("deploy")
    assert "there is no role" in error.message
    assert "has changed since you trusted it" in person.said
    assert person.names() == {"mine", "work"}


def test_nothing_is_said_in_the_middle_of_a_line(person: Person) -> None:
    """Completions offer what counts, and leave what there is to say for a command that is typed."""
    person.project.write_text(role("deploy"))
    person.team.write_text("[")
    environ = person.environ | {"_STSCTL_COMPLETE": "bash_complete", "COMP_WORDS": "stsctl assume m", "COMP_CWORD": "2"}
    done = subprocess.run([STSCTL], env=environ, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("plain,mine\n", "")
    assert "deploy" in str(person.refusal("deploy"))
    assert person.said.count("does not count before you trust it") == 1
    assert "nothing in ~/team/roles.toml counts" in person.said


def test_what_is_said_once_is_said_to_a_person(person: Person) -> None:
    """An SDK that asks in such a folder shows it to nobody, and leaves it unsaid."""
    person.project.write_text(role("deploy"))
    for name, status in (("deploy", 3), ("mine", 3)):  # there are no keys in the environment
        words = [STSCTL, "credential-process", name]
        done = subprocess.run(words, env=person.environ, capture_output=True, text=True, check=False)
        assert (done.returncode, "before you trust it" in done.stderr) == (status, False), done
    assert "deploy" in str(person.refusal("deploy"))
    assert "does not count before you trust it" in person.said


def test_what_is_to_be_typed_is_quoted(person: Person) -> None:
    """A folder may be called like a command."""
    folder = person.home / "src" / "$(evil); 'x'"
    folder.mkdir(mode=0o755)
    (folder / ".stsctl.toml").write_text(role("deploy"))
    os.chdir(folder)
    words = shlex.split(str(person.refusal("deploy").hint))
    assert words == ["stsctl", "config", "trust", str(folder / ".stsctl.toml")]


def test_a_project_within_a_trusted_one_does_not_inherit_its_trust(person: Person) -> None:
    """The nearest file is the one that is meant, whatever that is: neither it nor the one above counts."""
    person.project.write_text(role("deploy", ROLE))
    person.trust(person.project)
    inner = person.project.parent / "vendor"
    inner.mkdir()
    os.chdir(inner)
    assert person.role("deploy") == ROLE
    (inner / ".stsctl.toml").write_text(role("deploy", EVIL))
    assert "there is no role" in person.refusal("deploy").message


@pytest.mark.parametrize("what", ["link", "pipe", "folder", "writable", "writable folder"])
def test_a_trusted_project_whose_file_became_something_else(person: Person, what: str) -> None:
    """Neither a link to the same text, nor what waits for a writer, nor what others can change."""
    person.project.write_text(role("deploy", ROLE))
    person.trust(person.project)
    same = person.project.with_name("same")
    if what == "writable":
        person.project.chmod(0o666)
    elif what == "writable folder":
        person.project.parent.chmod(0o777)
    else:
        person.project.rename(same)
        if what == "link":
            person.project.symlink_to(same)
        elif what == "pipe":
            os.mkfifo(person.project)
        else:
            person.project.mkdir()
    assert "there is no role" in person.refusal("deploy").message
    assert "it does not count" in person.said
    assert person.role("mine") == ROLE


def test_projects_can_be_turned_off(person: Person) -> None:
    """By a variable, and by one's own configuration; then nothing is said of any."""
    person.project.write_text(role("deploy", ROLE))
    person.trust(person.project)
    person.environ["STSCTL_NO_PROJECT"] = "1"
    assert "there is no role" in person.refusal("deploy").message
    del person.environ["STSCTL_NO_PROJECT"]
    assert person.role("deploy") == ROLE
    (person.home / ".config/stsctl/config.toml").write_text(
        OWN.replace("[source", "[defaults]\nproject = false\n[source", 1)
    )
    assert "there is no role" in person.refusal("deploy").message
    assert person.said == ""


def test_the_session_of_one_project_is_not_renewed_as_anothers(person: Person) -> None:
    """The name that is current means the same in every folder, or nothing."""
    person.project.write_text(role("deploy", ROLE))
    person.trust(person.project)
    other = person.home / "src" / "other"
    other.mkdir()
    (other / ".stsctl.toml").write_text(role("deploy", EVIL))
    person.trust(other / ".stsctl.toml")
    wanted = Wanted(name="deploy", project=str(person.project))
    assert str(person.app().target(wanted).hops[-1].role_arn) == ROLE
    os.chdir(other)
    assert person.role("deploy") == EVIL
    with pytest.raises(ConfigurationError, match="is a name of"):
        person.app().target(wanted)


def test_a_person_is_shown_what_they_are_asked_about(person: Person) -> None:
    """On a real terminal: what it wants, the question, and the word that was given."""
    pexpect = pytest.importorskip("pexpect")
    person.project.write_text(role("deploy", ROLE, 'mfa_process = ["/bin/code"]'))
    child = pexpect.spawn(
        str(STSCTL), ["config", "trust"], env=person.environ | {"TERM": "dumb"}, cwd=str(person.project.parent),
        encoding="utf-8", timeout=100, dimensions=(40, 200),
    )  # fmt: skip
    child.expect_exact("role deploy is arn:aws:iam::222222222222:role/Admin, from work")
    child.expect_exact('[role.deploy] mfa_process = ["/bin/code"]')
    child.expect_exact("as it is now? [y/N] ")
    child.sendline("y")
    child.expect_exact("is trusted as it is now")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0
    assert person.target("deploy").hops[-1].mfa_process == ("/bin/code",)


def test_a_file_that_is_wrong_cannot_be_trusted(person: Person) -> None:
    """Its first error is said, with the line."""
    person.team.write_text(role("prod", "nonsense"))
    with pytest.raises(ConfigurationError, match=r"roles\.toml:2"):
        person.trust(person.team)
    with pytest.raises(ConfigurationError, match="there is no file"):
        person.trust(person.team.with_name("none"), "--")
    with pytest.raises(StsctlError, match="is not trusted"):
        person.trust(person.team, "--revoke")
