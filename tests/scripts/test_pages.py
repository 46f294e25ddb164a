"""What the README and every page below docs/ have one type works as it is written, from the first block to the last."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
import yaml

from stsctl import configuration, ini
from stsctl.cli.emulator import BUILT_IN_CONFIG
from stsctl.emulator import control
from stsctl.emulator.seeds import seed
from tests.conftest import missing
from tests.program import BIN
from tests.ready import ready
from tests.scripts import pages, place
from tests.scripts.pages import Block, Page
from tests.scripts.place import BASE, Place

PAGES = pages.pages()


EXAMPLE = {"docs/ci.md"}
"""The pages that are about the organisation to learn from; all others are about the built-in one."""


@pytest.fixture(scope="module")
def emulators(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str | None], Path]]:
    """Emulators by their seed, each started once."""
    with ExitStack() as running:

        @cache
        def start(seed_text: str | None) -> Path:
            return running.enter_context(place.emulator(tmp_path_factory.mktemp("emulator"), seed_text))

        yield start


def _begin(found: Place, page: Page, emulator: Path) -> None:
    """The emulator, its roles and alice's keys, less what the page itself says how to get."""
    tables = re.split(r"^(?=\[)", BUILT_IN_CONFIG, flags=re.MULTILINE)
    own = {table for table in tables if table.partition("\n")[0] in page.text.splitlines()}
    if "stsctl emulator config" not in page.text:
        found.write(".config/stsctl/config.toml", BASE + "".join(table for table in tables if table not in own))
    if "stsctl emulator start" not in page.text:
        found.come_upon_the_emulator(emulator)
    if "stsctl keys add work" not in page.text:
        keys = control.principal(found.running, "alice").credentials
        pair = f"{keys.access_key_id}\n{keys.secret_access_key.reveal()}\n"
        done = ready().run(
            ("keys", "add", "work", "--stdin"), environ=found.environ, folder=found.home, given=pair, timeout=60
        )
        assert done.status == 0, done


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if page.steps], ids=lambda page: str(page.title))
def test_a_page_works_as_it_is_written(page: Page, emulators: Callable[[str | None], Path], home: Path) -> None:
    """Its files are written and its lines typed, in order; each line succeeds, and shows what is promised."""
    if not (BIN / "aws").exists():
        missing("the AWS CLI")
    emulator = emulators(seed.example_text() if page.title in EXAMPLE else None)
    with place.fresh_place(emulator, home) as found:
        _begin(found, page, emulator)
        found.follow(page)


def test_what_is_typed_is_in_a_block() -> None:
    """No page has a command indented, where nobody would run it; but the two with which the README begins."""
    files = [pages.DOCS.parent / "README.md", *pages.DOCS.glob("*.md")]
    text = "\n".join(re.sub(r"^```.*?^```$", "", file.read_text(), flags=re.MULTILINE | re.DOTALL) for file in files)
    typed = re.findall(r"^    (?:\$ )?((?:stsctl|aws|eval|make|pip|docker|kubectl|terraform) .*)$", text, re.MULTILINE)
    assert [line.split()[:3] for line in typed] == [["make", "demo", "the"], ["pip", "install", "."]]


def test_what_is_not_run_says_why() -> None:
    """A block that is left alone, and one in a language that nothing here reads, has its reason above it."""
    unread = {"powershell", "bat", "go", "java", "hcl", "zsh", "bash"}
    alone = [block for page in PAGES for block in page.blocks if not block.is_run and block.kind != "text"]
    assert all(re.search(r"\(not run: [^)]{10,}\)", block.above) for block in alone)
    assert len(alone) >= 5
    named = [block for page in PAGES for block in page.blocks if block.kind in unread and block.is_run]
    assert [block.above for block in named if block.file is None] == []


@pytest.mark.parametrize(
    "block",
    [
        block
        for page in [*PAGES, *pages.recipes()]
        for block in page.blocks
        if block.kind in {"toml", "yaml", "json", "ini"}
    ],
    ids=lambda block: str(block.above)[-40:],
)
def test_files_in_pages_are_well_formed(block: Block) -> None:
    """Each can be read as what it says that it is: a configuration and a seed to the last key."""
    found = {"toml": tomllib.loads, "yaml": yaml.safe_load, "json": json.loads, "ini": _ini}[block.kind](block.text)
    assert found
    if block.kind == "toml" and "account" in found:
        assert seed.parse(block.text.encode(), block.above).accounts
    elif block.file == pages.USUAL["toml"]:
        configuration.load(block.text.encode(), None)


def _ini(text: str) -> object:
    return ini.parse(text.encode(), "the block")
