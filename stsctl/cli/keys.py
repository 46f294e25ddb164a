"""`stsctl keys`: long-term access keys, which live in the store."""

from __future__ import annotations

import time
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from stsctl.cli import pair
from stsctl.cli.key_move import KeyMove
from stsctl.cli.options import Group, asking_options, complete_keys, json_option
from stsctl.credentials import Credentials
from stsctl.errors import ConfigurationError, StsctlError
from stsctl.formats.interface import rfc3339
from stsctl.target import Wanted

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.rotation import AccessKey
    from stsctl.stores.index import KeysEntry


@click.group("keys", cls=Group)
def command() -> None:
    """Keep long-term access keys in the store, in place of ~/.aws/credentials."""


@command.command("add")
@click.argument("name")
@click.option("--from-profile", metavar="PROFILE", help="Take the pair from a profile of the AWS files.")
@click.option(
    "--from-csv", type=click.Path(path_type=Path), help="Take the pair from a file as the IAM console offers it."
)
@click.option(
    "--stdin", "from_stdin", is_flag=True, help="Read the id and the secret from standard input, a line each."
)
@click.option("--move", is_flag=True, help="Take it out of the profile's file then; all else there stays as it is.")
@click.option("--hook", is_flag=True, help="With --move: SDKs that use the profile ask stsctl from then on.")
@click.option("--mfa-serial", metavar="ARN", help="The user's MFA device; found out where the user may ask IAM.")
@click.option("--region", metavar="REGION", help="The region in which the keys are checked.")
@click.pass_obj
def add(
    app: App,
    *,
    name: str,
    from_profile: str | None,
    from_csv: Path | None,
    from_stdin: bool,
    move: bool,
    hook: bool,
    mfa_serial: str | None,
    region: str | None,
) -> None:
    """Keep a pair of access keys in the store, as a source that roles can start from.

    The pair is asked for on the terminal; it is never an argument. It is checked with GetCallerIdentity before it is
    kept, and [source.NAME] is written to added.toml. With --move it leaves the file once the store gives it back.
    """
    if (move and not from_profile) or (hook and not move):
        raise click.UsageError("--move goes with --from-profile, and --hook with --move")
    app.keychain.check_name(name)
    app.keychain.check_store(name)
    credentials = _pair(app, from_profile, from_csv, stdin=from_stdin)
    moving = KeyMove(app, from_profile, name, credentials, hook=hook) if from_profile and move else None
    if moving is not None:
        moving.check()
    identity = app.keychain.identity(credentials, region=region)
    # What starts from a profile that has asked nobody so far goes on so.
    found = moving.mfa_serial if moving else app.keychain.mfa_device(credentials, identity, region=region)
    serial = mfa_serial or found
    app.keychain.add(name, credentials, identity, serial)
    app.report.notice(f'the keys of {identity} are kept as "{name}" in the store "{app.keys_held.store}"')
    if serial:
        app.report.notice(f"MFA device: {serial}")
    if moving is not None:
        moving.finish()
        app.report.notice(f'they are no longer in profile "{moving.profile}" of {moving.place}')
        app.report.lines(_after_move(moving))
        return
    if from_profile or from_csv:
        place = f'the profile "{from_profile}"' if from_profile else f'"{from_csv}"'
        way = "; --move takes them out" if from_profile else ""
        app.report.notice(f"{place} still has them in plain text{way}")
    app.report.lines([f"  stsctl assume ROLE_ARN --from {quote(name)}"])


def _after_move(moving: KeyMove) -> list[str]:
    """What to type next: how the profile works on, and new keys for those that were in plain text so long."""
    profile, name = quote(moving.profile), quote(moving.name)
    works_on = f"aws --profile {profile} sts get-caller-identity" if moving.hook else f"stsctl profile hook {name}"
    return [f"  {works_on}", f"  stsctl keys rotate {name}"]


def _pair(app: App, profile: str | None, csv: Path | None, *, stdin: bool) -> Credentials:
    if (profile is not None) + (csv is not None) + stdin > 1:
        raise click.UsageError("--from-profile, --from-csv and --stdin exclude one another")
    if profile is not None:
        return pair.from_profile(app, profile)
    if csv is not None:
        return pair.from_csv(csv)
    return pair.from_stdin() if stdin else pair.from_terminal(app)


