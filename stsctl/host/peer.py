"""Who is at the other end of a connection within this machine, where the system tells."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
"""The second too: a program with one kind of socket for both (as in Java) is there, by its mapped address."""
_ROOT = 0
_ESTABLISHED = b"01"
"""A socket that its program has given up already is shown as root's, whosever it was."""


def is_stranger(connection: socket.socket) -> bool:
    """Whether another user's program has connected; no, where the system keeps no list of connections.

    Root's program, which can read everything anyway, is no stranger. One that has hung up, be it for one direction, is
    in the list no more as what it was: it could be anybody's, so it is taken for a stranger's.

    Source: https://docs.kernel.org/networking/proc_net_tcp.html
    """
    if sys.platform != "linux":
        return False
    try:
        ends = _spelled(connection.getpeername()), _spelled(connection.getsockname())
    except OSError:  # it is closed
        return True
    wanted = {_ends(*ends), _ends(*map(_mapped, ends))}
    asked = False
    for table in _TABLES * 2:  # a list that changes while it is read may leave one out
        try:
            lines = table.read_bytes().splitlines()
        except OSError:
            continue
        asked = True
        for line in lines:
            fields = line.split()
            if tuple(fields[1:3]) in wanted and fields[3] == _ESTABLISHED:
                return int(fields[7]) not in (_ROOT, os.geteuid())
    return asked


def _ends(theirs: str, ours: str) -> tuple[bytes, bytes]:
    return theirs.encode(), ours.encode()


def _spelled(address: tuple[str, int]) -> str:
    """An address as the table has it: words of 32 bits in the machine's own order of bytes, then the port."""
    host, port = address[:2]
    packed = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    words = (packed[at : at + 4] for at in range(0, len(packed), 4))
    return "".join(f"{int.from_bytes(word, sys.byteorder):08X}" for word in words) + f":{port:04X}"


def _mapped(spelled: str) -> str:
    """An IPv4 address as a socket of IPv6 has it, ::ffff:127.0.0.1 (RFC 4291 2.5.5.2)."""
    marker = int.from_bytes(b"\x00\x00\xff\xff", sys.byteorder)
    return f"{0:016X}{marker:08X}{spelled}"
