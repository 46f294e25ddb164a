"""Flag over environment over file over default, each with where it was said."""

from __future__ import annotations

import pytest

from stsctl import configuration, settings
from stsctl.connection import SERVICES
from stsctl.errors import ConfigurationError, UsageError
from stsctl.setting import Level
from stsctl.settings import Settings

FILE = """\
[defaults]
region = "eu-west-1"
duration = "2h"
session_name = "from-file"
store = "sealed-file"
mfa = "direct"
mfa_process = ["from", "the file"]
prompt_timeout = "10s"
lock_timeout = "20s"
sign_in_timeout = "2m"
prompt_with = "zenity"
[sealed_file]
key_file = "/k"
"""


def resolve(environ: dict[str, str] | None = None, flags: dict[str, str] | None = None, file: str = "") -> Settings:
    """The settings of an environment, flags and a config.toml."""
    return settings.resolve(configuration.load(file.encode(), None), environ or {}, flags)


@pytest.mark.parametrize(
    ("name", "default", "in_file", "place", "variable", "said", "text"),
    [
        ("store", "keyring", "sealed-file", 5, "STSCTL_STORE", "memory", "memory"),
        ("prompt_timeout", "45s", "10s", 8, "STSCTL_PROMPT_TIMEOUT", "90", "1m30s"),
        ("prompt_with", "auto", "zenity", 11, "STSCTL_PROMPT_WITH", "pinentry", "pinentry"),
        ("lock_timeout", "3m", "20s", 9, "STSCTL_LOCK_TIMEOUT", "1m", "1m"),
        ("sign_in_timeout", "5m", "2m", 10, "STSCTL_SIGN_IN_TIMEOUT", "90s", "1m30s"),
        ("duration", "", "2h", 3, "STSCTL_DURATION", "5400", "1h30m"),
        ("session_name", "", "from-file", 4, "STSCTL_SESSION_NAME", "{user}", "{user}"),
        ("mfa", "auto", "direct", 6, "STSCTL_MFA", "session", "session"),
        ("mfa_process", "", "from 'the file'", 7, "STSCTL_MFA_PROCESS", "a 'b c'", "a 'b c'"),
        ("region", "", "eu-west-1", 2, "AWS_DEFAULT_REGION", "us-west-2", "us-west-2"),
    ],
)
def test_each_place_in_its_turn(
    name: str, default: str, in_file: str, place: int, variable: str, said: str, text: str
) -> None:
    """Default, file, variable and flag, the later over the earlier, each named as the origin."""
    settled = getattr(resolve(), name)
    assert (settled.text, settled.level, str(settled.origin)) == (default, Level.DEFAULT, "default")
    settled = getattr(resolve(file=FILE), name)
    assert (settled.text, settled.level, str(settled.origin)) == (in_file, Level.FILE, f"config.toml:{place}")
    assert not settled.overrides_files
    settled = getattr(resolve({variable: said}, file=FILE), name)
    assert (settled.text, settled.level, str(settled.origin)) == (text, Level.ENVIRONMENT, variable)
    assert settled.overrides_files
    flag = f"--{name.replace('_', '-')}"
    settled = getattr(resolve({variable: in_file}, {name: said}, file=FILE), name)
    assert (settled.text, settled.level, str(settled.origin)) == (text, Level.FLAG, flag)


@pytest.mark.parametrize(
    ("environ", "flags", "file", "store", "session_store", "origin"),
    [
        ({}, {}, "", "keyring", "keyring", "default"),
        ({}, {}, 'store = "sealed-file"', "sealed-file", "sealed-file", "config.toml:2"),
        ({}, {}, 'session_store = "kernel"', "keyring", "kernel", "config.toml:2"),
        ({}, {}, 'session_store = "kernel"\nstore = "sealed-file"', "sealed-file", "kernel", "config.toml:2"),
        ({"STSCTL_STORE": "memory"}, {}, 'session_store = "kernel"', "memory", "memory", "STSCTL_STORE"),
        ({"STSCTL_SESSION_STORE": "memory"}, {}, 'store = "kernel"', "kernel", "memory", "STSCTL_SESSION_STORE"),
        (
            {"STSCTL_STORE": "keyring", "STSCTL_SESSION_STORE": "kernel"},
            {},
            "",
            "keyring",
            "kernel",
            "STSCTL_SESSION_STORE",
        ),
        ({"STSCTL_SESSION_STORE": "kernel"}, {"store": "memory"}, "", "memory", "memory", "--store"),
    ],
)
def test_sessions_rest_where_keys_do_unless_it_is_said(
    environ: dict[str, str], flags: dict[str, str], file: str, store: str, session_store: str, origin: str
) -> None:
    """What is said of sessions wins over what is said of all, and a place that wins over another wins for both."""
    found = resolve(environ, flags, f"[defaults]\n{file}\n")
    assert (found.store.text, found.session_store.text) == (store, session_store)
    assert (found.session_store.name, str(found.session_store.origin)) == ("session_store", origin)


