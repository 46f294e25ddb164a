"""The tables of the configuration, kept from the last reading of its texts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from stsctl import configuration, role_table, toml_text
from stsctl.configuration import Configuration
from stsctl.errors import ConfigurationError
from stsctl.role_table import RoleEntry
from stsctl.stores.known_tables import KnownTables
from stsctl.tables import Table

MANY = 300
HEAD = '# mine\n[defaults]\nregion = "eu-west-1"\n[source.work]\ntype = "keys"\n'
ODD = '[role."a.b \\u00e9"]\nrole_arn = "arn:aws:iam::222222222222:role/Odd"\nfrom = "work"\ntags = {"x.y" = "z"}\n'
ADDED = '[role.imported]\nrole_arn = "arn:aws:iam::222222222222:role/I"\nfrom = "work"\n'


def roles(count: int) -> str:
    """A configuration of so many roles."""
    return HEAD + "".join(
        f'[role.role-{number}]\nrole_arn = "arn:aws:iam::222222222222:role/R{number}"\nfrom = "work"\n'
        f"[role.role-{number}.tags]\nteam = 'number {number}'\n"
        for number in range(count)
    )


CONFIG = roles(MANY) + ODD


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Configuration, list[str]]]:
    """Runs with these texts, in the same home; what they say, and which of them had to be read as TOML."""
    parsed: list[str] = []
    parse = toml_text.parse
    monkeypatch.setattr(toml_text, "parse", lambda content, place: (parsed.append(place), parse(content, place))[1])

    def one(config: str, added: str = "") -> tuple[Configuration, list[str]]:
        parsed.clear()
        known = KnownTables(tmp_path / "tables")
        found = configuration.load(config.encode(), added.encode(), reader=known)
        known.keep()
        return found, [*parsed]

    return one


Runs = Callable[..., tuple[Configuration, list[str]]]


def test_the_same(run: Runs) -> None:
    """The second run reads no TOML, and has the same: values, lines, order."""
    first, parsed = run(CONFIG, ADDED)
    assert parsed == ["config.toml", "added.toml"]
    second, parsed = run(CONFIG, ADDED)
    assert parsed == []
    assert second == first
    assert [*second.roles] == [*first.roles]
    assert second.roles["a.b é"].hop.origin == first.roles["a.b é"].hop.origin
    assert str(second.defaults.origins["region"]) == "config.toml:3"
    assert second.roles["imported"].added
    assert second == configuration.load(CONFIG.encode(), ADDED.encode())


@pytest.mark.parametrize("again", [1, 2])
def test_one_that_changed(run: Runs, again: int) -> None:
    """Only the text that changed is read, and what holds is what it says now."""
    run(CONFIG)
    for _ in range(again):
        found, parsed = run(CONFIG, ADDED)
    assert parsed == (["added.toml"] if again == 1 else [])
    assert found == configuration.load(CONFIG.encode(), ADDED.encode())


@pytest.mark.parametrize(
    ("config", "added", "said"),
    [
        (CONFIG.replace('"arn:aws:iam::222222222222:role/R7"', '"R7"'), "", "config.toml:"),
        (CONFIG, ADDED.replace("imported", "role-7"), "is written twice: config.toml:"),
        (CONFIG, ADDED + "[defaults]\n", 'unknown key "defaults"'),
        (CONFIG + "=", "", "this is no TOML"),
    ],
)
def test_what_is_wrong_is_never_kept(run: Runs, config: str, added: str, said: str) -> None:
    """A text beside one that is known is checked with it, each time."""
    run(CONFIG, "# nothing\n")
    for _ in range(2):
        with pytest.raises(ConfigurationError) as caught:
            run(config, added)
        assert said in caught.value.message


def test_another_place(run: Runs, tmp_path: Path) -> None:
    """The same text elsewhere is said to be there."""
    run(CONFIG)
    known = KnownTables(tmp_path / "tables")
    found = configuration.load(CONFIG.encode(), b"", config_place="elsewhere.toml", reader=known)
    assert found.roles["role-7"].hop.origin
    assert found.roles["role-7"].hop.origin.place == "elsewhere.toml"


def test_a_damaged_file(run: Runs, tmp_path: Path) -> None:
    """What is damaged anywhere is as good as nothing, and is mended."""
    expected, _ = run(CONFIG)
    file = tmp_path / "tables"
    whole = file.read_bytes()
    length = len(whole)
    cut = [whole[: length // 2], whole[:-1], b"", b"\n", b"[]\n", b"null\n" + whole]
    for damaged in (
        *cut,
        *(whole[:at] + b"\xff" + whole[at + 1 :] for at in (0, 10, 70, 120, length // 2, length - 3)),
    ):
        file.write_bytes(damaged)
        found, parsed = run(CONFIG)
        assert parsed, damaged[:200]
        assert found == expected
        assert run(CONFIG)[1] == []


def test_few_roles_leave_nothing(run: Runs, tmp_path: Path) -> None:
    """A configuration of the usual size is read faster than kept: no file is written."""
    run(roles(3))
    assert not (tmp_path / "tables").exists()


def test_only_one_role_is_made(run: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a text that is known, no role is made that nobody asks for."""
    run(CONFIG)
    made: list[str] = []
    entry = role_table.entry

    def noted(name: str, table: Table, *, added: bool) -> RoleEntry:
        made.append(name)
        return entry(name, table, added=added)

    monkeypatch.setattr(role_table, "entry", noted)
    found, _ = run(CONFIG)
    assert found.roles["role-7"].hop.tags == (("team", "number 7"),)
    assert "nobody" not in found.roles
    assert made == ["role-7"]
