"""Centralized root access: AssumeRoot, and the features of IAM that it needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from stsctl.credentials import Credentials
from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.emulator_fixture import client, credentials_of
from tests.unit.emulator.test_sts import refused

MANAGEMENT, ADMIN, MEMBER, OUTSIDE = "111111111111", "222222222222", "333333333333", "444444444444"
TASK = "arn:aws:iam::aws:policy/root-task/"


def policy(*statements: dict[str, object]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


ALLOW = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
AUDIT_ONLY = policy(
    {
        "Effect": "Allow",
        "Action": "sts:AssumeRoot",
        "Resource": f"arn:aws:iam::{MEMBER}:root",
        "Condition": {"StringEquals": {"sts:TaskPolicyArn": TASK + "IAMAuditRootUserCredentials"}},
    }
)
TRUST = policy(
    {
        "Effect": "Allow",
        "Principal": {"AWS": MANAGEMENT},
        "Action": ["sts:AssumeRole", "sts:SetSourceIdentity"],
    }
)


def toml(features: str = '["RootSessions"]') -> str:
    """Four accounts, three in an organization, the second its delegated administrator for IAM."""
    lines = [
        f"[organization]\nmanagement_account = '{MANAGEMENT}'\naccounts = ['{ADMIN}', '{MEMBER}']",
        f"features = {features}\n[organization.account.{ADMIN}]\ndelegated_services = ['iam.amazonaws.com']",
    ]
    for account in (MANAGEMENT, ADMIN, MEMBER, OUTSIDE):
        lines.append(f"[account.{account}.user.eve]\nkey.a = {{}}\npolicies.all = '{ALLOW}'")
        lines.append(f"[account.{account}.user.auditor]\nkey.a = {{}}\npolicies.audit = '{AUDIT_ONLY}'")
        lines.append(f"[account.{account}.user.nobody]\nkey.a = {{}}")
    lines.append(f"[account.{MANAGEMENT}.role.Ops]\ntrust = '{TRUST}'\npolicies.all = '{ALLOW}'")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The organization, running."""
    folder: Path = tmp_path_factory.mktemp("root-access")
    (folder / "org.toml").write_text(toml())
    running = control.start(folder / "state", seed=folder / "org.toml")
    yield running
    control.stop(folder / "state", running)


def service(running: Running, who: str | Credentials, name: str = "sts", **options: Any) -> Any:
    """A client of somebody, by name or by credentials."""
    return client(
        running, name, control.principal(running, who).credentials if isinstance(who, str) else who, **options
    )


def assume_root(caller: Any, target: str = MEMBER, task: str = "IAMAuditRootUserCredentials", **more: Any) -> Any:
    """Becomes the root of an account, for a task."""
    arn = task if task.startswith("arn:") else TASK + task
    return caller.assume_root(TargetPrincipal=target, TaskPolicyArn={"arn": arn}, **more)


def denied(who: str, target: str = MEMBER) -> tuple[str, int, str]:
    """What everybody is told that may not."""
    words = f"User: {who} is not authorized to perform: sts:AssumeRoot on resource: arn:aws:iam::{target}:root"
    return "AccessDenied", 403, words


@pytest.mark.parametrize("who", [f"{MANAGEMENT}:eve", f"{ADMIN}:eve", f"{MANAGEMENT}:auditor"])
def test_the_management_account_and_the_delegated_administrator_may(org: Running, who: str) -> None:
    """They get a root session of the member, for 15 minutes at most, by its account or by its root's ARN."""
    answer = assume_root(service(org, who))
    left = answer["Credentials"]["Expiration"] - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    root = service(org, credentials_of(answer))
    assert root.get_caller_identity()["Arn"] == f"arn:aws:iam::{MEMBER}:root"
    assert assume_root(service(org, who), f"arn:aws:iam::{MEMBER}:root", DurationSeconds=60)


@pytest.mark.parametrize(
    "who", [f"{MEMBER}:eve", f"{OUTSIDE}:eve", f"{MANAGEMENT}:nobody", f"{MANAGEMENT}:root", f"{ADMIN}:root"]
)
def test_others_may_not(org: Running, who: str) -> None:
    """Neither other accounts, nor users without permission, nor a root user."""
    account, name = who.split(":")
    arn = f"arn:aws:iam::{account}:" + ("root" if name == "root" else f"user/{name}")
    assert refused(lambda: assume_root(service(org, who))) == denied(arn)


@pytest.mark.parametrize("target", [MANAGEMENT, OUTSIDE, "555555555555"])
def test_only_members_are_targets(org: Running, target: str) -> None:
    """Not the management account, and none that is elsewhere."""
    told = refused(lambda: assume_root(service(org, f"{MANAGEMENT}:eve"), target))
    assert told == denied(f"arn:aws:iam::{MANAGEMENT}:user/eve", target)


