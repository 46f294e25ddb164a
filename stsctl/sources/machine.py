"""The role that this machine itself has: an instance's, or a container's.

Sources: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
"""

from __future__ import annotations

from dataclasses import dataclass, field

from stsctl.credentials import Credentials
from stsctl.request import Asker
from stsctl.source import SourceKind
from stsctl.sources.client import metadata_credentials

_PROVIDERS = {SourceKind.INSTANCE_METADATA: "iam-role", SourceKind.CONTAINER: "container-role"}
"""By what name botocore knows what looks there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineRole:
    """The role of the instance or of the container that this is; it is asked for once."""

    kind: SourceKind
    _found: list[Credentials | None] = field(default_factory=list)

    def asker(self) -> Asker | None:
        """The access key id; see `Source`."""
        found = self.credentials()
        return None if found is None else Asker.of_keys(found.access_key_id)

    def credentials(self) -> Credentials | None:
        """The credentials; None where the machine has no such role."""
        if not self._found:
            self._found.append(metadata_credentials(_PROVIDERS[self.kind]))
        return self._found[0]
