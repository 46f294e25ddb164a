"""Profiles by which SDKs ask stsctl, whoever wrote them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from stsctl.argv import runs_stsctl
from stsctl.dataclass import dataclass
from stsctl.formats import hooks
from stsctl.origin import Origin

if TYPE_CHECKING:
    from stsctl.cli.surroundings import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A profile whose credentials SDKs ask stsctl for, as those of the name `target`."""

    profile: str
    target: str
    origin: Origin


def profiles(app: Surroundings) -> Iterator[Asking]:
    """The hooks that stsctl wrote, then the lines that a person did; raises ConfigurationError."""
    files = app.aws_files()
    written = hooks.written(files.config, place=files.config_place)
    for hook in written:
        yield Asking(profile=hook.profile, target=hook.target, origin=Origin(place=files.config_place, line=hook.line))
    ours = {hook.profile for hook in written}
    for profile in app.profiles.by_name.values():
        process = profile.get("credential_process")
        target = _target(process) if process and profile.name not in ours else None
        if target is not None:
            yield Asking(profile=profile.name, target=target, origin=profile.at("credential_process"))


def _target(process: str) -> str | None:
    """What is asked for, where that is all that is said: flags may have words of their own."""
    if not runs_stsctl(process):
        return None
    words = shlex.split(process)
    plain = len(words) > 1 and words[-2] == "credential-process" and not words[-1].startswith("-")
    return words[-1] if plain else None
