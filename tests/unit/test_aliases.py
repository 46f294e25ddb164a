"""What roles are called besides their names: taken wherever a name is, and never for two things."""

from __future__ import annotations

import pytest

from stsctl import configuration, names, profile, settings
from stsctl.configuration import Configuration
from stsctl.errors import ConfigurationError
from stsctl.target import Target, Wanted

SOURCE = '[source.work]\ntype = "keys"\n'


def role(name: str, aliases: str, from_name: str = "work") -> str:
    """A role with a line of aliases, which is the fourth."""
    arn = f"arn:aws:iam::222222222222:role/{name}"
    return f'[role.{name}]\nrole_arn = "{arn}"\nfrom = "{from_name}"\naliases = {aliases}\n'


CONFIG = role("hub", '["h"]') + role("prod-admin", '["p", "pa"]', "h") + SOURCE


def read(config: str, added: str = "") -> Configuration:
    """What such files say."""
    return configuration.load(config.encode(), added.encode())


def target(wanted: Wanted, config: str = CONFIG, aws: str = "") -> Target:
    """What is meant."""
    found = read(config)
    return names.resolve(
        wanted, found, profile.load(aws.encode(), None), settings.resolve(found, {}), read_text=lambda _: ""
    )


@pytest.mark.parametrize("name", ["prod-admin", "p", "pa"])
def test_a_role_is_reached_by_each_of_its_names(name: str) -> None:
    """Also where one of them is what it is assumed from; the steps have the names of the roles."""
    assert [hop.name for hop in target(Wanted(name=name)).hops] == ["hub", "prod-admin"]


def test_flags_take_them() -> None:
    """--from and --via."""
    arn = "arn:aws:iam::333333333333:role/Other"
    assert [hop.name for hop in target(Wanted(name=arn, source="p")).hops] == ["hub", "prod-admin", arn]
    assert [hop.name for hop in target(Wanted(name=arn, via=("h", "p"))).hops] == ["hub", "prod-admin", arn]


@pytest.mark.parametrize(
    ("config", "added", "places"),
    [
        (role("a", '["b"]') + role("b", "[]") + SOURCE, "", "config.toml:5 and config.toml:4"),
        (role("a", '["work"]') + SOURCE, "", "config.toml:5 and config.toml:4"),
        (role("a", '["x"]') + role("b", '["x"]') + SOURCE, "", "config.toml:4 and config.toml:8"),
        (role("a", '["x", "x"]') + SOURCE, "", "config.toml:4 and config.toml:4"),
        (role("a", '["a"]') + SOURCE, "", "config.toml:1 and config.toml:4"),
        (role("a", '["x"]') + SOURCE, role("x", "[]"), "added.toml:1 and config.toml:4"),
        (role("a", '["x"]') + SOURCE, role("b", '["x"]'), "config.toml:4 and added.toml:4"),
    ],
)
def test_no_name_stands_for_two_things(config: str, added: str, places: str) -> None:
    """The error says both places."""
    with pytest.raises(ConfigurationError) as caught:
        read(config, added)
    first, _, second = places.partition(" and ")
    assert "is written twice: " in caught.value.message
    said = caught.value.message.partition("twice: ")[2]
    assert said in (places, f"{second} and {first}")


@pytest.mark.parametrize(
    ("aliases", "said"),
    [('["-p"]', '"-p" cannot be a name'), ('["arn:x"]', "cannot be a name"), ('"p"', "takes a list"), ("[1]", "texts")],
)
def test_what_is_no_alias(aliases: str, said: str) -> None:
    """It is refused, with its line."""
    with pytest.raises(ConfigurationError) as caught:
        read(role("a", aliases) + SOURCE)
    assert caught.value.message.startswith("config.toml:4: ")
    assert said in caught.value.message


def test_an_aws_profile_of_that_name() -> None:
    """It could be either, as with any other name; and each is there by a name of its own."""
    aws = "[profile p]\nrole_arn = arn:aws:iam::333333333333:role/Old\nsource_profile = base\n[profile base]\nx = y\n"
    with pytest.raises(ConfigurationError) as caught:
        target(Wanted(name="p"), aws=aws)
    assert caught.value.message == '"p" could be two things: config.toml:5 and ~/.aws/config:1'
    assert len(target(Wanted(name="pa"), aws=aws).hops) == 2


def test_a_misspelt_one_is_suggested() -> None:
    """The nearest of all names is said, whatever it is a name of."""
    with pytest.raises(ConfigurationError) as caught:
        target(Wanted(name="produ"), CONFIG.replace('"pa"', '"prodi"'))
    assert caught.value.hint == 'did you mean "prodi"?'
