"""Keys that a profile of the AWS files holds in plain text."""

from __future__ import annotations

from stsctl.credentials import Credentials
from stsctl.dataclass import dataclass
from stsctl.profile import Profile
from stsctl.request import Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileKeys:
    """The keys in `profile`."""

    profile: Profile

    def asker(self) -> Asker | None:
        """The access key id; see `Source`."""
        found = self.profile.credentials()
        return None if found is None else Asker.of_keys(found.access_key_id)

    def credentials(self) -> Credentials | None:
        """The keys; see `Source`. Raises ConfigurationError for half a pair."""
        return self.profile.credentials()
