"""The trust anchors of all accounts, with the certificates of their CAs; the emulator is the CA of some itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from stsctl.emulator.protocol import certificates
from stsctl.emulator.roles_anywhere.certificate_authority import CertificateAuthority
from stsctl.emulator.roles_anywhere.trust import denied
from stsctl.emulator.seeds.roles_anywhere import TrustAnchor

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


class TrustAnchors:
    """All of them, `by_arn`; `own` are the emulator's CAs, by the ARN of the trust anchor that believes them."""

    def __init__(self, anchors: Iterable[TrustAnchor]) -> None:
        self.by_arn = {anchor.arn: anchor for anchor in anchors}
        self.own: Mapping[str, CertificateAuthority] = {
            anchor.arn: CertificateAuthority(anchor.name)
            for anchor in self.by_arn.values()
            if anchor.certificates is None
        }

    def find(self, arn: str, region: str) -> TrustAnchor:
        """The trust anchor, in the region that was asked; raises Refusal."""
        anchor = self.by_arn.get(arn)
        if anchor is None or anchor.region != region:
            raise denied("Specified Trust Anchor wasn't found.")
        if not anchor.enabled:
            raise denied("Trust Anchor is disabled.")  # AWS's own words are not known
        return anchor

    def certificates(self, anchor: TrustAnchor) -> tuple[Certificate, ...]:
        """Those of its CAs."""
        if anchor.certificates is None:
            return (self.own[anchor.arn].certificate,)
        return certificates.read_bundle(anchor.certificates)
