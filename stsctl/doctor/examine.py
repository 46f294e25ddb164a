"""Every check of the doctor's, on one picture."""

from __future__ import annotations

from stsctl.doctor import files, profiles, store, variables, way
from stsctl.doctor.finding import Finding
from stsctl.doctor.picture import Picture

CHECKS = (store.check, way.check, files.check, profiles.check, variables.check)


def examine(picture: Picture) -> list[Finding]:
    """What is found, the heaviest first, otherwise in the order of the checks."""
    found = [finding for check in CHECKS for finding in check(picture)]
    return sorted(found, key=lambda finding: finding.severity.rank)
