"""`stsctl help`: topics on one screen, whose commands exist."""

from __future__ import annotations

import re

import click
import pytest

from stsctl.cli import stsctl
from stsctl.cli.help import topics
from tests.program import Me

LINES, COLUMNS = 24, 80
TOPICS = ["chains", "emulator", "mfa", "sessions", "stores", "tags"]


def test_topics() -> None:
    """There is one for each concept."""
    assert list(topics()) == TOPICS


@pytest.mark.parametrize("topic", TOPICS)
def test_one_screen(topic: str) -> None:
    """A topic, and the next prompt, fit on the smallest terminal that people use."""
    lines = topics()[topic].splitlines()
    assert len(lines) < LINES
    assert [line for line in lines if len(line) > COLUMNS] == []
    assert re.fullmatch(r"[A-Z][^:]*: .+", lines[0])


@pytest.mark.parametrize("topic", TOPICS)
def test_commands_exist(topic: str) -> None:
    """Every command that a topic shows is one, with those options."""
    shown = re.findall(r"(?:^  |  |\"|\()stsctl ([a-z].*?)(?:  |$|\"|\))", topics()[topic], flags=re.MULTILINE)
    assert shown
    for line in shown:
        _check(line.split(" -- ")[0].replace("[", "").replace("]", "").split())


def _check(words: list[str]) -> None:
    """The words lead to a command, and the options among the rest are its own."""
    context, rest = click.Context(stsctl, info_name="stsctl"), list(words)
    while rest and isinstance(context.command, click.Group):
        found = context.command.get_command(context, rest[0])
        assert found is not None, words
        context = click.Context(found, info_name=rest.pop(0), parent=context)
    assert not isinstance(context.command, click.Group), words
    options = {name for each in context.command.params for name in each.opts}
    assert {word for word in rest if word.startswith("--")} <= options, words


def test_as_typed(me: Me) -> None:
    """Without a topic they are listed; with one it is shown; a command's words show its help; others are refused."""
    listed = me.run("help")
    assert [line.split()[0] for line in listed.out.splitlines()[: len(TOPICS)]] == TOPICS
    assert me.run("help", "stores").out == topics()["stores"]
    assert me.run("help", "keys", "add").out.startswith("Usage: stsctl keys add")
    wrong = me.run("help", "chain")
    assert wrong.status == 2
    assert 'did you mean "chains"?' in wrong.err
