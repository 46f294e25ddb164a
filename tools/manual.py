"""The manual: one page a command, from the command tree, the errors' statuses and the prose in tools/manual/."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import click

from stsctl import __version__, errors
from stsctl.cli.options import Acting
from stsctl.errors import StsctlError
from stsctl.target import Wanted
from tools import roff
from tools.tree import Node, groups, root

PROSE = Path(__file__).parent / "manual"

_OF_SESSION = {field.name for field in fields(Wanted)} | {"no_session", "policy_file"}
_OF_GETTING = {field.name for field in fields(Acting)} | {"no_prompt", "prompt_timeout"}
_AFTER_OPTIONS = ("FILES", "ENVIRONMENT", "EXIT STATUS", "EXAMPLES")


def pages() -> dict[str, str]:
    """The text of each page, by the name of its file."""
    prose = _prose()
    known = list(root().all())
    unknown = {page for page, _ in prose} - {node.page for node in known}
    if unknown:
        raise ValueError(f"there is prose for pages that do not exist: {', '.join(sorted(unknown))}")
    return {f"{node.page}.1": _page(node, prose) for node in known}


Prose = dict[tuple[str, str], list[str]]


def _prose() -> Prose:
    """What is written by hand: the paragraphs of each section of each page.

    A file says in its first line which pages it is for (`*`: every page), then sections under `## HEADINGS`.
    """
    found: Prose = {}
    every = [node.page for node in root().all()]
    for file in sorted(PROSE.glob("*.md")):
        first, _, rest = file.read_text(encoding="utf-8").partition("\n")
        names = first.removeprefix("pages:").split()
        for part in re.split(r"^## ", rest, flags=re.MULTILINE)[1:]:
            heading, _, text = part.partition("\n")
            for page in every if names == ["*"] else names:
                found.setdefault((page, heading.strip()), []).append(text.strip("\n"))
    return found


def _page(node: Node, prose: Prose) -> str:
    lines = [
        r".\" Made by tools/generate.py from the command tree and tools/manual/: do not edit.",
        f'.TH "{roff.literal(node.page.upper())}" 1 "" "stsctl {__version__}" "stsctl"',
        # Words are not divided and lines not stretched: both hide what is to be typed.
        ".nr HY 0",
        ".nh",
        ".ad l",
        ".SH NAME",
        rf"{roff.literal(node.page)} \- {roff.inline(node.summary[:1].lower() + node.summary[1:])}",
        ".SH SYNOPSIS",
        _synopsis(node),
        ".SH DESCRIPTION",
        *_description(node),
        *_written(prose, node, "DESCRIPTION"),
        *_commands(node),
        *_options(node),
    ]
    own = [heading for page, heading in prose if page == node.page]
    for heading in own:
        if heading not in (*_AFTER_OPTIONS, "DESCRIPTION", "SEE ALSO"):
            lines += [f".SH {heading}", *_written(prose, node, heading)]
    for heading in _AFTER_OPTIONS:
        body = [*_written(prose, node, heading), *(_statuses() if heading == "EXIT STATUS" else [])]
        lines += [f".SH {heading}", *body] if body else []
    lines += [".SH SEE ALSO", _see_also(node, " ".join(prose.get((node.page, "SEE ALSO"), [])))]
    return "\n".join(lines) + "\n"


def _written(prose: Prose, node: Node, heading: str) -> list[str]:
    return [line for text in prose.get((node.page, heading), []) for line in roff.blocks(text)]


def _synopsis(node: Node) -> str:
    words = [
        word if word in {"[OPTIONS]", "[--"} or not word.strip("[].") else re.sub(r"[A-Z]+", _placeholder, word)
        for word in node.usage.split()
    ]
    rest = " ".join(words).replace("[OPTIONS]", rf"[{roff.italic('options')}]").replace("[--", rf"[{roff.bold('--')}")
    return f"{roff.bold(node.path)} {rest}"


def _placeholder(match: re.Match[str]) -> str:
    return roff.italic(match.group().lower())


def _description(node: Node) -> list[str]:
    names = [param.human_readable_name for param in node.command.params if isinstance(param, click.Argument)]
    text = node.help
    # What the help writes in capitals stands for something: in a manual that is italics.
    for name in names:
        text = re.sub(rf"(?<![\w.]){name.upper()}(?![\w\]])", f"*{name.lower()}*", text)
    return list(roff.blocks(text))


def _commands(node: Node) -> list[str]:
    if not node.children:
        return []
    lines = [".SH COMMANDS"]
    if node.context.parent is not None:
        return lines + _listed(node.children)
    for title, children in groups():
        lines += [f".SS {title}", *_listed(children)]
    return lines


def _listed(nodes: list[Node]) -> list[str]:
    return [line for node in nodes for line in roff.tagged(roff.bold(node.path), [roff.inline(node.summary)])]


def _options(node: Node) -> list[str]:
    parts: dict[str, list[click.Option]] = {"": [], "The session": [], "Getting it": []}
    for param in node.command.get_params(node.context):
        if isinstance(param, click.Option) and not param.hidden:
            many = any(each.name == "source_identity" for each in node.command.params)
            part = "The session" if param.name in _OF_SESSION else "Getting it" if param.name in _OF_GETTING else ""
            parts[part if many else ""].append(param)
    lines = [".SH OPTIONS"]
    for title, options in parts.items():
        lines += [f".SS {title}"] if title and options else []
        for option in options:
            lines += roff.tagged(_names(option, node.context), [roff.inline(option.help or "")])
    return lines


def _names(option: click.Option, context: click.Context) -> str:
    names = ", ".join(roff.bold(name) for name in (*option.opts, *option.secondary_opts))
    if option.is_flag or option.is_eager:
        return names
    metavar = option.make_metavar(context)
    if isinstance(option.type, click.Choice) and option.metavar is None:
        return f"{names} {'|'.join(roff.bold(str(each)) for each in option.type.choices)}"
    return f"{names} {re.sub(r'[A-Z]+', _placeholder, metavar)}"


def statuses() -> dict[int, str]:
    """What each exit status means, from the errors' own descriptions."""
    found = {0: "Done."}
    for kind in StsctlError.__subclasses__():
        if kind.__module__ == errors.__name__:
            found[kind.status] = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
    found |= {1: "Any other failure.", errors.STATUS_BUG: "A bug in stsctl.", errors.STATUS_INTERRUPTED: "Interrupted."}
    return dict(sorted(found.items()))


def _statuses() -> list[str]:
    lines = []
    for number, (status, meaning) in enumerate(statuses().items()):
        lines += [".TP 5", roff.bold(str(status)), roff.inline(meaning)]
        lines += [".PD 0"] if number == 0 else []
    return [*lines, ".PD"]


def _see_also(node: Node, more: str) -> str:
    related = [child.page for child in node.children]
    parent = node.context.parent
    while parent is not None:
        related.append(parent.command_path.replace(" ", "-"))
        parent = parent.parent
    names = [*related, *(name for name in more.split() if name not in related)]
    return ",\n".join(rf"{roff.bold(name)}(1)" for name in names)
