"""What the commands of `stsctl access` ask: the policies at hand, and who a name stands for by them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import click

from stsctl.access.caller import Caller, named, plain, role_session
from stsctl.access.can import Surroundings
from stsctl.access.index import Index
from stsctl.access.snapshot import Snapshot, User
from stsctl.cli import snapshots
from stsctl.cli.options import Tag, asking_options, complete_name, json_option
from stsctl.cli.panel import left
from stsctl.formats.interface import rfc3339
from stsctl.target import HopKind, Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App

_F = TypeVar("_F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--policies",
        "places",
        multiple=True,
        metavar="FILE|DIR|emulator|live",
        help="Where the policies are; repeat it for more.",
    ),
    click.option("--as", "acting_as", metavar="NAME", shell_complete=complete_name, help="Read live as this role."),
    click.option("--context", "context", type=Tag(), multiple=True, help="A condition key, as KEY=VALUE; repeat it."),
    asking_options,
    json_option,
)


def policies_options(command: _F) -> _F:
    """Where the policies are, and what is said of the request."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def gathered(app: App, context: tuple[tuple[str, str], ...], options: dict[str, Any]) -> tuple[Snapshot, Surroundings]:
    """The policies, and what is said of requests; takes out of `options` where they are."""
    snapshot, _, around = _asked(app, context, options)
    return snapshot, around


def indexed(
    app: App, context: tuple[tuple[str, str], ...], options: dict[str, Any]
) -> tuple[Snapshot, Index, Surroundings]:
    """The same, with the index of the policies."""
    snapshot, index, around = _asked(app, context, options)
    return snapshot, index(), around


def _asked(
    app: App, context: tuple[tuple[str, str], ...], options: dict[str, Any]
) -> tuple[Snapshot, Callable[[], Index], Surroundings]:
    places, acting_as = options.pop("places"), options.pop("acting_as")
    _, acting = app.typed(None, options)
    snapshot, index = snapshots.gather_indexed(app, places, Wanted(name=acting_as) if acting_as else None, acting)
    region = app.settings.region.value or "us-east-1"
    return snapshot, index, Surroundings(now=app.now(), region=region, given=dict(context))


def caller(app: App, snapshot: Snapshot, name: str) -> Caller:
    """Who a name stands for: a role is asked with a session, which has what the configuration says of it."""
    if name.startswith("arn:") or ":" in name:
        return plain(named(snapshot, name))
    target = app.target(Wanted(name=name))
    if not target.hops or target.hops[-1].kind is not HopKind.ROLE:
        return _of_source(app, snapshot, target.source.name)
    hop = target.hops[-1]
    holder = named(snapshot, str(hop.role_arn))
    assert not isinstance(holder, User)
    return role_session(
        holder,
        hop.session_name or "session",
        session=snapshots.session_policies(snapshot, hop),
        tags=hop.tags,
        transitive=hop.transitive,
        source_identity=hop.source_identity,
    )


def _of_source(app: App, snapshot: Snapshot, name: str) -> Caller:
    """The user whose keys a source has, as far as that is written down."""
    entry = app.configuration.sources.get(name)
    return plain(named(snapshot, entry.user_arn if entry is not None and entry.user_arn else name))


def say_gaps(app: App, snapshot: Snapshot) -> None:
    """How old the policies are, and what nobody could see, as notices."""
    age = old(app, snapshot)
    if age is not None:
        app.report.notice(f"the policies are {age}")
    for gap in snapshot.gaps[:5]:
        app.report.notice(f"not known: {gap}")
    if len(snapshot.gaps) > 5:
        app.report.notice(f"and {len(snapshot.gaps) - 5} more that are not known")


_STILL_NEW = timedelta(hours=1)


def old(app: App, snapshot: Snapshot) -> str | None:
    """Of when the policies are, in words; None where that was just now."""
    if snapshot.as_of is None or app.wall() - snapshot.as_of < _STILL_NEW:
        return None
    return f"of {rfc3339(snapshot.as_of)}, {left(app.wall() - snapshot.as_of)} ago"
