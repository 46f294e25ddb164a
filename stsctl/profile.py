"""The profiles of `~/.aws/config` and `~/.aws/credentials`, as the SDKs read them.

Of the two files the one with the credentials wins, key by key. What stsctl itself wrote (sections under its marker) is
an answer, never a question, and is left out; so a hook cannot call itself.
Sources: https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html,
https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html; `include_profile`,
`session_tags`, `transitive_session_tags`, `source_identity` and `mfa_process` as aws-vault made them common.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace

from stsctl import ini
from stsctl.connection import SERVICES, Connection
from stsctl.credentials import Credentials, Secret
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError
from stsctl.nearest import suggestion
from stsctl.origin import Origin

KEY_ID = "aws_access_key_id"
SECRET_KEY = "aws_secret_access_key"  # noqa: S105 - the name of a key
_TOKENS = ("aws_security_token", "aws_session_token")
"""In botocore's order: where both are there, the old name counts."""
_STATIC = (KEY_ID, SECRET_KEY, *_TOKENS)
_BEGINNINGS = ("source_profile", "credential_source")


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What a profile says under one key, and where. `nested` holds sub-properties."""

    text: str = field(repr=False)
    origin: Origin
    nested: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A profile as both files give it; `configured` and `shared` are what the config and the credentials file say."""

    name: str
    origin: Origin
    values: Mapping[str, Value] = field(repr=False)
    configured: Mapping[str, Value] = field(repr=False)
    shared: Mapping[str, Value] = field(repr=False)

    def get(self, key: str) -> str | None:
        """What it says under `key`; None where it says nothing."""
        value = self.values.get(key)
        return value.text if value is not None and value.text else None

    def at(self, key: str) -> Origin:
        """Where `key` is written."""
        value = self.values.get(key)
        return self.origin if value is None else value.origin

    def problem(self, key: str, what: str, *, hint: str | None = None) -> ConfigurationError:
        """An error about `key`, with its file and line."""
        return ConfigurationError(f'{self.at(key)}: profile "{self.name}": {what}', hint=hint)

    @property
    def holds_keys(self) -> bool:
        """Whether it has static keys, or half a pair of them."""
        return KEY_ID in self.values or SECRET_KEY in self.values

    def credentials(self) -> Credentials | None:
        """Its static keys; None where it has none. Raises ConfigurationError for half a pair."""
        # Both keys have to be in one file, and the credentials file is asked first; so does botocore.
        values = self.shared if KEY_ID in self.shared else self.configured
        values = values if KEY_ID in values or SECRET_KEY in values else self.shared
        key_id, secret = (values.get(key) for key in (KEY_ID, SECRET_KEY))
        if key_id is None and secret is None:
            return None
        if key_id is None or secret is None or not key_id.text or not secret.text:
            have, lack = (KEY_ID, SECRET_KEY) if key_id and key_id.text else (SECRET_KEY, KEY_ID)
            raise self.problem(have, f"has {have} without {lack}", hint=f"add {lack} below it, or take {have} out")
        token = next((values[name].text for name in _TOKENS if name in values and values[name].text), None)
        return Credentials(
            access_key_id=key_id.text,
            secret_access_key=Secret(secret.text),
            session_token=None if token is None else Secret(token),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Profiles:
    """All profiles that people wrote, by name; `services` are the `[services NAME]` sections, `sso_sessions` the
    `[sso-session NAME]` ones.

    `written` says where the sections are that stsctl wrote.
    """

    by_name: Mapping[str, Profile]
    services: Mapping[str, Mapping[str, Mapping[str, str]]]
    sso_sessions: Mapping[str, Mapping[str, Value]]
    written: Mapping[str, Origin]

    def __contains__(self, name: str) -> bool:
        return name in self.by_name

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def get(self, name: str) -> Profile:
        """The profile of that name, with what it includes; raises ConfigurationError where there is none."""
        if name not in self.by_name:
            if name in self.written:
                raise ConfigurationError(
                    f'{self.written[name]}: "{name}" is what stsctl itself wrote, it leads nowhere else'
                )
            raise ConfigurationError(f'there is no profile "{name}"', hint=suggestion(name, self.by_name))
        return self._with_included(self.by_name[name], (name,))

    def _with_included(self, profile: Profile, path: tuple[str, ...]) -> Profile:
        """Fills what `profile` does not say from the profile it includes; static keys stay where they are."""
        name = profile.get("include_profile")
        if name is None:
            return profile
        if name in path:
            raise profile.problem("include_profile", f"the includes go round: {' → '.join((*path, name))}")
        if name not in self.by_name:
            hint = suggestion(name, self.by_name)
            raise profile.problem("include_profile", f'include_profile "{name}" is no profile', hint=hint)
        included = self._with_included(self.by_name[name], (*path, name))
        left_out = {*_STATIC, "include_profile"}
        if any(key in profile.values for key in _BEGINNINGS):
            left_out.update(_BEGINNINGS)
        offered = {key: value for key, value in included.values.items() if key not in left_out}
        return replace(profile, values={**offered, **profile.values})

    def connection(self, profile: Profile) -> Connection:
        """What `profile` says of the way to AWS: of a service's URL its services section's first, then its own."""
        name = profile.get("services")
        if name is not None and name not in self.services:
            hint = suggestion(name, self.services)
            raise profile.problem("services", f"there is no section [services {name}]", hint=hint)
        sections = self.services[name] if name is not None else {}
        said = {service: sections.get(service.replace("-", "_"), {}).get("endpoint_url") for service in SERVICES}
        general = profile.get("endpoint_url")
        urls = tuple((service, url) for service, own in said.items() if (url := own or general))
        return Connection(
            endpoint_urls=urls or None,
            ca_bundle=profile.get("ca_bundle"),
            use_fips=_truth(profile, "use_fips_endpoint"),
            use_dualstack=_truth(profile, "use_dualstack_endpoint"),
            ignores_endpoint_urls=_truth(profile, "ignore_configured_endpoint_urls"),
        )


def _truth(profile: Profile, key: str) -> bool | None:
    text = profile.get(key)
    if text is None or text.lower() in ("true", "false"):
        return None if text is None else text.lower() == "true"
    raise profile.problem(key, f'{key} "{text}" is neither true nor false')


def load(
    config: bytes | None,
    credentials: bytes | None,
    *,
    config_place: str = "~/.aws/config",
    credentials_place: str = "~/.aws/credentials",
) -> Profiles:
    """The profiles of both files (None: there is no such file); raises ConfigurationError with file and line."""
    configured = ini.parse(config or b"", config_place)
    shared = ini.parse(credentials or b"", credentials_place)
    sections: dict[str, tuple[ini.Section | None, ini.Section | None]] = {}
    services: dict[str, Mapping[str, Mapping[str, str]]] = {}
    sso_sessions: dict[str, Mapping[str, Value]] = {}
    for section in configured.sections.values():
        kind, name = kind_of(section.name)
        if kind == "profile":
            sections[name] = (section, None)
        elif kind == "services":
            services[name] = {key: entry.nested or {} for key, entry in section.entries.items()}
        elif kind == "sso-session":
            sso_sessions[name] = _values(section, config_place)
    for section in shared.sections.values():
        sections[section.name] = (sections.get(section.name, (None, None))[0], section)
    by_name, written = {}, {}
    for name, both in sections.items():
        profile = _profile(name, *both, config_place, credentials_place)
        if any(section is not None and not section.managed for section in both):
            by_name[name] = profile
        else:
            written[name] = profile.origin
    return Profiles(by_name=by_name, services=services, sso_sessions=sso_sessions, written=written)


def kind_of(header: str) -> tuple[str, str]:
    """Whose section it is, as botocore tells them apart: by how the header begins, if it is two words."""
    if header == "default":
        return "profile", "default"
    for kind in ("profile", "sso-session", "services"):
        if header.startswith(kind):
            try:
                words = _words(header)
            except ValueError:
                return "", header
            return (kind, words[1]) if len(words) == 2 else ("", header)
    return "", header


def _words(header: str) -> list[str]:
    if header.isascii() and header.isprintable() and not set(header) & set("'\"\\"):
        return header.split()
    import shlex  # takes longer to load than all the rest of this

    return shlex.split(header)


def _profile(
    name: str, first: ini.Section | None, second: ini.Section | None, config_place: str, credentials_place: str
) -> Profile:
    configured, shared = _values(first, config_place), _values(second, credentials_place)
    places = [
        (section.managed, Origin(place=place, line=section.line))
        for section, place in ((first, config_place), (second, credentials_place))
        if section is not None
    ]
    # The one that a person wrote is where the profile is; of two, the one in the config.
    origin = min(places, key=lambda place: place[0])[1]
    return Profile(name=name, origin=origin, values={**configured, **shared}, configured=configured, shared=shared)


def _values(section: ini.Section | None, place: str) -> dict[str, Value]:
    if section is None or section.managed:
        return {}
    return {
        key: Value(text=entry.value, origin=Origin(place=place, line=entry.line), nested=entry.nested)
        for key, entry in section.entries.items()
    }
