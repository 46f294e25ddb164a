"""Chunked bodies: read whole, or refused."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stsctl.emulator.protocol.chunked import Chunked


def chunked(parts: list[bytes], *, trailer: bytes = b"") -> bytes:
    """The parts as chunks, with the empty one that ends them."""
    return b"".join(b"%X;x=y\r\n%s\r\n" % (len(part), part) for part in parts if part) + b"0\r\n" + trailer + b"\r\n"


@given(parts=st.lists(st.binary(max_size=40), max_size=6), rest=st.binary(max_size=10))
def test_read_whole(parts: list[bytes], rest: bytes) -> None:
    """What was sent in chunks is read, whatever stands in it, and not a byte of what follows."""
    stream = io.BytesIO(chunked(parts, trailer=b"X-Trailer: 1\r\n") + rest)
    assert Chunked(stream).read(1000) == b"".join(parts)
    assert stream.read() == rest


@given(parts=st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=4), data=st.data())
def test_cut_off(parts: list[bytes], data: st.DataObject) -> None:
    """A body that ends too early is none."""
    whole = chunked(parts)
    with pytest.raises(OSError, match=r"ends within|does not begin|longer than"):
        Chunked(io.BytesIO(whole[: data.draw(st.integers(0, len(whole) - 1))])).read(1000)


def test_no_more_than_wanted() -> None:
    """Of a body that is too long, so much is read and no more."""
    assert Chunked(io.BytesIO(chunked([b"abc", b"defg"]))).read(5) == b"abcde"
    with pytest.raises(OSError, match=r"ends within a chunk"):
        Chunked(io.BytesIO(b"ffffffffffffffff\r\nabc")).read(1000)


@pytest.mark.parametrize("head", [b"", b"x", b"-1", b"+1", b"0x1", b" 1", b"1 1", b"1" * 17, b"1" * 9000])
def test_lengths_that_are_none(head: bytes) -> None:
    """A chunk begins with its length in hexadecimal and nothing else."""
    with pytest.raises(OSError, match=r"does not begin with its length|line is too long"):
        Chunked(io.BytesIO(head + b"\r\na\r\n0\r\n\r\n")).read(1000)


def test_trailers_without_end() -> None:
    """Trailers are skipped, but not for ever."""
    with pytest.raises(OSError, match="too many trailers"):
        Chunked(io.BytesIO(chunked([b"a"], trailer=b"X: y\r\n" * 1000))).read(10)
