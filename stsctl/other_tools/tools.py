"""The tools that people move in from, and where each has its things."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stsctl.dataclass import dataclass
from stsctl.other_tools import aws_config, aws_sso_cli, aws_vault, awsume, granted, leapp, saml2aws
from stsctl.other_tools.finding import File, Finding, KeyringPlace, Theirs


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool. Of `files` the first that is there is its configuration; a variable that is not set names none.

    `keyring` says, from the environment and its configuration, where it keeps long-term keys, if it keeps any;
    `sealed` that its configuration can be read on this machine alone.
    """

    name: str
    read: Callable[[Theirs], list[Finding]]
    files: tuple[str, ...] = ()
    keyring: Callable[[Mapping[str, str], File | None], KeyringPlace] | None = None
    sealed: bool = False


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
        Tool(
            name="aws-sso-cli",
            read=aws_sso_cli.read,
            files=(
                "$AWS_SSO_CONFIG",
                "~/.aws-sso/config.yaml",
                "$XDG_CONFIG_HOME/aws-sso/config.yaml",
                "~/.config/aws-sso/config.yaml",
            ),
        ),
        Tool(name="saml2aws", read=saml2aws.read, files=("$SAML2AWS_CONFIGFILE", "~/.saml2aws")),
        Tool(name="awsume", read=awsume.read, files=("~/.awsume/config.yaml",)),
        Tool(name="leapp", read=leapp.read, files=("~/.Leapp/Leapp-lock.json",), keyring=leapp.keyring, sealed=True),
        Tool(name="aws-config", read=aws_config.read),
    )
}
