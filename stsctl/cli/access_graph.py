"""`stsctl access graph`: the organisation's trust as a picture."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import click

from stsctl.access.graph import Graph, dot, mermaid
from stsctl.cli import at_hand
from stsctl.errors import AnswerIsNo

if TYPE_CHECKING:
    from stsctl.cli.app import App

_DATA = "/* the graph */ null"
"""Where the page has its data."""


@click.command("graph")
@click.option(
    "--format",
    "written",
    type=click.Choice(["dot", "mermaid", "json", "html"]),
    default="dot",
    show_default=True,
    help="For Graphviz, for Mermaid, for a program, or one page for a browser.",
)
@click.option(
    "--account", "accounts", multiple=True, metavar="ID", help="Only this account's roles; repeat it for more."
)
@at_hand.policies_options
@click.pass_obj
def graph_command(
    app: App,
    /,
    *,
    written: str,
    accounts: tuple[str, ...],
    context: tuple[tuple[str, str], ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Draw who is trusted by which role, over all accounts, by the policies at hand.

    The page of "--format html" needs no network: it can be searched, narrowed to accounts, and shows the way from one
    to another. Whether somebody really gets there, "access paths" says: the picture shows trust policies alone.
    """
    snapshot, _ = at_hand.gathered(app, context, options)
    graph = Graph.of(snapshot, frozenset(accounts))
    if not graph.edges:
        raise AnswerIsNo("no role of these accounts is among the policies at hand")
    if as_json or written == "json":
        app.report.answer(graph.value())
        return
    app.report.data({"dot": dot, "mermaid": mermaid, "html": _page}[written](graph))
    at_hand.say_gaps(app, snapshot)


def _page(graph: Graph) -> str:
    """The page, with the graph in it as JSON in which nothing ends a script."""
    page = resources.files("stsctl.cli").joinpath("graph.html").read_text(encoding="utf-8")
    data = json.dumps(graph.value()).replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    assert page.count(_DATA) == 1
    return page.replace(_DATA, data)
