"""A profile is reached as botocore reaches it: from the same keys, through the same roles, or by neither."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError
from botocore.session import Session
from hypothesis import example, given, settings
from hypothesis import strategies as st

from stsctl import profile
from stsctl.chain import of_profile
from stsctl.errors import ConfigurationError

NAMES = "abcd"
PAIRS = ["", "aws_access_key_id = K{n}\naws_secret_access_key = s\n"]
HALVES = ["aws_access_key_id = K{n}\n", "aws_secret_access_key = s\n"]


class TalksOfTheCaller:
    """An STS that answers with a key that tells who asked for which role."""

    def __init__(self, caller: str) -> None:
        self._caller = caller

    def assume_role(self, *, RoleArn: str, **_: Any) -> dict[str, Any]:  # noqa: N803 - boto's spelling
        """The answer."""
        key = f"{self._caller} → {RoleArn.rpartition('/')[2]}"
        ends = datetime.now(UTC) + timedelta(hours=1)
        keys = {"AccessKeyId": key, "SecretAccessKey": "s", "SessionToken": "t", "Expiration": ends}
        return {"Credentials": keys, "AssumedRoleUser": {"Arn": f"arn:aws:sts::111111111111:assumed-role/x/{key}"}}


class WithoutAws(Session):
    """botocore's own look-up, with that STS behind it."""

    def create_client(self, *_: Any, **known: Any) -> Any:
        """The client for the keys that botocore found."""
        return TalksOfTheCaller(known["aws_access_key_id"])


def reached_by_botocore(config: str, credentials: str) -> str | None:
    """From whose keys through which roles profile "a" is reached; None where it is refused."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("config", config), ("credentials", credentials)):
            (Path(folder) / name).write_text(text)
        session = WithoutAws(profile="a")
        session.set_config_variable("config_file", f"{folder}/config")
        session.set_config_variable("credentials_file", f"{folder}/credentials")
        try:
            found = session.get_credentials()
            return None if found is None else str(found.get_frozen_credentials().access_key)
        except BotoCoreError:
            return None


def reached_by_us(config: str, credentials: str) -> str | None:
    """The same, from our reading."""
    try:
        chain = of_profile(profile.load(config.encode(), credentials.encode()), "a")
    except ConfigurationError:
        return None
    return " → ".join([str(chain.source.access_key_id), *(hop.role_arn.resource_name for hop in chain.hops)])


@st.composite
def files(draw: st.DrawFn) -> tuple[str, str]:
    """A config and a credentials file with a few profiles that lead to each other, most of them somewhere."""
    config, credentials = "", ""
    for position, name in enumerate(NAMES):
        body, shared = "", draw(st.sampled_from(["", "", "", "", *PAIRS, *HALVES])).format(n=f"s{name}")
        if draw(st.integers(0, 4)) > position:
            body += f"role_arn = arn:aws:iam::111111111111:role/{name}\n"
            later = NAMES[position + 1 :] or NAMES
            body += f"source_profile = {draw(st.sampled_from([*later * 4, *NAMES, 'zz']))}\n"
            body += draw(st.sampled_from(["", "", "", *PAIRS])).format(n=f"c{name}")
        else:
            body += draw(st.sampled_from([*PAIRS * 3, *HALVES])).format(n=f"c{name}")
        if draw(st.integers(0, 7)):
            config += f"[profile {name}]\n{body}"
        if shared:
            credentials += f"[{name}]\n{shared}"
    return config, credentials


ROLE = "role_arn = arn:aws:iam::111111111111:role/"


@settings(max_examples=300, deadline=None)
@given(both=files())
@example((f"[profile a]\n{ROLE}a\nsource_profile = a\n", "[a]\naws_access_key_id = K\naws_secret_access_key = s\n"))
@example((f"[profile a]\n{ROLE}a\nsource_profile = b\n[profile b]\n{ROLE}b\nsource_profile = a\n", ""))
def test_profiles_are_reached_as_botocore_reaches_them(both: tuple[str, str]) -> None:
    """Over both files: self-reference, loops, half pairs, missing sources, keys beside roles."""
    assert reached_by_us(*both) == reached_by_botocore(*both)
