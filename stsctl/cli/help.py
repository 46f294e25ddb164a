"""`stsctl help`: what the words mean, each on one screen."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import click

from stsctl.errors import UsageError
from stsctl.nearest import suggestion

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from stsctl.cli.app import App

_ENDING = ".txt"


def topics() -> dict[str, str]:
    """Each topic with its text, whose first line is its title."""
    folder = resources.files("stsctl").joinpath("topics")
    names = sorted(each.name.removesuffix(_ENDING) for each in folder.iterdir() if each.name.endswith(_ENDING))
    return {name: folder.joinpath(name + _ENDING).read_text(encoding="utf-8") for name in names}


def _complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    offered = {name: _title(text) for name, text in topics().items() if name.startswith(incomplete)}
    return [CompletionItem(name, help=title) for name, title in offered.items()]


@click.command("help")
@click.argument("words", metavar="[TOPIC]", nargs=-1, shell_complete=_complete)
@click.pass_context
def command(ctx: click.Context, /, *, words: tuple[str, ...]) -> None:
    """Explain a topic on one screen: stsctl help chains.

    Without TOPIC the topics are listed. The words of a command show that command's help.
    """
    app: App = ctx.obj
    known = topics()
    if not words:
        app.report.rows(((name, _title(text)) for name, text in known.items()), aligned=True)
        app.report.data("\nstsctl COMMAND --help says what a command takes.")
    elif len(words) == 1 and words[0] in known:
        title, _, text = known[words[0]].partition("\n")
        app.report.data(f"{app.report.strong(title)}\n{text}")
    else:
        app.report.data(_help_of(ctx.find_root(), words, known))


def _title(text: str) -> str:
    return text.partition("\n")[0].partition(": ")[2]


def _help_of(root: click.Context, words: tuple[str, ...], known: dict[str, str]) -> str:
    """The help of a command; raises UsageError where there is neither such a command nor such a topic."""
    context = root
    for word in words:
        group = context.command
        found = group.get_command(context, word) if isinstance(group, click.Group) else None
        if found is None:
            commands = group.list_commands(context) if isinstance(group, click.Group) else []
            raise UsageError(
                f'there is no topic and no command "{" ".join(words)}"',
                hint=suggestion(word, [*known, *commands]) or "stsctl help",
            )
        context = click.Context(found, info_name=word, parent=context)
    return context.get_help()
