"""saml2aws: an INI file with a section for each account at an identity provider, and profiles that run it.

Each of its providers makes the page at which it begins from the section's keys, and fills in forms there; stsctl opens
the page in a browser. The password in its keyring is nothing that stsctl takes. Source: pkg/cfg/cfg.go, and the first
request of each package below pkg/provider, of https://github.com/Versent/saml2aws.
"""

from __future__ import annotations

import re

from stsctl import ini
from stsctl.errors import ConfigurationError
from stsctl.other_tools import programs
from stsctl.other_tools.finding import File, Finding, Theirs, becomes, role, source, stays
from stsctl.profile import Profile, Profiles

_PAGES = {
    "ADFS": "{url}/adfs/ls/IdpInitiatedSignOn.aspx?loginToRp={aws_urn}",
    "ADFS2": "{url}/adfs/ls/IdpInitiatedSignOn.aspx?loginToRp={aws_urn}",
    "AzureAD": "{url}/applications/redirecttofederatedapplication.aspx?Operation=LinkedSignIn&applicationId={app_id}",
    "F5APM": "{url}/saml/idp/res?id={resource_id}",
    "PSU": "{url}/idp/profile/SAML2/Unsolicited/SSO?providerId={aws_urn}",
    "Ping": "{url}/idp/startSSO.ping?PartnerSpId={aws_urn}",
    "Shibboleth": "{url}/idp/profile/SAML2/Unsolicited/SSO?providerId={aws_urn}",
    **dict.fromkeys(("Auth0", "Browser", "GoogleApps", "JumpCloud", "KeyCloak", "Okta", "PingOne"), "{url}"),
}
"""The page that a provider begins at; for the last ones it is the section's own."""
_USUAL = {"aws_urn": "urn:amazon:webservices", "aws_profile": "saml", "app_id": "", "resource_id": ""}
_QUOTED = re.compile(r'`(?P<back>[^`]*)`|"""(?P<triple>.*)"""|"(?P<double>[^"]*)"')


def read(theirs: Theirs) -> list[Finding]:
    """Its accounts, and the profiles for which SDKs run it."""
    found: list[Finding] = []
    sources: dict[str, str] = {}
    if theirs.file is not None:
        try:
            for section in ini.parse(theirs.file.text, theirs.file.place).sections.values():
                found.extend(_account(section, theirs.file, sources, theirs.profiles))
        except ConfigurationError as error:
            found.append(stays("its settings", theirs.file.at(), error.message))
    for profile in theirs.profiles.by_name.values():
        found.extend(_profile(profile, sources))
    return found


def _account(section: ini.Section, file: File, sources: dict[str, str], profiles: Profiles) -> list[Finding]:
    said = _USUAL | {key: text for key, entry in section.entries.items() if (text := _plain(entry.value))}
    what, origin = f'idp_account "{section.name}"', file.at(section.line)
    provider = said.get("provider", "")
    page = _PAGES.get(provider)
    if page is None:
        why = f'the page at which "{provider}" begins is not in it; sign_in_url is the one that you open in a browser'
        return [stays(what, origin, why)]
    url = page.format_map(said | {"url": said.get("url", "").rstrip("/")})
    name = provider.lower() if section.name == "default" else section.name
    sources[section.name] = name
    note = f"in a browser, at {url.partition('?')[0]}"
    found = [becomes(what, origin, source(name, {"type": "saml", "sign_in_url": url}), note)]
    arn = said.get("role_arn")
    if arn is None:
        return found
    called = said["aws_profile"] if said["aws_profile"] != "saml" or section.name == "default" else section.name
    more = {"role_arn": arn, "region": said.get("region"), "duration": _length(said)}
    at = section.entries["role_arn"].line
    profile = profiles.by_name.get(called)
    entry = role(called, name, more, of_profile=profile is not None and _wrote(profile))
    return [*found, becomes(f'role of "{section.name}"', file.at(at), entry, f'{arn} from "{name}"')]


def _length(said: dict[str, str]) -> str | None:
    """How long a session should last, where somebody chose it: an hour is what it writes by itself."""
    length = said.get("aws_session_duration")
    return None if length == "3600" else length


def _profile(profile: Profile, sources: dict[str, str]) -> list[Finding]:
    """A profile that runs it for SDKs, and one that it wrote a session into."""
    what = f'profile "{profile.name}"'
    if _wrote(profile):
        return [stays(what, profile.origin, "temporary credentials: stsctl gets its own")]
    words = programs.words_of(profile.get("credential_process"))
    if words[:1] != ("saml2aws",):
        return []
    arn, account = programs.option(words, "--role"), programs.option(words, "-a", "--idp-account") or "default"
    if arn is None or account not in sources:
        missing = "it names no --role" if arn is None else f'there is no idp_account "{account}"'
        return [stays(what, profile.origin, missing)]
    more = {"role_arn": arn, "region": profile.get("region"), "duration": programs.option(words, "--session-duration")}
    entry = role(profile.name, sources[account], more, of_profile=True)
    return [becomes(what, profile.origin, entry, f'{arn} from "{sources[account]}"')]


def _wrote(profile: Profile) -> bool:
    """Whether saml2aws wrote a session into it."""
    return any(profile.get(key) for key in ("x_principal_arn", "x_security_token_expires"))


def _plain(value: str) -> str:
    """A value without the quotes and the comment beside it that its INI library knows."""
    quoted = _QUOTED.match(value)
    if quoted is not None:
        return next(text for text in quoted.groups() if text is not None)
    return re.split(r"[#;]", value, maxsplit=1)[0].strip()
