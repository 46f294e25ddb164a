"""AWS profiles out of both files: which wins, what is included, what is left out, what half a pair is."""

from __future__ import annotations

import pytest

from stsctl import profile
from stsctl.errors import ConfigurationError


def load(config: str = "", credentials: str = "") -> profile.Profiles:
    """Reads both files."""
    return profile.load(config.encode(), credentials.encode())


PAIR = "aws_access_key_id = AKIA1\naws_secret_access_key = one\n"


def test_the_credentials_file_wins_key_by_key() -> None:
    """What both say of a profile is merged, and the credentials file has the last word."""
    profiles = load("[profile a]\nregion = r1\noutput = json\n" + PAIR, "[a]\nregion = r2\n")
    one = profiles.get("a")
    assert (one.get("region"), one.get("output"), one.get("aws_access_key_id")) == ("r2", "json", "AKIA1")
    assert str(one.at("region")) == "~/.aws/credentials:2"
    assert str(one.origin) == "~/.aws/config:1"


def test_a_pair_is_taken_from_one_file() -> None:
    """A pair in the credentials file is taken whole, its token with it and not that of the config."""
    config = "[profile a]\n" + PAIR + "aws_session_token = t1\n"
    keys = load(config, "[a]\naws_access_key_id = AKIA2\naws_secret_access_key = two\n").get("a").credentials()
    assert keys is not None
    assert (keys.access_key_id, keys.secret_access_key.reveal(), keys.session_token) == ("AKIA2", "two", None)
    keys = load(config, "[a]\noutput = json\n").get("a").credentials()
    assert keys is not None
    assert keys.session_token is not None
    assert keys.session_token.reveal() == "t1"


def test_a_profile_without_keys_has_none() -> None:
    """That is no error of its own."""
    assert load("[profile a]\nregion = r\n").get("a").credentials() is None


def test_a_pair_is_not_made_of_two_halves() -> None:
    """One half in each file is none, and a half in the credentials file hides no pair in the config."""
    half = "[a]\naws_secret_access_key = s\n"
    with pytest.raises(ConfigurationError, match=r"^~/\.aws/config:2: .* has aws_access_key_id without"):
        load("[profile a]\naws_access_key_id = AKIA1\n", half).get("a").credentials()
    keys = load("[profile a]\n" + PAIR, half).get("a").credentials()
    assert keys is not None
    assert keys.secret_access_key.reveal() == "one"


def test_the_old_name_of_a_token_counts_first() -> None:
    """Where both names of a token are there, botocore takes aws_security_token, and so do we."""
    keys = load("", "[a]\n" + PAIR + "aws_session_token = s\naws_security_token = old\n").get("a").credentials()
    assert keys is not None
    assert keys.session_token is not None
    assert keys.session_token.reveal() == "old"


@pytest.mark.parametrize(
    ("credentials", "message"),
    [
        ("[a]\n\naws_access_key_id = AKIA1\n", ':3: profile "a": has aws_access_key_id without aws_secret_access_key'),
        ("[a]\naws_secret_access_key = s\n", ':2: profile "a": has aws_secret_access_key without aws_access_key_id'),
        ("[a]\naws_secret_access_key =\naws_access_key_id = A\n", ':3: profile "a": has aws_access_key_id without'),
    ],
)
def test_half_a_pair_is_refused(credentials: str, message: str) -> None:
    """The half that is there is told with its line; an empty other half is none."""
    with pytest.raises(ConfigurationError) as caught:
        load("", credentials).get("a").credentials()
    assert message in caught.value.message
    assert caught.value.hint is not None


@pytest.mark.parametrize(
    ("config", "region"),
    [
        ("[default]\nregion = r1\n", "r1"),
        ("[profile default]\nregion = r1\n", "r1"),
        ("[profile default]\nregion = r1\n[default]\nregion = r2\n", "r2"),
        ("[default]\nregion = r1\n[profile default]\nregion = r2\n", "r2"),
    ],
)
def test_default_has_two_spellings(config: str, region: str) -> None:
    """Of both, botocore takes the later."""
    assert load(config).get("default").get("region") == region


@pytest.mark.parametrize("header", ['profile "a b"', "profile 'a b'", "profile a\\ b"])
def test_names_can_be_quoted(header: str) -> None:
    """As a shell would read them."""
    assert "a b" in load(f"[{header}]\nregion = r\n")


