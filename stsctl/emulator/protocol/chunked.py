"""Request bodies that come in HTTP's own chunks.

Source: RFC 9112, section 7.1. werkzeug's reader of them is for development: a chunk that is shorter than it says makes
it end the process.
"""

from __future__ import annotations

import re
from typing import IO

_HEAD = re.compile(rb"([0-9a-fA-F]{1,16})[ \t]*(;[^\r\n]*)?\r?\n")
_LONGEST_LINE = 8192
_MOST_TRAILERS = 100
_PIECE = 1024 * 1024


class Chunked:
    """Reads a chunked body from a connection; `read` raises OSError where it is none, or ends too early."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def read(self, most: int) -> bytes:
        """The body and what follows it, or its first `most` bytes, with nothing said of the rest."""
        body = bytearray()
        while length := self._length():
            self._append(body, min(length, most - len(body)))
            if len(body) == most:
                return bytes(body)
            if self._stream.readline(3) not in (b"\r\n", b"\n"):
                raise OSError("a chunk is longer than it says")
        for _ in range(_MOST_TRAILERS):
            if self._line() in (b"\r\n", b"\n"):
                return bytes(body)
        raise OSError("there are too many trailers")

    def _length(self) -> int:
        head = _HEAD.fullmatch(self._line())
        if head is None:
            raise OSError("a chunk does not begin with its length")
        return int(head[1], 16)

    def _append(self, body: bytearray, length: int) -> None:
        ends = len(body) + length
        while len(body) < ends:
            piece = self._stream.read(min(_PIECE, ends - len(body)))
            if not piece:
                raise OSError("the body ends within a chunk")
            body += piece

    def _line(self) -> bytes:
        line = self._stream.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise OSError("a line is too long, or the body ends within it")
        return line
