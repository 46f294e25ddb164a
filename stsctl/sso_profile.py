"""What an AWS profile says of Identity Center: where its people sign in, and which permission set it is.

Either `sso_session` names a section `[sso-session NAME]` that says where, or (the older form) the profile says it all.
Sources: https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html, and for what is refused
botocore's SSOProvider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from stsctl import limits
from stsctl.dataclass import dataclass
from stsctl.nearest import suggestion
from stsctl.profile import Profile, Profiles, Value
from stsctl.source import IdentityCenter
from stsctl.url import is_web_page

ROLE_KEYS = ("sso_account_id", "sso_role_name")
"""An account and a role are what make a profile one of Identity Center; a start URL alone may serve other sign-ins."""
KEYS = (*ROLE_KEYS, "sso_session", "sso_start_url")
_NEEDED = (*ROLE_KEYS, "sso_start_url", "sso_region")


@dataclass(frozen=True, slots=True, kw_only=True)
class SsoProfile:
    """A permission set in an account, of an Identity Center."""

    identity_center: IdentityCenter
    account_id: str
    role_name: str


def read(profiles: Profiles, profile: Profile) -> SsoProfile | None:
    """What `profile` says; None where it is none of Identity Center's. Raises ConfigurationError."""
    if not any(profile.get(key) for key in ROLE_KEYS):
        return None
    said = {key: value.text for key, value in profile.values.items() if key.startswith("sso_")}
    session_name = profile.get("sso_session")
    if session_name is not None:
        said |= _of_session(profiles, profile, session_name)
    missing = [key for key in _NEEDED if not said.get(key)]
    if missing:
        there = next(key for key in ROLE_KEYS if profile.get(key))
        raise profile.problem(there, f"is one of Identity Center ({there}), without {', '.join(missing)}")
    if not limits.is_account_id(said["sso_account_id"]):
        raise profile.problem("sso_account_id", f'sso_account_id "{said["sso_account_id"]}" has not 12 digits')
    if not is_web_page(said["sso_start_url"]):
        raise profile.problem("sso_start_url", f'sso_start_url "{said["sso_start_url"]}" does not begin with https://')
    return SsoProfile(
        identity_center=_identity_center(said, session_name),
        account_id=said["sso_account_id"],
        role_name=said["sso_role_name"],
    )


def session(profiles: Profiles, name: str) -> IdentityCenter | None:
    """What `[sso-session NAME]` says; None where it does not say enough, or is not there."""
    said = {key: value.text for key, value in profiles.sso_sessions.get(name, {}).items()}
    start_url, region = said.get("sso_start_url"), said.get("sso_region")
    return _identity_center(said, name) if start_url and is_web_page(start_url) and region else None


def _of_session(profiles: Profiles, profile: Profile, name: str) -> dict[str, str]:
    """What the section says; it and the profile may say the same twice, and nothing differently."""
    section: Mapping[str, Value] | None = profiles.sso_sessions.get(name)
    if section is None:
        hint = suggestion(name, profiles.sso_sessions)
        raise profile.problem("sso_session", f"there is no section [sso-session {name}]", hint=hint)
    for key, value in section.items():
        own = profile.values.get(key)
        if own is not None and own.text != value.text:
            raise profile.problem(key, f'{key} is "{own.text}" here, and "{value.text}" at {value.origin}')
    return {key: value.text for key, value in section.items()}


def _identity_center(said: Mapping[str, str], session_name: str | None) -> IdentityCenter:
    scopes = tuple(filter(None, (scope.strip() for scope in said.get("sso_registration_scopes", "").split(","))))
    found = IdentityCenter(start_url=said["sso_start_url"], region=said["sso_region"], session_name=session_name)
    return replace(found, scopes=scopes) if scopes else found
