"""A session as an address that signs a browser in to AWS's console.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_enable-console-custom-url.html
"""

from __future__ import annotations

from urllib.parse import urlencode

from stsctl.credentials import Secret
from stsctl.signing_in import SigningIn


def address(way: SigningIn, token: Secret, destination: str, *, sign_out_first: bool = False) -> str:
    """The address, as good as the session itself while its sign-in token lasts, fifteen minutes."""
    query = {"Action": "login", "Destination": destination, "SigninToken": token.reveal()}
    url = f"{way.federation}?{urlencode(query)}"
    return f"{way.sign_out}?{urlencode({'Action': 'logout', 'redirect_uri': url})}" if sign_out_first else url
