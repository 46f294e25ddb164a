"""What the documents say is so: commands, configuration keys, variables, exit statuses, generated parts, links."""

from __future__ import annotations

import contextlib
import html
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from stsctl import role_table, settings, source_table
from stsctl.agent_table import AgentOptions
from stsctl.cli import stsctl
from stsctl.configuration import Configuration, Defaults, SealedFile
from stsctl.console_table import Console
from tests.conftest import missing
from tools import generate, manual

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROSE = sorted((ROOT / "tools" / "manual").glob("*.md"))
DOCUMENTS = [*PAGES, *(ROOT / f"{name}.md" for name in ("CHANGELOG", "CONTRIBUTING", "SECURITY")), *PROSE]

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^    .*\n)+", re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
_COMMAND = re.compile(r"(?<![\w./'\[-])stsctl((?: +[^\s()|;<>&#\"'`\\]+)*)")


def _commands(text: str) -> Iterator[list[str]]:
    for match in _COMMAND.finditer(text):
        yield match.group(1).split()


def _code(document: Path) -> Iterator[tuple[str, bool]]:
    """Every piece of code, and whether it is a line to type rather than a mention."""
    text = document.read_text(encoding="utf-8")
    for match in _BLOCK.finditer(text):
        if match.group(1) in {"console", "ini"}:
            yield match.group(2), True
    text = _BLOCK.sub("", text)
    for match in _INDENTED.finditer(text):
        yield match.group(), True
    for match in _INLINE.finditer(_INDENTED.sub("", text)):
        yield match.group(1).replace("\\|", "|"), False


LINES = sorted(
    {(" ".join(words), typed) for file in DOCUMENTS for code, typed in _code(file) for words in _commands(code)}
)


def _parse(words: list[str]) -> None:
    """Parses a command line as far as it can be without running it."""
    command: click.Command = stsctl
    context = command.make_context("stsctl", list(words))
    while isinstance(command, click.Group) and context._protected_args:
        name, found, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        assert found is not None
        command = found
        context = command.make_context(name, rest, parent=context)


@pytest.mark.parametrize(("line", "typed"), LINES)
def test_every_command_in_the_documents_is_one(line: str, typed: bool) -> None:
    """Each `stsctl …` parses against the command tree; a mention in the text may leave out what has to follow."""
    try:
        with contextlib.suppress(click.exceptions.Exit):  # --version and --help answer while they are parsed
            _parse(line.split())
    except (click.MissingParameter, click.exceptions.NoArgsIsHelpError):
        assert not typed, f"stsctl {line}: something is missing"


def test_the_documents_show_every_command() -> None:
    """The search for command lines finds them, so that the test above is about something."""
    shown = {" ".join(line.split()[:2]) for line, typed in LINES if typed}
    assert {"assume prod-admin", "keys add", "emulator start", "credential-process prod-admin"} <= shown


def test_generated_files_are_current() -> None:
    """Completions, manual pages and the table of commands are what the command tree makes of them."""
    assert generate.stale() == [], "make generate"


