"""Every Identity Center that is named: in the configuration, in the AWS files, in both."""

from __future__ import annotations

import pytest

from stsctl import configuration, identity_centers, profile
from stsctl.configuration import Configuration
from stsctl.errors import ConfigurationError, StsctlError, UsageError
from stsctl.names import resolve
from stsctl.origin import Shared
from stsctl.profile import Profiles
from stsctl.settings import resolve as settle
from stsctl.shared_file import SharedFile, Trust
from stsctl.sharing import merged
from stsctl.source import IdentityCenter, Source
from stsctl.target import Wanted

URL = "https://acme.awsapps.com/start"
SECTION = f"[sso-session acme]\nsso_start_url = {URL}\nsso_region = eu-central-1\nsso_registration_scopes = a, b\n"
PROFILE = "[profile dora]\nsso_session = acme\nsso_account_id = 111111111111\nsso_role_name = Admin\n"
OWN = f'[source.corp]\ntype = "identity-center"\nstart_url = "{URL}"\nsso_region = "eu-central-1"\n'
BY_SESSION = '[source.corp]\ntype = "identity-center"\nsso_session = "acme"\nshare_token = true\n'


def read(config: str, aws: str = "") -> tuple[Configuration, Profiles]:
    """Both files."""
    return configuration.load(config.encode(), None), profile.load(aws.encode(), b"")


def source_of(name: str, config: str, aws: str) -> Source:
    """The source that a name begins with."""
    own, profiles = read(config, aws)
    return resolve(Wanted(name=name), own, profiles, settle(own, {}), read_text=lambda file: file.path).source


def test_sections_that_nobody_configured() -> None:
    """They are sources by their own names, with the scopes that they say."""
    found = identity_centers.all_of(*read("", SECTION))
    center = found["acme"].identity_center
    assert center == IdentityCenter(start_url=URL, region="eu-central-1", scopes=("a", "b"), session_name="acme")


@pytest.mark.parametrize("config", [OWN, BY_SESSION])
def test_a_section_that_is_configured_too(config: str) -> None:
    """It is one Identity Center, by the configured name."""
    own, profiles = read(config, SECTION)
    assert list(identity_centers.all_of(own, profiles)) == ["corp"]
    found = identity_centers.of_session("acme", own, profiles)
    assert found is not None
    assert found.name == "corp"


def test_a_source_that_names_a_section() -> None:
    """Where people sign in is what the section says; scopes of the source's own come before."""
    center = source_of("corp", BY_SESSION, SECTION).identity_center
    assert center == IdentityCenter(
        start_url=URL, region="eu-central-1", scopes=("a", "b"), share_token=True, session_name="acme"
    )
    center = source_of("corp", BY_SESSION + 'scopes = ["c"]\n', SECTION).identity_center
    assert center is not None
    assert center.scopes == ("c",)


def test_a_profile_of_the_same_identity_center() -> None:
    """It is signed in at the configured source, and shares its token if that one does."""
    source = source_of("dora", BY_SESSION, SECTION + PROFILE)
    assert source.name == "corp"
    assert source.identity_center is not None
    assert source.identity_center.share_token
    source = source_of("dora", OWN, SECTION + PROFILE)
    assert source.name == "corp"
    assert source.identity_center is not None
    assert (source.identity_center.session_name, source.identity_center.scopes) == ("acme", ("sso:account:access",))


@pytest.mark.parametrize("aws", ["", "[sso-session acme]\nsso_start_url = x\n", "[sso-session other]\n"])
def test_a_section_that_does_not_say_enough(aws: str) -> None:
    """A source that names it is refused, with its line; by itself it is no Identity Center."""
    own, profiles = read(BY_SESSION, aws)
    with pytest.raises(ConfigurationError, match=r"^config\.toml:1: there is no section \[sso-session acme\]"):
        identity_centers.all_of(own, profiles)
    assert identity_centers.all_of(*read("", aws)) == {}


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ('[source.a]\ntype = "identity-center"\nsso_region = "r"\n', "has no start_url"),
        (f'[source.a]\ntype = "identity-center"\nstart_url = "{URL}"\n', "has no sso_region"),
        (OWN + 'sso_session = "acme"\n', "says both sso_session and start_url"),
        ('[source.a]\ntype = "identity-center"\nstart_url = "http://acme.example"\n', "begins with https://"),
    ],
)
def test_sources_that_are_none(config: str, what: str) -> None:
    """What is missing, or said twice, is refused."""
    with pytest.raises(ConfigurationError, match=what):
        read(config)


def test_the_only_one() -> None:
    """It need not be named; of several one has to be, and of none there is nothing."""
    own, profiles = read(OWN)
    assert identity_centers.the_only_one(identity_centers.all_of(own, profiles)).name == "corp"
    errors: list[StsctlError] = []
    for config in ("", OWN + OWN.replace("corp", "other")):
        with pytest.raises(UsageError) as error:
            identity_centers.the_only_one(identity_centers.all_of(*read(config)))
        errors.append(error.value)
    assert [error.message.partition(" ")[0] for error in errors] == ["there", "which"]


def test_a_project_does_not_say_how_the_centers_of_profiles_are_signed_in_at() -> None:
    """What is the same Identity Center stays by the name and the scopes that the AWS file gives it."""
    profiles = profile.load((SECTION + PROFILE).encode(), b"")
    for whose, name in ((Shared.INCLUDED, "corp"), (Shared.PROJECT, "acme")):
        file = SharedFile(content=OWN.encode(), path="/p/x.toml", place="/p/x.toml", trust=Trust.GIVEN, shared=whose)
        own = merged(Configuration(), [file])
        found = resolve(Wanted(name="dora"), own, profiles, settle(own, {}), read_text=lambda file: file.path)
        assert found.source.name == name
