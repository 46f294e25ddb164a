"""ProvidedContexts: who may set one, and which assertions there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.emulator_fixture import client
from tests.unit.emulator.test_sts import refused

ACCOUNT = "111111111111"
IDENTITY_CENTER = "arn:aws:iam::aws:contextProvider/IdentityCenter"


def policy(*actions: str, **more: object) -> str:
    """A policy that allows some actions."""
    resource = {} if "Principal" in more else {"Resource": "*"}
    statement = {"Effect": "Allow", "Action": list(actions), **resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def trust(*actions: str, **condition: object) -> str:
    """A trust policy for the account."""
    more = {"Condition": condition} if condition else {}
    return policy(*actions, Principal={"AWS": ACCOUNT}, **more)


BOTH = ("sts:AssumeRole", "sts:SetContext")
ROLES = {
    "Plain": trust("sts:AssumeRole"),
    "Context": trust(*BOTH),
    "OfIdentityCenter": trust(*BOTH, **{"ForAllValues:ArnEquals": {"sts:RequestContextProviders": IDENTITY_CENTER}}),
}


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Roles that let a context be set, and one that does not."""
    folder: Path = tmp_path_factory.mktemp("contexts")
    lines = [f"[account.{ACCOUNT}.user.eve]\nkey.a = {{}}\npolicies.all = '{policy(*BOTH)}'"]
    lines.append(f"[account.{ACCOUNT}.user.bob]\nkey.a = {{}}\npolicies.all = '{policy('sts:AssumeRole')}'")
    lines += [f"[account.{ACCOUNT}.role.{name}]\ntrust = '{text}'" for name, text in ROLES.items()]
    (folder / "org.toml").write_text("\n".join(lines))
    running = control.start(folder / "state", seed=folder / "org.toml")
    yield running
    control.stop(folder / "state", running)


def told(running: Running, who: str, role: str, *providers: str) -> tuple[str, int, str]:
    """What somebody is told who asks for a role with contexts."""
    caller: Any = client(running, "sts", control.principal(running, who).credentials)
    contexts = [{"ProviderArn": arn, "ContextAssertion": "AQoJb3JpZ2lu"} for arn in providers]
    return refused(
        lambda: caller.assume_role(
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", RoleSessionName="me", ProvidedContexts=contexts
        )
    )


@pytest.mark.parametrize(("who", "role"), [("eve", "Plain"), ("bob", "Context")])
def test_both_sides_allow_a_context(org: Running, who: str, role: str) -> None:
    """sts:SetContext is a permission of its own, in the trust policy and in the caller's."""
    words = f"is not authorized to perform: sts:SetContext on resource: arn:aws:iam::{ACCOUNT}:role/{role}"
    assert told(org, who, role, IDENTITY_CENTER) == (
        "AccessDenied",
        403,
        f"User: arn:aws:iam::{ACCOUNT}:user/{who} {words}",
    )


def test_the_providers_are_a_condition_key(org: Running) -> None:
    """A trust policy can say whose contexts it takes."""
    assert told(org, "eve", "OfIdentityCenter", IDENTITY_CENTER)[0] == "ValidationError"
    other = "arn:aws:iam::aws:contextProvider/QuickSight"
    assert told(org, "eve", "OfIdentityCenter", other)[:2] == ("AccessDenied", 403)


@pytest.mark.parametrize("provider", ["arn:aws:iam::111111111111:role/Plain", "arn:aws-cn:iam::aws:contextProvider/X"])
def test_what_is_no_provider(org: Running, provider: str) -> None:
    """Only AWS's own context providers assert anything."""
    assert told(org, "eve", "Context", provider) == (
        "ValidationError",
        400,
        f"{provider} is not a context provider",
    )


def test_no_assertion_is_taken(org: Running) -> None:
    """What nobody sealed is not believed, whoever may set a context."""
    assert told(org, "eve", "Context", IDENTITY_CENTER)[:2] == ("ValidationError", 400)
