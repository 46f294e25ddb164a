"""botocore's own provider of `aws login` sessions, which renews one as every SDK does; it needs awscrt.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-login-credentials.html
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from stsctl.arn import Arn
from stsctl.errors import ConfigurationError, RefusedError
from stsctl.request import Endpoint
from stsctl.sources.client import Clients, translated
from stsctl.sources.login_cache import LoginCache

ENDED = "TOKEN_EXPIRED"
"""The code of a refusal that only another sign-in mends."""
_OPERATION = "signin:CreateOAuth2Token"


def need_awscrt() -> None:
    """Raises ConfigurationError where no session could be renewed."""
    if find_spec("awscrt") is None:
        raise ConfigurationError(
            'sessions of "aws login" are renewed with awscrt, which is not installed',
            hint="pip install 'stsctl[login]'",
        )


def renew(login_session: Arn, cache: LoginCache, clients: Clients, endpoint: Endpoint) -> None:
    """Renews the session in `cache`, where its keys end within five minutes.

    Raises RefusedError (with the code ENDED where a person has to sign in), UnavailableError, ConfigurationError.
    """
    need_awscrt()
    from botocore import exceptions
    from botocore.credentials import LoginProvider

    profile = {"login_session": str(login_session)}
    files: Any = cache
    provider = LoginProvider(
        load_config=lambda: {"profiles": {"this": profile}},
        client_creator=clients.creator(endpoint),
        profile_name="this",
        token_cache=files,
    )
    with translated(_OPERATION, clients.wall, endpoint):
        try:
            found = provider.load()
            assert found is not None
            found.get_frozen_credentials()
        except (exceptions.LoginRefreshRequired, exceptions.LoginTokenLoadError) as error:
            raise RefusedError("the session has ended", code=ENDED, operation=_OPERATION) from error
        except exceptions.LoginInsufficientPermissions as error:
            raise RefusedError(
                f'"{login_session}" may no longer sign in for programs',
                hint="attach the policy SignInLocalDevelopmentAccess",
                code="INSUFFICIENT_PERMISSIONS",
                operation=_OPERATION,
            ) from error
