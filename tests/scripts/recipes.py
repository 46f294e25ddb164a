"""The recipes of docs/recipes.md: what each says to write, to type, and what is then shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PLACE = Path(__file__).parent.parent.parent / "docs" / "recipes.md"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_RECIPE = re.compile(r"^### (.+?)\n(.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A line to type, and the lines that are promised of it; `…` stands for anything."""

    line: str
    promised: tuple[str, ...]

    def is_kept_by(self, shown: str) -> bool:
        """Whether everything promised is shown, in its order."""
        parts = [re.escape(text).replace("…", ".*?") for text in self.promised]
        return re.search(r".*?\n.*?".join(parts), shown.replace("\r", ""), flags=re.DOTALL) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One recipe."""

    title: str
    blocks: tuple[tuple[str, str], ...]

    @property
    def anchor(self) -> str:
        """Where it is in the document, for links."""
        return re.sub(r"[^\w -]", "", self.title).lower().replace(" ", "-")

    def written(self, kind: str) -> str:
        """All that is to be written in files of a kind: toml for config.toml, ini for ~/.aws/config."""
        return "\n".join(text for found, text in self.blocks if found == kind)

    @property
    def steps(self) -> list[Step]:
        """What is typed, in its order."""
        steps: list[Step] = []
        for line in self.written("console").splitlines():
            if line.startswith("$ "):
                steps.append(Step(line=line[2:], promised=()))
            elif line:
                steps[-1] = Step(line=steps[-1].line, promised=(*steps[-1].promised, line))
        return steps


def read(text: str) -> list[Recipe]:
    """Every recipe in a document."""
    return [
        Recipe(title=title, blocks=tuple((kind, content) for kind, content in _BLOCK.findall(body)))
        for title, body in _RECIPE.findall(text)
    ]
