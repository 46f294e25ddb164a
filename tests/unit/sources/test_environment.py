"""Credentials in AWS's own variables."""

from __future__ import annotations

import pytest

from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError
from stsctl.request import Asker, AskerKind
from stsctl.sources.environment import Environment

PAIR = {"AWS_ACCESS_KEY_ID": "AKIAEXAMPLE000000001", "AWS_SECRET_ACCESS_KEY": "canary-secret"}


def test_a_pair() -> None:
    """A pair of keys is credentials without an end, asked for by its id."""
    source = Environment(environ=PAIR)
    found = source.credentials()
    assert found is not None
    assert (found.access_key_id, found.session_token, found.expires_at) == ("AKIAEXAMPLE000000001", None, None)
    assert found.secret_access_key == Secret("canary-secret")
    asker = source.asker()
    assert asker is not None
    assert (asker.kind, asker.id) == (AskerKind.KEYS, "AKIAEXAMPLE000000001")


@pytest.mark.parametrize("name", ["AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"])
def test_a_token(name: str) -> None:
    """The session token counts under its name and under its old one."""
    found = Environment(environ=PAIR | {name: "canary-token"}).credentials()
    assert found is not None
    assert found.session_token == Secret("canary-token")


def test_temporary_keys() -> None:
    """Keys with a token ask as temporary ones: the roles that they assume are chained."""
    source = Environment(environ=PAIR | {"AWS_SESSION_TOKEN": "canary-token"})
    assert source.asker() == Asker(kind=AskerKind.KEYS, id="AKIAEXAMPLE000000001", temporary=True)
    assert "canary" not in repr(source)


def test_temporary_keys_without_their_token() -> None:
    """Temporary keys whose token is missing are told before AWS refuses them."""
    source = Environment(environ=PAIR | {"AWS_ACCESS_KEY_ID": "ASIAEXAMPLE000000001"})
    with pytest.raises(ConfigurationError, match="AWS_SESSION_TOKEN is not set") as raised:
        source.credentials()
    assert "canary" not in str(raised.value)


def test_the_present_name_of_the_token_wins() -> None:
    """Where both names are set, AWS_SESSION_TOKEN counts."""
    environ = PAIR | {"AWS_SESSION_TOKEN": "new", "AWS_SECURITY_TOKEN": "old"}
    found = Environment(environ=environ).credentials()
    assert found is not None
    assert found.session_token == Secret("new")


@pytest.mark.parametrize("missing", list(PAIR))
@pytest.mark.parametrize("how", ["unset", "empty"])
def test_half_a_pair(missing: str, how: str) -> None:
    """Half a pair is an error that names the missing variable and shows no value."""
    environ = {name: value for name, value in PAIR.items() if name != missing}
    if how == "empty":
        environ[missing] = ""
    with pytest.raises(ConfigurationError, match=f"{missing} is not set") as raised:
        Environment(environ=environ).credentials()
    assert not any(value in str(raised.value) for value in PAIR.values())


@pytest.mark.parametrize("environ", [{}, {"AWS_SESSION_TOKEN": "t"}, dict.fromkeys(PAIR, "")])
def test_nothing(environ: dict[str, str]) -> None:
    """Without a pair there are no credentials, which is no error."""
    assert Environment(environ=environ).credentials() is None
    assert Environment(environ=environ).asker() is None


@pytest.mark.parametrize("environ", [PAIR, {"AWS_ACCESS_KEY_ID": "half"}])
def test_what_stsctl_exported_is_nobodys_source(environ: dict[str, str]) -> None:
    """The variables of a session that stsctl exported are ignored, so that no session begins with itself."""
    assert Environment(environ=environ | {"STSCTL_SESSION": "prod-admin"}).credentials() is None
