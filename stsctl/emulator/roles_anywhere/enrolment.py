"""Certificates for whoever owns the emulator, and what is to be had with them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from stsctl.emulator.roles_anywhere.trust_anchors import TrustAnchors
from stsctl.emulator.seeds.roles_anywhere import RolesAnywhereProfile, TrustAnchor


class NotEnrolledError(Exception):
    """There is no such certificate to be had; the message says why."""


class Enrolment:
    """Gives certificates of the CAs that the emulator is itself."""

    def __init__(self, anchors: TrustAnchors, profiles: Sequence[RolesAnywhereProfile]) -> None:
        self._anchors = anchors
        self._profiles = profiles

    def enrol(self, name: str, anchor_name: str | None, now: datetime) -> dict[str, object]:
        """A certificate whose common name is `name`; raises NotEnrolledError."""
        if not re.fullmatch(r"[\w.@+=,-]{1,61}", name, re.ASCII):
            raise NotEnrolledError(f'"{name[:100]}" is no name for a certificate')
        anchor = self._anchor(anchor_name)
        issued = self._anchors.own[anchor.arn].issue(name, now)
        place = anchor.arn.split(":")[3:5]
        return {
            "certificate": issued.certificate,
            "private_key": issued.key.reveal(),
            "trust_anchor_arn": anchor.arn,
            "profiles": [
                {"name": profile.name, "arn": profile.arn, "roles": list(profile.roles)}
                for profile in self._profiles
                if profile.arn.split(":")[3:5] == place
            ],
        }

    def _anchor(self, name: str | None) -> TrustAnchor:
        """The trust anchor of that name, or the only one."""
        known = [self._anchors.by_arn[arn] for arn in self._anchors.own]
        found = [anchor for anchor in known if name is None or name in (anchor.name, anchor.arn)]
        if len(found) == 1:
            return found[0]
        if not known:
            raise NotEnrolledError("this organisation has no trust anchor whose CA is the emulator")
        names = ", ".join(anchor.name for anchor in known)
        if name is not None and not found:
            raise NotEnrolledError(f'there is no trust anchor "{name[:100]}" whose CA is the emulator, only: {names}')
        raise NotEnrolledError(f"name one trust anchor, of these: {names}")
