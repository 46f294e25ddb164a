"""Which tool a `credential_process` runs, and with what words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from stsctl.argv import command
from stsctl.errors import UsageError

_TOOLS = {
    "aws-vault": "aws-vault",
    "granted": "granted",
    "dgranted": "granted",
    "aws-sso": "aws-sso-cli",
    "saml2aws": "saml2aws",
    "awsumepy": "awsume",
    "leapp": "leapp",
}


def words_of(process: str | None) -> tuple[str, ...]:
    """The program's name, without its folder, and its arguments; nothing where a shell would be needed."""
    try:
        first, *rest = command(process or "")
    except UsageError:
        return ()
    name = re.split(r"[/\\]", first)[-1].removesuffix(".exe")
    return (name, *rest)


def run_by(process: str | None) -> str | None:
    """The tool, as `config import --from` names it."""
    words = words_of(process)
    return _TOOLS.get(words[0]) if words else None


def option(words: Sequence[str], *names: str) -> str | None:
    """What follows an option, as a word of its own or after an equals sign."""
    for at, word in enumerate(words):
        if word in names and at + 1 < len(words):
            return words[at + 1]
        name, equals, value = word.partition("=")
        if equals and name in names:
            return value
    return None
