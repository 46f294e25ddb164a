"""One section of ~/.aws/credentials is written or taken out; everything else stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from botocore.configloader import raw_config_parse
from botocore.session import Session as BotocoreSession

from stsctl.credentials import Credentials, Secret
from stsctl.errors import ConfigurationError, StsctlError, UsageError
from stsctl.formats import credentials_file
from stsctl.formats.credentials_file import AwsFiles, Written

END = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
KEYS = Credentials(
    access_key_id="ASIA1", secret_access_key=Secret("secret/+"), session_token=Secret("token=="), expires_at=END
)
SECTION = """\
[prod]
# managed by stsctl: prod-admin
aws_access_key_id = ASIA1
aws_secret_access_key = secret/+
aws_session_token = token==
region = eu-west-1
expiration = 2026-01-31T12:00:00Z
"""


def write(text: str, profile: str = "prod", *, config: str = "", force: bool = False, keys: Credentials = KEYS) -> str:
    """The credentials file after the session for prod-admin was written to it."""
    files = AwsFiles(credentials=text.encode(), config=config.encode())
    content = credentials_file.write_section(files, profile, keys, target="prod-admin", region="eu-west-1", force=force)
    return content.decode()


def test_it_can_be_asked_beforehand() -> None:
    """Before a person is asked for a code: the same refusals, and nothing where it can be written."""
    credentials_file.check(AwsFiles(credentials=SECTION.encode(), config=b""), "prod")
    theirs = AwsFiles(credentials=b"[prod]\nx = 1\n", config=b"[profile a]\nrole_arn = x\n")
    for profile, force in (("prod", False), ("a", True), ("a]", True)):
        with pytest.raises(StsctlError):
            credentials_file.check(theirs, profile, force=force)
    credentials_file.check(theirs, "prod", force=True)


def refusal(text: str, profile: str = "prod", **rest: object) -> StsctlError:
    """Why it is not written."""
    with pytest.raises(StsctlError) as caught:
        write(text, profile, **rest)  # type: ignore[arg-type]
    return caught.value


def test_into_an_empty_file() -> None:
    """The section alone."""
    assert write("") == SECTION


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[a]\nx = 1\n", "[a]\nx = 1\n\n" + SECTION),
        ("[a]\nx = 1\n\n", "[a]\nx = 1\n\n\n" + SECTION),
        ("[a]\nx = 1", "[a]\nx = 1\n\n" + SECTION),
        ("# only this\n", "# only this\n\n" + SECTION),
        ("\ufeff[a]\r\nx = 1\r\n", "\ufeff[a]\r\nx = 1\r\n\r\n" + SECTION.replace("\n", "\r\n")),
        ("[a]\r\nx = 1\n", "[a]\r\nx = 1\n\n" + SECTION),
        ("[a]\nx = 1\n  indented\n", "[a]\nx = 1\n  indented\n\n" + SECTION),
    ],
)
def test_a_new_section_goes_to_the_end(before: str, after: str) -> None:
    """Parted by an empty line of its own, in the line endings that are in use there."""
    assert write(before) == after


def test_a_section_of_our_own_is_replaced_where_it_is() -> None:
    """With the comments and sections around it, their order and endings."""
    old = SECTION.replace("ASIA1", "ASIA0").replace("\n", "\r\n")
    before = "# top\n[a]\nx = 1\n\n" + old + "\r\n# of b\n[b]\ny = 2"
    after = "# top\n[a]\nx = 1\n\n" + SECTION.replace("\n", "\r\n") + "\r\n# of b\n[b]\ny = 2"
    assert write(before) == after


def test_long_term_keys_have_no_token_and_no_end() -> None:
    """What is not known is left out."""
    keys = Credentials(access_key_id="AKIA1", secret_access_key=Secret("s"))
    files = AwsFiles(credentials=b"", config=b"")
    content = credentials_file.write_section(files, "a", keys, target="work")
    assert content == b"[a]\n# managed by stsctl: work\naws_access_key_id = AKIA1\naws_secret_access_key = s\n"


def test_a_section_that_somebody_wrote_is_refused() -> None:
    """With its line; force replaces it whole."""
    theirs = "[a]\nx = 1\n\n[prod]\naws_access_key_id = AKIA9\n  odd\n# of b\n[b]\n"
    error = refusal(theirs)
    assert isinstance(error, ConfigurationError)
    assert error.message == '~/.aws/credentials:4: stsctl did not write section "prod"'
    assert error.hint is not None
    assert "--force" in error.hint
    assert write(theirs, force=True) == "[a]\nx = 1\n\n" + SECTION + "# of b\n[b]\n"


@pytest.mark.parametrize("added", ["output = json\n", "  indented = 1\n", "  [b]\n  x = 1\n"])
def test_what_somebody_added_to_our_section_is_not_lost(added: str) -> None:
    """Another key, or lines that have become part of a value of ours."""
    error = refusal(SECTION + added)
    assert "somebody added" in error.message
    assert write(SECTION + added, force=True) == SECTION


def test_keys_that_every_section_inherits_are_no_additions() -> None:
    """`[DEFAULT]` lends its keys to all."""
    text = "[DEFAULT]\noutput = json\n\n" + SECTION
    assert write(text) == text


@pytest.mark.parametrize(
    "key",
    ["credential_process", "role_arn", "login_session", "web_identity_token_file", "sso_session", "sso_account_id"],
)
def test_a_profile_whose_keys_sdks_would_pass_over_is_refused(key: str) -> None:
    """By the line of the config that says so, force or not, also for the default profile."""
    for profile, header in (("prod", "profile prod"), ("prod", 'profile "prod"'), ("default", "default")):
        for force in (False, True):
            error = refusal("", profile, config=f"[{header}]\nregion = r\n{key} = x\n", force=force)
            assert error.message.startswith(f'~/.aws/config:3: profile "{profile}" has {key}')
            assert error.hint == f"write it under another name: --profile {profile}-session"


def test_a_profile_that_only_says_a_region_is_no_hindrance() -> None:
    """Nor is another profile's way in, or one of the session's own name among the sessions."""
    config = "[profile prod]\nregion = r\n[profile b]\nrole_arn = x\n[sso-session prod]\nsso_region = r\n"
    assert write("", config=config) == SECTION


@pytest.mark.parametrize(
    "name",
    ["", "DEFAULT", " a", "a ", "a]b", "[a", "a#b", "a;b", "a\nb", "a\rb", "a\tb", "a\x85b", 'a"b', "a'b", "a\\b"],
)
def test_names_that_tools_read_differently_are_refused(name: str) -> None:
    """Or that would break the line."""
    assert isinstance(refusal("", name), UsageError)


@pytest.mark.parametrize("name", ["a b", "a@b", "a/b.c_d-e+f", "é", "profile x", "a:b=c"])
def test_other_names_are_read_by_botocore(tmp_path: Path, name: str) -> None:
    """As they were given."""
    path = tmp_path / "credentials"
    path.write_bytes(write("", name).encode())
    assert raw_config_parse(str(path))[name]["aws_access_key_id"] == "ASIA1"


def test_a_space_in_a_name_is_warned_of() -> None:
    """Not every SDK can read it."""
    assert credentials_file.caution("a b") is not None
    assert credentials_file.caution("a-b") is None


@pytest.mark.parametrize(
    "value", ["canary\nb", "canary\rb", "canary\x85", "canary\u2028b", " canary", "canary ", "canary\0b", ""]
)
def test_values_that_would_break_the_line_are_refused(value: str) -> None:
    """And not shown."""
    keys = Credentials(access_key_id="ASIA1", secret_access_key=Secret(value))
    error = refusal("", keys=keys)
    assert isinstance(error, UsageError)
    assert "canary" not in error.message


def test_an_edit_that_would_change_the_rest_is_refused() -> None:
    """Behind a key of ours an indented header would be read as its value."""
    text = "[prod]\n  x = 1\n  [b]\n  y = 2\n"
    error = refusal(text, force=True)
    assert error.message.startswith('section "prod" cannot be changed without changing how the rest')


def test_a_damaged_file_is_refused_with_its_line() -> None:
    """Nothing is written into what cannot be read."""
    assert refusal("[a]\n[a]\n").message == '~/.aws/credentials:2: section "a" is already at line 1'
    assert refusal("", config="x\n").message.startswith("~/.aws/config:1: ")


class TestRemoval:
    """Taking a section out."""

    @pytest.mark.parametrize("before", ["", "[a]\nx = 1\n", "\ufeff# c\r\n[a]\r\nx = 1\r\n"])
    def test_what_was_written_goes_without_a_trace(self, before: str) -> None:
        """The file is as it was."""
        assert credentials_file.remove_section(write(before).encode(), "prod") == before.encode()

    def test_between_others(self) -> None:
        """Comments that follow stay."""
        text = "[a]\nx = 1\n\n" + SECTION + "\n# of b\n[b]\n"
        assert credentials_file.remove_section(text.encode(), "prod") == b"[a]\nx = 1\n\n# of b\n[b]\n"

    def test_only_our_own(self) -> None:
        """Not what somebody wrote or added to, and not what is not there."""
        for text, message in (
            ("[prod]\nx = 1\n", "stsctl did not write"),
            (SECTION + "x = 1\n", "somebody added"),
            ("", "has no section"),
        ):
            with pytest.raises(ConfigurationError, match=message):
                credentials_file.remove_section(text.encode(), "prod")


def test_what_was_written_is_listed() -> None:
    """With its target and its end; damaged ends are none."""
    text = SECTION + "[a]\nx = 1\n[b]\n# managed by stsctl: c\nexpiration = soon\n[d]\n# managed by stsctl\n"
    assert credentials_file.written(text.encode()) == (
        Written(profile="prod", target="prod-admin", expires_at=END, line=1),
        Written(profile="b", target="c", expires_at=None, line=10),
        Written(profile="d", target="", expires_at=None, line=13),
    )


def test_what_is_over_is_pruned() -> None:
    """At its end and not before; what has no end stays."""
    text = "[a]\nx = 1\n\n" + SECTION + "\n[b]\n# managed by stsctl: c\naws_access_key_id = A\n"
    assert credentials_file.prune(text.encode(), END - timedelta(seconds=1)) == (text.encode(), ())
    kept = b"[a]\nx = 1\n\n[b]\n# managed by stsctl: c\naws_access_key_id = A\n"
    assert credentials_file.prune(text.encode(), END) == (kept, ("prod",))


def test_botocore_uses_the_section(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a profile with keys, token and region."""
    path = tmp_path / "credentials"
    path.write_bytes(write("[a]\nx = 1\n", "my prod").encode())
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    session = BotocoreSession(profile="my prod")
    keys = session.get_credentials()
    assert (keys.access_key, keys.secret_key, keys.token) == ("ASIA1", "secret/+", "token==")
    assert session.get_config_variable("region") == "eu-west-1"