@command.command("rotate")
@click.argument("name", shell_complete=complete_keys)
@asking_options
@click.pass_obj
def rotate(app: App, /, *, name: str, **options: Any) -> None:
    """Replace a pair of access keys by a new one.

    The new pair is made, kept and tried before the old one is deactivated and deleted. Wherever it is interrupted, keys
    that work are in the store, and "stsctl keys rotate" goes on from there. Where the user may do nothing without MFA,
    a code is asked for.
    """
    _, acting = app.typed(None, options)
    entry = app.configuration.sources.get(name)
    device = entry.source.mfa_serial if entry else None

    def with_mfa() -> Credentials:
        return app.obtain(Wanted(name=name), acting).session.credentials

    with app.locks.hold(f"rotation of {name}", f'the rotation of "{name}"'):
        made = app.keychain.rotate(
            name,
            with_mfa=with_mfa if device else None,
            notice=app.report.notice,
            pause=lambda length: time.sleep(length.total_seconds()),
        )
    app.report.notice(f'"{name}" is {made.access_key_id} from now on')
    if entry is not None and not entry.added and entry.source.access_key_id:
        app.report.notice(f"{entry.source.origin} still names {entry.source.access_key_id}: it is for you to change")


@command.command("list")
@click.option("--last-used", is_flag=True, help="Ask IAM how old each is, and when it was last used.")
@json_option
@click.pass_obj
def list_keys(app: App, *, last_used: bool, as_json: bool) -> None:
    """List the access keys in the store: name, id, whose they are, MFA device, since when."""
    entries = [entry for held in app.stores.all_held() for entry in held.keys_entries()]
    at_aws = {entry.name: _at_aws(app, entry.name) for entry in entries} if last_used else {}
    if as_json:
        app.report.answer([_facts(entry, at_aws.get(entry.name)) for entry in entries])
        return
    if not entries:
        app.report.notice("no keys are in the store; to add some: stsctl keys add NAME")
        return
    app.report.rows((*_row(entry), *(_use(app, at_aws[entry.name]) if last_used else ())) for entry in entries)


def _at_aws(app: App, name: str) -> AccessKey | None:
    """What IAM says of a pair; None, with the reason said, where the user may not ask."""
    try:
        return app.keychain.at_aws(name)
    except StsctlError as error:
        app.report.notice(f'"{name}": IAM does not say: {error.message or error}')
        return None


def _facts(entry: KeysEntry, key: AccessKey | None) -> dict[str, object]:
    known: dict[str, object] = {
        "name": entry.name,
        "access_key_id": entry.access_key_id,
        "identity": entry.identity,
        "mfa_serial": entry.mfa_serial,
        "added_at": rfc3339(entry.added_at),
        "store": entry.store,
    }
    if key is None:
        return known
    used_at = rfc3339(key.used_at) if key.used_at else None
    return known | {"created_at": rfc3339(key.created_at), "last_used_at": used_at}


def _row(entry: KeysEntry) -> tuple[str, ...]:
    since = f"{entry.added_at:%Y-%m-%d}"
    return entry.name, entry.access_key_id, entry.identity, entry.mfa_serial or "-", since


def _use(app: App, key: AccessKey | None) -> tuple[str, ...]:
    """How old a pair is, and when it was last used, to the day: AWS knows no better."""
    if key is None:
        return "-", "-"
    days = (app.now() - key.created_at).days
    used = f"last used {key.used_at:%Y-%m-%d}" if key.used_at else "never used"
    return f"{days} day{'' if days == 1 else 's'} old", used


@command.command("remove")
@click.argument("name", shell_complete=complete_keys)
@click.pass_obj
def remove(app: App, *, name: str) -> None:
    """Take a pair of access keys out of the store. AWS still knows them: delete them there too."""
    if not app.keychain.remove(name):
        raise ConfigurationError(f'there are no keys "{name}" in the store', hint="stsctl keys list")
    app.report.notice(f'the keys "{name}" are removed from the store')