def test_an_empty_variable_says_nothing() -> None:
    """To set a variable to nothing takes it back for one command."""
    assert resolve({"STSCTL_STORE": ""}, file=FILE).store.level is Level.FILE


def test_the_newer_variable_of_the_region_comes_first() -> None:
    """AWS_REGION before AWS_DEFAULT_REGION, as in the newer SDKs."""
    region = resolve({"AWS_REGION": "r-1", "AWS_DEFAULT_REGION": "r-2"}).region
    assert (region.value, str(region.origin)) == ("r-1", "AWS_REGION")


@pytest.mark.parametrize(("said", "asks"), [("1", False), ("true", False), ("0", True), ("no", True), ("", True)])
def test_whether_a_person_may_be_asked(said: str, asks: bool) -> None:
    """STSCTL_NO_PROMPT turns it off, and so does the flag."""
    assert resolve({"STSCTL_NO_PROMPT": said}).prompt.value is asks
    assert resolve({"STSCTL_NO_PROMPT": said}).prompt.text == ("true" if asks else "false")
    prompt = resolve({"STSCTL_NO_PROMPT": said}, {"no_prompt": "1"}).prompt
    assert (prompt.value, str(prompt.origin)) == (False, "--no-prompt")


def test_the_url_of_sts_is_that_of_the_service_before_the_general_one() -> None:
    """AWS_ENDPOINT_URL_STS before AWS_ENDPOINT_URL; a slash at the end makes no other endpoint."""
    environ = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:2/"}
    assert resolve(environ).endpoint_url.value == "http://127.0.0.1:2"


def test_the_key_of_the_sealed_file_has_its_place() -> None:
    """Tables other than [defaults] are told too."""
    key_file = resolve(file=FILE).seal_key_file
    assert (key_file.name, key_file.value, str(key_file.origin)) == ("sealed_file.key_file", "/k", "config.toml:13")


@pytest.mark.parametrize(
    ("variable", "said", "message"),
    [
        ("STSCTL_STORE", "keyrng", '"keyrng" is none of keyring, sealed-file, kernel, process, memory'),
        ("STSCTL_MFA", "sesion", '"sesion" is none of auto, session, direct'),
        ("STSCTL_DURATION", "1 hour", '"1 hour" is no duration'),
        ("STSCTL_DURATION", "13h", "a role's session lasts 15m to 12h"),
        ("STSCTL_PROMPT_TIMEOUT", "0", '"0" is no time at all'),
        ("STSCTL_SESSION_NAME", "{x}", 'has the template field "{x}"'),
        ("STSCTL_NO_PROMPT", "maybe", '"maybe" is neither true nor false'),
        ("STSCTL_MFA_PROCESS", "a > b", "it is run without a shell"),
        ("STSCTL_MFA_PROCESS", " ", "the program is missing"),
        ("AWS_ENDPOINT_URL", "127.0.0.1:5000", '"127.0.0.1:5000" is no URL of an endpoint'),
        ("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "maybe", '"maybe" is neither true nor false'),
    ],
)
def test_a_variable_that_cannot_be_meant_is_refused_by_name(variable: str, said: str, message: str) -> None:
    """The variable is told, and what it takes."""
    with pytest.raises(ConfigurationError) as caught:
        resolve({variable: said})
    assert caught.value.message.startswith(f"variable {variable}: ")
    assert message in caught.value.message


def test_a_flag_that_cannot_be_meant_is_a_matter_of_usage() -> None:
    """With its name, and the status of a wrong command line."""
    with pytest.raises(UsageError, match=r'^--prompt-timeout: "soon" is no duration$'):
        resolve(flags={"prompt_timeout": "soon"})


def test_all_are_told() -> None:
    """`config show` prints every setting there is, each by another name."""
    told = resolve({"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, file=FILE).all()
    every = len(Settings.__dataclass_fields__) - 1 + len(SERVICES[1:])
    assert len({setting.name for setting in told}) == len(told) == every
    assert len(resolve(file=FILE).all()) == every - len(SERVICES[1:])


def test_a_region_that_stsctl_exported_has_no_say() -> None:
    """What one role's session brought into the shell does not change how the next role is reached."""
    environ = {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1", "STSCTL_REGION": "eu-west-1/us-west-2"}
    assert settings.resolve(configuration.Configuration(), environ).region.value == "us-west-2"
