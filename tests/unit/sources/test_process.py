"""Another tool's credential_process."""

from __future__ import annotations

import json

import pytest

from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError
from stsctl.request import Asker, AskerKind
from stsctl.sources.process import Process

GOOD = {"Version": 1, "AccessKeyId": "AKIAEXAMPLE000000001", "SecretAccessKey": "canary-secret"}


def process(answer: str) -> Process:
    """A program that prints `answer`."""
    return Process(name="other", command_line="other tool", run=lambda: Secret(answer))


def test_the_command_line_asks() -> None:
    """Who asks is known without running the program, and by no key, for it may give others each time."""
    assert process("").asker() == Asker(kind=AskerKind.PROCESS, id="other tool")


def test_an_answer() -> None:
    """What the program prints are the credentials."""
    assert process(json.dumps(GOOD)).give().credentials.access_key_id == "AKIAEXAMPLE000000001"


def test_a_bad_answer_is_never_echoed() -> None:
    """What is not in AWS's form is refused by the source's name."""
    with pytest.raises(ConfigurationError, match='credential_process of "other" answered is no JSON object') as raised:
        process("canary").give()
    assert "canary" not in str(raised.value)
    assert raised.value.__suppress_context__
