"""Long-term keys that rest in the store."""

from __future__ import annotations

from collections.abc import Callable
from shlex import quote

from stsctl.credentials import Credentials
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError
from stsctl.request import Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKeys:
    """The keys of source `name`. `key_id` tells their id without opening the store, `read` opens it."""

    name: str
    key_id: Callable[[], str | None]
    read: Callable[[], Credentials | None]

    def asker(self) -> Asker | None:
        """The access key id; see `Source`."""
        found = self.key_id()
        if found is None:
            raise self._missing()
        return Asker.of_keys(found)

    def credentials(self) -> Credentials | None:
        """The keys; see `Source`."""
        found = self.read()
        if found is None:
            raise self._missing()
        return found

    def _missing(self) -> ConfigurationError:
        return ConfigurationError(
            f'there are no keys for source "{self.name}" in the store', hint=f"stsctl keys add {quote(self.name)}"
        )
