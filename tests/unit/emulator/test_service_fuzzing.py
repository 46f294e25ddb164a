"""Whatever is asked of a service behind moto, the answer is no failure of the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from botocore.loaders import create_loader
from hypothesis import given, settings
from hypothesis import strategies as st

from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.emulator_fixture import ADMIN
from tests.unit.emulator.test_server import FORM, send, sign

OF_TARGETS = ["dynamodb", "ecs", "events", "kms", "logs", "secretsmanager", "sqs", "ssm", "stepfunctions"]
OF_FORMS = ["cloudformation", "ec2", "iam", "sns"]
OF_PATHS = ["apigateway", "lambda", "s3"]

TEXTS = st.text(max_size=20) | st.sampled_from(
    [
        "",
        "*",
        "arn:aws:iam::222222222222:role/Admin",
        "arn:aws:sqs:us-east-1:111111111111:q",
        "arn:::::",
        "arn:aws:kms:us-east-1:999999999999:key/x",
        "alias/x",
        "{}",
        "${aws:username}",
        "http://localhost/222222222222/q",
        "i-0123456789abcdef0",
    ]
)
VALUES = st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Key", "Value", "Arn"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An emulator for the tests of this file, which leave anything in it."""
    folder = tmp_path_factory.mktemp("emulator")
    found = control.start(folder)
    yield found
    control.stop(folder, found)


@cache
def model(service: str) -> Any:
    """botocore's model of a service."""
    return create_loader().load_service_model(service, "service-2")


def members(service: str, operation: str) -> list[str]:
    """The names of an operation's parameters."""
    shape = model(service)["operations"][operation].get("input")
    return sorted(model(service)["shapes"][shape["shape"]]["members"]) if shape else []


def ask(running: Running, service: str, method: str, path: str, body: str, headers: dict[str, str]) -> int:
    """The status of a signed request of an administrator's."""
    metadata = model(service)["metadata"]
    signing = metadata.get("signingName") or metadata["endpointPrefix"]
    who = control.principal(running, ADMIN).credentials
    content = body.encode("utf-8", "replace")
    status, fields, _ = send(
        running, method, path, content, sign(running, who, method, path, content, service=signing, headers=headers)
    )
    assert "x-stsctl-emulator" in fields
    return status


@settings(max_examples=30, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("service", OF_TARGETS)
def test_json(running: Running, service: str, data: st.DataObject) -> None:
    """Services that speak JSON take any values for the parameters of any operation."""
    operation = data.draw(st.sampled_from(sorted(model(service)["operations"])))
    names = members(service, operation)
    given_values = data.draw(st.dictionaries(st.sampled_from(names), VALUES, max_size=4)) if names else {}
    metadata = model(service)["metadata"]
    version = metadata.get("jsonVersion", "1.0")
    headers = {
        "X-Amz-Target": f"{metadata['targetPrefix']}.{operation}",
        "Content-Type": f"application/x-amz-json-{version}",
    }
    assert ask(running, service, "POST", "/", json.dumps(given_values), headers) != 500


@settings(max_examples=30, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("service", OF_FORMS)
def test_forms(running: Running, service: str, data: st.DataObject) -> None:
    """Services that take forms take any fields."""
    operation = data.draw(st.sampled_from(sorted(model(service)["operations"])))
    endings = st.sampled_from(["", ".1", ".member.1", ".member.1.Key", ".1.Value", ".Arn", ".member"])
    fields = data.draw(
        st.dictionaries(st.tuples(st.sampled_from([*members(service, operation), "X"]), endings), TEXTS, max_size=4)
    )
    version = model(service)["metadata"]["apiVersion"]
    pairs = {"Action": operation, "Version": version, **{"".join(name): text for name, text in fields.items()}}
    assert ask(running, service, "POST", "/", urlencode(pairs, errors="replace"), FORM) != 500


@settings(max_examples=30, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("service", OF_PATHS)
def test_paths(running: Running, service: str, data: st.DataObject) -> None:
    """Services whose operations are paths take anything in them, and any body."""
    operation = model(service)["operations"][data.draw(st.sampled_from(sorted(model(service)["operations"])))]
    http = operation["http"]
    start, *labels = http["requestUri"].split("{")
    rests = [label.partition("}")[2] for label in labels]
    target = start + "".join(quote(data.draw(TEXTS) or "x", safe="", errors="replace") + rest for rest in rests)
    body = data.draw(TEXTS | VALUES.map(json.dumps) | st.just("<a><b/></a>"))
    assert ask(running, service, http["method"], target, body, {"Content-Type": "application/json"}) != 500
