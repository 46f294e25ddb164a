"""A socket for the programs of one user, in a folder that nobody else can enter."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shlex
import socket
import stat
import struct
from pathlib import Path

from stsctl.errors import ConfigurationError
from stsctl.host import files

_KNOCKING = 64
_LONGEST = 100
"""Characters of an address that every system takes (sun_path: 104 bytes on macOS, 108 on Linux)."""


class NotOursError(ConfigurationError):
    """Another user could be behind it."""


def listen(path: Path) -> socket.socket:
    """Listens at `path`, in place of whatever a dead process left there: for whoever holds the lock that it is theirs.

    Raises NotOursError and FileError.
    """
    _refuse_long(path)
    files.private_folder(path.parent)
    _check(path.parent)
    try:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        before = os.umask(0o177)
        try:
            found.bind(str(path))
        finally:
            os.umask(before)
        found.listen(_KNOCKING)
    except OSError as error:
        raise files.problem("listen at", path, error) from error
    return found


def connect(path: Path, seconds: float) -> socket.socket | None:
    """A connection to who listens at `path`, which waits that long at most; None where nobody does.

    Raises NotOursError where that could be, or is, another user.
    """
    if len(str(path)) > _LONGEST or not path.parent.exists():
        return None
    _check(path.parent)
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        found.settimeout(seconds)
        found.connect(str(path))
        if user(found) != os.geteuid():
            raise NotOursError(f'another user listens at "{path}"', hint=f"rm {shlex.quote(str(path))}")
    except OSError:
        found.close()
        return None
    except BaseException:
        found.close()
        raise
    return found


def user(connection: socket.socket) -> int:
    """The user id of the program at the other end, as the system knows it; raises OSError.

    Sources: unix(7) for SO_PEERCRED, getpeereid(3) for macOS and the BSDs.
    """
    if hasattr(socket, "SO_PEERCRED"):
        size = struct.calcsize("3i")
        _, found, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        return int(found)
    uid, gid = ctypes.c_uint(), ctypes.c_uint()
    library = ctypes.CDLL(None, use_errno=True)
    if library.getpeereid(connection.fileno(), ctypes.byref(uid), ctypes.byref(gid)) != 0:
        raise OSError(ctypes.get_errno(), "getpeereid")
    return uid.value


def _check(folder: Path) -> None:
    """Raises NotOursError unless `folder` is this user's own, and closed to all others."""
    try:
        found = folder.lstat()
    except OSError as error:
        raise files.problem("look at", folder, error) from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise NotOursError(
            f'"{folder}" is no folder of yours, so another user could be behind what is in it',
            hint="set XDG_RUNTIME_DIR to a folder that is",
        )
    if found.st_mode & 0o077:
        raise NotOursError(f'others can enter "{folder}"', hint=f"chmod 700 {shlex.quote(str(folder))}")


def _refuse_long(path: Path) -> None:
    if len(str(path)) > _LONGEST:
        raise ConfigurationError(
            f'"{path}" is too long for the address of a socket', hint="set XDG_RUNTIME_DIR to one with a short name"
        )
