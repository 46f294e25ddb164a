"""The sites of AWS Sign-In, joined: its page, the token endpoint of `aws login`, and the pages before that."""

from __future__ import annotations

from stsctl.emulator.authentication import Authentication
from stsctl.emulator.authorization import Authorization
from stsctl.emulator.console import ConsoleSessions
from stsctl.emulator.console_sign_in import ConsoleSignIn
from stsctl.emulator.directory import Directory
from stsctl.emulator.faults import Faults
from stsctl.emulator.issuing import Issuing
from stsctl.emulator.login import Login
from stsctl.emulator.login_pages import LoginPages
from stsctl.emulator.login_tokens import LoginTokens
from stsctl.emulator.organisation import Organisation
from stsctl.emulator.site import Site
from stsctl.emulator.totp import UsedCodes


def sites(
    organisation: Organisation,
    console: ConsoleSessions,
    *,
    directory: Directory,
    authentication: Authentication,
    authorization: Authorization,
    issuing: Issuing,
    codes: UsedCodes,
    faults: Faults,
) -> tuple[Site, ...]:
    """What AWS Sign-In serves; who signs in is then in `console`, and the MFA code that it took in `codes`."""
    names = {account.id: account.name or account.id for account in organisation.accounts}
    sign_in, tokens = ConsoleSignIn(console, directory, codes, names=names), LoginTokens()
    login = Login(tokens, authentication, authorization, issuing, faults)
    return sign_in, login, LoginPages(login, tokens, sign_in)
