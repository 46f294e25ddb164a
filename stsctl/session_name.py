"""What a session is called, where that is for the one who asks to say.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (RoleSessionName),
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html (Name)
"""

from __future__ import annotations

import re

from stsctl.dataclass import dataclass
from stsctl.request import Operation
from stsctl.target import Hop


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who sits at the machine, for session names."""

    user: str
    host: str


def session_name(hop: Hop, operation: Operation, person: Person) -> str | None:
    """What the session is called, where that is not for others to say: for the identity provider, for the profile."""
    match operation:
        case Operation.GET_FEDERATION_TOKEN:
            return _filled(hop, person, longest=32)
        case Operation.ASSUME_ROLE | Operation.ASSUME_ROLE_WITH_WEB_IDENTITY:
            return _filled(hop, person)
        case Operation.CREATE_SESSION if hop.session_name:
            return _filled(hop, person)
    return None


_NOT_IN_A_SESSION_NAME = re.compile(r"[^\w+=,.@-]", re.ASCII)


def _filled(hop: Hop, person: Person, *, longest: int = 64) -> str:
    """The session's name; what a template is filled with is made to fit, what a person wrote was checked before."""
    template = hop.session_name or "{user}"
    values = {"user": person.user, "host": person.host}
    fitting = {key: _NOT_IN_A_SESSION_NAME.sub("-", value) for key, value in values.items()}
    return template.format_map(fitting)[:longest].ljust(2, "-")
