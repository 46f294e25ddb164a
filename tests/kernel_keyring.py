"""The kernel's keyrings in tests: whether they may be used, what is in them, and other users' own."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from stsctl.host import keyctl
from stsctl.stores.kernel import KernelStore


def available() -> bool:
    """Whether this kernel has keyrings, and they may be used here (a container's seccomp may forbid it)."""
    try:
        keyctl.link(keyctl.USER, keyctl.PROCESS)
    except OSError:
        return False
    return True


def open_kernel(service: str) -> KernelStore:
    """A store whose keys are of that name."""
    return KernelStore(now=lambda: datetime.now(UTC), service=service)


def keys(service: str) -> dict[str, int]:
    """The serials of a service's keys, by description."""
    keyctl.link(keyctl.USER, keyctl.PROCESS)
    found = {}
    for serial in keyctl.members(keyctl.USER):
        with suppress(OSError):
            found[keyctl.description(serial)] = serial
    return {name: serial for name, serial in found.items() if name.startswith(f"{service}:")}


def clear(service: str) -> None:
    """Takes a service's keys away."""
    for serial in keys(service).values():
        keyctl.unlink(serial, keyctl.USER)


def in_child(action: Callable[[], object], *, uid: int | None = None) -> str:
    """What `action` says in a process that was logged in anew, as another user where that is asked for.

    Its session keyring is empty and does not lead to the user keyring, as that of a login without pam_keyinit.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if uid is not None:
                os.setgroups([])
                os.setresgid(uid, uid, uid)
                os.setresuid(uid, uid, uid)
            keyctl.join_new_session()
            os.write(writer, str(action()).encode())
        except BaseException:  # noqa: BLE001 - whatever it is, the test shows it
            os.write(writer, traceback.format_exc().encode())
        finally:
            sys.stdout.flush()
            os._exit(0)
    os.close(writer)
    with open(reader, encoding="utf-8") as said:  # noqa: PTH123 - a descriptor
        answer = said.read()
    os.waitpid(child, 0)
    return answer
