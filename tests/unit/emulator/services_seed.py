"""An organisation whose users may do one thing each, for the tests of services behind authorization."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.emulator_fixture import client

Statement = dict[str, object]


def allow(actions: str | list[str], resources: str | list[str] = "*", **condition: object) -> Statement:
    """One statement that allows; `condition` is its conditions by operator."""
    found: Statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return {**found, "Condition": condition} if condition else found


def policy(*statements: Statement) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def user(name: str, *statements: Statement, account: str = "111111111111", more: str = "") -> str:
    """A user with keys and one policy, as a seed has it."""
    return f"[account.{account}.user.{name}]\nkey.main = {{}}\n{more}\npolicies.p = '{policy(*statements)}'\n"


def role(name: str, service: str, *, account: str = "111111111111") -> str:
    """A role for a service, as a seed has it."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return f"[account.{account}.role.{name}]\ntrust = '{policy(trust)}'\n"


def client_of(running: Running, who: str, service: str, **options: Any) -> Any:
    """A client of a seeded principal's."""
    return client(running, service, control.principal(running, who).credentials, **options)


def refused(call: Callable[..., Any], **parameters: Any) -> tuple[str, int, str]:
    """Code, HTTP status and message of a call that has to be refused."""
    with pytest.raises(ClientError) as error:
        call(**parameters)
    answer: Any = error.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]
