"""`[console]`: what it takes, how its templates are filled, and the colours of containers."""

from __future__ import annotations

import pytest

from stsctl import configuration, console_table
from stsctl.console_table import Color, Icon
from stsctl.errors import ConfigurationError

VALUES = {"name": "prod/admin", "account_id": "222222222222", "role_name": "Admin"}


def load(text: str) -> configuration.Configuration:
    """A config.toml, read."""
    return configuration.load(text.encode(), None)


def test_everything_that_can_be_said() -> None:
    """A command as a list or a text, one template, and a role's colour and icon."""
    read = load(
        """
[console]
browser = "brave-browser '--profile-directory={profile}' {url}"
browser_profile = "{account_id} {role_name}"
[source.work]
type = "environment"
[role.prod]
role_arn = "arn:aws:iam::222222222222:role/Admin"
from = "work"
color = "red"
icon = "briefcase"
"""
    )
    assert read.console.browser == ("brave-browser", "--profile-directory={profile}", "{url}")
    assert read.console.browser_profile == "{account_id} {role_name}"
    assert (read.roles["prod"].color, read.roles["prod"].icon) == (Color.RED, Icon.BRIEFCASE)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("browsr = 'x'\n", 'unknown key "browsr" in [console]'),
        ("browser = ['firefox']\n", "browser has no {url}"),
        ("browser = ['{url}']\n", "browser has no {url}"),
        ("browser = 'firefox {url} | tee x'\n", "it is run without a shell"),
        ("browser = ['x', '{url}', '{name}']\n", 'has the template field "{name}", there are {url}, {profile}'),
        ("browser = 7\n", "it takes a list or a text in quotes"),
        ("container = '{account}'\n", 'has the template field "{account}", there are {name}, {account_id}'),
        ("container = '{name!r}'\n", 'has the template field "{name!r}"'),
        ("container = '{name.__class__}'\n", 'has the template field "{name.__class__}"'),
        ("browser_profile = ''\n", "browser_profile is empty"),
        ("browser_profile = 'a'\ncontainer = 'b'\n", "says both browser_profile and container"),
    ],
)
def test_what_is_refused(text: str, says: str) -> None:
    """With its line, before any browser is looked for."""
    with pytest.raises(ConfigurationError) as caught:
        load(f"[console]\n{text}")
    assert says in caught.value.message
    assert caught.value.message.startswith("config.toml:")


def test_colours_and_icons_are_firefoxs() -> None:
    """No other would make a container."""
    role = "[role.a]\nrole_arn = 'arn:aws:iam::222222222222:role/A'\nfrom = 'work'\n"
    for key in ("color", "icon"):
        with pytest.raises(ConfigurationError, match=f'{key} "grey" is none of'):
            load(f"{role}{key} = 'grey'\n")


def test_templates_are_filled_once() -> None:
    """What is filled in is no template, and braces that name no field stay."""
    assert console_table.filled("{name} in {account_id}", VALUES) == "prod/admin in 222222222222"
    assert console_table.filled("{role_name}", VALUES | {"role_name": "{name}"}) == "{name}"
    assert console_table.filled("{ {name}", VALUES) == "{ prod/admin"


@pytest.mark.parametrize(
    ("template", "values", "folder"),
    [
        ("{account_id}", {}, "222222222222"),
        ("{name}", {}, "prod-admin"),
        ("Profile 1", {}, "Profile 1"),
        ("{name}", {"name": "../../etc"}, "..-etc"),
        ("{name}", {"name": ".."}, "Default"),
        ("{name}", {"name": "--no-sandbox"}, "no-sandbox"),
        ("{name}", {"name": "a\\b\n"}, "a-b-"),
    ],
)
def test_a_profile_is_one_folder(template: str, values: dict[str, str], folder: str) -> None:
    """A role's name leads out of the browser's folder by no means, and is no flag."""
    found = console_table.profile_directory(template, VALUES | values)
    assert found == folder
    assert "/" not in found


def test_a_container_has_always_the_same_colour() -> None:
    """The same in every process, and not the same one for all."""
    assert [Color.of(name).value for name in ("prod", "hub", "222222222222")] == [
        "purple",
        "blue",
        "pink",
    ]
    assert len({Color.of(str(number)) for number in range(100)}) == len(Color)
