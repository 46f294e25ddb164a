"""awsume: profiles as the SDKs know them with a few more ways in, settings in a YAML file, sessions it wrote itself.

Source: awsume/awsumepy/lib/profile.py, autoawsume.py and config_management.py of https://github.com/trek10inc/awsume.
"""

from __future__ import annotations

from collections.abc import Iterator

from stsctl.errors import ConfigurationError
from stsctl.other_tools import aws_config, tree
from stsctl.other_tools.finding import File, Finding, Theirs, becomes, role, setting, source, stays
from stsctl.profile import Profile

_DEFAULTS = {"role-duration": "duration", "region": "region", "role-session-name": "session_name"}
"""Its settings that stsctl has a place for under [defaults]."""


def read(theirs: Theirs) -> list[Finding]:
    """Its settings and every profile."""
    settings = list(_settings(theirs.file)) if theirs.file is not None else []
    return [*settings, *aws_config.walk(theirs, _own)]


def _settings(file: File) -> Iterator[Finding]:
    try:
        top = tree.of_yaml(file)
    except ConfigurationError as error:
        yield stays("its settings", file.at(), error.message)
        return
    for key, name in _DEFAULTS.items():
        value = top.said(key)
        if value and value != "0":
            yield setting(f'setting "{key}"', top.at(key).origin, "defaults", f'{name} = "{value}"')


def _own(profile: Profile) -> list[Finding] | None:
    """What it wrote, and the roles of which SDKs could make nothing."""
    what = f'profile "{profile.name}"'
    if profile.get("autoawsume") == "true" or profile.get("manager") == "awsume":
        return [stays(what, profile.origin, "a session that awsume wrote: stsctl gets its own")]
    if profile.get("role_arn") is None or profile.get("source_profile") or profile.get("credential_source"):
        return None
    if profile.get("principal_arn") is not None:
        why = "it does not say where people sign in: write [source.NAME] with type saml and its sign_in_url"
        return [stays(what, profile.at("principal_arn"), why)]
    process = profile.get("credential_process")
    return None if process is None else _by_program(profile, process)


def _by_program(profile: Profile, process: str) -> list[Finding]:
    """A role that is assumed with what a program gives, which to SDKs is no role."""
    beginning = f"{profile.name}-program"
    said = {
        "role_arn": profile.get("role_arn"),
        "region": profile.get("region"),
        "duration": profile.get("duration_seconds"),
        "external_id": profile.get("external_id"),
        "session_name": profile.get("role_session_name"),
        "mfa_serial": profile.get("mfa_serial"),
    }
    program = source(beginning, {"type": "process", "process": process})
    note = f'{profile.get("role_arn")} from "{beginning}"'
    return [
        becomes(f'program "{process}"', profile.at("credential_process"), program),
        becomes(
            f'profile "{profile.name}"', profile.origin, role(profile.name, beginning, said, of_profile=True), note
        ),
    ]
