"""Other tools of this kind, by the files that they keep in a home folder."""

from __future__ import annotations

from collections.abc import Mapping

TRACES: Mapping[str, tuple[str, ...]] = {
    "aws-vault": (".awsvault", "Library/Keychains/aws-vault.keychain-db"),
    "granted": (".granted/config", ".config/granted/config"),
    "aws-sso-cli": (".config/aws-sso/config.yaml", ".aws-sso/config.yaml"),
    "saml2aws": (".saml2aws",),
    "awsume": (".awsume/config.yaml", ".config/awsume/config.yaml"),
    "leapp": (".Leapp/Leapp-lock.json",),
}
"""Tool, as `stsctl config import --from` calls it → where it leaves its configuration, from the home folder on."""
