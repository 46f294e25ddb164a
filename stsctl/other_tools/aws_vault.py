"""aws-vault: its configuration is `~/.aws/config`, its long-term keys are in a keyring under the names of profiles.

Beside them are sessions, whose names hold commas. Source: vault/credentialkeyring.go, vault/sessionkeyring.go,
vault/oidctokenkeyring.go and vault/config.go of https://github.com/99designs/aws-vault.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from shlex import quote

from stsctl.errors import ConfigurationError
from stsctl.other_tools import aws_config, programs
from stsctl.other_tools.finding import (
    Entry,
    File,
    Finding,
    KeptKeys,
    KeyringPlace,
    Theirs,
    becomes,
    long_term_keys,
    role,
    source,
    stays,
)
from stsctl.profile import KEY_ID, Profile, Profiles

_SESSION = re.compile(r"[^,]+,[^,]+,[^,]*,\d+|session:[^ ]+:[^ ]*:[^:]+|.+ session \(\d+\)|oidc:.*")
"""The names of what it keeps for a time only: sessions, also of its older versions, and tokens of Identity Center."""
_FIRST = ("role_arn", "credential_process", "sso_account_id", "sso_session", "login_session", KEY_ID)
_TOKEN_PROCESS = "web_identity_token_process"  # noqa: S105 - the name of a key


def read(theirs: Theirs) -> list[Finding]:
    """Its profiles, and the keys that they begin at or that lie in its keyring."""
    items = theirs.keyring.items if theirs.keyring is not None else ()
    names = {name: None for name in items if not _SESSION.fullmatch(name)} | _beginnings(theirs.profiles)
    return [
        *(_keys(name, theirs) for name in names),
        *aws_config.walk(theirs, _own, names),
    ]


def keyring(environ: Mapping[str, str], file: File | None) -> KeyringPlace:
    """As its variables say; it has no file for that."""
    del file
    return KeyringPlace(
        collection=environ.get("AWS_VAULT_SECRET_SERVICE_COLLECTION_NAME") or "awsvault",
        folder=environ.get("AWS_VAULT_FILE_DIR") or "~/.awsvault/keys",
        backend=environ.get("AWS_VAULT_BACKEND") or None,
    )


def _beginnings(profiles: Profiles) -> dict[str, None]:
    """The names that roles begin at and for which no file has credentials."""
    found: dict[str, None] = {}
    for name in profiles:
        try:
            profile = profiles.get(name)
            first = profile.get("source_profile") if profile.get("role_arn") else None
            if first is not None and first not in profiles.written and not _gives(profiles, first):
                found[first] = None
        except ConfigurationError:
            continue  # it is told with the profiles
    return found


def _gives(profiles: Profiles, name: str) -> bool:
    return name in profiles and any(profiles.get(name).get(key) for key in _FIRST)


def _keys(name: str, theirs: Theirs) -> Finding:
    said = _said(theirs.profiles, name)
    keys = KeptKeys(name=name, item=name, mfa_serial=said("mfa_serial"), region=said("region"))
    return long_term_keys(keys, theirs.keyring, _by_hand(name))


def _said(profiles: Profiles, name: str) -> Callable[[str], str | None]:
    """What the profile of that name says, if there is one; what is wrong with it is told with the profiles."""
    try:
        return profiles.get(name).get
    except ConfigurationError:
        return lambda _: None


def _by_hand(name: str) -> str:
    """What brings the keys over from whatever keyring aws-vault can read."""
    pair = """sh -c 'printf "%s\\n" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"'"""
    called = quote(name)
    return f"aws-vault exec --no-session {called} -- {pair} | stsctl keys add {called} --stdin"


def _own(profile: Profile) -> list[Finding] | None:
    """A role that a token becomes which a program prints, and what only runs aws-vault."""
    what, process = f'profile "{profile.name}"', profile.get(_TOKEN_PROCESS)
    if process is not None and profile.get("role_arn"):
        name = f"{profile.name}-token"
        program = source(name, {"type": "oidc", "token_process": process})
        return [
            becomes(f'program "{process}"', profile.at(_TOKEN_PROCESS), program),
            becomes(what, profile.origin, _role(profile, name), f'{profile.get("role_arn")} from "{name}"'),
        ]
    words = programs.words_of(profile.get("credential_process"))
    if words[:1] == ("aws-vault",) and not profile.get("role_arn"):
        target = next((word for word in reversed(words) if not word.startswith("-")), "")
        hint = f"stsctl profile hook {quote(target)}"
        return [stays(what, profile.origin, f'it runs aws-vault for "{target}"', hint)]
    return None


def _role(profile: Profile, beginning: str) -> Entry:
    said = {
        "role_arn": profile.get("role_arn"),
        "region": profile.get("region"),
        "session_name": profile.get("role_session_name"),
        "duration": profile.get("duration_seconds"),
    }
    return role(profile.name, beginning, said, of_profile=True)
