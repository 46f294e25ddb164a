"""What a document has to type, to write into files, and what is then shown.

The rules, for whoever writes a page:

- A `console` block is typed into one bash a page, in order. A line that begins with `$ ` is typed, with the next where
  it ends with a backslash; the lines below it are promised of what is shown, in their order, and `…` in them stands for
  anything. A line has to succeed, but where `stsctl: error: ` is promised, or a comment at its end says `(status N)`.
- Every other block is a file. Its name is what the text above ends with: "`compose.yaml`:", "in `~/.aws/config`:".
  Without one, `toml` is added to config.toml and `ini` to ~/.aws/config. What begins with `#!` is a program, in the
  PATH. JSON, TOML and YAML have to be valid.
- For docker, kubectl and ssh (for terraform and node, where there is none) a stand-in of `stand_ins/` is run. A page
  that has one typed says so: in some line with "`docker`" and "stand-in" in it.
- "(not run: …)" in the line above, with the reason, leaves the block alone. `text` is never run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parent.parent.parent / "docs"
RECIPES = DOCS / "recipes.md"

_BLOCK = re.compile(r"^(?P<above>[^\n]*)\n+```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"`(?P<name>[^`\s]+)`:$")
_STATUS = re.compile(r"#.*\(status (\d+)\)$")
USUAL = {"toml": "~/.config/stsctl/config.toml", "ini": "~/.aws/config"}
"""What is added to where a block of such a kind names no file."""


PIPELINES = {".github/workflows/deploy.yml", ".gitlab-ci.yml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A line to type, and the lines that are promised of it; `…` stands for anything."""

    line: str
    promised: tuple[str, ...]

    def is_kept_by(self, shown: str) -> bool:
        """Whether everything promised is shown, in its order."""
        parts = [re.escape(text).replace("…", ".*?") for text in self.promised]
        return re.search(r".*?\n.*?".join(parts), shown.replace("\r", ""), flags=re.DOTALL) is not None

    def may_end_with(self, status: int) -> bool:
        """Whether it may end so."""
        if found := _STATUS.search(self.line):
            return status == int(found[1])
        return (status != 0) is any(line.startswith("stsctl: error: ") for line in self.promised)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of code."""

    kind: str
    text: str
    above: str
    """The last line of the text above."""

    @property
    def file(self) -> str | None:
        """The name of the file that it is, where it is one."""
        if self.kind in {"console", "text"}:
            return None
        found = _NAMED.search(self.above)
        return found["name"] if found else USUAL.get(self.kind)

    @property
    def is_run(self) -> bool:
        """Whether it is typed, or written."""
        return self.kind != "text" and "(not run: " not in self.above

    @property
    def steps(self) -> list[Step]:
        """What is typed, in its order; of a pipeline's file, what is stsctl's of what it runs."""
        if self.file in PIPELINES:
            return [
                Step(line=line, promised=()) for line in re.findall(r"^ *- (?:run: )?(stsctl .*)$", self.text, re.M)
            ]
        steps: list[Step] = []
        for line in self.text.splitlines() if self.kind == "console" else ():
            if line.startswith("$ "):
                steps.append(Step(line=line[2:], promised=()))
            elif steps[-1].line.endswith("\\") and not steps[-1].promised:
                steps[-1] = Step(line=f"{steps[-1].line[:-1].rstrip()} {line.strip()}", promised=())
            elif line:
                steps[-1] = Step(line=steps[-1].line, promised=(*steps[-1].promised, line))
        return steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A document, or a recipe of one."""

    title: str
    prose: str
    """Its text, with the blocks in it."""
    blocks: tuple[Block, ...]

    def says_that_it_stands_in(self, program: str) -> bool:
        """Whether the reader is told that the tests have a stand-in for a program."""
        return any("stand-in" in line and f"`{program}`" in line for line in self.prose.splitlines())

    @property
    def anchor(self) -> str:
        """Where it is in the document, for links."""
        return re.sub(r"[^\w -]", "", self.title).lower().replace(" ", "-")

    @property
    def text(self) -> str:
        """All that is in its blocks."""
        return "\n".join(block.text for block in self.blocks if block.is_run)

    def written(self, kind: str) -> str:
        """All blocks of a kind."""
        return "\n".join(block.text for block in self.blocks if block.kind == kind)

    @property
    def steps(self) -> list[Step]:
        """All that is typed, in its order."""
        return [step for block in self.blocks if block.is_run for step in block.steps]


def read(title: str, text: str) -> Page:
    """A page."""
    return Page(title=title, prose=text, blocks=tuple(Block(**found.groupdict()) for found in _BLOCK.finditer(text)))


def recipes() -> list[Page]:
    """Every recipe, as a page of its own."""
    found = re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", RECIPES.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [read(title, text) for title, text in found]


def pages() -> list[Page]:
    """The README, and every document but the recipes."""
    files = [DOCS.parent / "README.md", *(file for file in sorted(DOCS.glob("*.md")) if file != RECIPES)]
    return [read(str(file.relative_to(DOCS.parent)), file.read_text(encoding="utf-8")) for file in files]
