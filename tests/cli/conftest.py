"""The program as it is run."""

from __future__ import annotations

import os
import subprocess

import pytest

from stsctl.emulator import control
from tests.program import BIN, PRODUCTION, WORK, Organisation, me, organisation, other_organisation

__all__ = ["me", "organisation", "other_organisation"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, organisation: Organisation) -> str:
    """A folder with the answer of IAM in each account, as the AWS CLI writes it."""
    found = tmp_path_factory.mktemp("policies")
    for account in (WORK, PRODUCTION):
        root = control.variables(control.principal(organisation.running, f"{account}:root"))
        where = {
            "AWS_ENDPOINT_URL": organisation.running.url,
            "AWS_DEFAULT_REGION": "us-east-1",
            "PATH": os.environ["PATH"],
        }
        command = [str(BIN / "aws"), "iam", "get-account-authorization-details"]
        answer = subprocess.run(command, env=root | where, check=True, capture_output=True, text=True).stdout
        (found / f"{account}.json").write_text(answer, encoding="utf-8")
    return str(found)
