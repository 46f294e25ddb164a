"""The environment that the agent works in: what says where things are, and nothing that says who somebody is."""

from __future__ import annotations

from collections.abc import Mapping

_KEPT = (
    # The machine and the person.
    "HOME", "USER", "LOGNAME", "SHELL", "PATH", "LANG", "TZ", "TMPDIR", "SYSTEMROOT",
    "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "DBUS_SYSTEM_BUS_ADDRESS", "SSH_AUTH_SOCK",
    "GNUPGHOME", "PASSWORD_STORE_DIR", "PYTHON_KEYRING_BACKEND",
    # The way to AWS.
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_LOGIN_CACHE_DIRECTORY",
    "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)  # fmt: skip
_KEPT_PREFIXES = ("LC_", "XDG_", "AWS_ENDPOINT_URL", "AWS_USE_", "AWS_EC2_METADATA_")
_OF_SHELLS = (
    "STSCTL_ROLE", "STSCTL_SESSION", "STSCTL_RENEW_AT", "STSCTL_COLOR", "STSCTL_WARN",
    "STSCTL_DEPTH", "STSCTL_DEBUG", "STSCTL_WORKLOAD",
)  # fmt: skip


def scrubbed(environ: Mapping[str, str]) -> dict[str, str]:
    """What the agent keeps of the variables of the shell that starts it: settings and places, no credentials.

    `environ` is without what stsctl itself exported. The agent asks nobody.
    """
    kept = {
        name: value
        for name, value in environ.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES) or (name.startswith("STSCTL_") and name not in _OF_SHELLS)
    }
    return {**kept, "STSCTL_NO_PROMPT": "1"}
