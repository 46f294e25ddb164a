"""The addresses by which a session comes into AWS's console, of each partition.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

from stsctl.dataclass import dataclass
from stsctl.errors import UsageError
from stsctl.request import Endpoint, Operation

_DOMAINS = {
    "aws": ("signin.aws.amazon.com", "console.aws.amazon.com"),
    "aws-cn": ("signin.amazonaws.cn", "console.amazonaws.cn"),
    "aws-us-gov": ("signin.amazonaws-us-gov.com", "console.amazonaws-us-gov.com"),
}
"""Where people sign in, and where the console is, by partition."""
_SERVICE = re.compile(r"[a-z0-9][a-z0-9/-]*")


_SAML = r"https://([a-z0-9-]+\.)?({})/saml(/acs/[A-Za-z0-9_-]+)?".format(
    "|".join(
        re.escape(domain) for domain in (*(sign_in for sign_in, _ in _DOMAINS.values()), "signin.amazonaws-eusc.eu")
    )
)
"""Of every partition: regional ones too, and those of providers that encrypt what they say.

https://docs.aws.amazon.com/general/latest/gr/signin-service.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_create_saml.html
"""


def saml_addresses(emulator: str | None) -> re.Pattern[str]:
    """Where SAML responses for AWS are posted to: AWS's sign-in, and that of the emulator at such a URL.

    Browsers read it too: what it means is the same in Python and in JavaScript.
    """
    own = f"|{re.escape(emulator)}/saml" if emulator else ""
    return re.compile(rf"^({_SAML}{own})(\?.*)?$")


_GIVE_CONSOLE_SESSIONS = {
    Operation.ASSUME_ROLE,
    Operation.ASSUME_ROLE_WITH_SAML,
    Operation.ASSUME_ROLE_WITH_WEB_IDENTITY,
    Operation.GET_FEDERATION_TOKEN,
    Operation.GET_ROLE_CREDENTIALS,  # those of a role, and not chained
    Operation.CREATE_SESSION,  # the same
}
"""By AWS's words AssumeRole* and GetFederationToken; neither GetSessionToken nor AssumeRoot."""


def problem_with(operation: Operation) -> str | None:
    """Why the console takes no session that `operation` gives; None where it does."""
    if operation in _GIVE_CONSOLE_SESSIONS:
        return None
    return f"a session of {operation.value}, and the console takes those of roles and of federated users only"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningIn:
    """The way in for sessions that an endpoint's STS gave.

    `federation` is where credentials become a sign-in token, and that a session of the browser's; `sign_out` where
    people are signed out; both are the emulator's where that gave the session. `console` is where people go.
    """

    federation: str
    sign_out: str
    console: str

    @classmethod
    def at(cls, endpoint: Endpoint) -> SigningIn:
        """The way in beside an endpoint; raises UsageError for a partition whose addresses are not public."""
        domains = _DOMAINS.get(endpoint.partition)
        if domains is None:
            raise UsageError(f"the console's address in partition {endpoint.partition} is not known")
        sign_in, console = (f"https://{domain}" for domain in domains)
        if endpoint.instance and endpoint.url:
            sign_in = endpoint.url
        return cls(federation=f"{sign_in}/federation", sign_out=f"{sign_in}/oauth", console=console)

    def destination(self, service: str | None, region: str | None) -> str:
        """A page of the console: a service's, such as `s3` or `cloudwatch/home`, or the first one."""
        if service is not None and not _SERVICE.fullmatch(service):
            raise UsageError(f'"{service}" is no service of the console', hint="--service s3")
        path = f"{service or 'console'}{'' if service and '/' in service else '/home'}"
        return f"{self.console}/{path}" + (f"?{urlencode({'region': region})}" if region else "")
