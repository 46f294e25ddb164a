"""What a hop is told by files: a session policy, and contexts that trusted providers assert."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from stsctl import limits
from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError, UsageError
from stsctl.request import ProvidedContext
from stsctl.session_policy import compact_policy
from stsctl.target import Hop, NamedFile

ReadText = Callable[[NamedFile], str]
"""Reads a file that somebody named, to the file's text."""


def read(hop: Hop, read_text: ReadText) -> Hop:
    """The hop with what its files hold; raises ConfigurationError for what AWS would refuse."""
    if hop.policy_file is not None:
        hop = replace(hop, policy=_policy(hop, read_text), policy_file=None)
    if hop.context_files:
        hop = replace(hop, provided_contexts=tuple(_contexts(hop, read_text)), context_files=())
    return hop


def _policy(hop: Hop, read_text: ReadText) -> str:
    assert hop.policy_file is not None
    path, origin = hop.policy_file.path, hop.policy_file.origin
    try:
        return compact_policy(read_text(hop.policy_file))
    except UsageError as error:
        raise ConfigurationError(f'{origin}: policy_file "{path}" {error.message}', hint=error.hint) from error


def _contexts(hop: Hop, read_text: ReadText) -> Iterator[ProvidedContext]:
    for provider_arn, file in hop.context_files:
        assertion = read_text(file).strip()
        if not 4 <= len(assertion) <= limits.CONTEXT_LENGTH:
            what = f"has {len(assertion)} characters, AWS takes 4 to {limits.CONTEXT_LENGTH}"
            raise ConfigurationError(f'{file.origin}: the context in "{file.path}" {what}')
        yield ProvidedContext(provider_arn=provider_arn, assertion=Secret(assertion))
