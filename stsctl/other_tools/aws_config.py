"""The profiles of the AWS files themselves: stsctl reads them where they stand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from shlex import quote

from stsctl.chain import Chain, is_hook, leads_somewhere, of_profile
from stsctl.errors import ConfigurationError
from stsctl.other_tools import programs
from stsctl.other_tools.finding import Finding, Theirs, stays, works
from stsctl.profile import KEY_ID, Profile, Profiles
from stsctl.source import Source, SourceKind

_FIRST = {SourceKind.PROCESS: "a program", SourceKind.ENVIRONMENT: "the environment"}
Own = Callable[[Profile], Sequence[Finding] | None]
"""What a tool makes of a profile of its own; None for one that is not."""


def read(theirs: Theirs) -> list[Finding]:
    """Every profile."""
    return walk(theirs, lambda _: None)


def walk(theirs: Theirs, own: Own, offered: Iterable[str] = ()) -> list[Finding]:
    """What `own` makes of each profile, else what stsctl makes of it, where the keys are here that are `offered`."""
    profiles = theirs.profiles
    kept = {name: Source(kind=SourceKind.KEYS, name=name) for name in (*theirs.kept, *offered)}
    found: list[Finding] = []
    for name in profiles:
        try:
            profile = profiles.get(name)
            special = own(profile)
            found.extend(_usual(profiles, profile, kept) if special is None else special)
        except ConfigurationError as error:
            why = error.message.partition(": ")[2].removeprefix(f'profile "{name}": ')
            found.append(stays(f'profile "{name}"', profiles.by_name[name].origin, why))
    return found


def _usual(profiles: Profiles, profile: Profile, kept: dict[str, Source]) -> list[Finding]:
    what, origin = f'profile "{profile.name}"', profile.origin
    if is_hook(profile):
        return [works(what, origin, "it asks stsctl")]
    if not leads_somewhere(profile):
        return []  # a region, or what others include
    chain = of_profile(profiles, profile.name, kept)
    keys = profile.credentials() if KEY_ID in profile.values and not chain.hops else None
    if keys is not None and keys.session_token is not None:
        return [stays(what, origin, "temporary credentials: stsctl gets its own")]
    if keys is not None:
        name = quote(profile.name)
        take = f"stsctl keys add {name} --from-profile {name}"
        return [works(what, origin, "its keys are in plain text", take)]
    runs = programs.run_by(chain.source.process)
    if runs is not None:
        return [works(what, origin, f"it runs {runs}", f"stsctl config import --from {runs}")]
    return [works(what, origin, _told(chain))]


def _told(chain: Chain) -> str:
    """A chain in a line."""
    first = _FIRST.get(chain.source.kind) or f'"{chain.source.name}"'
    if chain.source.kind is SourceKind.KEYS and not chain.hops:
        return f"the keys {first}"
    return " → ".join((first, *(hop.what for hop in chain.hops)))
