"""Asking through a pinentry, the program that GnuPG asks with: there is one for every desktop.

Source: https://www.gnupg.org/documentation/manuals/assuan/ (the protocol) and the info page of pinentry (the commands)
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import IO
from urllib.parse import quote_from_bytes, unquote_to_bytes

from stsctl.dataclass import dataclass
from stsctl.host import process

_DECLINED = {62, 99, 198}
"""GPG_ERR_TIMEOUT, GPG_ERR_CANCELED and GPG_ERR_FULLY_CANCELED of libgpg-error."""
_GENERAL = 1
_CODE_BITS = 0xFFFF
"""The bits of an error that are its code; the others say whose it is (gpg-error.h)."""
_LONGEST = 1000
"""Bytes of a line, as the protocol has it."""
_CHARACTERS = 240
"""As many of a text fit in a line, whatever they are."""


class NotShownError(Exception):
    """The program could not show the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinentry:
    """The pinentry at `path`. What is typed is never shown; `terminal` is the device of one that has no desktop."""

    path: str
    terminal: str | None = None

    def ask(self, question: str, *, environ: Mapping[str, str], timeout: timedelta) -> str | None:
        """What the person typed; None where they would not. Raises NotShownError, TimeoutError."""
        with process.conversation([self.path], environ=environ, timeout=timeout) as talk:
            assert talk.stdin is not None
            assert talk.stdout is not None
            _answer(talk.stdout)  # its greeting
            for command in self._settings(question, environ, timeout):
                _say(talk.stdin, command)
                _answer(talk.stdout)
            _say(talk.stdin, "GETPIN")
            try:
                code, typed = _answer(talk.stdout)
            except NotShownError:
                if self.terminal is None:
                    raise
                return None  # Ctrl-C ends one that has the terminal, without a word
        if code in _DECLINED:
            return None
        if code:
            raise NotShownError
        return typed

    def _settings(self, question: str, environ: Mapping[str, str], timeout: timedelta) -> list[str]:
        """Commands that a pinentry may refuse, and show the question all the same."""
        # It ends by itself soon after the time is over, should nobody be left to end it.
        seconds = int(timeout.total_seconds()) + 2
        settings = ["SETTITLE stsctl", f"SETDESC {_escaped(question)}", "SETPROMPT", f"SETTIMEOUT {seconds}"]
        if self.terminal:
            settings += [f"OPTION ttyname={self.terminal}", f"OPTION ttytype={environ.get('TERM') or 'dumb'}"]
        return settings


def _say(stream: IO[bytes], command: str) -> None:
    try:
        stream.write(command.encode(errors="replace") + b"\n")
        stream.flush()
    except OSError as error:
        raise NotShownError from error


def _answer(stream: IO[bytes]) -> tuple[int, str]:
    """The code of the error (0 for none), and the data before it; raises NotShownError for what is no answer."""
    data = b""
    while True:
        line = stream.readline(2 * _LONGEST)
        word, _, rest = line.rstrip(b"\r\n").partition(b" ")
        match word:
            case b"OK":
                return 0, unquote_to_bytes(data).decode(errors="replace")
            case b"ERR":
                return _code(rest), ""
            case b"D" if len(data) < _LONGEST:
                data += rest
            case b"S" | b"#":
                continue
            case _:
                raise NotShownError


def _code(rest: bytes) -> int:
    """The code in what follows ERR."""
    number = rest[:20].partition(b" ")[0]
    return (int(number) & _CODE_BITS if number.isdigit() else 0) or _GENERAL


def _escaped(text: str) -> str:
    """A text as an argument of a command: in one line, and short enough for it."""
    shown = text if len(text) <= _CHARACTERS else f"{text[: _CHARACTERS - 1]}…"
    return "".join(quote_from_bytes(each.encode(), safe="") if each in "%\r\n" else each for each in shown)