@pytest.mark.parametrize(
    ("target", "task", "seconds"),
    [
        ("arn:aws:iam::333333333333:user/eve", "IAMAuditRootUserCredentials", 900),
        ("333333333333:root", "IAMAuditRootUserCredentials", 900),
        (MEMBER, "AdministratorAccess", 900),
        (MEMBER, "arn:aws:iam::aws:policy/AdministratorAccess", 900),
        (MEMBER, "IAMAuditRootUserCredentials", 901),
    ],
)
def test_what_cannot_be_asked_for(org: Running, target: str, task: str, seconds: int) -> None:
    """A principal that is no root, a policy that is no task's, more than 15 minutes."""
    eve = service(org, f"{MANAGEMENT}:eve")
    code, status, _ = refused(lambda: assume_root(eve, target, task, DurationSeconds=seconds))
    assert (code, status) == ("ValidationError", 400)


def test_the_global_endpoint_does_not_know_it(org: Running) -> None:
    """AssumeRoot is regional."""
    eve = service(org, f"{MANAGEMENT}:eve", region="aws-global")
    assert refused(lambda: assume_root(eve)) == ("InvalidAction", 400, "Unknown Operation")


def test_the_condition_key_of_the_task(org: Running) -> None:
    """sts:TaskPolicyArn says which task is asked for."""
    auditor = service(org, f"{MANAGEMENT}:auditor")
    told = refused(lambda: assume_root(auditor, task="S3UnlockBucketPolicy"))
    assert told == denied(f"arn:aws:iam::{MANAGEMENT}:user/auditor")
    assert refused(lambda: assume_root(auditor, ADMIN)) == denied(f"arn:aws:iam::{MANAGEMENT}:user/auditor", ADMIN)


def test_the_session_is_for_its_task_only(org: Running) -> None:
    """Of STS it may call GetCallerIdentity; a role it cannot become, a federation token it does not get."""
    root = service(org, credentials_of(assume_root(service(org, f"{MANAGEMENT}:eve"))))
    for call in (
        lambda: root.get_session_token(),
        lambda: root.get_federation_token(Name="bob"),
        lambda: root.assume_role(RoleArn=f"arn:aws:iam::{MANAGEMENT}:role/Ops", RoleSessionName="me"),
        lambda: assume_root(root, ADMIN),
    ):
        code, status, _ = refused(call)
        assert (code, status) == ("AccessDenied", 403)


def test_the_source_identity_goes_along(org: Running) -> None:
    """Who it was that asked stays known."""
    eve = service(org, f"{MANAGEMENT}:eve")
    ops = credentials_of(
        eve.assume_role(RoleArn=f"arn:aws:iam::{MANAGEMENT}:role/Ops", RoleSessionName="me", SourceIdentity="eve")
    )
    assert assume_root(service(org, ops))["SourceIdentity"] == "eve"
    assert "SourceIdentity" not in assume_root(eve)


def test_features_are_enabled_and_disabled(emulator_from: Callable[[str], Running]) -> None:
    """Without RootSessions nobody assumes a root; the management account enables it, where IAM is trusted."""
    running = emulator_from(toml("[]"))
    eve = service(running, f"{MANAGEMENT}:eve")
    iam, admin = service(running, f"{MANAGEMENT}:eve", "iam"), service(running, f"{ADMIN}:eve", "iam")
    assert refused(lambda: assume_root(eve)) == denied(f"arn:aws:iam::{MANAGEMENT}:user/eve")
    assert admin.list_organizations_features()["EnabledFeatures"] == []
    assert refused(admin.enable_organizations_root_sessions)[0] == "CallerIsNotManagementAccountException"
    iam.enable_organizations_root_credentials_management()
    enabled = iam.enable_organizations_root_sessions()
    assert enabled["EnabledFeatures"] == ["RootCredentialsManagement", "RootSessions"]
    assert enabled["OrganizationId"].startswith("o-")
    assert assume_root(eve)
    assert admin.disable_organizations_root_sessions()["EnabledFeatures"] == ["RootCredentialsManagement"]
    assert refused(lambda: assume_root(eve)) == denied(f"arn:aws:iam::{MANAGEMENT}:user/eve")
    organizations = service(running, f"{MANAGEMENT}:eve", "organizations")
    organizations.disable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    assert refused(iam.list_organizations_features)[0] == "ServiceAccessNotEnabledException"
    outside, member = (service(running, f"{account}:eve", "iam") for account in (OUTSIDE, MEMBER))
    assert refused(outside.list_organizations_features)[0] == "OrganizationNotFoundException"
    assert refused(member.list_organizations_features)[0] == "AccountNotManagementOrDelegatedAdministratorException"
