"""Another tool's store, reached by a program: `pass`, a team's Vault, whatever gets, puts and deletes.

The program is run as `PROGRAM… get|put|delete PATH`, without a shell. Values go by its stdin and stdout alone, one line
of printable ASCII each. It ends with 0, or with 66 where there is nothing at PATH (EX_NOINPUT of sysexits.h).
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import shlex
from collections.abc import Mapping, Sequence
from datetime import timedelta

from stsctl.credentials import Secret
from stsctl.errors import StoreError, StsctlError
from stsctl.host import process
from stsctl.stores import parts
from stsctl.stores.interface import Capacity, DamagedError, Item, Kind

NOT_THERE = 66
_TIMEOUT = timedelta(seconds=60)
_LONGEST = 2**20
"""Bytes of an answer: a program that says more is not believed."""
_PLAIN = re.compile(r"[a-z0-9][a-z0-9._@-]{0,199}")


class ProcessStore:
    """Keeps each item where the program `argv` puts it; `environ` is what that runs with.

    `service` is where every path begins. A call may take as long as `timeout`: perhaps a person has to unlock it.
    """

    def __init__(
        self,
        argv: Sequence[str],
        *,
        environ: Mapping[str, str],
        service: str = "stsctl",
        name: str = "process",
        timeout: timedelta = _TIMEOUT,
    ) -> None:
        self._argv = tuple(argv)
        self._environ = environ
        self._service = service
        self._name = name
        self._timeout = timeout

    @property
    def name(self) -> str:
        """As the configuration and `list` write it."""
        return self._name

    @property
    def capacity(self) -> Capacity:
        """What it can take, as far as stsctl knows: what lies behind the program may take less, and say so."""
        return Capacity(item_bytes=(_LONGEST - 4) // 6, items=None, outlives_reboot=True)

    def get(self, kind: Kind, key: str) -> Secret | None:
        """The value of an item, None where there is none; raises DamagedError for what was not put by stsctl."""
        answer = self._run("get", kind, key)
        if answer is None:
            return None
        try:
            line = answer.decode("ascii").rstrip("\r\n")
            value = parts.unpack(line) if line.isprintable() else None
        except UnicodeDecodeError:
            value = None
        if value is None:
            path = self._path(kind, key)
            raise DamagedError(f'what "{self._argv[0]}" has at "{path}" is not what stsctl put there')
        return Secret(value)

    def put(self, item: Item) -> None:
        """Keeps `item`."""
        line = parts.pack(item.value.reveal()) + "\n"
        if len(line) > _LONGEST:
            raise StoreError(f"store_process: an item is longer than can be read back ({_LONGEST} bytes)")
        if self._run("put", item.kind, item.key, line.encode("ascii")) is None:
            raise self._failed("put", f"status {NOT_THERE}", item.kind, item.key)

    def delete(self, kind: Kind, key: str) -> bool:
        """Forgets an item; False where there was none, if the program tells."""
        return self._run("delete", kind, key) is not None

    def _path(self, kind: Kind, key: str) -> str:
        """Where an item is: readable where the key is plain; never more than one folder below its kind's."""
        name = key if _PLAIN.fullmatch(key) else f"_{hashlib.sha256(key.encode(errors='surrogatepass')).hexdigest()}"
        return f"{self._service}/{kind.value}/{name}"

    def _run(self, operation: str, kind: Kind, key: str, given: bytes = b"") -> bytes | None:
        """What the program writes to its stdout; None where it says that there is nothing."""
        argv = (*self._argv, operation, self._path(kind, key))
        try:
            with process.conversation(argv, environ=self._environ, timeout=self._timeout, heard=True) as program:
                assert program.stdin is not None
                assert program.stdout is not None
                with contextlib.suppress(BrokenPipeError):  # one that does not read has its reasons, and a status
                    program.stdin.write(given)
                    program.stdin.close()
                answer = program.stdout.read(_LONGEST + 1)
                if len(answer) > _LONGEST:
                    raise self._failed(operation, f"more than {_LONGEST} bytes", kind, key)
                status = program.wait()
        except TimeoutError:
            late = f"no answer in {self._timeout.total_seconds():g} seconds"
            raise self._failed(operation, late, kind, key) from None
        except StoreError:
            raise
        except StsctlError as error:
            raise StoreError(f"store_process: {error.message}", hint=error.hint) from error
        if status not in (0, NOT_THERE):
            raise self._failed(operation, f"status {status}", kind, key)
        return answer if status == 0 else None

    def _failed(self, operation: str, how: str, kind: Kind, key: str) -> StoreError:
        argv = (*self._argv, "get", self._path(kind, key))
        return StoreError(f'store_process: "{self._argv[0]}" failed to {operation} ({how})', hint=shlex.join(argv))
