"""Whose AWS_REGION it is."""

from __future__ import annotations

import pytest

from stsctl import region


@pytest.mark.parametrize(
    ("environ", "own", "exported"),
    [
        ({}, None, False),
        ({"AWS_REGION": "eu-west-1"}, "eu-west-1", False),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1", False),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1", False),
        ({"AWS_REGION": "eu-west-1", "STSCTL_REGION": "eu-west-1/"}, None, True),
        ({"AWS_REGION": "eu-west-1", "STSCTL_REGION": "eu-west-1/us-west-2"}, "us-west-2", True),
        ({"AWS_REGION": "ap-south-1", "STSCTL_REGION": "eu-west-1/us-west-2"}, "ap-south-1", False),
        ({"STSCTL_REGION": "eu-west-1/us-west-2"}, None, False),
        ({"AWS_REGION": "eu-west-1", "STSCTL_REGION": ""}, "eu-west-1", False),
    ],
)
def test_the_persons_own(environ: dict[str, str], own: str | None, exported: bool) -> None:
    """What stsctl exported is not theirs, what they changed by hand since is."""
    assert (region.own(environ), region.is_exported(environ)) == (own, exported)


def test_a_changed_region_comes_back() -> None:
    """Whatever roles come between, what the person had is what they have in the end."""
    environ: dict[str, str] = {"AWS_REGION": "us-west-2"}
    for wanted in ("eu-west-1", "eu-north-1", None):
        found = {**environ, **region.changes(environ, wanted)}
        environ = {name: value for name, value in found.items() if value is not None}
        assert environ["AWS_REGION"] == (wanted or "us-west-2")
        assert region.own(environ) == "us-west-2"
    assert region.changes(environ, None) == {"STSCTL_REGION": None}
