"""The identity providers and AWS's sign-in, as the sites that they are together."""

from __future__ import annotations

from collections.abc import Sequence

from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.served_idp import ServedIdp
from stsctl.emulator.identity_center import sso_portal_page
from stsctl.emulator.idp.idp_site import IdpSite
from stsctl.emulator.seeds.organisation import Organisation
from stsctl.emulator.sign_in import console_sign_in
from stsctl.emulator.sign_in.console import ConsoleSessions, ConsoleSite
from stsctl.emulator.sign_in.federation_endpoint import FederationEndpoint
from stsctl.emulator.sign_in.saml_sign_in import SamlSignIn
from stsctl.emulator.sts.authentication import Authentication
from stsctl.emulator.sts.sessions import Sessions
from stsctl.emulator.sts.sts import Sts
from stsctl.emulator.world.site import Site


def sites(
    organisation: Organisation,
    idps: Sequence[ServedIdp],
    *,
    url: str,
    instance: str,
    directory: Directory,
    authentication: Authentication,
    console: ConsoleSessions,
    sessions: Sessions,
    sts: Sts,
) -> tuple[Site, ...]:
    """All of them; `url` is the emulator's, `instance` tells its cookies from another's. `console` is who signed in."""
    names = {account.id: account.name for account in organisation.accounts}
    ways_in = [*((one.idp.title, f"{one.path}/saml") for one in idps), ("Root user or IAM user", console_sign_in.PATH)]
    if organisation.identity_center is not None:
        ways_in.append(("IAM Identity Center", sso_portal_page.PATH))
    return (
        IdpSite(idps, instance),
        ConsoleSite(console, authentication, account_names=names, ways_in=ways_in),
        FederationEndpoint(sessions, console, url),
        SamlSignIn(directory=directory, sts=sts, sessions=sessions, console=console, account_names=names),
    )
