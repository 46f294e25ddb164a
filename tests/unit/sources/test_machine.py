"""The role that the machine has."""

from __future__ import annotations

import pytest

from stsctl.request import Asker
from stsctl.source import SourceKind
from stsctl.sources.machine import MachineRole
from tests.unit.sources.server import Server


def test_a_containers_role(sts: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The container's endpoint is asked once, for who asks and for the credentials."""
    sts.tell(
        200,
        '{"AccessKeyId": "ASIACONTAINER0000001", "SecretAccessKey": "canary", "Token": "t",'
        ' "Expiration": "2099-01-01T00:00:00Z"}',
    )
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", sts.url)
    source = MachineRole(kind=SourceKind.CONTAINER)
    assert source.asker() == Asker.of_keys("ASIACONTAINER0000001")
    assert source.credentials() is not None
    assert len(sts.seen) == 1
    assert "canary" not in repr(source)


@pytest.mark.parametrize("kind", [SourceKind.CONTAINER, SourceKind.INSTANCE_METADATA])
def test_no_role(kind: SourceKind) -> None:
    """A machine without a role is nobody."""
    assert MachineRole(kind=kind).asker() is None
