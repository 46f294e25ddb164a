"""Identity providers where they are served: their URLs, keys and metadata, and the accounts that trust them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from stsctl.emulator.protocol.saml_document import metadata
from stsctl.emulator.seeds.idp import Idp, Person
from stsctl.emulator.seeds.idp_seed import ISSUER_MARK
from stsctl.emulator.seeds.organisation import Account, Organisation
from stsctl.emulator.world.signing_keys import SigningKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedIdp:
    """An identity provider with its keys. `emulator` is the emulator's URL.

    `providers` is the SAML provider that each account has for it, by the account's id.
    """

    idp: Idp
    emulator: str
    keys: SigningKeys
    providers: Mapping[str, str]

    @property
    def path(self) -> str:
        """Where its pages are, whatever the emulator is called by."""
        return f"/idp/{self.idp.name}"

    @property
    def url(self) -> str:
        """Where its pages are."""
        return f"{self.emulator}{self.path}"

    @property
    def entity_id(self) -> str:
        """How its SAML responses name it."""
        return self.idp.entity_id or f"{self.url}/metadata"

    @property
    def issuer(self) -> str:
        """How its OIDC tokens name it."""
        return f"{self.url}/oidc"

    def metadata(self) -> str:
        """Its SAML metadata."""
        return metadata(self.entity_id, self.keys.certificate, sign_on=f"{self.url}/saml")

    def role_pairs(self, person: Person) -> list[str]:
        """The roles of somebody, each with its provider, as AWS wants to be told."""
        return [role if "," in role else f"{role},{self.providers[role.split(':')[4]]}" for role in person.roles]


def serve(organisation: Organisation, emulator: str) -> tuple[Organisation, tuple[ServedIdp, ...]]:
    """The identity providers of an organisation, and the organisation with their URLs and keys in it."""
    served = {
        idp.name: ServedIdp(
            idp=idp,
            emulator=emulator,
            keys=SigningKeys(idp.title[:64]),
            providers={
                account.id: f"arn:{account.regions.partition}:iam::{account.id}:saml-provider/{saml.name}"
                for account in organisation.accounts
                for saml in account.saml_providers
                if saml.idp == idp.name
            },
        )
        for idp in organisation.idps
    }
    accounts = tuple(_trusting(account, served) for account in organisation.accounts)
    return replace(organisation, accounts=accounts), tuple(served.values())


def _trusting(account: Account, served: Mapping[str, ServedIdp]) -> Account:
    """The account, in which every name of an identity provider is replaced by what the name stands for."""
    return replace(
        account,
        oidc_providers=tuple(
            replace(oidc, url=served[oidc.idp].issuer) if oidc.idp else oidc for oidc in account.oidc_providers
        ),
        saml_providers=tuple(
            replace(saml, metadata=served[saml.idp].metadata()) if saml.idp else saml for saml in account.saml_providers
        ),
        roles=tuple(
            replace(role, trust=ISSUER_MARK.sub(lambda mark: _without_scheme(served[mark[1]].issuer), role.trust))
            for role in account.roles
        ),
    )


def _without_scheme(url: str) -> str:
    return url.split("://", 1)[1]
