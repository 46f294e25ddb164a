"""`stsctl sts id-token` and `delegated-token`: tokens that STS gives and takes."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from stsctl import limits
from stsctl.cli.options import Duration, Tag, as_option, asking_options, json_option
from stsctl.credentials import Secret
from stsctl.errors import UsageError
from stsctl.formats import id_token as format_token
from stsctl.formats import json
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App

_LONGEST = 100_000
"""Characters of a trade-in token: more than any that AWS gives."""


@click.command("id-token")
@click.option(
    "--audience", "audiences", multiple=True, required=True, metavar="URL", help="Whom it is for; repeatable."
)
@click.option("--tag", "tags", type=Tag(), multiple=True, help="A claim of your own in it; repeat it for more.")
@click.option(
    "--signing-algorithm", type=click.Choice(["RS256", "ES384"]), default="RS256", help="How it is signed (RS256)."
)
@click.option("-d", "--duration", type=Duration(), help="How long it should last: 1m to 1h (5m).")
@as_option
@json_option
@asking_options
@click.pass_obj
def id_token(
    app: App,
    /,
    *,
    audiences: tuple[str, ...],
    tags: tuple[tuple[str, str], ...],
    signing_algorithm: str,
    duration: timedelta | None,
    acting_as: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Print a token by which services outside of AWS know who you are (GetWebIdentityToken).

    The account needs outbound identity federation; the token is signed by AWS, and verified with the keys of the
    account's issuer. It is not held: each call gives another one.
    """
    problem = limits.problem_with_audiences(audiences) or limits.problem_with_tags(tags, ())
    if problem:
        raise UsageError(problem, hint="stsctl sts id-token --audience https://api.example.com --tag team=blue")
    too_long = limits.problem_with_token_duration(duration) if duration is not None else None
    if too_long:
        raise UsageError(too_long, hint="try --duration 5m")
    obtained = app.acting(Wanted(name=acting_as) if acting_as else None, options, of_sts=True)
    answer = app.calls(obtained).id_token(audiences=audiences, algorithm=signing_algorithm, lasts=duration, tags=tags)
    token, end = answer.token, answer.expires_at
    app.report.data(format_token.with_its_end(token, end) if as_json else format_token.plain(token))


@click.command("delegated-token")
@as_option
@asking_options
@click.pass_obj
def delegated_token(app: App, /, *, acting_as: str | None, **options: Any) -> None:
    """Trade a token of somebody who delegates access to you for credentials (GetDelegatedAccessToken).

    The token is read from standard input. The credentials are printed as STS answers them, which a source of type file
    reads, and are not held.
    """
    trade_in = _from_stdin()
    obtained = app.acting(Wanted(name=acting_as) if acting_as else None, options, of_sts=True)
    answer = app.calls(obtained).delegated(trade_in)
    app.report.data(json.delegated(answer.credentials, answer.principal, answer.packed_policy_size))


def _from_stdin() -> Secret:
    """The token on standard input; raises UsageError for what can be none."""
    how = "stsctl sts delegated-token < FILE"
    if sys.stdin.isatty():
        raise UsageError("the trade-in token is read from standard input, and that is a terminal", hint=how)
    text = sys.stdin.buffer.read(_LONGEST + 1).decode(errors="replace").strip()
    if not text or len(text) > _LONGEST or not text.isprintable() or " " in text:
        raise UsageError("what is on standard input is no trade-in token", hint=how)
    return Secret(text)
