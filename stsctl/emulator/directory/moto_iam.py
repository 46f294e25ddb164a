"""What moto's IAM gets wrong about users, ids and policies, put right before it is used."""

from __future__ import annotations

from typing import Any

from stsctl.emulator.directory import moto_determinism
from stsctl.emulator.world import identifiers


class _Unchecked:
    """In the place of moto's validators, which refuse some of what AWS takes: policies are checked before."""

    def __init__(self, _document: str) -> None:
        pass

    def validate(self) -> None:
        """Finds nothing."""


def mend(models: Any) -> None:
    """Users can have boundaries, and everybody's ids are shaped like AWS's; most of moto's are not.

    What moto draws by chance comes from where the emulator's own ids come from.
    """
    moto_determinism.draw_from_chance()
    models.IAMPolicyDocumentValidator = models.IAMTrustPolicyDocumentValidator = _Unchecked
    models.User.permissions_boundary_arn = None
    models.User.permissions_boundary = models.Role.permissions_boundary
    kinds = (
        (models.User, "AIDA"),
        (models.Group, "AGPA"),
        (models.ManagedPolicy, "ANPA"),
        (models.InstanceProfile, "AIPA"),
    )
    for kind, prefix in kinds:
        if not hasattr(kind, "stsctl_prefix"):
            kind.stsctl_prefix = prefix
            kind.__init__ = _with_id(kind.__init__, prefix)


def _with_id(init: Any, prefix: str) -> Any:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - it replaces moto's
        init(self, *args, **kwargs)
        self.id = identifiers.unique_id(prefix)

    return __init__
