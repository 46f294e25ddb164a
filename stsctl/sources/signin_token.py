"""The federation endpoint's getSigninToken: credentials of a session for a token that a browser can sign in with.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
"""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import urlencode

from stsctl.credentials import Credentials, Secret
from stsctl.errors import RefusedError
from stsctl.request import Endpoint
from stsctl.signing_in import SigningIn
from stsctl.sources.answer import text_of
from stsctl.sources.http import Http
from stsctl.sources.outcome import EMULATOR_HEADER, check_instance


def signin_token(
    http: Http, endpoint: Endpoint, way: SigningIn, credentials: Credentials, lasts: timedelta | None
) -> Secret:
    """The token; it is for fifteen minutes, and what it opens for `lasts` (None: as long as the credentials).

    Raises RefusedError, UnavailableError, StsctlError.
    """
    token = credentials.session_token
    session = {
        "sessionId": credentials.access_key_id,
        "sessionKey": credentials.secret_access_key.reveal(),
        "sessionToken": token.reveal() if token else "",
    }
    duration = {"SessionDuration": str(int(lasts.total_seconds()))} if lasts else {}
    query = {"Action": "getSigninToken", "SessionType": "json", **duration, "Session": json.dumps(session)}
    answer = http.get("signin:getSigninToken", f"{way.federation}?{urlencode(query)}")
    check_instance(endpoint, answer.headers.get(EMULATOR_HEADER))
    if answer.status != 200:
        raise RefusedError(
            "AWS's console does not take this session",
            hint='run it again with "--refresh"',
            code=str(answer.status),
            reason="getSigninToken was refused",
            operation="signin:getSigninToken",
        )
    return Secret(text_of(answer.json, "SigninToken"))
