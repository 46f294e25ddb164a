"""Sections of ~/.aws/credentials that follow their sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from stsctl.formats import credentials_file

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.stores.index import Entry
    from stsctl.stores.kept_profiles import KeptProfile


def follow(app: App, entries: Iterable[Entry], now: datetime) -> None:
    """Writes those anew whose session was renewed; one that somebody took out is left out. Raises StsctlError."""
    kept = app.kept_profiles.all()
    if not kept:
        return
    sessions = {entry.wanted: entry for entry in entries if entry.expires_at is not None and entry.expires_at > now}
    files = app.aws_files()
    found = credentials_file.written(files.credentials, place=files.credentials_place)
    sections = {(section.profile, section.target): section for section in found}
    for each in kept:
        section = sections.get((each.profile, each.wanted.name))
        entry = sessions.get(each.wanted)
        if section is None:
            app.kept_profiles.drop(each.profile)
        elif entry is not None and _is_older(section, entry):
            _write(app, each, entry)


def _is_older(section: credentials_file.Written, entry: Entry) -> bool:
    return section.expires_at is None or (
        entry.expires_at is not None and section.expires_at < entry.expires_at.replace(microsecond=0)
    )


def _write(app: App, kept: KeptProfile, entry: Entry) -> None:
    session = app.held.session(entry.request_key)
    if session is None:
        return

    def edit(content: bytes) -> bytes:
        return credentials_file.write_section(
            app.aws_files(content), kept.profile, session.credentials, target=kept.wanted.name, region=entry.region
        )

    app.change_credentials(edit)


def unheld(app: App, entries: Iterable[Entry]) -> Iterator[KeptProfile]:
    """Those whose session is not held any more, so that it has to be got."""
    have = {entry.wanted for entry in entries}
    return (each for each in app.kept_profiles.all() if each.wanted not in have)
