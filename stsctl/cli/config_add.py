"""`stsctl config add`: a role that is typed as flags, and written into added.toml."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stsctl import limits, role_table, tables
from stsctl.cli.options import ContextFile, Group, Tag, complete_name
from stsctl.cli.plan_text import lines
from stsctl.configuration import LETTERS, is_name
from stsctl.console_table import Color, Icon
from stsctl.errors import ConfigurationError, UsageError
from stsctl.formats import added
from stsctl.origin import Origin
from stsctl.target import HopKind, MfaMode, Wanted

if TYPE_CHECKING:
    from enum import Enum

    from stsctl.cli.app import App
    from stsctl.plan import Plan

_F = TypeVar("_F", bound=Callable[..., Any])


def _choice(kind: type[Enum]) -> click.Choice[str]:
    return click.Choice([member.value for member in kind])


_OPTIONS = (
    click.option("--role-arn", metavar="ARN", help="The role."),
    click.option("--alias", "aliases", multiple=True, metavar="NAME", help="Another name for it; repeat it for more."),
    click.option("--from", metavar="NAME", shell_complete=complete_name, help="What assumes it: a source or a role."),
    click.option("--type", type=_choice(HopKind), help="What it is, where it is not a role that is assumed."),
    click.option("--account-id", metavar="ID", help="The account of a permission-set or of a root user."),
    click.option("--role-name", metavar="TEXT", help="What Identity Center calls a permission-set."),
    click.option("--task-policy-arn", metavar="ARN", help="The task of a root user."),
    click.option("-d", "--duration", metavar="DURATION", help="How long its sessions last: 30m, 1h, 12h."),
    click.option("--session-name", metavar="TEXT", help="What its sessions are called; {user} and {host} work."),
    click.option("--external-id", metavar="TEXT", help="The external id that its trust policy asks for."),
    click.option("--mfa-serial", metavar="ARN", help="The MFA device whose code is given."),
    click.option("--mfa-process", metavar="COMMAND", help="A program that prints the code."),
    click.option("--mfa", type=_choice(MfaMode), help="Where the code goes."),
    click.option("--source-identity", metavar="TEXT", help="The source identity that its sessions carry on."),
    click.option("--tag", "tags", type=Tag(), multiple=True, help="A session tag; repeat it for more."),
    click.option("--transitive", multiple=True, metavar="KEY", help="A tag that goes on down the chain; repeat it."),
    click.option("--policy", metavar="JSON", help="A session policy, which narrows what its sessions may do."),
    click.option("--policy-file", type=click.Path(path_type=Path), help="A file with a session policy."),
    click.option("--policy-arn", "policy_arns", multiple=True, metavar="ARN", help="A managed policy as such; repeat."),
    click.option(
        "--provided-context",
        "provided_contexts",
        type=ContextFile(),
        multiple=True,
        help="A trusted provider, and the file with the context that it asserts; repeat it for more.",
    ),
    click.option("--region", metavar="REGION", help="The region, for STS and for what is run."),
    click.option("--description", metavar="TEXT", help="What it is for."),
    click.option(
        "--color",
        type=_choice(Color),
        metavar="COLOR",
        help="Its colour: of its container in the browser, in the prompt.",
    ),
    click.option("--warn", is_flag=True, default=None, help="Ask before commands that look destructive run in it."),
    click.option("--icon", type=_choice(Icon), metavar="ICON", help="The icon of its container in the browser."),
)
"""A flag for each key of `role_table`."""


def _role_options(command: _F) -> _F:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.group("add", cls=Group)
def add() -> None:
    """Add to the configuration what need not be written by hand. (For keys: keys add; Identity Center: sso import.)"""


@add.command("role")
@click.argument("name")
@_role_options
@click.pass_context
def role(context: click.Context, /, *, name: str, **typed: Any) -> None:
    """Write [role.NAME] into added.toml, and show how it is reached.

    What is typed is checked as the file is, and written only if NAME is free and leads somewhere.
    """
    app: App = context.obj
    for each in (name, *typed["aliases"]):
        _check_name(app, each)
    values = _values(typed)
    flags = {str(param.name): param.opts[-1] for param in context.command.params if isinstance(param, click.Option)}
    plan = _tried(app, name, tables.typed(values, ("role", name), flags, "stsctl config add role"))
    app.change_added(lambda text: added.with_role(text, name, values, place=app.short(app.paths.added)))
    app.report.notice(f'"{name}" is written to {app.short(app.paths.added)}; how "stsctl assume" gets there:')
    app.report.lines(list(lines(app, plan, app.report.bright)))


def _check_name(app: App, name: str) -> None:
    """Raises UsageError or ConfigurationError where nothing new can be called so."""
    if not is_name(name) or name != name.strip():
        raise UsageError(f'"{name}" cannot be a name', hint=LETTERS)
    role = app.configuration.aliases.get(name)
    if role is not None:
        origin = app.configuration.roles[role].hop.origin
        raise ConfigurationError(f'{origin}: "{name}" is an alias of "{role}" already', hint="choose another name")
    taken = next((each for each in app.listing() if each.name == name), None)
    if taken is not None:
        hint = (
            f"choose another name, or first: stsctl config remove {shlex.quote(name)}"
            if taken.origin.place == app.short(app.paths.added)
            else "choose another name"
        )
        raise ConfigurationError(f'{taken.origin}: "{name}" is a {taken.kind} already', hint=hint)


def _values(typed: dict[str, Any]) -> dict[str, added.Value]:
    """What is typed, as the file says it."""
    problem = limits.problem_with_tags(typed["tags"], ())  # of two tags with one key, the file could keep one only
    if problem:
        raise UsageError(f"--tag: {problem}")
    if typed["policy_file"] is not None:
        typed["policy_file"] = str(typed["policy_file"].expanduser().absolute())
    as_table = {key: dict(typed[key]) for key in ("tags", "provided_contexts")}
    as_list = {key: list(typed[key]) for key in ("aliases", "transitive", "policy_arns")}
    values = typed | as_table | as_list
    return {key: value for key, value in values.items() if value is not None and value not in ({}, [])}


def _tried(app: App, name: str, table: tables.Table) -> Plan:
    """How the role would be reached; raises UsageError for what the file would refuse."""
    for key in ("from",) if "type" in table else ("role_arn", "from"):
        if key not in table:
            raise UsageError(f"a role needs --{key.replace('_', '-')}", hint="stsctl config add role --help")
    try:
        entry = role_table.entry(name, table, added=True)
    except ConfigurationError as error:
        raise UsageError(error.message, hint=error.hint) from error
    entry = replace(entry, hop=replace(entry.hop, origin=Origin(place=app.short(app.paths.added))))
    tried = replace(app.configuration, roles={**app.configuration.roles, name: entry})
    return app.plan(app.target(Wanted(name=name), configuration=tried))
