"""Hooks in ~/.aws/config: what is written, what is left alone, what is taken out again."""

from __future__ import annotations

import shlex

import pytest
from botocore.configloader import raw_config_parse
from hypothesis import given
from hypothesis import strategies as st

from stsctl.errors import ConfigurationError, UsageError
from stsctl.formats import hooks

PROCESS = '"/usr/bin/python3" -I -S "/home/me/.local/share/stsctl/hook.pyc" admin'
THEIRS = b"# mine\r\n[default]\r\nregion = eu-west-1\r\n\r\n[profile admin]\r\nregion = us-east-1\r\n# and more\r\n"


def test_a_profile_that_is_not_there_is_made() -> None:
    """It has a section of its own, with the region, and is taken out without a trace."""
    text = hooks.write(THEIRS, "other", "the other", PROCESS, region="eu-central-1")
    assert (
        text
        == THEIRS
        + (
            f"\r\n[profile other]\r\n# managed by stsctl: the other\r\ncredential_process = {PROCESS}\r\n"
            "region = eu-central-1\r\n"
        ).encode()
    )
    assert hooks.remove(text, "other") == THEIRS


def test_a_profile_that_a_person_wrote_gets_two_lines() -> None:
    """Its keys stay, and the section does not become one of stsctl's; removing takes just those lines."""
    text = hooks.write(THEIRS, "admin", "admin", PROCESS)
    added = f"# managed by stsctl: admin\r\ncredential_process = {PROCESS}\r\n".encode()
    assert text == THEIRS.replace(b"us-east-1\r\n", b"us-east-1\r\n" + added)
    assert [(each.profile, each.target, each.process) for each in hooks.written(text)] == [("admin", "admin", PROCESS)]
    assert hooks.remove(text, "admin") == THEIRS


def test_a_hook_is_written_anew_in_its_place() -> None:
    """Another interpreter's line replaces the one that is there; the same again changes nothing."""
    text = hooks.write(THEIRS, "admin", "admin", PROCESS)
    other = PROCESS.replace("python3", "python3.13")
    assert hooks.write(text, "admin", "admin", PROCESS) == text
    assert hooks.write(text, "admin", "admin", other) == text.replace(PROCESS.encode(), other.encode())


def test_what_was_added_to_a_section_of_stsctls_stays() -> None:
    """A key that a person put beside a hook is kept when the hook goes."""
    text = hooks.write(b"", "admin", "admin", PROCESS) + b"output = json\n"
    assert hooks.remove(text, "admin") == b"[profile admin]\noutput = json\n"


@pytest.mark.parametrize("key", ["role_arn", "sso_session", "sso_start_url", "web_identity_token_file"])
def test_profiles_in_which_sdks_go_elsewhere_have_an_obstacle(key: str) -> None:
    """The key that SDKs follow first is named; a plain profile, and one that is not there, have none."""
    config = f"[profile admin]\n{key} = x\n[profile plain]\nregion = us-east-1\n".encode()
    assert hooks.obstacle("admin", config, b"") == key
    assert hooks.obstacle("plain", config, b"") is None
    assert hooks.obstacle("other", config, b"") is None


def test_static_keys_and_other_programs_are_obstacles() -> None:
    """Keys in the credentials file come first, stsctl's own too, and another program is a person's; a hook is none."""
    config = b"[profile admin]\n[profile other]\ncredential_process = vault-helper\n"
    keys = b"[admin]\n# managed by stsctl: x\naws_access_key_id = AKIA\naws_secret_access_key = s\n"
    assert hooks.obstacle("admin", config, keys) == "aws_access_key_id"
    assert hooks.obstacle("other", config, keys) == "credential_process"
    assert hooks.obstacle("admin", hooks.write(config, "admin", "admin", PROCESS), b"") is None


def test_only_hooks_are_removed() -> None:
    """A program that a person wrote there is not taken out, nor a profile that is not there."""
    for config in (b"[profile admin]\ncredential_process = vault-helper\n", b""):
        with pytest.raises(ConfigurationError, match="has no hook"):
            hooks.remove(config, "admin")


def test_the_command_is_read_alike_by_shells_and_sdks() -> None:
    """What has blanks is quoted, what nobody reads alike is refused."""
    program = ("/opt/my python/bin/python", "-I", "-S", "/home/me/.local/share/stsctl/hook.pyc")
    for name in ("admin", "my role", "arn:aws:iam::111111111111:role/path/Admin", "a_b@c+d=e,f.g"):
        assert tuple(shlex.split(hooks.process(program, name))) == (*program, name)
    for name in ('a"b', "a$b", "a`b", "a\\b", "a'b", "100%", "a;b", "a\nb", "a#b", "a&b"):
        with pytest.raises(UsageError):
            hooks.process(program, name)
    with pytest.raises(UsageError):
        hooks.process(("/opt/$(id)/python", "-I"), "admin")


@pytest.mark.parametrize("name", ["", " admin", "a]b", "a#b", "DEFAULT", 'a"b'])
def test_names_that_headers_cannot_hold_are_refused(name: str) -> None:
    """No header is written that tools would read as another's."""
    with pytest.raises(UsageError):
        hooks.write(b"", name, "admin", PROCESS)


def test_an_edit_that_would_change_its_neighbours_is_refused() -> None:
    """A header that is indented would become part of the line above it."""
    with pytest.raises(ConfigurationError, match="would change how the rest"):
        hooks.write(b"  [profile a]\n  region = x\n  [profile b]\n  region = y\n", "a", "a", PROCESS)


_LINES = st.sampled_from(
    ["[default]", "[profile admin]", "[profile other]", "[services s]", "region = x", "  output = json", "# a comment",
     "", "s3 =", "  max = 1", "\tsigned = yes", "cli_pager="]
)  # fmt: skip


@given(st.lists(_LINES, max_size=12), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_botocore_finds_the_hook_and_everything_else_as_it_was(lines: list[str], ending: str, ended: bool) -> None:
    """In any file that can be read, botocore reads the new line, and all else as before; removed, it is as before."""
    config = (ending.join(lines) + (ending if ended else "")).encode()
    try:
        text = hooks.write(config, "admin", "admin", PROCESS)
    except ConfigurationError:
        return
    before, after = read(config), read(text)
    assert after.pop("profile admin") == before.pop("profile admin", {}) | {"credential_process": PROCESS}
    assert after == before
    back = hooks.remove(text, "admin")
    if read(config).get("profile admin") == {}:  # an empty section is taken for one that stsctl made
        assert read(back) == before
    else:
        assert back.startswith(config)
        assert not back[len(config) :].strip()


def read(content: bytes) -> dict[str, dict[str, object]]:
    """The file as botocore reads it."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config"
        path.write_bytes(content)
        found: dict[str, dict[str, object]] = raw_config_parse(str(path))
        return found
