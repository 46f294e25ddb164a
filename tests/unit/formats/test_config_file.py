"""Lines that a person agreed to, put into their own config.toml."""

from __future__ import annotations

import tomllib

import pytest

from stsctl.errors import ConfigurationError
from stsctl.formats.config_file import with_values

TABLES = {"defaults": {"store": "sealed-file"}, "sealed_file": {"key_file": 'C:\\k "1"'}}


@pytest.mark.parametrize(
    "before",
    [
        "",
        '[defaults]\nregion = "eu-west-1" # mine\n',
        "[defaults]",
        '# first\r\n[role.a]\r\nrole_arn = "x"\r\n\r\n[defaults]   # second\r\nregion = "eu-west-1"\r\n',
        '[defaults]\nregion = "a\u2028b"\n[sealed_file]\n',
    ],
)
def test_added(before: str) -> None:
    """The file says the values besides what it said; no line of the person's is lost or changed."""
    after = with_values(before.encode(), TABLES).decode()
    wanted = tomllib.loads(before)
    for table, values in TABLES.items():
        wanted.setdefault(table, {}).update(values)
    assert tomllib.loads(after) == wanted
    rest = iter(after.splitlines())
    assert all(line in rest for line in before.splitlines())
    assert ("\r\n" in after) == ("\r\n" in before)
    assert after.count("\r\n") in (0, after.count("\n"))


@pytest.mark.parametrize(
    "before", ['defaults.region = "a"\n', 'defaults = { region = "a" }\n', '[defaults]\nstore = "keyring"\n']
)
def test_no_place(before: str) -> None:
    """Where the lines cannot stand, or one of them does, nothing is made up."""
    with pytest.raises(ConfigurationError, match="no place"):
        with_values(before.encode(), TABLES)
