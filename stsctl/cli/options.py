"""The flags that several commands share, and how what is typed becomes a value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stsctl.dataclass import dataclass
from stsctl.duration import parse_duration
from stsctl.errors import StsctlError
from stsctl.formats.shell import SHELLS
from stsctl.source import SourceKind
from stsctl.target import MfaMode, Wanted

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from stsctl.cli.surroundings import Surroundings

_F = TypeVar("_F", bound=Callable[..., Any])
_Completer = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]


class Group(click.Group):
    """A command of commands, whose help says what each does without cutting it off."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, each with the whole first sentence of its help."""
        names = self.list_commands(ctx)
        with formatter.section("Commands"):
            formatter.write_dl([(name, self.commands[name].get_short_help_str(limit=200)) for name in names])


class Duration(click.ParamType[timedelta]):
    """A length of time, as 30m, 1h30m or 3600."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """The length that was typed."""
        if isinstance(value, timedelta):
            return value
        try:
            return parse_duration(value)
        except StsctlError as error:
            self.fail(f"{error.message}; {error.hint}", param, ctx)


class Tag(click.ParamType[tuple[str, str]]):
    """A session tag, as KEY=VALUE."""

    name = "key=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The key and the value that were typed."""
        if isinstance(value, tuple):
            return value[0], value[1]
        key, equals, text = value.partition("=")
        if not equals or not key:
            self.fail(f'"{value}" is no tag, write it as KEY=VALUE', param, ctx)
        return key, text


