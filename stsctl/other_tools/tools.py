"""The tools that people move in from, and where each has its things."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stsctl.dataclass import dataclass
from stsctl.other_tools import aws_config, aws_vault, granted
from stsctl.other_tools.finding import File, Finding, KeyringPlace, Theirs


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool. Of `files` the first that is there is its configuration; a variable that is not set names none.

    `keyring` says, from the environment and its configuration, where it keeps long-term keys, if it keeps any.
    """

    name: str
    read: Callable[[Theirs], list[Finding]]
    files: tuple[str, ...] = ()
    keyring: Callable[[Mapping[str, str], File | None], KeyringPlace] | None = None


TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(name="aws-vault", read=aws_vault.read, keyring=aws_vault.keyring),
        Tool(
            name="granted",
            read=granted.read,
            files=("~/.granted/config", "$XDG_CONFIG_HOME/granted/config"),
            keyring=granted.keyring,
        ),
        Tool(name="aws-config", read=aws_config.read),
    )
}
