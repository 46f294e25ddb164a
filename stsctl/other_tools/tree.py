"""A tool's file as a tree of texts, each with its line: TOML, YAML or JSON, whatever is of another kind left out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING

from stsctl import toml_lines, toml_text
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError
from stsctl.origin import Origin
from stsctl.other_tools.finding import File

if TYPE_CHECKING:
    import yaml

_DEEPEST = 40
_MOST = 100_000
"""How many values a file may hold: aliases in YAML can make a short one endless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """A value: `text`, or what is `under` it by name; a list is what is under its numbers."""

    origin: Origin
    text: str | None = field(default=None, repr=False)
    under: Mapping[str, Tree] = field(default_factory=dict, repr=False)

    def said(self, *path: str) -> str | None:
        """The text at a path; None where there is none, or it says nothing."""
        return self.at(*path).text or None

    def at(self, *path: str) -> Tree:
        """What is at a path; where nothing is, an empty value."""
        found = self
        for name in path:
            found = found.under.get(name) or Tree(origin=found.origin)
        return found

    def __iter__(self) -> Iterator[tuple[str, Tree]]:
        return iter(self.under.items())


def of_toml(file: File) -> Tree:
    """Raises ConfigurationError for what is no TOML."""
    values, lines = toml_text.parse(file.text, file.place)
    try:
        return _of_values(values, lambda path: file.at(_line(lines, path)))
    except RecursionError as error:
        raise ConfigurationError(f"{file.place}: its tables and lists are nested too deeply") from error


def of_json(file: File) -> Tree:
    """Raises ConfigurationError for what is no JSON."""
    try:
        return _of_values(json.loads(_text(file)), lambda _: file.at())
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{file.place} is no JSON") from error


def of_yaml(file: File) -> Tree:
    """Raises ConfigurationError for what is no YAML. Texts are as they are written: an account's id is no number."""
    import yaml

    try:
        node = yaml.compose(_text(file), Loader=yaml.SafeLoader)
        return Tree(origin=file.at()) if node is None else _Walk(file).of(node)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ConfigurationError(f"{file.at(line)}: this is no YAML") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise ConfigurationError(f"{file.place} is no YAML") from error


def _of_values(value: object, at: Callable[[toml_lines.Path], Origin], path: toml_lines.Path = ()) -> Tree:
    origin = at(path)
    if len(path) > _DEEPEST:
        raise RecursionError
    if isinstance(value, dict | list):
        pairs: Iterable[tuple[object, object]] = value.items() if isinstance(value, dict) else enumerate(value)
        under = {str(name): _of_values(one, at, (*path, str(name))) for name, one in pairs}
        return Tree(origin=origin, under=under)
    if isinstance(value, bool):
        return Tree(origin=origin, text=str(value).lower())
    return Tree(origin=origin, text=str(value) if isinstance(value, str | int | float) else None)


def _line(lines: Mapping[toml_lines.Path, int], path: toml_lines.Path) -> int | None:
    """Where a value stands, or what it stands in."""
    return next((lines[path[:length]] for length in range(len(path), 0, -1) if path[:length] in lines), None)


class _Walk:
    """Over the nodes of a YAML text, each counted wherever an alias leads to it."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._seen = 0

    def of(self, node: yaml.Node, depth: int = 0) -> Tree:
        import yaml

        self._seen += 1
        if self._seen > _MOST or depth > _DEEPEST:
            raise ValueError("endless")
        origin = self._file.at(node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            pairs = [(key.value, value, key) for key, value in node.value if isinstance(key.value, str)]
            under = {name: self._named(self.of(value, depth + 1), key) for name, value, key in pairs}
            return Tree(origin=origin, under=under)
        if isinstance(node, yaml.SequenceNode):
            return Tree(origin=origin, under={str(at): self.of(one, depth + 1) for at, one in enumerate(node.value)})
        return Tree(origin=origin, text=None if node.tag.endswith(":null") else str(node.value))

    def _named(self, tree: Tree, key: yaml.Node) -> Tree:
        """A value is where its name is, which may be lines above."""
        return replace(tree, origin=self._file.at(key.start_mark.line + 1))


def _text(file: File) -> str:
    try:
        return file.text.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = file.text.count(b"\n", 0, error.start) + 1
        raise ConfigurationError(f"{file.at(line)}: this line is not UTF-8 text") from error
