"""The sites of an Identity Center, joined: its OIDC service, its portal and its pages."""

from __future__ import annotations

from stsctl.emulator.authorization.authorization import Authorization
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.identity_center.permission_set_sessions import PermissionSetSessions
from stsctl.emulator.identity_center.portal_sign_in import PortalSignIn
from stsctl.emulator.identity_center.sso_clients import Clients
from stsctl.emulator.identity_center.sso_grants import SsoGrants
from stsctl.emulator.identity_center.sso_oidc import SsoOidc
from stsctl.emulator.identity_center.sso_pages import SsoPages
from stsctl.emulator.identity_center.sso_portal import SsoPortal
from stsctl.emulator.identity_center.sso_portal_page import SsoPortalPage
from stsctl.emulator.identity_center.sso_tokens import SsoTokens
from stsctl.emulator.seeds.identity_center import NOWHERE
from stsctl.emulator.seeds.organisation import Organisation
from stsctl.emulator.sign_in.console import ConsoleSessions
from stsctl.emulator.sts.issuing import Issuing
from stsctl.emulator.sts.sessions import Sessions
from stsctl.emulator.world.faults import Faults
from stsctl.emulator.world.site import Site


def sites(
    organisation: Organisation,
    *,
    url: str,
    directory: Directory,
    authorization: Authorization,
    issuing: Issuing,
    sessions: Sessions,
    console: ConsoleSessions,
    faults: Faults,
) -> tuple[Site, ...]:
    """What the organisation's Identity Center serves at `url`; where it has none, there are no pages."""
    center = organisation.identity_center or NOWHERE
    names = {account.id: account.name or account.id for account in organisation.accounts}
    clients, grants, tokens = Clients(center), SsoGrants(), SsoTokens()
    roles = PermissionSetSessions(center, directory, authorization, issuing)
    services: tuple[Site, ...] = (
        SsoOidc(center, clients, grants, tokens, faults=faults, url=url),
        SsoPortal(center, tokens, roles, faults=faults, names=names),
    )
    if center is NOWHERE:
        return services
    sign_in = PortalSignIn(center, url)
    return (
        *services,
        SsoPages(center, clients, grants, sign_in),
        SsoPortalPage(center, sign_in, roles, names=names, sessions=sessions, console=console),
    )
