"""Which sections of ~/.aws/credentials the agent writes anew whenever their session is renewed; no secret in it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from stsctl.dataclass import dataclass
from stsctl.host import files
from stsctl.stores import records
from stsctl.target import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptProfile:
    """The section of `profile` in the credentials file `place`, and the session that it is to have."""

    profile: str
    place: str
    wanted: Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptProfiles:
    """One small file each in `folder`; raises FileError. `place` is the credentials file that is meant."""

    folder: Path
    place: str

    def put(self, profile: str, wanted: Wanted) -> None:
        """Keeps a section fresh from now on."""
        kept = KeptProfile(profile=profile, place=self.place, wanted=wanted)
        files.replace(self._file(profile), records.render(kept).encode())

    def drop(self, profile: str) -> bool:
        """Keeps it fresh no more; False where it was not."""
        return files.remove(self._file(profile))

    def all(self) -> list[KeptProfile]:
        """Those of that credentials file, by name."""
        found = (records.parse(KeptProfile, files.read(path) or b"") for path in self.folder.glob("*.json"))
        return sorted((each for each in found if each and each.place == self.place), key=lambda each: each.profile)

    def _file(self, profile: str) -> Path:
        digest = hashlib.sha256(f"{self.place}\n{profile}".encode(errors="surrogatepass")).hexdigest()
        return self.folder / f"{digest[:32]}.json"
