"""What the emulator of one organisation is made of, each part made once and handed to whoever needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stsctl.emulator.authorization.authorization import Authorization
from stsctl.emulator.directory import served_idp
from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.directory.organizations import Organizations
from stsctl.emulator.directory.served_idp import ServedIdp
from stsctl.emulator.directory.totp import UsedCodes
from stsctl.emulator.roles_anywhere.enrolment import Enrolment
from stsctl.emulator.roles_anywhere.trust_anchors import TrustAnchors
from stsctl.emulator.seeds.organisation import Organisation
from stsctl.emulator.sign_in.console import ConsoleSessions
from stsctl.emulator.sts.authentication import Authentication
from stsctl.emulator.sts.issuing import Issuing
from stsctl.emulator.sts.outbound_federation import OutboundFederation
from stsctl.emulator.sts.root_access import RootAccess
from stsctl.emulator.sts.sessions import Sessions
from stsctl.emulator.sts.sts import Sts
from stsctl.emulator.world.faults import Faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts; `url` is where the emulator is reached, `instance` tells it, and its cookies, from others.

    `idps` are the identity providers that it serves, `console` is who is signed in to the console.
    """

    organisation: Organisation
    url: str
    instance: str
    idps: Sequence[ServedIdp]
    directory: Directory
    organizations: Organizations
    sessions: Sessions
    codes: UsedCodes
    faults: Faults
    authorization: Authorization
    authentication: Authentication
    issuing: Issuing
    root_access: RootAccess
    outbound: OutboundFederation
    sts: Sts
    console: ConsoleSessions
    trust_anchors: TrustAnchors

    @classmethod
    def of(cls, organisation: Organisation, *, url: str, instance: str, sessions: Sessions, faults: Faults) -> Parts:
        """Those of an organisation, as its seed has it."""
        organisation, idps = served_idp.serve(organisation, url)
        directory, codes = Directory(organisation), UsedCodes()
        organizations = Organizations(organisation)
        authorization, issuing = Authorization(organizations), Issuing(directory, sessions)
        authentication = Authentication(directory, sessions)
        root_access = RootAccess(directory, organizations, authorization, issuing)
        enabled = [account.id for account in organisation.accounts if account.outbound_federation]
        outbound = OutboundFederation(url, organizations, authorization, enabled)
        further = {
            "AssumeRoot": root_access.assume_root,
            "GetWebIdentityToken": outbound.get_web_identity_token,
        }
        return cls(
            organisation=organisation,
            url=url,
            instance=instance,
            idps=idps,
            directory=directory,
            organizations=organizations,
            sessions=sessions,
            codes=codes,
            faults=faults,
            authorization=authorization,
            authentication=authentication,
            issuing=issuing,
            root_access=root_access,
            outbound=outbound,
            sts=Sts(directory, authorization, issuing, codes, further),
            console=ConsoleSessions(authentication, instance),
            trust_anchors=TrustAnchors(anchor for account in organisation.accounts for anchor in account.trust_anchors),
        )

    @property
    def enrolment(self) -> Enrolment:
        """What gives certificates to whoever owns the emulator."""
        profiles = [one for account in self.organisation.accounts for one in account.roles_anywhere_profiles]
        return Enrolment(self.trust_anchors, profiles)

    def account_names(self) -> dict[str, str]:
        """What the accounts are called, by id; one without a name is called by its id."""
        return {account.id: account.name or account.id for account in self.organisation.accounts}
