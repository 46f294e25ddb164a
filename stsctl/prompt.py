"""The current session in a few characters, for a shell's prompt: its name, and how long it lasts.

Like the hook it waits for no import: it reads two small files, of which it takes three values. Whatever is not as it
always is, is the whole program's.
"""

import posix
import sys
import time

from stsctl import hook
from stsctl.hook import Environ, UnusualError


def shown(name: str, left: float | None) -> str:
    """What a prompt shows; `left` in seconds, None where the session has no end."""
    if left is None:
        return name
    minutes = int(left // 60)
    if left <= 0:
        return f"{name} ended"
    return f"{name} {minutes // 60}h{minutes % 60:02}m" if minutes >= 60 else f"{name} {minutes}m"


_COLORS = {
    "blue": "34", "turquoise": "36", "green": "32", "yellow": "33", "orange": "38;5;208", "red": "31",
    "pink": "38;5;205", "purple": "35",
}  # fmt: skip
"""The colours of a configuration as those of a terminal (ECMA-48, Select Graphic Rendition; `38;5` as in xterm)."""
SHELLS = ("bash", "zsh", "fish", "powershell", "nu")
_UNSEEN = {"bash": ("\1", "\2"), "zsh": ("%{", "%}")}
"""What tells a line editor that what is in between takes no room: readline's own marks, zsh's prompt escapes."""


def painted(text: str, color: str | None, shell: str | None) -> str:
    """`text` for the prompt of a shell (None: for nobody in particular, so as it is)."""
    if shell == "zsh":
        text = text.replace("%", "%%")
    if shell is None or color not in _COLORS or text == "":
        return text
    begin, end = _UNSEEN.get(shell, ("", ""))
    return f"{begin}\x1b[{_COLORS[color]}m{end}{text}{begin}\x1b[0m{end}"


def seconds(instant: bytes) -> int:
    """An instant in UTC, as stsctl writes them all, in seconds since 1970; raises UnusualError for any other text."""
    date, _, rest = instant.partition(b"T")
    clock, zone = rest[:8], rest[8:].lstrip(b".0123456789")
    if zone not in (b"Z", b"+00:00"):
        raise UnusualError
    try:
        year, month, day = [int(each) for each in date.split(b"-")]
        hour, minute, second = [int(each) for each in clock.split(b":")]
    except ValueError:
        raise UnusualError from None
    # Years begin in March, so that a leap day is the last of its year.
    year, month = (year, month - 3) if month > 2 else (year - 1, month + 9)
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 + day - 719469
    return ((days * 24 + hour) * 60 + minute) * 60 + second


def text(environ: Environ, now: float, shell: str | None = None) -> str:
    """What `stsctl prompt` prints, empty where no session is current; raises UnusualError, ValueError or OSError."""
    line, color = _line(environ, now)
    return painted(line, None if environ.get(b"NO_COLOR") else color, shell)


def _line(environ: Environ, now: float) -> tuple[str, str | None]:
    """The current session in a few characters, and its colour."""
    role, key = environ.get(b"STSCTL_ROLE"), environ.get(b"STSCTL_SESSION")
    terminal = _read(_terminal(environ))
    later = terminal is not None and key is not None and _value(terminal, b"replaces") == key
    if role is not None and not later:
        ends = environ.get(b"AWS_CREDENTIAL_EXPIRATION")
        color = environ.get(b"STSCTL_COLOR")
        return shown(_name(role), seconds(ends) - now if ends else None), color.decode() if color else None
    if terminal is None:
        return "", None
    place = _value(terminal, b"entry")
    if not place:
        raise UnusualError
    entry = _read(place)
    if entry is None:
        return "", None
    ends, name = _value(entry, b"expires_at"), _name(_value(terminal, b"wanted", begins=b'{"name":"'))
    return shown(name, seconds(ends) - now if ends else None), _value(terminal, b"color").decode() or None


def serve(words: list[str]) -> None:
    """Prints it and ends the process; does nothing where that is the whole program's. `words` follow the command."""
    shell = words[1] if len(words) == 2 and words[0] == "--shell" else None
    if words and shell not in SHELLS:
        return
    try:
        line = text(posix.environ, time.time(), shell)
        posix.write(1, f"{line}\n".encode() if line else b"")
    except (OSError, ValueError, UnusualError):
        return
    posix._exit(0)


def _terminal(environ: Environ) -> bytes:
    """Where the current session of this terminal is: named for its leader, as `stores.current` does."""
    state = hook.state(environ)
    if sys.platform != "linux" or state is None:
        raise UnusualError
    side = b"aws"
    if environ.get(b"STSCTL_EMULATOR"):
        side = b"emulator"
        if b'"ahead"' in (_read(state + b"/emulator/running.json") or b""):
            raise UnusualError  # its clock is another
    leader = posix.getsid(0)
    stat = (_read(b"/proc/%d/stat" % leader) or b"").rpartition(b")")[2].split()
    if not stat or stat[0] in b"ZX":
        raise UnusualError  # the leader has ended, or is outside of what this process can see
    boot = (_read(b"/proc/sys/kernel/random/boot_id") or b"").strip()
    started = b"%b_%b" % (boot.replace(b"-", b"_"), stat[19])
    return state + b"/current/" + side + b"/%d-%b.json" % (leader, started)


def _read(path: bytes) -> bytes | None:
    """The bytes of a small file, None where there is none."""
    try:
        file = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return posix.read(file, 1 << 16)
    finally:
        posix.close(file)


def _value(record: bytes, key: bytes, begins: bytes = b'"') -> bytes:
    """A text in a record as `stores.records` writes them: no quote within a text is a bare one, so none is a key."""
    value = record.partition(b'"%b":%b' % (key, begins))[2].partition(b'"')[0]
    if b"\\" in value:
        raise UnusualError
    return value


def _name(name: bytes) -> str:
    shown = name.decode()
    if not shown.isprintable():
        raise UnusualError
    return shown
