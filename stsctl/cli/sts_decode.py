"""`stsctl sts decode`: what AWS says of a denial in its encoded message."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from stsctl.access import decoded
from stsctl.cli.options import as_option, asking_options, json_option
from stsctl.errors import UsageError
from stsctl.formats.visible import visible
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.access.decoded import Decoded
    from stsctl.cli.app import App
    from stsctl.cli.report import Report

_LONGEST_PASTED = 100_000


class _Decode(click.Command):
    """One message in 64 begins with a dash, and is no option for that."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Puts such a message behind all options."""
        messages = [arg for arg in args if decoded.is_message(arg)]
        return super().parse_args(ctx, [*(arg for arg in args if arg not in messages), "--", *messages])


@click.command("decode", cls=_Decode)
@click.argument("message", required=False)
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the message from standard input.")
@click.option("--last", is_flag=True, help="The message that came with the refusal that happened last.")
@as_option
@json_option
@asking_options
@click.pass_obj
def decode(
    app: App,
    /,
    *,
    message: str | None,
    from_stdin: bool,
    last: bool,
    acting_as: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Say what an encoded authorization message says (DecodeAuthorizationMessage): who asked for what, what decided.

    MESSAGE is what AWS gave with a denial, or the whole error that it came in. Whoever asks needs
    sts:DecodeAuthorizationMessage in the account in which the request was denied.
    """
    if [message is not None, from_stdin, last].count(True) != 1:
        raise click.UsageError("give the MESSAGE, --stdin or --last")
    encoded = _of_last(app) if last else decoded.message_in(_pasted() if message is None else message)
    obtained = app.acting(Wanted(name=acting_as) if acting_as else None, options, of_sts=True)
    answer = app.calls(obtained).decoded_message(encoded)
    found = decoded.read(answer)
    if as_json:
        app.report.answer(json.loads(answer))
    else:
        _show(app.report, found)


def _of_last(app: App) -> str:
    refusal = app.last_refusal()
    if not refusal.encoded:
        raise UsageError("AWS gave no encoded message with the last refusal", hint="stsctl explain --last")
    return decoded.message_in(refusal.encoded)


def _pasted() -> str:
    text = sys.stdin.buffer.read(_LONGEST_PASTED + 1)
    if len(text) > _LONGEST_PASTED:
        raise UsageError("what is on standard input is too long for a message", hint="stsctl sts decode --stdin < FILE")
    return text.decode(errors="replace")


def _show(report: Report, found: Decoded) -> None:
    """The decision in words, and the condition keys of the request below each other."""
    first, *more = decoded.words(found)
    report.data("\n".join([report.strong(visible(first)), *map(visible, more)]))
    if found.context:
        report.data("")
        report.rows([(key, ", ".join(values)) for key, values in found.context], aligned=True)
