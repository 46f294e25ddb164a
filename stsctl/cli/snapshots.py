"""The policies at hand: out of files and folders, the emulator, or the account that a session is in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from stsctl.access import authorization_details, organization
from stsctl.access.index import Index
from stsctl.access.snapshot import PolicyText, Snapshot, merged
from stsctl.cli import policy_folder
from stsctl.cli.policy_folder import PolicyFolder
from stsctl.errors import ConfigurationError, UsageError
from stsctl.policy.kind import Kind
from stsctl.request import Endpoint
from stsctl.target import Hop, Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.cli.options import Acting
    from stsctl.sources.authorization_details import Reader

EMULATOR, LIVE = "emulator", "live"


def gather(app: App, places: tuple[str, ...], acting_as: Wanted | None, acting: Acting) -> Snapshot:
    """What all `places` hold: paths, `emulator`, `live`; where nothing is said, where this shell's requests go.

    Raises ConfigurationError for what cannot be read, and StsctlError where nobody may.
    """
    snapshot, _ = gather_indexed(app, places, acting_as, acting)
    return snapshot


def gather_indexed(
    app: App, places: tuple[str, ...], acting_as: Wanted | None, acting: Acting
) -> tuple[Snapshot, Callable[[], Index]]:
    """The same, and what makes its index."""
    found: list[Snapshot] = []
    folders: list[PolicyFolder] = []
    for place in places or (EMULATOR if app.emulates else LIVE,):
        if place == EMULATOR:
            found.append(_of_emulator(app))
        elif place == LIVE:
            found.append(_live(app, acting_as, acting))
        elif Path(place).is_dir():
            folders.append(PolicyFolder.open(Path(place), app.paths.policies))
            found.append(folders[-1].snapshot)
        else:
            found.append(policy_folder.read(Path(place)))
    snapshot = merged(found)
    if not snapshot.users and not snapshot.roles:
        raise UsageError("there is no user and no role in the policies at hand", hint="--policies FILE, DIR or live")
    if folders and len(found) == 1:
        return snapshot, folders[0].index
    return snapshot, lambda: Index.of(snapshot)


def session_policies(snapshot: Snapshot, hop: Hop) -> tuple[PolicyText, ...]:
    """What a session of a configured role is narrowed to."""
    inline = [PolicyText(name="session policy", text=hop.policy, kind=Kind.SESSION)] if hop.policy else []
    unknown = [arn for arn in hop.policy_arns if arn not in snapshot.managed]
    if unknown:
        raise ConfigurationError(f'the session policy "{unknown[0]}" is not among the policies at hand')
    managed = [snapshot.managed[arn] for arn in hop.policy_arns]
    return (*inline, *managed)


def _of_emulator(app: App) -> Snapshot:
    """Every account of the emulator, as its root user sees it."""
    from stsctl.emulator import control
    from stsctl.sources.authorization_details import Reader

    running = app.emulator
    where = Endpoint(partition="aws", region="us-east-1", url=running.url, instance=running.instance)
    found: list[Snapshot] = []
    for account in control.status(running)["accounts"]:
        root = control.principal(running, f"{account}:root")
        place = Endpoint(partition=root.arn.split(":")[1], region=where.region, url=where.url, instance=where.instance)
        reader = Reader(clients=app.clients(), endpoint=place, credentials=root.credentials)
        found += _read(reader, f"account {account}", with_organization=True)
    return merged(found)


def of_source(app: App, name: str) -> Snapshot:
    """The account of a source, as its own credentials see it; nobody is asked for anything. Raises StsctlError."""
    obtained = app.acting(Wanted(name=name), {"may_sign_in": False}, of_sts=True)
    return merged(_read(app.calls(obtained).reader(), f'the account of "{name}"', with_organization=False))


def _live(app: App, acting_as: Wanted | None, acting: Acting) -> Snapshot:
    obtained = app.obtain(app.chosen(acting_as), acting)
    return merged(
        _read(app.calls(obtained).reader(), f'the account of "{obtained.wanted.name}"', with_organization=False)
    )


def _read(reader: Reader, place: str, *, with_organization: bool) -> list[Snapshot]:
    found = [authorization_details.read(reader.account(), place)]
    if with_organization and reader.management_account() in found[0].accounts:
        found.append(Snapshot(memberships=organization.read(reader.organization(), place)))
    return found
