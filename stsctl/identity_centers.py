"""Every Identity Center that the configuration or the AWS files name, as the source that it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from shlex import quote

from stsctl import sso_profile
from stsctl.configuration import Configuration
from stsctl.errors import ConfigurationError, UsageError
from stsctl.nearest import suggestion
from stsctl.origin import Shared
from stsctl.profile import Profiles
from stsctl.source import Source, SourceKind


def settled(source: Source, profiles: Profiles) -> Source:
    """A configured source with what the `[sso-session]` says that it names; raises ConfigurationError."""
    center = source.identity_center
    if center is None or center.start_url or center.session_name is None:
        return source
    session = sso_profile.session(profiles, center.session_name)
    if session is None:
        raise ConfigurationError(
            f"{source.origin}: there is no section [sso-session {center.session_name}] with start URL and region",
            hint=suggestion(center.session_name, profiles.sso_sessions),
        )
    scopes = center.scopes or session.scopes
    return replace(source, identity_center=replace(session, scopes=scopes, share_token=center.share_token))


def configured(source: Source, configuration: Configuration, profiles: Profiles) -> Source:
    """The source of an AWS profile, as the configured one where that is the same Identity Center: its name, and whether
    its token is shared.
    """
    center = source.identity_center
    if center is None:
        return source
    for entry in configuration.sources.values():
        if entry.source.identity_center is None or entry.shared is Shared.PROJECT:
            continue
        own = settled(entry.source, profiles).identity_center
        if own is not None and (own.start_url, own.region) == (center.start_url, center.region):
            session_name = center.session_name or own.session_name
            return replace(source, name=entry.name, identity_center=replace(own, session_name=session_name))
    return source


def all_of(configuration: Configuration, profiles: Profiles) -> Mapping[str, Source]:
    """Those that can be signed in at, by name: the configured ones, and the `[sso-session]`s that none of them is."""
    found = {
        name: settled(entry.source, profiles)
        for name, entry in configuration.sources.items()
        if entry.source.kind is SourceKind.IDENTITY_CENTER
    }
    for name in profiles.sso_sessions:
        source = of_session(name, configuration, profiles)
        if source is not None and source.name == name and name not in found:
            found[name] = source
    return found


def of_session(name: str, configuration: Configuration, profiles: Profiles) -> Source | None:
    """What is signed in at by `[sso-session NAME]`: the configured source that is the same, where there is one."""
    center = sso_profile.session(profiles, name)
    if center is None:
        return None
    source = Source(kind=SourceKind.IDENTITY_CENTER, name=name, identity_center=center)
    return configured(source, configuration, profiles)


def the_only_one(found: Mapping[str, Source]) -> Source:
    """The one that is meant where nobody named any; raises UsageError."""
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        names = ", ".join(f'"{name}"' for name in found)
        raise UsageError(
            f"which Identity Center? there are {names}", hint=f"stsctl sso login {quote(next(iter(found)))}"
        )
    raise UsageError(
        "there is no Identity Center in your configuration",
        hint='write [source.NAME] with type = "identity-center", start_url and sso_region',
    )
