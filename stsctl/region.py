"""Whose AWS_REGION it is: the person's own, or one that stsctl exported with a role's session.

What stsctl exported for one role must have no say in how the next is reached, or two shells would ask for the same hub
twice; and it is taken back with the session.
"""

from __future__ import annotations

from collections.abc import Mapping

VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")
"""The newer SDKs read the first, the AWS CLI and boto3 the second."""
MARKER = "STSCTL_REGION"
"""The region that stsctl exported, a slash, and the one that the person had before (empty: none)."""


def own(environ: Mapping[str, str]) -> str | None:
    """The person's own region; one that was changed by hand since stsctl exported another is theirs."""
    now = next((environ[name] for name in VARIABLES if environ.get(name)), None)
    if not is_exported(environ):
        return now
    return environ[MARKER].partition("/")[2] or None


def is_exported(environ: Mapping[str, str]) -> bool:
    """Whether the region that is set is one that stsctl exported."""
    now = next((environ[name] for name in VARIABLES if environ.get(name)), None)
    return now is not None and environ.get(MARKER, "").partition("/")[0] == now


def changes(environ: Mapping[str, str], region: str | None) -> dict[str, str | None]:
    """What makes `region` the one in use, with the marker; None gives the person their own back."""
    mine = own(environ)
    if region is not None:
        return {**dict.fromkeys(VARIABLES, region), MARKER: f"{region}/{mine or ''}"}
    if is_exported(environ):
        return {**dict.fromkeys(VARIABLES, mine), MARKER: None}
    return {MARKER: None}
