"""Every recipe works as it is written: its files, its lines in a real bash, and what it promises of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from stsctl import configuration, role_table
from stsctl.cli import stsctl
from stsctl.emulator.seeds import seed
from stsctl.source import SourceKind
from stsctl.target import HopKind
from tests.conftest import missing
from tests.program import BIN
from tests.scripts import pages, place
from tests.scripts.pages import Page

RECIPES = pages.recipes()


# ── that there is one for everything ──


def _typed() -> set[str]:
    """Every command that some recipe has typed, in full: `keys add`."""
    lines = "\n".join(step.line for recipe in RECIPES for step in recipe.steps)
    return {name for name in _commands(stsctl, "") if re.search(rf"\bstsctl {name}\b", lines)}


def _commands(command: click.Command, path: str) -> Iterator[str]:
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from _commands(inner, f"{path} {name}".strip())
    else:
        yield path


@pytest.mark.parametrize("group", ["keys", "mfa", "sso", "sts", "console"])
def test_every_operation_has_a_recipe(group: str) -> None:
    """Each command of the groups that lead in, or work with who one is, is typed in some recipe."""
    wanted = {name for name in _commands(stsctl, "") if name.split()[0] == group}
    assert wanted - _typed() == set()


def _configured() -> list[configuration.Configuration]:
    return [configuration.load(recipe.written("toml").encode(), None) for recipe in RECIPES]


@pytest.mark.parametrize("kind", list(SourceKind), ids=lambda kind: str(kind.value))
def test_every_source_has_a_recipe(kind: SourceKind) -> None:
    """Each kind is configured in some recipe; keys and the environment are there without a line."""
    configured = {entry.source.kind for found in _configured() for entry in found.sources.values()}
    assert kind in configured | {SourceKind.KEYS, SourceKind.ENVIRONMENT}


def test_every_input_of_a_role_is_in_a_recipe() -> None:
    """Each type of `[role.NAME]`, and each key that one can have, stands in some recipe."""
    lines = "\n".join(recipe.written("toml") for recipe in RECIPES)
    keys = {key for keys in role_table._KEYS.values() for key in keys}
    assert {key for key in keys if not re.search(rf"^{key} = ", lines, re.MULTILINE)} == set()
    kinds = {entry.hop.kind for found in _configured() for entry in found.roles.values()}
    assert set(HopKind) - kinds == set()


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: str(recipe.title))
def test_a_recipe_promises_something(recipe: Page) -> None:
    """One that shows no outcome could not be told from one that does nothing."""
    assert any(step.promised for step in recipe.steps)
    assert len({one.title for one in RECIPES}) == len(RECIPES)


def test_the_index_leads_to_each() -> None:
    """The table of docs/README.md has every recipe, in order, and nothing that is none."""
    index = pages.RECIPES.with_name("README.md").read_text(encoding="utf-8")
    linked = re.findall(r"\[([^]]+)\]\(recipes\.md#([^)]+)\)", index)
    assert linked == [(recipe.title, recipe.anchor) for recipe in RECIPES]


# ── that each works ──


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An emulator with the example organisation."""
    with place.emulator(tmp_path_factory.mktemp("emulator"), seed.example_text()) as found:
        yield found


@pytest.mark.slow
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: str(recipe.title))
def test_a_recipe_works_as_it_is_written(recipe: Page, emulator: Path, home: Path) -> None:
    """Its files are written, its lines typed and its questions answered; then it shows what it promises."""
    if not (BIN / "aws").exists():
        missing("the AWS CLI")
    with place.fresh_place(emulator, home) as found:
        found.follow(recipe)