class ContextFile(click.ParamType[tuple[str, str]]):
    """A provider of context and the file with its assertion, as ARN=FILE."""

    name = "arn=file"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The ARN and the file that were typed; a file is meant from where the person is."""
        if isinstance(value, tuple):
            return value[0], value[1]
        arn, equals, file = value.partition("=")
        if not equals or not file:
            self.fail(f'"{value}" is no context, write it as PROVIDER_ARN=FILE', param, ctx)
        return arn, str(Path(file).expanduser().absolute())


def completing(known: Callable[[Surroundings], list[tuple[str, str]]]) -> _Completer:
    """Offers those of the `known` names, each with what it is, that begin so, or else those that are found by it.

    None where they cannot be read.
    """

    def complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from stsctl.cli.surroundings import Surroundings
        from stsctl.formats.visible import visible

        here = Surroundings.of_process()
        try:
            # The shells read a line for each: a line end in a description would begin another.
            all_known = {name: what for name, what in known(here) if name.isprintable()}
        except StsctlError:
            return []
        offered = [name for name in all_known if name.startswith(incomplete)]
        if not offered:
            offered = _found(incomplete, all_known, here.environ.get("_STSCTL_COMPLETE", ""))
        return [CompletionItem(name, help=visible(all_known[name])) for name in offered]

    return complete


def _found(incomplete: str, known: Mapping[str, str], instruction: str) -> list[str]:
    """The names that have the letters somewhere, or in this order."""
    from stsctl.search import Search

    found = Search([*known], lambda: [*known.values()], {}).find(incomplete)
    # bash would put what several have in common in the place of what was typed.
    return found if len(found) == 1 or not instruction.startswith("bash") else []


complete_name = completing(lambda here: here.names())
"""Completes the name of a role, a source or a profile."""


def _kept_keys(here: Surroundings) -> list[tuple[str, str]]:
    entries = here.configuration.sources.values()
    return [(each.source.name, each.user_arn or "") for each in entries if each.source.kind is SourceKind.KEYS]


complete_keys = completing(_kept_keys)
"""Completes the name of keys in the store, with whose they are."""


def _all(*options: Callable[[_F], _F]) -> Callable[[_F], _F]:
    def apply(command: _F) -> _F:
        for option in reversed(options):
            command = option(command)
        return command

    return apply


def _option(*names: str, help: str, **settings: Any) -> Callable[[_F], _F]:  # noqa: A002 - click's own word
    return click.option(*names, help=help, **settings)


def name_argument(*, required: bool = False) -> Callable[[_F], _F]:
    """The NAME of a role, a source or a profile, or a role ARN."""
    return click.argument("name", required=required, shell_complete=complete_name)


def _groups(here: Surroundings) -> list[tuple[str, str]]:
    return [(group.name, ", ".join(group.roles)) for group in here.configuration.groups.values()]


group_option = _option(
    "--group", "groups", multiple=True, metavar="NAME", shell_complete=completing(_groups),
    help="The roles of this [group.NAME]; repeat it for more.",
)  # fmt: skip
"""Roles that are meant together."""

_NAME = {"metavar": "NAME", "shell_complete": complete_name}
_MFA = click.Choice([mode.value for mode in MfaMode])

wanted_options = _all(
    _option("--from", "source", **_NAME, help="Start from this source, role or profile."),
    _option("--via", multiple=True, **_NAME, help="A role on the way, in order; repeat it for more."),
    _option("-d", "--duration", type=Duration(), help="How long the session should last: 30m, 1h, 12h."),
    _option("--session-name", metavar="TEXT", help="The session's name; {user} and {host} are filled in."),
    _option("--external-id", metavar="TEXT", help="The external id that the role's trust policy asks for."),
    _option("--mfa-serial", metavar="ARN", help="The MFA device whose code is given."),
    _option("--mfa", type=_MFA, help="Where the code goes: into a session that roles share, or into the call itself."),
    _option("--no-session", is_flag=True, help="The same as --mfa direct: no GetSessionToken."),
    _option("--source-identity", metavar="TEXT", help="The source identity that the session carries on."),
    _option("--tag", "tags", type=Tag(), multiple=True, help="A session tag; repeat it for more."),
    _option(
        "--transitive", multiple=True, metavar="KEY", help="A tag that goes on down the chain; repeat it for more."
    ),
    _option("--policy", metavar="JSON", help="A session policy, which narrows what the session may do."),
    _option("--policy-file", type=click.Path(path_type=Path), help="A file with a session policy."),
    _option("--policy-arn", "policy_arns", multiple=True, metavar="ARN", help="A managed policy as session policy."),
    _option(
        "--provided-context",
        "provided_contexts",
        type=ContextFile(),
        multiple=True,
        help="A trusted provider, and the file with the context that it asserts; repeat it for more.",
    ),
    _option("--region", metavar="REGION", help="The region, for STS and for what is run."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """How a session is to be obtained this time."""

    mfa_token: str | None = None
    mfa_token_stdin: bool = False
    token_stdin: bool = False
    refresh: bool = False
    no_cache: bool = False
    may_sign_in: bool = True


asking_options = _all(
    _option("-t", "--mfa-token", metavar="CODE", help="The MFA code, in place of a question."),
    _option("--mfa-token-stdin", is_flag=True, help="Read the MFA code from standard input."),
    _option("--no-prompt", is_flag=True, help="Ask nobody; fail where a person is needed."),
    _option("--prompt-timeout", metavar="DURATION", help="How long to wait for an answer (45s)."),
)
"""How an MFA code is to be had."""

acting_options = _all(
    asking_options,
    _option("--token-stdin", is_flag=True, help="Read the OIDC token or SAML assertion from standard input."),
    _option("--refresh", is_flag=True, help="Get a new session, even where one is held."),
    _option("--no-cache", is_flag=True, help="Neither take a held session nor hold the new one."),
)

as_option = _option("--as", "acting_as", **_NAME, help="Ask as this role; else the current one.")
"""Whose session another call is made with."""

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

export_option = click.option(
    "--export",
    metavar="SHELL",
    type=click.Choice(sorted(SHELLS)),
    help="Print on standard output what changes that shell; shell-init's function does it.",
)


def take_flags(options: dict[str, Any]) -> dict[str, str]:
    """Takes out of `options` what is a setting rather than a matter of one role."""
    flags = {}
    if options.pop("no_prompt", False):
        flags["no_prompt"] = "1"
    timeout = options.pop("prompt_timeout", None)
    if timeout is not None:
        flags["prompt_timeout"] = timeout
    return flags


def take_acting(options: dict[str, Any]) -> Acting:
    """Takes out of `options` how the session is to be obtained."""
    return Acting(**{field.name: options.pop(field.name) for field in fields(Acting) if field.name in options})


def take_wanted(name: str | None, options: dict[str, Any]) -> Wanted | None:
    """Takes out of `options` what is wanted; None where no name was typed. Raises click.UsageError."""
    if options.pop("no_session", False):
        options["mfa"] = MfaMode.DIRECT.value
    policy_file = options.pop("policy_file", None)
    typed = {field.name: options.pop(field.name) for field in fields(Wanted) if field.name in options}
    if policy_file is not None:
        if typed.get("policy"):
            raise click.UsageError("--policy and --policy-file are two session policies, and there can be one")
        typed["policy"] = _text_of(policy_file)
    typed["mfa"] = MfaMode(typed["mfa"]) if typed.get("mfa") else None
    if name is None:
        if any(typed.values()):
            raise click.UsageError("these options need the NAME of a role")
        return None
    return Wanted(name=name, **typed)


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.BadParameter(f'cannot read "{path}"', param_hint="--policy-file") from error
