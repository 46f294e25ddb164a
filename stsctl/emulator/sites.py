"""All that is served to those who sign nothing: identity providers, AWS's sign-in, the console, Identity Center."""

from __future__ import annotations

from stsctl.emulator.identity_center import sso_portal_page
from stsctl.emulator.identity_center.permission_set_sessions import PermissionSetSessions
from stsctl.emulator.identity_center.portal_sign_in import PortalSignIn
from stsctl.emulator.identity_center.sso_clients import Clients
from stsctl.emulator.identity_center.sso_grants import SsoGrants
from stsctl.emulator.identity_center.sso_oidc import SsoOidc
from stsctl.emulator.identity_center.sso_pages import SsoPages
from stsctl.emulator.identity_center.sso_portal import SsoPortal
from stsctl.emulator.identity_center.sso_portal_page import SsoPortalPage
from stsctl.emulator.identity_center.sso_tokens import SsoTokens
from stsctl.emulator.idp.idp_site import IdpSite
from stsctl.emulator.parts import Parts
from stsctl.emulator.roles_anywhere.create_session import CreateSession
from stsctl.emulator.seeds.identity_center import NOWHERE
from stsctl.emulator.sign_in import console_sign_in
from stsctl.emulator.sign_in.console import ConsoleSite
from stsctl.emulator.sign_in.console_sign_in import ConsoleSignIn
from stsctl.emulator.sign_in.federation_endpoint import FederationEndpoint
from stsctl.emulator.sign_in.login import Login
from stsctl.emulator.sign_in.login_pages import LoginPages
from stsctl.emulator.sign_in.login_tokens import LoginTokens
from stsctl.emulator.sign_in.saml_sign_in import SamlSignIn
from stsctl.emulator.world.site import Site


def sites(parts: Parts) -> tuple[Site, ...]:
    """All of them, in the order in which they are asked whether a path is theirs."""
    return (parts.outbound, *_federation(parts), *_identity_center(parts), *_login(parts), _roles_anywhere(parts))


def _federation(parts: Parts) -> tuple[Site, ...]:
    """The identity providers, and where AWS takes what they say."""
    names = {account.id: account.name for account in parts.organisation.accounts}
    ways_in = [(one.idp.title, f"{one.path}/saml") for one in parts.idps]
    ways_in.append(("Root user or IAM user", console_sign_in.PATH))
    if parts.organisation.identity_center is not None:
        ways_in.append(("IAM Identity Center", sso_portal_page.PATH))
    return (
        IdpSite(parts.idps, parts.instance),
        ConsoleSite(parts.console, parts.authentication, account_names=names, ways_in=ways_in),
        FederationEndpoint(parts.sessions, parts.console, parts.url),
        SamlSignIn(
            directory=parts.directory,
            sts=parts.sts,
            sessions=parts.sessions,
            console=parts.console,
            account_names=names,
        ),
    )


def _identity_center(parts: Parts) -> tuple[Site, ...]:
    """Identity Center's OIDC service and portal; where the organisation has no Identity Center, there are no pages."""
    center, names = parts.organisation.identity_center or NOWHERE, parts.account_names()
    clients, grants, tokens = Clients(center), SsoGrants(), SsoTokens()
    roles = PermissionSetSessions(center, parts.directory, parts.authorization, parts.issuing)
    services: tuple[Site, ...] = (
        SsoOidc(center, clients, grants, tokens, faults=parts.faults, url=parts.url),
        SsoPortal(center, tokens, roles, faults=parts.faults, names=names),
    )
    if center is NOWHERE:
        return services
    sign_in = PortalSignIn(center, parts.url)
    return (
        *services,
        SsoPages(center, clients, grants, sign_in),
        SsoPortalPage(center, sign_in, roles, names=names, sessions=parts.sessions, console=parts.console),
    )


def _login(parts: Parts) -> tuple[Site, ...]:
    """The console's own sign-in, and `aws login`, which goes by it."""
    sign_in = ConsoleSignIn(parts.console, parts.directory, parts.codes, names=parts.account_names())
    tokens = LoginTokens()
    login = Login(tokens, parts.authentication, parts.authorization, parts.issuing, parts.faults)
    return sign_in, login, LoginPages(login, tokens, sign_in)


def _roles_anywhere(parts: Parts) -> Site:
    """IAM Roles Anywhere, whose requests no key of AWS's signs."""
    profiles = [one for account in parts.organisation.accounts for one in account.roles_anywhere_profiles]
    return CreateSession(
        parts.trust_anchors,
        {profile.arn: profile for profile in profiles},
        directory=parts.directory,
        authorization=parts.authorization,
        issuing=parts.issuing,
        faults=parts.faults,
    )
