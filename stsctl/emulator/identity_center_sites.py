"""The sites of an Identity Center, joined: its OIDC service, its portal and its pages."""

from __future__ import annotations

from stsctl.emulator.authorization import Authorization
from stsctl.emulator.directory import Directory
from stsctl.emulator.issuing import Issuing
from stsctl.emulator.organisation import Organisation
from stsctl.emulator.site import Site
from stsctl.emulator.sso_clients import Clients
from stsctl.emulator.sso_grants import SsoGrants
from stsctl.emulator.sso_oidc import SsoOidc
from stsctl.emulator.sso_pages import SsoPages
from stsctl.emulator.sso_portal import SsoPortal
from stsctl.emulator.sso_tokens import SsoTokens


def sites(
    organisation: Organisation, url: str, directory: Directory, authorization: Authorization, issuing: Issuing
) -> tuple[Site, ...]:
    """What the organisation's Identity Center serves at `url`; nothing where it has none."""
    center = organisation.identity_center
    if center is None:
        return ()
    clients, grants, tokens = Clients(center), SsoGrants(), SsoTokens()
    portal = SsoPortal(
        center,
        tokens,
        names={account.id: account.name or account.id for account in organisation.accounts},
        directory=directory,
        authorization=authorization,
        issuing=issuing,
    )
    oidc = SsoOidc(center, clients, grants, tokens, url=url)
    return oidc, portal, SsoPages(center, clients, grants, url=url)
