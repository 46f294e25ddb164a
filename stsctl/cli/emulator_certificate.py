"""`stsctl emulator certificate`: a certificate for IAM Roles Anywhere, of the emulator's own CA."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stsctl.emulator import control
from stsctl.errors import UsageError

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.emulator.control import Certificate


@click.command("certificate")
@click.argument("name")
@click.option("--trust-anchor", metavar="NAME", help="Whose CA signs it, where the organisation has several.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path(), help="Where the files go; here if not said.")
@click.pass_obj
def certificate(app: App, *, name: str, trust_anchor: str | None, folder: Path) -> None:
    """Write NAME.pem and NAME-key.pem: a certificate that the emulator's IAM Roles Anywhere believes, and its key.

    What is printed is a configuration for them, with the roles that can be had: … >> ~/.config/stsctl/config.toml
    """
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]{0,60}", name, re.ASCII):
        raise UsageError(f'"{name}" is no name for a certificate', hint="stsctl emulator certificate web-1")
    found = control.certificate(app.emulator, name, folder=folder.absolute(), trust_anchor=trust_anchor)
    app.report.notice(f'the certificate is in "{found.certificate}", its key in "{found.private_key}"')
    app.report.data("\n".join(_configuration(name, found)).rstrip())


def _configuration(name: str, found: Certificate) -> Iterator[str]:
    """Sources of the certificate, one for each profile, and their roles."""
    for number, (profile_arn, roles) in enumerate(found.profiles, start=1):
        source = name if number == 1 else f"{name}-{number}"
        yield from _section(
            "source",
            source,
            type="roles-anywhere",
            certificate=str(found.certificate),
            private_key=str(found.private_key),
            trust_anchor_arn=found.trust_anchor_arn,
            profile_arn=profile_arn,
        )
        for role_arn in roles:
            role = {"role_arn": role_arn, "from": source}
            yield from _section("role", f"{source}-{role_arn.rsplit('/', 1)[-1]}", **role)


def _section(kind: str, name: str, **facts: str) -> Iterator[str]:
    # What JSON writes in quotes, TOML reads.
    yield f"[{kind}.{name if re.fullmatch(r'[A-Za-z0-9_-]+', name, re.ASCII) else json.dumps(name)}]"
    yield from (f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in facts.items())
    yield ""