def test_a_change_of_the_tree_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another help text makes the generated files stale."""
    from stsctl.cli import whoami

    monkeypatch.setattr(whoami.command, "help", "Something else.")
    assert generate.stale() == ["docs/commands.md", "man/stsctl-whoami.1", "man/stsctl.1"]


@pytest.mark.parametrize("page", sorted((ROOT / "man").glob("*.1")), ids=lambda page: str(page.name))
def test_manual_pages_render_without_warnings(page: Path) -> None:
    """groff has nothing to say about any page."""
    if not shutil.which("man"):
        missing("man")
    run = subprocess.run(
        ["man", "-l", "--warnings=w", "-E", "UTF-8", str(page)],
        env={"PATH": "/usr/bin:/bin", "MANWIDTH": "80", "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stderr == ""
    assert "EXIT STATUS" in run.stdout


def _keys(heading: str) -> dict[str, str]:
    """The keys in the first column of the table below a heading, with the rest of their rows."""
    section = CONFIGURATION.partition(f"## {heading}\n")[2].partition("\n#")[0]
    rows = re.findall(r"^\| (`[^|]+`) \|(.*)\|$", section, flags=re.MULTILINE)
    return {key: rest for keys, rest in rows for key in re.findall(r"`([^`]+)`", keys)}


@pytest.mark.parametrize(
    ("heading", "keys"),
    [
        ("`[defaults]`", set(Defaults.__dataclass_fields__) - {"origins"}),
        ("`[sealed_file]`", set(SealedFile.__dataclass_fields__) - {"origins"}),
        ("`[agent]`", set(AgentOptions.__dataclass_fields__) - {"origins"}),
        ("`[console]`", set(Console.__dataclass_fields__) - {"origins"}),
        ("`[group.NAME]`", {"roles"}),
        (
            "`[source.NAME]`",
            {*source_table._EVERYWHERE, *(key for keys in source_table._KEYS.values() for key in keys)},
        ),
        ("`[role.NAME]`", {*role_table._EVERYWHERE, *(key for keys in role_table._KEYS.values() for key in keys)}),
    ],
)
def test_configuration_keys_are_documented(heading: str, keys: set[str]) -> None:
    """The tables have every key of the configuration, and no other."""
    assert set(_keys(heading)) == keys


_SAMPLES = {
    "duration": "2h",
    "store": "memory",
    "session_store": "kernel",
    "mfa": "direct",
    "prompt_with": "terminal",
    "prompt_timeout": "5s",
    "sign_in_timeout": "5s",
    "lock_timeout": "5s",
    "use_fips_endpoint": "true",
    "use_dualstack_endpoint": "true",
    "project": "true",
}


@pytest.mark.parametrize(
    ("key", "variable"),
    [(key, variable) for key, row in _keys("`[defaults]`").items() for variable in re.findall(r"`([A-Z_]{5,})`", row)],
)
def test_documented_variables_set_what_they_say(key: str, variable: str) -> None:
    """Each variable in the table of `[defaults]` sets the setting of its row."""
    found = settings.resolve(Configuration(), {variable: _SAMPLES.get(key, "some-text")})
    assert getattr(found, key).origin.place == variable


def test_every_default_has_its_variable_documented() -> None:
    """No row of `[defaults]` is without a variable."""
    assert all(re.search(r"`[A-Z_]{5,}`", row) for row in _keys("`[defaults]`").values())


def test_keys_of_aws_profiles_are_documented() -> None:
    """The keys of AWS profiles that the code reads are the ones that the page names."""
    section = CONFIGURATION.partition("## AWS profiles\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)*)`", section)) - {"stsctl"}
    files = ("chain.py", "profile.py", "profile_hop.py", "sso_profile.py")
    source = "".join((ROOT / "stsctl" / name).read_text(encoding="utf-8") for name in files)
    read = set(re.findall(r'(?:get|checked|_file|_listed)\((?:profile, )?"([a-z_]+)"', source))
    assert read - {"web_identity_token_file", "sts"} <= named
    assert {key for key in named if f'"{key}"' not in source} == set()


def test_exit_statuses_are_documented() -> None:
    """The table has the statuses that the errors have."""
    section = CONFIGURATION.partition("## Exit statuses\n")[2].partition("\n## ")[0]
    assert {int(status) for status in re.findall(r"^\| (\d+) \|", section, flags=re.MULTILINE)} == set(
        manual.statuses()
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.name))
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link is a file that is there, every anchor a heading."""
    text = document.read_text(encoding="utf-8")
    anchors = {
        re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.M)
    }
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("#"):
            assert target[1:] in anchors
        elif "://" not in target:
            assert (document.parent / target.partition("#")[0]).exists(), target


def test_the_first_screen_says_how_to_try_and_how_to_test() -> None:
    """`make demo` and `make test` are in the README's first screen."""
    first = "\n".join(README.split("\n")[:15])
    assert "make demo" in first
    assert "make test" in first


@pytest.mark.parametrize("picture", sorted((ROOT / "docs" / "pictures").glob("*.svg")), ids=lambda file: str(file.name))
def test_a_picture_fetches_nothing(picture: Path) -> None:
    """Each is complete in itself."""
    text = picture.read_text(encoding="utf-8")
    assert "@import" not in text
    assert "url(http" not in text
    assert set(re.findall(r"https?://[^\"' )]+", text)) == {"http://www.w3.org/2000/svg"}


def test_every_picture_is_shown() -> None:
    """Some page has it, with words for those who do not see it."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in DOCUMENTS)
    shown = set(re.findall(r"!\[[^]]{20,}\]\(\S*pictures/(\S+)\)", text))
    assert shown == {file.name for file in (ROOT / "docs" / "pictures").glob("*")}


def test_the_picture_of_threats_has_everybody() -> None:
    """Each who of the table in SECURITY.md stands in the picture, too, and nobody but root besides."""
    table = (ROOT / "SECURITY.md").read_text(encoding="utf-8").partition("| who | what they can do |")[2]
    everybody = re.findall(r"^\| ([^|(]+?) (?:\([^)]*\) )?\|", table.partition("\n\n")[0], re.MULTILINE)
    drawn = html.unescape((ROOT / "docs" / "pictures" / "threats.svg").read_text(encoding="utf-8"))
    assert len(everybody) == drawn.count('class="can">can<') >= 7
    assert [who for who in everybody if f'class="title">{who}<' not in drawn] == []


def test_make_targets_are_as_documented() -> None:
    """Every `make …` that the documents name is a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    text = "\n".join(file.read_text(encoding="utf-8") for file in DOCUMENTS)
    named = set(re.findall(r"(?:`|^    )make ([a-z]+)", text, flags=re.MULTILINE))
    assert {"demo", "test", "check"} <= named <= targets


def test_each_promise_names_the_tests_that_hold_it() -> None:
    """In SECURITY.md, every promise links to at least one test, and all of them are there."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    section = text.partition("## What stsctl promises\n")[2].partition("\n## ")[0]
    promises = re.split(r"^- ", section, flags=re.MULTILINE)[1:]
    assert len(promises) >= 15
    for promise in promises:
        tests = re.findall(r"\]\((tests/[^)]+)\)", promise)
        assert tests, promise
        assert [test for test in tests if not (ROOT / test).is_file()] == []
