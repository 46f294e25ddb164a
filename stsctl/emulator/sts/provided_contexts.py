"""ProvidedContexts of AssumeRole: what a context provider of AWS's asserts of the user behind the caller.

AWS seals the assertions, and Identity Center or QuickSight gives them to applications. The emulator's gives none to
anybody, so that there is no assertion that could be one: whoever may set a context is told so.
Source: https://docs.aws.amazon.com/singlesignon/latest/userguide/trustedidentitypropagation-identity-enhanced-iam-role-sessions.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from stsctl.emulator.protocol.refusal import Refusal


def providers(given: Mapping[str, Any], partition: str) -> tuple[str, ...]:
    """The ARNs of the providers that a request names; raises Refusal for what is no provider of AWS's.

    With which code AWS refuses one, nothing is published.
    """
    found = []
    for context in given.get("ProvidedContexts", ()):
        arn = context.get("ProviderArn", "")
        if not re.fullmatch(rf"arn:{partition}:iam::aws:contextProvider/[A-Za-z0-9]+", arn):
            raise Refusal("ValidationError", f"{arn} is not a context provider", 400)
        if "ContextAssertion" not in context:
            raise Refusal("ValidationError", "A provided context has no ContextAssertion", 400)
        found.append(arn)
    return tuple(found)


def verify(named: tuple[str, ...]) -> None:
    """Raises Refusal where there is an assertion, for nobody here can have a good one."""
    if named:
        because = "the emulator's context providers give no assertions"
        raise Refusal("ValidationError", "The provided context assertion is invalid", 400, because=because)
