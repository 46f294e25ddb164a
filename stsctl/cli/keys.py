"""`stsctl keys`: long-term access keys, which live in the store."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click

from stsctl.cli.options import Group, completing, json_option
from stsctl.credentials import Credentials, Secret
from stsctl.errors import ConfigurationError, UsageError
from stsctl.formats.interface import rfc3339
from stsctl.target import SourceKind

if TYPE_CHECKING:
    from stsctl.cli.app import App


def _named(app: App) -> list[tuple[str, str]]:
    """The sources whose keys are in the store, with whose they are."""
    entries = app.configuration.sources.values()
    return [(each.source.name, each.user_arn or "") for each in entries if each.source.kind is SourceKind.KEYS]


@click.group("keys", cls=Group)
def command() -> None:
    """Keep long-term access keys in the store, in place of ~/.aws/credentials."""


@command.command("add")
@click.argument("name")
@click.option("--from-profile", metavar="PROFILE", help="Take the pair from a profile of the AWS files.")
@click.option(
    "--stdin", "from_stdin", is_flag=True, help="Read the id and the secret from standard input, a line each."
)
@click.option("--mfa-serial", metavar="ARN", help="The user's MFA device; found out where the user may ask IAM.")
@click.option("--region", metavar="REGION", help="The region in which the keys are checked.")
@click.pass_obj
def add(
    app: App, *, name: str, from_profile: str | None, from_stdin: bool, mfa_serial: str | None, region: str | None
) -> None:
    """Keep a pair of access keys in the store, as a source that roles can start from.

    The pair is asked for on the terminal; it is never an argument. It is checked with GetCallerIdentity before it is
    kept, and [source.NAME] is written to added.toml.
    """
    if from_profile and from_stdin:
        raise click.UsageError("--from-profile and --stdin exclude each other")
    app.keychain.check_name(name)
    app.keychain.check_store(name)
    credentials = _pair(app, from_profile, from_stdin=from_stdin)
    identity = app.keychain.identity(credentials, region=region)
    serial = mfa_serial or app.keychain.mfa_device(credentials, identity, region=region)
    app.keychain.add(name, credentials, identity, serial)
    app.report.notice(f'the keys of {identity} are kept as "{name}" in the store "{app.held.store}"')
    if serial:
        app.report.notice(f"MFA device: {serial}")
    if from_profile:
        app.report.notice(f'the profile "{from_profile}" still has them in plain text')
    app.report.lines([f"  stsctl assume ROLE_ARN --from {name}"])


def _pair(app: App, from_profile: str | None, *, from_stdin: bool) -> Credentials:
    if from_profile:
        found = app.profiles.get(from_profile).credentials()
        if found is None:
            raise ConfigurationError(f'the profile "{from_profile}" has no access keys')
        if found.session_token is not None:
            raise ConfigurationError(f'the profile "{from_profile}" has temporary credentials, not access keys')
        return found
    if from_stdin:
        lines = [line.strip() for line in sys.stdin.readlines(4096) if line.strip()]
        if len(lines) != 2:
            raise UsageError("standard input has to give two lines: the access key id, and the secret access key")
        return _checked(*lines)
    key_id = app.machine.ask("Access key id: ", hidden=False).strip()
    _check_id(key_id)  # before the secret is asked for
    return _checked(key_id, app.machine.ask("Secret access key (not shown): ", hidden=True).strip())


def _check_id(key_id: str) -> None:
    if key_id.startswith("ASIA"):
        raise UsageError("that is the id of temporary credentials; long-term ones begin with AKIA")
    # A secret that was given first could have letters and digits only, and must not leave as the id.
    if not re.fullmatch(r"[A-Z0-9]{16,128}", key_id):
        raise UsageError("that is no access key id: it has 20 letters and digits, and begins with AKIA")


def _checked(key_id: str, secret: str) -> Credentials:
    _check_id(key_id)
    if not secret or not secret.isascii() or " " in secret:
        raise UsageError("that is no secret access key: it has 40 characters without blanks")
    return Credentials(access_key_id=key_id, secret_access_key=Secret(secret))


@command.command("list")
@json_option
@click.pass_obj
def list_keys(app: App, *, as_json: bool) -> None:
    """List the access keys in the store: name, id, whose they are, MFA device, since when."""
    entries = app.held.keys_entries()
    if as_json:
        app.report.answer(
            [
                {
                    "name": entry.name,
                    "access_key_id": entry.access_key_id,
                    "identity": entry.identity,
                    "mfa_serial": entry.mfa_serial,
                    "added_at": rfc3339(entry.added_at),
                    "store": entry.store,
                }
                for entry in entries
            ]
        )
        return
    if not entries:
        app.report.notice("no keys are in the store; to add some: stsctl keys add NAME")
        return
    app.report.rows(
        (entry.name, entry.access_key_id, entry.identity, entry.mfa_serial or "-", f"{entry.added_at:%Y-%m-%d}")
        for entry in entries
    )


@command.command("remove")
@click.argument("name", shell_complete=completing(_named))
@click.pass_obj
def remove(app: App, *, name: str) -> None:
    """Take a pair of access keys out of the store. AWS still knows them: delete them there too."""
    if not app.keychain.remove(name):
        raise ConfigurationError(f'there are no keys "{name}" in the store', hint='run "stsctl keys list"')
    app.report.notice(f'the keys "{name}" are removed from the store')
