"""The hook and files of others: a hit notices every change of what is included, and knows no project."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.real.test_hook import ADMIN, Person, person, settle

__all__ = ["person"]

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

TEAM = '[role.prod]\nrole_arn = "{role}"\nfrom = "work"\n'


@pytest.fixture
def team(person: Person) -> Path:
    """The folder that the person includes, with a role in it; they have trusted the file."""
    folder = person.home / "team"
    folder.mkdir(mode=0o755)
    config = person.config / "config.toml"
    person.write(config, 'include = ["~/team/*.toml", "~/single.toml"]\n' + config.read_text())
    person.write(folder / "a.toml", TEAM.format(role=ADMIN))
    person.write(person.home / "single.toml", "# nothing")
    (person.home / "single.toml").chmod(0o644)
    trusted(person, folder / "a.toml")
    return folder


def trusted(person: Person, path: Path) -> None:
    """Trusts a file as it is."""
    person.app().shared_files.trusted.put(str(path), path.read_bytes())


def held(person: Person, *names: str) -> dict[str, str | None]:
    """What the hook answers for names once they are held, and the whole program has answered twice."""
    for name in names:
        person.obtain(name)
    settle()
    for name in names:
        person.whole(name)
        person.whole(name)
    return {name: person.hook(name) for name in names}


CHANGES: dict[str, Callable[[Person, Path], object]] = {
    "changed": lambda person, team: person.write(team / "a.toml", TEAM.format(role=ADMIN.replace("Admin", "Audit"))),
    "removed": lambda person, team: (team / "a.toml").unlink(),
    "another of the same name": lambda person, team: person.write(team / "b.toml", TEAM.format(role=ADMIN)),
    "one that is hidden no more": lambda person, team: (team / ".b.toml").rename(team / "b.toml"),
    "trusted no more": lambda person, team: person.app().shared_files.trusted.drop(str(team / "a.toml")),
    "others can change it": lambda person, team: (team / "a.toml").chmod(0o666),
    "others can change its folder": lambda person, team: team.chmod(0o777),
    "another folder in its place": lambda person, team: (team.rename(team.with_name("old")), team.mkdir()),
    "the single one is gone": lambda person, team: (person.home / "single.toml").unlink(),
    "the single one says something": lambda person, team: person.write(
        person.home / "single.toml", TEAM.format(role=ADMIN)
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_hit_notices_what_becomes_of_files_that_are_included(person: Person, team: Path, change: str) -> None:
    """For a name of theirs and for one's own: afterwards the hook gives what the whole program gives, or nothing."""
    (team / ".b.toml").write_text(TEAM.format(role=ADMIN))
    before = held(person, "prod", "admin")
    assert None not in before.values()
    CHANGES[change](person, team)
    settle()
    for name in before:
        assert person.hook(name) is None
        line, _ = person.whole(name)
        if line is not None:
            assert person.whole(name)[0] == line
            assert person.hook(name) in (None, line)


def test_a_hit_notices_a_file_that_comes(person: Person) -> None:
    """Also one that was not there, in a folder that was not."""
    config = person.config / "config.toml"
    person.write(config, 'include = ["~/none/*.toml"]\n' + config.read_text())
    assert held(person, "admin")["admin"] is not None
    (person.home / "none").mkdir(mode=0o755)
    person.write(person.home / "none" / "a.toml", TEAM.replace("prod", "admin").format(role=ADMIN))
    settle()
    assert person.hook("admin") is None
    assert person.whole("admin")[0] is None  # the name is written twice


def test_names_of_a_project_are_never_the_hooks(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is called so in one folder is something else in the next; one's own mean the same in each."""
    app = person.home / "app"
    for folder, role in ((app, ADMIN), (person.home / "other", ADMIN.replace("Admin", "Audit"))):
        folder.mkdir(mode=0o755)
        person.write(folder / ".stsctl.toml", TEAM.format(role=role) + TEAM.replace("prod", "admin").format(role=role))
        trusted(person, folder / ".stsctl.toml")
    monkeypatch.chdir(app)
    assert held(person, "prod")["prod"] is None
    assert person.whole("prod")[0] is not None
    monkeypatch.chdir(person.home / "other")
    assert person.whole("prod")[0] is None  # nothing is held of this one
    monkeypatch.chdir(os.sep)
    own = held(person, "admin")["admin"]
    assert own is not None
    monkeypatch.chdir(app)
    assert person.hook("admin") == own
    line, said = person.whole("admin")
    assert line == own
    assert '"admin" stays what it is' in said
