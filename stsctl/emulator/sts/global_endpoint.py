"""Of which version the tokens of STS's global endpoint are: what an account prefers.

Source: https://docs.aws.amazon.com/IAM/latest/APIReference/API_SetSecurityTokenServicePreferences.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.principals import Caller
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.protocol.wire import Result

_VERSIONS = {"v1Token": 1, "v2Token": 2}


def preferences(directory: Directory) -> Mapping[str, Callable[[Caller, Mapping[str, Any]], Result]]:
    """IAM's operation about it."""

    def prefer(caller: Caller, given: Mapping[str, Any]) -> Result:
        version = _VERSIONS.get(str(given.get("GlobalEndpointTokenVersion")))
        if version is None:
            message = f"GlobalEndpointTokenVersion is one of {', '.join(_VERSIONS)}"
            raise Refusal("ValidationError", message, 400)
        directory.token_versions[caller.account] = version
        return {}

    return {"SetSecurityTokenServicePreferences": prefer}
