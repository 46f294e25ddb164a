"""The command tree, as the documents made from it need it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from stsctl.cli import COMMANDS, stsctl


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A command with its place in the tree."""

    context: click.Context

    @property
    def command(self) -> click.Command:
        """The command itself."""
        return self.context.command

    @property
    def path(self) -> str:
        """As it is typed, as `stsctl profile write`."""
        return self.context.command_path

    @property
    def page(self) -> str:
        """The name of its man page, as `stsctl-profile-write`."""
        return self.path.replace(" ", "-")

    @property
    def help(self) -> str:
        """What its help says before the options."""
        return inspect.cleandoc(self.command.help or "").replace("\b\n", "")

    @property
    def summary(self) -> str:
        """The first sentence of its help, with no full stop."""
        paragraph = " ".join(self.help.split("\n\n")[0].split())
        for end in (". ", ": eval", ": stsctl"):
            paragraph = paragraph.partition(end)[0]
        return paragraph.removesuffix(".")

    @property
    def usage(self) -> str:
        """What is typed after its path."""
        return " ".join(self.command.collect_usage_pieces(self.context))

    @property
    def children(self) -> list[Node]:
        """The commands below it."""
        if not isinstance(self.command, click.Group):
            return []
        found = []
        for name in self.command.list_commands(self.context):
            command = self.command.get_command(self.context, name)
            assert command is not None
            if not command.hidden:
                found.append(_node(command, name, self.context))
        return found

    def all(self) -> Iterator[Node]:
        """It and everything below, parents first."""
        yield self
        for child in self.children:
            yield from child.all()


def root() -> Node:
    """`stsctl` itself."""
    return _node(stsctl, "stsctl", None)


def _node(command: click.Command, name: str, parent: click.Context | None) -> Node:
    settings: dict[str, Any] = dict(command.context_settings)
    return Node(context=click.Context(command, info_name=name, parent=parent, **settings))


def groups() -> Iterator[tuple[str, list[Node]]]:
    """The commands of the first level under the headings that `stsctl --help` has."""
    nodes = {node.context.info_name: node for node in root().children}
    for title, names in COMMANDS.items():
        yield title, [nodes[name] for name in names]