def test_other_sections_are_no_profiles() -> None:
    """Sessions of Identity Center, services, plug-ins and bare names are read and are no profiles."""
    config = (
        "[sso-session s]\nsso_region = r\n[services v]\nsts =\n  endpoint_url = u\n[plugins]\nx = y\n[bare]\nx = y\n"
    )
    assert list(load(config)) == []


def test_what_is_included_fills_the_gaps() -> None:
    """aws-vault's include_profile gives what is not said, through several steps, but never keys."""
    profiles = load(
        "[profile a]\ninclude_profile = b\nregion = ra\n"
        "[profile b]\ninclude_profile = c\nregion = rb\nmfa_serial = sb\n" + PAIR + "[profile c]\noutput = text\n"
    )
    one = profiles.get("a")
    assert (one.get("region"), one.get("mfa_serial"), one.get("output")) == ("ra", "sb", "text")
    assert not one.holds_keys
    assert str(one.at("mfa_serial")) == "~/.aws/config:7"


def test_a_profile_with_its_own_beginning_takes_none_from_what_it_includes() -> None:
    """source_profile and credential_source exclude each other, so one said replaces both."""
    profiles = load(
        "[profile a]\ninclude_profile = b\ncredential_source = Environment\n[profile b]\nsource_profile = c\n"
    )
    assert profiles.get("a").get("source_profile") is None


def test_includes_that_go_round_are_refused_with_their_way() -> None:
    """The way round is printed."""
    profiles = load("[profile a]\ninclude_profile = b\n[profile b]\ninclude_profile = a\n")
    with pytest.raises(ConfigurationError, match=r"^~/\.aws/config:4: .*the includes go round: a → b → a$"):
        profiles.get("a")


def test_a_missing_include_is_refused_with_the_nearest_name() -> None:
    """With its line, and what may have been meant."""
    with pytest.raises(ConfigurationError, match=r'^~/\.aws/config:2: .*"bse" is no profile$') as caught:
        load("[profile a]\ninclude_profile = bse\n[profile base]\nx = y\n").get("a")
    assert caught.value.hint == 'did you mean "base"?'


def test_an_unknown_profile_is_refused_with_the_nearest_names() -> None:
    """By the name that was asked for."""
    with pytest.raises(ConfigurationError, match=r'^there is no profile "prd"$') as caught:
        load("[profile prod]\nx = y\n").get("prd")
    assert caught.value.hint == 'did you mean "prod"?'


MANAGED = "[a]\n# managed by stsctl: a\n" + PAIR


def test_what_stsctl_wrote_is_no_profile() -> None:
    """Its own section leads nowhere, and says so."""
    profiles = load("", MANAGED)
    assert list(profiles) == []
    with pytest.raises(ConfigurationError, match=r'^~/\.aws/credentials:1: "a" is what stsctl itself wrote'):
        profiles.get("a")


def test_what_stsctl_wrote_does_not_add_to_what_a_person_wrote() -> None:
    """Of a profile in both files, only the person's part counts."""
    one = load("[profile a]\nregion = r\n", MANAGED).get("a")
    assert (one.get("region"), one.holds_keys, str(one.origin)) == ("r", False, "~/.aws/config:1")
    one = load("[profile a]\n# managed by stsctl\nregion = r\n", "[a]\n" + PAIR).get("a")
    assert (one.get("region"), one.holds_keys, str(one.origin)) == (None, True, "~/.aws/credentials:1")


def test_the_url_of_sts_is_the_services_sections_before_the_profiles_own() -> None:
    """And a section that is not there is refused, as botocore refuses it."""
    text = "[profile a]\nendpoint_url = http://own\nservices = v\n[services v]\nsts =\n  endpoint_url = http://sts\n"
    profiles = load(text)
    assert profiles.connection(profiles.get("a")).url_of("sts") == "http://sts"
    profiles = load(text.replace("sts =", "s3 ="))
    assert profiles.connection(profiles.get("a")).url_of("sts") == "http://own"
    profiles = load(text.replace("services = v", "services = w"))
    with pytest.raises(ConfigurationError, match=r"^~/\.aws/config:3: .*no section \[services w\]$"):
        profiles.connection(profiles.get("a"))


def test_no_secret_shows_in_a_repr() -> None:
    """Neither of the profiles nor of one of them."""
    profiles = load("", "[a]\naws_access_key_id = AKIA1\naws_secret_access_key = canary\naws_session_token = canary\n")
    assert "canary" not in repr(profiles) + repr(profiles.get("a")) + repr(profiles.get("a").credentials())
