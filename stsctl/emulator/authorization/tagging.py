"""Session tags of one AssumeRole call: what was passed, what is inherited, what goes on down the chain.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stsctl.emulator.directory.principals import Caller, Tags
from stsctl.emulator.protocol.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTags:
    """`passed` came with the request, `inherited` are transitive tags of the calling session.

    `passed_transitive` are the keys that the request makes transitive.
    """

    passed: Tags
    passed_transitive: tuple[str, ...]
    inherited: Tags

    @property
    def all(self) -> Tags:
        """The tags that the new session has."""
        return (*self.inherited, *self.passed)

    @property
    def transitive(self) -> tuple[str, ...]:
        """The keys of those that its own sessions will inherit."""
        return (*(key for key, _ in self.inherited), *self.passed_transitive)

    def over(self, tags: Tags) -> Tags:
        """A role's `tags` as its trust policy sees them: inherited transitive tags win over them."""
        inherited = {key.lower() for key, _ in self.inherited}
        return (*(tag for tag in tags if tag[0].lower() not in inherited), *self.inherited)


def read(parameters: dict[str, Any], caller: Caller | None) -> SessionTags:
    """The tags that a request asks for, or a provider where nobody calls.

    Raises Refusal for those that contradict themselves or the session.
    """
    passed = tuple((tag["Key"], tag["Value"]) for tag in parameters.get("Tags", ()))
    transitive = tuple(parameters.get("TransitiveTagKeys", ()))
    keys = {key.lower() for key, _ in passed}
    if len(keys) < len(passed):
        raise _invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    if any(key.startswith("aws:") for key in keys):
        raise _invalid("Tag keys beginning with 'aws:' are reserved for system use.")
    inherited = _inherited(caller)
    taken = {key.lower() for key, _ in inherited}
    if taken & (keys | {key.lower() for key in transitive}):
        raise _invalid(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key "
            "from the calling session."
        )
    if not {key.lower() for key in transitive} <= keys:
        raise _invalid("The specified transitive tag key must be included in the requested tags.")
    return SessionTags(passed=passed, passed_transitive=transitive, inherited=inherited)


def _inherited(caller: Caller | None) -> Tags:
    if caller is None or caller.session is None:
        return ()
    transitive = {key.lower() for key in caller.session.transitive}
    return tuple(tag for tag in caller.session.tags if tag[0].lower() in transitive)


def _invalid(message: str) -> Refusal:
    return Refusal("InvalidParameterValue", message, 400)
