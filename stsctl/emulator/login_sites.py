"""The sites of AWS Sign-In, joined: its page, the token endpoint of `aws login`, and the pages before that."""

from __future__ import annotations

from stsctl.emulator.authorization.authorization import Authorization
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.totp import UsedCodes
from stsctl.emulator.seeds.organisation import Organisation
from stsctl.emulator.sign_in.console import ConsoleSessions
from stsctl.emulator.sign_in.console_sign_in import ConsoleSignIn
from stsctl.emulator.sign_in.login import Login
from stsctl.emulator.sign_in.login_pages import LoginPages
from stsctl.emulator.sign_in.login_tokens import LoginTokens
from stsctl.emulator.sts.authentication import Authentication
from stsctl.emulator.sts.issuing import Issuing
from stsctl.emulator.world.faults import Faults
from stsctl.emulator.world.site import Site


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
