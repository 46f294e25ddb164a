"""Credentials in AWS's own variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from stsctl.credentials import Credentials, Secret
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError
from stsctl.request import Asker, AskerKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What AWS_ACCESS_KEY_ID and its companions hold; what stsctl itself exported does not count."""

    environ: Mapping[str, str] = field(repr=False)

    def asker(self) -> Asker | None:
        """The access key id; see `Source`."""
        found = self.credentials()
        if found is None:
            return None
        temporary = found.session_token is not None
        return Asker(kind=AskerKind.KEYS, id=found.access_key_id, temporary=temporary)

    def credentials(self) -> Credentials | None:
        """The credentials; None where the variables are not set. Raises ConfigurationError for what is half there."""
        key_id, secret = (self.environ.get(name) for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"))
        if "STSCTL_SESSION" in self.environ or not (key_id or secret):
            return None
        if not key_id or not secret:
            missing = "AWS_SECRET_ACCESS_KEY" if key_id else "AWS_ACCESS_KEY_ID"
            raise ConfigurationError(
                f"the environment has half a pair of keys: {missing} is not set", hint=f"export {missing} too"
            )
        token = self.environ.get("AWS_SESSION_TOKEN") or self.environ.get("AWS_SECURITY_TOKEN")
        if key_id.startswith("ASIA") and not token:
            raise ConfigurationError(
                f"the keys in the environment, {key_id}, are temporary ones (ASIA…), and AWS_SESSION_TOKEN is not set",
                hint="export AWS_SESSION_TOKEN too",
            )
        return Credentials(
            access_key_id=key_id, secret_access_key=Secret(secret), session_token=Secret(token) if token else None
        )
