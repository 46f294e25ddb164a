"""The kernel's keyrings, by Linux's own system calls: no library, no daemon and no bus stands between.

Sources: add_key(2), keyctl(2), keyrings(7). Every function raises OSError, with the kernel's own number.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

PROCESS = -2
"""The keyring of this process alone, which ends with it; what it leads to, this process possesses."""
USER = -4
"""The keyring of this user, in every session and from one login to the next."""

_JOIN_SESSION, _DESCRIBE, _LINK, _UNLINK, _SEARCH, _READ, _SET_TIMEOUT = 1, 6, 8, 9, 10, 11, 15
_NUMBERS = {
    "x86_64": (248, 250),
    "aarch64": (217, 219),
    "loongarch64": (217, 219),
    "riscv64": (217, 219),
    "ppc64le": (269, 271),
    "s390x": (278, 280),
}
"""Those of add_key and keyctl, by machine (64 bits); from the kernel's own tables."""
_FIRST_GUESS = 4096


def add(kind: str, description: str, payload: bytes, ring: int) -> int:
    """A new key in `ring`, or that one with a new payload which has its kind and description there; its serial."""
    return _call(0, kind.encode(), description.encode(), payload, ctypes.c_size_t(len(payload)), ctypes.c_long(ring))


def link(serial: int, ring: int) -> None:
    """Puts a key into another ring too, in the place of one with the same kind and description."""
    _keyctl(_LINK, serial, ring)


def unlink(serial: int, ring: int) -> None:
    """Takes a key out of a ring; in none any more, it is destroyed."""
    _keyctl(_UNLINK, serial, ring)


def search(ring: int, kind: str, description: str) -> int:
    """The serial of a key in `ring`."""
    return _keyctl(_SEARCH, ring, kind.encode(), description.encode(), 0)


def read(serial: int) -> bytes:
    """What a key holds."""
    size = _FIRST_GUESS
    while True:
        buffer = ctypes.create_string_buffer(size)
        length = _keyctl(_READ, serial, buffer, size)
        if length <= size:
            return buffer.raw[:length]
        size = length


def members(ring: int) -> list[int]:
    """The serials of the keys in a ring."""
    content = read(ring)
    return [serial for (serial,) in struct.iter_unpack("i", content[: len(content) // 4 * 4])]


def description(serial: int) -> str:
    """What a key is called."""
    buffer = ctypes.create_string_buffer(_FIRST_GUESS * 2)
    length = _keyctl(_DESCRIBE, serial, buffer, len(buffer))
    # `type;uid;gid;permissions;description`, and a NUL.
    return buffer.raw[: max(length - 1, 0)].decode(errors="replace").split(";", 4)[-1]


def set_timeout(serial: int, seconds: int) -> None:
    """Lets a key expire, in that time from now."""
    _keyctl(_SET_TIMEOUT, serial, seconds)


def join_new_session() -> None:
    """Gives this process a session keyring of its own, in which there is nothing."""
    _keyctl(_JOIN_SESSION, None)


def _keyctl(operation: int, *arguments: object) -> int:
    return _call(1, ctypes.c_long(operation), *arguments)


def _call(which: int, *arguments: object) -> int:
    numbers = _NUMBERS.get(platform.machine()) if sys.platform == "linux" and sys.maxsize > 2**32 else None
    if numbers is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    # Each as wide as a register: a C function whose arguments vary does not widen them by itself.
    wide = (ctypes.c_long(each) if isinstance(each, int) else each for each in arguments)
    answer = int(libc.syscall(ctypes.c_long(numbers[which]), *wide))
    if answer < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return answer
