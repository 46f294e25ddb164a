"""granted: profiles with `granted_sso_…` keys in `~/.aws/config`, its settings in a TOML file, keys in a keyring.

Source: pkg/cfaws/granted_config.go, pkg/config/config.go, pkg/granted/credentials.go and pkg/securestorage of
https://github.com/common-fate/granted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from shlex import quote

from stsctl.errors import ConfigurationError
from stsctl.other_tools import aws_config, centers, programs, tree
from stsctl.other_tools.centers import Centers
from stsctl.other_tools.finding import (
    File,
    Finding,
    KeptKeys,
    KeyringPlace,
    Theirs,
    becomes,
    long_term_keys,
    role,
    setting,
    stays,
)
from stsctl.profile import Profile, Profiles


def read(theirs: Theirs) -> list[Finding]:
    """Its settings, its sign-ins, its keys, and every profile, for it offers them all."""
    found = Centers()
    settings = list(_settings(theirs.file, found)) if theirs.file is not None else []
    profiles = aws_config.walk(theirs, lambda profile: _own(profile, theirs, found))
    return [*found.found.values(), *settings, *profiles]


def keyring(environ: Mapping[str, str], file: File | None) -> KeyringPlace:
    """As its settings say."""
    del environ
    usual = KeyringPlace(
        collection="granted-aws-iam-credentials", folder="~/.granted/secure-storage-aws-iam-credentials"
    )
    try:
        said = tree.of_toml(file).at("Keyring") if file is not None else None
    except ConfigurationError:
        said = None  # what is wrong is told with the settings
    if said is None:
        return usual
    return KeyringPlace(
        collection=said.said("LibSecretCollectionName") or usual.collection,
        folder=said.said("FileDir") or usual.folder,
        backend=said.said("Backend"),
    )


def _settings(file: File, found: Centers) -> Iterator[Finding]:
    """What its file says; sign-ins become sources."""
    try:
        top = tree.of_toml(file)
    except ConfigurationError as error:
        yield stays("its settings", file.at(), error.message)
        return
    for name, table in top.at("SSO"):
        url, region = table.said("StartURL"), table.said("SSORegion")
        if url and region:
            found.named(url, region, table.origin, name)
    browser = top.said("DefaultBrowser")
    if browser and browser != "STDOUT":
        program = top.said("CustomBrowserPath") or browser.lower()
        line = f"browser = {json.dumps([program, '{url}'])}"
        yield setting(f'DefaultBrowser "{browser}"', top.at("DefaultBrowser").origin, "console", line)
    for _, registry in top.at("ProfileRegistry", "Registries"):
        why = "stsctl fetches no repository; profiles that it wrote are read where they are"
        yield stays(f'profile registry "{registry.said("name") or ""}"', registry.origin, why)


def _own(profile: Profile, theirs: Theirs, found: Centers) -> list[Finding] | None:
    what, words = f'profile "{profile.name}"', programs.words_of(profile.get("credential_process"))
    account_id, role_name = profile.get("granted_sso_account_id"), profile.get("granted_sso_role_name")
    if account_id and role_name:
        url, region = _sign_in(profile, theirs.profiles)
        if url is None or region is None:
            why = "it says no granted_sso_start_url and granted_sso_region, nor a section that does"
            return [stays(what, profile.at("granted_sso_account_id"), why)]
        source = found.named(url, region, profile.origin, profile.get("sso_session"))
        said = centers.permission_set(account_id, role_name, {"region": profile.get("region")})
        entry = role(profile.name, source, said, of_profile=True)
        return [becomes(what, profile.origin, entry, f"{role_name} in {account_id}")]
    if words[:1] in (("granted",), ("dgranted",)) and "credential-process" in words and not _by_itself(profile):
        name = programs.option(words, "--profile") or profile.name
        keys = KeptKeys(name=name, item=name, mfa_serial=profile.get("mfa_serial"), region=profile.get("region"))
        return [long_term_keys(keys, theirs.keyring, f"stsctl keys add {quote(name)}")]
    return None


def _by_itself(profile: Profile) -> bool:
    """Whether SDKs, and so stsctl, come to something else in it before they run its program."""
    return any(profile.get(key) for key in ("role_arn", "sso_account_id"))


def _sign_in(profile: Profile, profiles: Profiles) -> tuple[str | None, str | None]:
    """Where people sign in for it: as it says itself, else as the section that it names."""
    session = profiles.sso_sessions.get(profile.get("sso_session") or "", {})
    said = {key: value.text for key, value in session.items()}
    url = profile.get("granted_sso_start_url") or said.get("sso_start_url")
    return url, profile.get("granted_sso_region") or said.get("sso_region")
