"""Keys taken out of an AWS file: their two lines go, every other byte stays."""

from __future__ import annotations

import pytest

from stsctl.credentials import Credentials, Secret
from stsctl.errors import ConfigurationError
from stsctl.formats import plain_keys

KEYS = Credentials(access_key_id="AKIAEXAMPLEEXAMPLE00", secret_access_key=Secret("wJalr=utn:FEMI/K7"))
ID = "aws_access_key_id = AKIAEXAMPLEEXAMPLE00\n"
SECRET = "aws_secret_access_key=wJalr=utn:FEMI/K7\n"


def without(text: str, *, of_config: bool = False) -> str:
    """The text without the keys of the profile `work`."""
    place = "~/.aws/config" if of_config else "~/.aws/credentials"
    return plain_keys.without(text.encode(), "work", KEYS, place=place, of_config=of_config).decode()


@pytest.mark.parametrize(
    "rest",
    [
        "[work]\n{}{}",
        "# mine\n\n[a]\nx = 1\n\n[work]\n; the old ones\n{}# of 2019\nregion = eu-west-1\n{}\n\n[b]\ny = 2",
        "\ufeff[work]\r\n{}\r\n{}output=json\r\n[other]\r\naws_access_key_id = AKIAEXAMPLEEXAMPLE00\r\n",
        "[a]\n  x = 1\n[work]\n{}s3 =\n  max = 3\n\n{}  \n\t\n[b]\n",
        "[DEFAULT]\nregion = x\n[work]\n{}{}",
        "[a]\rx = 1\r[work]\r{}{}",
    ],
)
def test_every_other_byte_stays(rest: str) -> None:
    """Comments, order, line endings, blanks, a byte order mark, a file that ends in no line."""
    ending = "\r\n" if "\r\n" in rest else "\r" if "\r" in rest else "\n"
    lines = [line.replace("\n", ending) for line in (ID, SECRET)]
    assert without(rest.format(*lines)) == rest.format("", "")
    assert without(rest.format(*reversed(lines))) == rest.format("", "")


def test_spelled_otherwise_they_are_the_same() -> None:
    """Capitals, a colon, blanks around them, indentation: as SDKs read it."""
    odd = "[work]\n  AWS_Access_Key_ID :  AKIAEXAMPLEEXAMPLE00  \n  aws_secret_access_key\t= wJalr=utn:FEMI/K7\n"
    odd += "  region = x\n"
    assert without(odd) == "[work]\n  region = x\n"


def test_in_the_config_a_profile_has_another_header() -> None:
    """And one that is called so without it is another."""
    text = f"[work]\n{ID}{SECRET}[profile work]\n{ID}{SECRET}[profile b]\nx = y\n"
    assert without(text, of_config=True) == f"[work]\n{ID}{SECRET}[profile work]\n[profile b]\nx = y\n"
    assert without(f'[profile "work"]\n{ID}{SECRET}', of_config=True) == '[profile "work"]\n'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[other]\n" + ID + SECRET,
        "[work]\n" + ID,
        "[work]\n" + ID + SECRET.replace("K7", "K8"),
        "[work]\n" + ID.replace("00", "01") + SECRET,
        "[DEFAULT]\n" + ID + SECRET + "[work]\nregion = x\n",
        "[work]\n" + ID + "  going on\n" + SECRET,
        "[work]\nx = 1\n" + ID + " " + SECRET,
    ],
)
def test_what_cannot_be_taken_out_is_refused(text: str) -> None:
    """Keys that are no longer those, that are every profile's, or whose lines belong to another value."""
    with pytest.raises(ConfigurationError) as caught:
        without(text)
    assert "wJalr" not in caught.value.message


def test_keys_that_others_lay_behind_are_not_taken_out() -> None:
    """Those of [DEFAULT] would come to light, and be the profile's."""
    others = ID.replace("00", "01") + SECRET.replace("K7", "K8")
    with pytest.raises(ConfigurationError, match="without changing how the rest of"):
        without(f"[DEFAULT]\n{others}[work]\n{ID}{SECRET}")
