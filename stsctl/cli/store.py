"""`stsctl store`: which stores there are, and from one to another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stsctl.cli.options import Group, json_option
from stsctl.configuration import StoreName
from stsctl.errors import UsageError

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.cli.stores import Looked
    from stsctl.stores.interface import Capacity

_LASTING = click.Choice([name.value for name in StoreName if name is not StoreName.MEMORY])


@click.group("store", cls=Group)
def command() -> None:
    """Show where keys and sessions can rest, and move them from one store to another."""


@command.command("list")
@json_option
@click.pass_obj
def list_stores(app: App, *, as_json: bool) -> None:
    """List the stores: what each is used for, what it takes, how much, for how long, and whether it answers."""
    looked = app.stores.look()
    if as_json:
        app.report.answer([_facts(each) for each in looked])
    else:
        app.report.rows((_row(each) for each in looked), aligned=True)


def _row(looked: Looked) -> tuple[str, ...]:
    capacity = looked.capacity
    if capacity is None:
        return (looked.name, looked.used_for, "-", "-", "-", "-", looked.state)
    items = f"{capacity.items} items" if capacity.items else ""
    total = f"{capacity.total_bytes} bytes" if capacity.total_bytes else ""
    return (
        looked.name,
        looked.used_for,
        "everything" if looked.takes_keys else "sessions, sign-ins",
        f"{capacity.item_bytes} bytes each" if capacity.item_bytes else "any length",
        ", ".join(filter(None, (items, total))) or "any number",
        _lasts(looked.name, capacity),
        looked.state,
    )


def _lasts(name: str, capacity: Capacity) -> str:
    if name == StoreName.MEMORY.value:
        return "until the command ends"
    return "lasts" if capacity.outlives_reboot else "until a reboot"


def _facts(looked: Looked) -> dict[str, object]:
    capacity = looked.capacity
    return {
        "name": looked.name,
        "used_for": looked.used_for.split(", ") if looked.used_for else [],
        "kinds": sorted(kind.value for kind in capacity.kinds) if capacity else None,
        "item_bytes": capacity.item_bytes if capacity else None,
        "items": capacity.items if capacity else None,
        "total_bytes": capacity.total_bytes if capacity else None,
        "outlives_reboot": capacity.outlives_reboot if capacity else None,
        "state": looked.state,
    }


@command.command("migrate")
@click.option("--from", "origin", type=_LASTING, required=True, help="The store to empty.")
@click.option("--to", "goal", type=_LASTING, required=True, help="The store to fill.")
@click.option("--dry-run", is_flag=True, help="Say what would be moved; change nothing.")
@json_option
@click.pass_obj
def migrate(app: App, *, origin: str, goal: str, dry_run: bool, as_json: bool) -> None:
    """Move keys, sessions and sign-ins from one store to another: each is read back before it is deleted.

    Killed in between, nothing is lost: each is in one of the two, and the same command goes on. What the other store
    cannot take stays, and is said. The configuration is yours to change: see "stsctl config path".
    """
    if origin == goal:
        raise UsageError(f'"{origin}" is both --from and --to', hint="stsctl store list")
    to = StoreName(goal)
    migration = app.stores.migration(StoreName(origin), to)
    moved = migration.plan() if dry_run else list(migration.run())
    rows = [(each.kind.value, each.called, each.fate.value, each.why) for each in moved]
    if as_json:
        app.report.answer([dict(zip(("kind", "name", "fate", "why"), row, strict=True)) for row in rows])
    elif rows:
        app.report.rows((kind, called, f"{fate}: {why}" if why else fate) for kind, called, fate, why in rows)
    gone = sum(fate != "stays" for _, _, fate, _ in rows)
    verb = "would go" if dry_run else "went"
    app.report.notice(f"{gone} of {len(rows)} {verb} from {origin} to {goal}" if rows else f"nothing is in {origin}")
    if gone and to not in app.stores.in_use:
        app.report.notice(f'stsctl looks there once config.toml says so: store = "{goal}" under [defaults]')
