"""iam:PassRole: roles that are handed to services."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from stsctl.emulator.running import Running
from tests.unit.emulator.services_seed import allow, client_of, refused, role, user

HOME = "111111111111"
OTHER = "222222222222"

ROLES = f"arn:aws:iam::{HOME}:role/"
EVERYTHING_ELSE = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}

SEED = "\n".join(
    [
        user("builder", EVERYTHING_ELSE),
        user("passer", EVERYTHING_ELSE, allow("iam:PassRole", [f"{ROLES}Function", f"{ROLES}Unassumable"])),
        user(
            "toLambda",
            EVERYTHING_ELSE,
            allow("iam:PassRole", StringEquals={"iam:PassedToService": "lambda.amazonaws.com"}),
        ),
        user("anything", allow("*")),
        user("elsewhere", allow("*"), account=OTHER),
        role("Function", "lambda.amazonaws.com"),
        role("Unassumable", "ec2.amazonaws.com"),
        role("Machine", "ec2.amazonaws.com"),
        role("Task", "ecs-tasks.amazonaws.com"),
        role("Steps", "states.amazonaws.com"),
    ]
)


def function(name: str, role_arn: str) -> dict[str, Any]:
    """The parameters of Lambda's CreateFunction."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "def main(event, context): return event")
    return {
        "FunctionName": name,
        "Runtime": "python3.12",
        "Role": role_arn,
        "Handler": "main.main",
        "Code": {"ZipFile": code.getvalue()},
    }


def test_a_function_needs_the_permission(running: Running) -> None:
    """CreateFunction hands its role over: without iam:PassRole on it, all of Lambda is not enough."""
    assert refused(client_of(running, "builder", "lambda").create_function, **function("f", f"{ROLES}Function")) == (
        "AccessDeniedException",
        403,
        (
            f"User: arn:aws:iam::{HOME}:user/builder is not authorized to perform: iam:PassRole on resource: "
            f"{ROLES}Function because no identity-based policy allows the iam:PassRole action"
        ),
    )
    functions = client_of(running, "passer", "lambda")
    assert functions.create_function(**function("f", f"{ROLES}Function"))["FunctionArn"]
    code, _, message = refused(functions.update_function_configuration, FunctionName="f", Role=f"{ROLES}Machine")
    assert (code, "iam:PassRole" in message) == ("AccessDeniedException", True)


def test_the_service_must_be_trusted(running: Running) -> None:
    """Lambda says at once that it cannot assume a role that trusts another service, or that is not there."""
    told = ("InvalidParameterValueException", 400, "The role defined for the function cannot be assumed by Lambda.")
    functions = client_of(running, "anything", "lambda")
    assert refused(functions.create_function, **function("g", f"{ROLES}Unassumable")) == told
    assert refused(functions.create_function, **function("g", f"{ROLES}NoSuch")) == told


def test_no_role_of_another_account(running: Running) -> None:
    """Role and resource are in one account."""
    code, _, message = refused(
        client_of(running, f"{OTHER}:elsewhere", "lambda").create_function, **function("h", f"{ROLES}Function")
    )
    assert (code, message) == ("AccessDeniedException", "Cross-account pass role is not allowed.")


def test_passed_to_service(running: Running) -> None:
    """The permission can be for one service only."""
    client_of(running, "toLambda", "lambda").create_function(**function("i", f"{ROLES}Function"))
    ecs = client_of(running, "toLambda", "ecs")
    container = [{"name": "c", "image": "x", "memory": 64}]
    task = {"family": "t", "taskRoleArn": f"{ROLES}Task", "containerDefinitions": container}
    assert f"iam:PassRole on resource: {ROLES}Task" in refused(ecs.register_task_definition, **task)[2]
    assert client_of(running, "anything", "ecs").register_task_definition(**task)["taskDefinition"]


def test_instance_profiles(running: Running) -> None:
    """An instance is given the role in its profile."""
    iam = client_of(running, "anything", "iam")
    iam.create_instance_profile(InstanceProfileName="machines")
    iam.add_role_to_instance_profile(InstanceProfileName="machines", RoleName="Machine")
    run = {"ImageId": "ami-12c6146b", "MinCount": 1, "MaxCount": 1, "IamInstanceProfile": {"Name": "machines"}}
    code, status, message = refused(client_of(running, "builder", "ec2").run_instances, **run)
    assert (code, status) == ("UnauthorizedOperation", 403)
    assert f"iam:PassRole on resource: {ROLES}Machine" in message
    assert client_of(running, "anything", "ec2").run_instances(**run)["Instances"]


def test_state_machines(running: Running) -> None:
    """Step Functions checks the trust at once, in its own words."""
    definition = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    steps = client_of(running, "anything", "stepfunctions")
    assert steps.create_state_machine(name="s", definition=definition, roleArn=f"{ROLES}Steps")["stateMachineArn"]
    code, _, message = refused(steps.create_state_machine, name="u", definition=definition, roleArn=f"{ROLES}Task")
    assert code == "AccessDeniedException"
    assert message.startswith("Neither the global service principal states.amazonaws.com")
