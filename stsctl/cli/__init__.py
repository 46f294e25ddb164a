"""The command tree and its one error boundary: parse, call, report."""

from __future__ import annotations

import atexit
import errno
import gc
import os
import sys
from collections.abc import Mapping, Sequence
from io import TextIOWrapper
from typing import TYPE_CHECKING, NoReturn

import click

from stsctl import __version__
from stsctl.cli.report import Report
from stsctl.errors import STATUS_BUG, STATUS_INTERRUPTED, AnswerIsNo, StsctlError, UsageError
from stsctl.host import core_dump

if TYPE_CHECKING:
    from types import TracebackType

COMMANDS: Mapping[str, Mapping[str, str]] = {
    "Daily": {
        "assume": "Get the session of a role and make it this terminal's current one.",
        "env": "Export a session into this shell: eval $(stsctl env).",
        "console": "Open AWS's web console as a role.",
        "exec": "Run a program with a session: stsctl exec prod-admin -- aws s3 ls.",
        "each": "Run a program in many roles, beside each other.",
        "whoami": "Say who you are in this terminal.",
        "list": "List the sessions that are held.",
        "logout": "Forget the session of a role, of this terminal, or every session.",
        "prompt": "Print the current session and how long it lasts, for a shell's prompt.",
        "doctor": "Say what is wrong on this machine, and how to mend it.",
        "plan": "Show how a role is reached: the calls, their order and why.",
        "explain": "Say why a role can, or cannot, be assumed.",
    },
    "Once": {
        "init": "Look at this machine, and set stsctl up with you, step by step.",
        "keys": "Keep long-term access keys in the store.",
        "sso": "Sign in at Identity Center or an OIDC issuer; list the roles that you have.",
        "mfa": "Enrol the MFA devices of your users, list them, read codes.",
        "sts": "Sessions that are no role's; tokens and keys; an end to what got lost.",
        "store": "Show where keys and sessions can rest, and move them.",
        "config": "Show, check and change the configuration: values, names, files.",
        "profile": "Write sessions into ~/.aws/credentials, and take them out again.",
        "agent": "Keep sessions fresh in the background, and serve them on this machine.",
        "credential-process": "Answer an SDK, from ~/.aws/config.",
        "shell-init": "Print a function for your shell's start-up file.",
        "guard": "Ask before a command line that looks destructive, for the key that would run it.",
    },
    "Policies": {
        "access": "Say who may do what, by the policies at hand.",
        "policy": "Check policies, and say what they decide.",
    },
    "Try it": {
        "demo": "Show what stsctl does, on an emulator of its own.",
        "emulator": "Run an AWS of your own, that refuses what AWS refuses.",
        "help": "Explain a topic on one screen: chains, mfa, sessions, tags, stores, emulator.",
    },
}
"""Every command with a line about it, by the group that the help shows it in; each is `command` of its module."""


class Commands(click.Group):
    """Loads a command's module when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """All of them, in the order of the help."""
        return [name for names in COMMANDS.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command called so."""
        if cmd_name not in self.list_commands(ctx):
            return None
        import importlib

        module = importlib.import_module(f"stsctl.cli.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        command.short_help = next(about[cmd_name] for about in COMMANDS.values() if cmd_name in about)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was typed; an unknown one is refused with the nearest."""
        if args and args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            from stsctl.nearest import suggestion

            hint = suggestion(args[0], self.list_commands(ctx)) or "stsctl --help"
            raise UsageError(f'there is no command "{args[0]}"', hint=hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """The commands, under their groups' headings; no module is loaded for it."""
        for title, about in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([*about.items()])


@click.command(
    cls=Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--store",
    metavar="NAME",
    help="Where sessions and keys rest: keyring, kernel, sealed-file, process or memory.",
)
@click.option("--debug", is_flag=True, envvar="STSCTL_DEBUG", help="Say on standard error what is done.")
@click.version_option(__version__, "-V", "--version", prog_name="stsctl", message="%(prog)s %(version)s")
@click.pass_context
def stsctl(ctx: click.Context, *, store: str | None, debug: bool) -> None:
    """Get temporary AWS credentials for a role, keep them in the keyring, hand them to what needs them.

    Name a role of your configuration, a profile of ~/.aws/config, or a role's ARN. "stsctl demo" shows it all on an
    emulator of its own, with no account and no configuration.
    """
    from stsctl.cli.app import App

    report = Report(os.environ, debug=debug)
    if debug:
        _log()
    ctx.obj = App(os.environ, report, {"store": store} if store else {})
    if sys.stderr is not None and sys.stderr.isatty():
        from stsctl.cli import agent_notices

        agent_notices.show(ctx.obj)
    if ctx.invoked_subcommand is None:
        from stsctl.cli.overview import overview

        overview(ctx.obj)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Runs stsctl and ends the process with its status."""
    atexit.register(gc.freeze)  # nothing is looked for at the end that ends with the process
    report = Report(os.environ)
    sys.excepthook = _hide
    core_dump.forbid()
    if isinstance(sys.stdout, TextIOWrapper) and sys.stdout.encoding.lower() not in ("utf-8", "utf8"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a listing has arrows, which not every encoding has
    try:
        status = _run([*(sys.argv[1:] if argv is None else argv)], report)  # `list` is a command here
        if sys.stdout is not None:
            sys.stdout.flush()
    except OSError:
        # Whoever read stdout has gone, or it is full, which was said: the rest is not for the interpreter to try again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status)


def _run(argv: list[str], report: Report) -> int:
    try:
        answer = stsctl.main(argv, prog_name="stsctl", standalone_mode=False)
    except AnswerIsNo as error:
        report.notice(error.message)
        return error.status
    except StsctlError as error:
        report.error(error)
        return error.status
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "stsctl"
        message = error.format_message().rstrip(".")
        if message[1:2].islower():  # NAME stays as it is
            message = message[:1].lower() + message[1:]
        report.error(UsageError(message, hint=f"{command} --help"))
        return UsageError.status
    except click.ClickException as error:
        report.error(StsctlError(error.format_message().rstrip(".")))
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        report.notice("interrupted")
        return STATUS_INTERRUPTED
    except BrokenPipeError:
        raise
    except OSError as error:
        if error.errno != errno.ENOSPC:
            return _bug(error, report)
        report.error(StsctlError("the disk is full", hint="free some space and try again"))
        return StsctlError.status
    except Exception as error:  # noqa: BLE001 - the boundary
        return _bug(error, report)
    return answer if isinstance(answer, int) else 0


def _bug(error: Exception, report: Report) -> int:
    """A failure that is stsctl's own fault: where it happened goes into a file, what was in hand does not."""
    from stsctl.cli.bug import write

    place = write(error, os.environ)
    kind = type(error).__name__
    hint = f'report it with the file "{place}", which holds no secret' if place else "run it again with --debug"
    report.error(StsctlError(f"this is a bug in stsctl: {kind}", hint=hint))
    return STATUS_BUG


def _hide(kind: type[BaseException], _error: BaseException, _trace: TracebackType | None) -> None:
    """In place of a traceback, whose last line could hold anything."""
    sys.stderr.write(f"stsctl: error: this is a bug in stsctl: {kind.__name__}\n")


def _log() -> None:
    """What the packages beneath log, on stderr; from INFO on, since below that botocore logs what it signs."""
    import logging

    logging.basicConfig(level=logging.INFO, format="stsctl: debug: %(name)s: %(message)s")
