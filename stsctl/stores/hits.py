"""What the hook may answer by itself: one file a name, with the records of the latest plain answers.

There may be several, for shells whose variables differ: each name keeps the last few.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from stsctl import hook
from stsctl.credentials import Session
from stsctl.dataclass import dataclass
from stsctl.host import files
from stsctl.host.witness import Witness

_KEPT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainAnswer:
    """What was answered, and what it was made of: the text that an item of the keyring keeps.

    `since` and `until` are seconds of this machine's clock: before, the session cannot have been obtained; from then on
    a fresher one would be wanted.
    """

    line: str
    session: Session
    item: bytes
    kept: bytes
    since: int
    until: int
    host: str

    def record(self, witness: Witness, environ: hook.Environ) -> bytes | None:
        """What has to be so for the answer to be given again; None where that cannot be said in lines."""
        # Where one name is several (Windows), it is told in capitals, as `os.environ` keeps it.
        asked = {name.upper() if os.name == "nt" else name for name in witness.variables}
        names = [os.fsencode(name) for name in sorted(asked)]
        said = [
            hook.VERSION,
            b"during %d %d" % (self.since, self.until),
            b"host " + self.host.encode(),
            b" ".join([b"variables", hook.digest_of_variables(names, environ), *names]),
            *(b"file %b %b" % (stamp, path) for path, stamp in witness.files.items()),
            *(b"rights %b %b" % (rights, path) for path, rights in witness.rights.items()),
            b"item " + self.item,
            b"answer " + hook.digest(self.line.encode()),
            *self._pieces(),
        ]
        ambiguous = any(b"\n" in each for each in said) or any(b" " in name or not name for name in names)
        return None if ambiguous else b"\n".join(said)

    def _pieces(self) -> list[bytes]:
        """The line in pieces: what is secret by its place in the item's text, the rest as it is."""
        credentials = self.session.credentials
        secrets = [each for each in (credentials.secret_access_key, credentials.session_token) if each]
        pieces, rest = [], self.line.encode()
        for secret in secrets:
            spelled = json.dumps(secret.reveal())[1:-1].encode()
            before, found, rest = rest.partition(spelled)
            if not found or spelled not in self.kept:
                return [b"nothing"]
            pieces += [b"text " + before, b"secret %d %d" % (self.kept.index(spelled), len(spelled))]
        return [*pieces, b"text " + rest]


def keep(name: str, answer: PlainAnswer, witness: Witness, environ: hook.Environ, now: float) -> bool:
    """Leaves a record of a plain answer for `name`; False, and nothing left, where it would not lead to it again."""
    folder = hook.folder(environ)
    record = answer.record(witness, environ)
    if not witness.sure or folder is None or record is None:
        return False
    try:
        found = hook.hit(record, environ, now)
        path = Path(os.fsdecode(folder + hook.record_name(name)))
    except (ValueError, hook.UnusualError, OSError):
        return False
    if found is None or found.answer(answer.kept) != answer.line.encode() + b"\n":
        return False
    others = [each for each in _records(path) if _variables(each) != _variables(record)]
    files.replace(path, b"\n\n".join([record, *others[: _KEPT - 1]]))
    return True


def drop_all(folder: Path) -> None:
    """Forgets every record under `folder`."""
    for path in folder.glob("*/*"):
        files.remove(path)


def _records(path: Path) -> list[bytes]:
    return (files.read(path) or b"").split(b"\n\n")


def _variables(record: bytes) -> bytes:
    return next((line for line in record.split(b"\n") if line.startswith(b"variables ")), b"")
