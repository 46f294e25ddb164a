"""The cache-hit path of `credential-process`: a session out of the keyring, without the rest of stsctl.

Run as `python -I -S -Xutf8 hook.pyc NAME`. When the whole program has answered for a name, it leaves a record of
everything that it looked at (files, variables) and of how its answer follows from an item of the keyring. This program
compares, and decides nothing: where all is as it was, it reads that item and gives the same answer again, to the byte.
Otherwise it turns into the whole program. It waits for no import: only modules in C. (macOS and Windows: `ctypes`, by
a file that lies beside this one.)
"""

import _imp
import _socket
import sys
import time

if sys.platform == "win32":
    import nt as posix
    from nt import _exit  # type: ignore[attr-defined]  # it is there, as os.py says

    _READING = posix.O_RDONLY | posix.O_BINARY | posix.O_NOINHERIT
    _LOCAL = -1  # there are no local sockets
    _KINDS = 8  # of lines: no rights, which nobody looks at there

    def _user() -> int:
        return 0  # whose every file is said to be

else:
    import posix
    from posix import _exit

    _READING = posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NONBLOCK
    _LOCAL, _user = _socket.AF_UNIX, posix.geteuid
    _KINDS = 9

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = b"stsctl hit 1"
"""How a record begins; another form has another number."""
SERVICE, _PATH = b"org.freedesktop.secrets", b"/org/freedesktop/secrets"
LIMIT = 1.0
"""Seconds that the keyring has for its answer; the whole program has more patience, and can ask a person."""
_KEY = 0x73747363746C  # any number will do, as long as it stays
_LONGEST = 1 << 18
"""Bytes of a record, and of one message of the bus: several times what any session takes."""
LIBRARY = {"darwin": "hook_macos", "win32": "hook_windows"}.get(sys.platform)
"""The module that reads the keyring where that is the system's own and no Secret Service."""
_ITEM, _SECRETS = b"org.freedesktop.Secret.Item", b"org.freedesktop.Secret.Service"

Environ = dict[bytes, bytes]


class UnusualError(Exception):
    """Something is not as it always is: the whole program can say what, and what to do about it."""


# What a name's record is called, and what stamps say: the rest of stsctl writes with the same functions.


def state(environ: Environ) -> bytes | None:
    """The folder of the state, as `host.paths` has it; None where HOME (Windows: LOCALAPPDATA) does not say."""
    if sys.platform == "win32":
        local = environ.get(b"LOCALAPPDATA", b"")
        state = local if local[1:3] == b":\\" else b""
    else:
        home, state = environ.get(b"HOME", b""), environ.get(b"XDG_STATE_HOME", b"")
        if not home.startswith(b"/"):
            return None
        if sys.platform == "darwin":
            state = home + b"/Library/Application Support"
        elif not state.startswith(b"/"):
            state = home + b"/.local/state"
    return state + b"/stsctl" if state else None


def folder(environ: Environ) -> bytes | None:
    """Where the records are; what an emulator issued has a folder of its own."""
    found = state(environ)
    return found and found + (b"/hits/emulator/" if environ.get(b"STSCTL_EMULATOR") else b"/hits/aws/")


def record_name(name: str) -> bytes:
    """A file name for any name of a role; raises UnusualError for one that is too long for it."""
    spelled = name.encode("utf-8", "surrogateescape").hex().encode()
    if not 0 < len(spelled) < 250:
        raise UnusualError
    return spelled


def digest(data: bytes) -> bytes:
    """What tells it from other data: Python's own hash of sources (SipHash, 64 bits), which is there already."""
    return _imp.source_hash(_KEY, data).hex().encode()


def digest_of_variables(names: list[bytes], environ: Environ) -> bytes:
    """What tells the values of these variables from any others; one that is not set differs from an empty one."""
    return digest(b"\0".join([name + (b"=" + environ[name] if name in environ else b"") for name in names]))


def stamp(found: posix.stat_result | None) -> bytes:
    """What changes when a file does; `-` for one that is not there."""
    if found is None:
        return b"-"
    return b"%d,%d,%d,%d" % (found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def stamp_at(path: bytes) -> bytes:
    """The stamp of what is at `path` now."""
    try:
        return stamp(posix.stat(path))
    except (FileNotFoundError, NotADirectoryError):
        return stamp(None)


def rights_at(path: bytes) -> bytes:
    """Whose `path` is and who may do what with it, and with what it leads to; `-` for one that is not there."""
    try:
        found = posix.lstat(path), posix.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return b"-"
    return b",".join([b"%d,%d,%o" % (each.st_uid, each.st_gid, each.st_mode) for each in found])


def host() -> bytes:
    """What this machine is called, as `platform.node` says it."""
    if sys.platform == "win32":
        name = _socket.gethostname()
    else:
        name = posix.uname().nodename
    return name.encode()


class Hit:
    """What a record says of the answer: of which item it is made, and how."""

    def __init__(self) -> None:
        self.item = b""
        self.digest = b""
        self.pieces: list[bytes | tuple[int, int]] = []

    def take(self, what: bytes, said: bytes) -> None:
        """Takes one line of the record in; raises ValueError or UnusualError for what is none."""
        if what == b"item":
            self.item = said
        elif what == b"answer":
            self.digest = said
        elif what == b"text":
            self.pieces.append(said)
        elif what == b"secret":
            start, length = said.split(b" ")
            self.pieces.append((int(start), int(length)))
        else:
            raise UnusualError

    def answer(self, secret: bytes) -> bytes | None:
        """The line that the whole program printed; None where the item holds another session by now."""
        parts = [each if isinstance(each, bytes) else secret[each[0] : sum(each)] for each in self.pieces]
        line = b"".join(parts)
        return line + b"\n" if digest(line) == self.digest else None


def hit(record: bytes, environ: Environ, now: float) -> Hit | None:
    """What a record says, if everything in it is still so; raises ValueError or UnusualError for what is no record."""
    version, *lines = record.split(b"\n")
    if version != VERSION:
        return None
    found, vouched = Hit(), set()
    for line in lines:
        what, _, said = line.partition(b" ")
        if what in (b"file", b"rights", b"variables", b"during", b"host"):
            if not _still(what, said, environ, now):
                return None
        else:
            found.take(what, said)
        vouched.add(what)
    return found if len(vouched) == _KINDS else None


def _still(what: bytes, said: bytes, environ: Environ, now: float) -> bool:
    """Whether one thing is as the record says."""
    if what == b"during":
        since, until = said.split(b" ")
        return int(since) <= now < int(until)
    if what == b"host":
        return host() == said
    was, _, of_what = said.partition(b" ")
    if what == b"file":
        return stamp_at(of_what) == was
    if what == b"rights":
        return rights_at(of_what) == was
    return digest_of_variables(of_what.split(b" "), environ) == was


def read_private(path: bytes) -> bytes:
    """The bytes of a file of this user's that nobody else can read or change; raises OSError or UnusualError."""
    file = posix.open(path, _READING)
    try:
        found = posix.fstat(file)
        # The rights of Windows are not in the mode: there the folder, in the user's own, says who may.
        private = 0o170000 if sys.platform == "win32" else 0o170077
        if found.st_mode & private != 0o100000 or found.st_uid != _user() or found.st_size > _LONGEST:
            raise UnusualError
        return posix.read(file, _LONGEST)
    finally:
        posix.close(file)


def answer(name: str, environ: Environ, now: float) -> bytes | None:
    """The line for NAME, if this is a plain hit; None on anything else."""
    try:
        place = folder(environ)
        if place is None:
            return None
        for record in read_private(place + record_name(name)).split(b"\n\n"):
            found = hit(record, environ, now)
            if found is not None:
                return found.answer(secret(environ, found.item))
    except (OSError, ValueError, UnusualError):
        pass
    return None


# The Secret Service (https://specifications.freedesktop.org/secret-service/), spoken to in plain D-Bus. A session of
# the kind "plain" gives nothing away that every program of this user could not ask for.


class _Reply:
    """A message that came, read from its beginning; raises UnusualError where it ends too soon."""

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    def take(self, count: int) -> bytes:
        """The next bytes."""
        begin, self.at = self.at, self.at + count
        if self.at > len(self.data):
            raise UnusualError
        return self.data[begin : self.at]

    def align(self, boundary: int) -> None:
        """Passes over what fills up to the next value."""
        self.at += -self.at % boundary

    def number(self) -> int:
        """An unsigned number of 32 bits."""
        self.align(4)
        return int.from_bytes(self.take(4), "little")

    def array(self) -> bytes:
        """An array of bytes."""
        return self.take(self.number())

    def text(self) -> bytes:
        """A string, or the path of an object."""
        text = self.array()
        self.take(1)
        return text

    def signature(self) -> bytes:
        """The types of what comes."""
        text = self.take(self.take(1)[0])
        self.take(1)
        return text

    def paths(self) -> list[bytes]:
        """An array of paths."""
        length = self.number()
        end, found = self.at + length, []
        while self.at < end:
            found.append(self.text())
        return found


class SecretService:
    """The keyring on this user's message bus. Every method raises UnusualError or OSError."""

    def __init__(self, environ: Environ, limit: float = LIMIT) -> None:
        self._ends = time.monotonic() + limit
        self._socket = _socket.socket(_LOCAL, _socket.SOCK_STREAM)
        self._socket.settimeout(limit)
        try:
            self._socket.connect(_address(environ))
        except BaseException:
            self._socket.close()
            raise
        self._to_send = b"\0AUTH EXTERNAL %s\r\nBEGIN\r\n" % str(_user()).encode().hex().encode()
        self._received = b""
        self._greeted = False
        self._calls = 0
        self._replies: dict[object, tuple[_Reply, object]] = {}
        bus = b"org.freedesktop.DBus"
        self._call(bus, b"/org/freedesktop/DBus", bus, b"Hello")
        # gnome-keyring (42) has to know who asks before it is asked for a session: now and then it ends, if these two
        # come together.
        self._known = self._call(SERVICE, _PATH, b"org.freedesktop.DBus.Peer", b"Ping")
        self._session = b""

    def search(self, attributes: dict[bytes, bytes]) -> list[bytes]:
        """The items that have these attributes; raises UnusualError where one of them is locked."""
        pairs = b""
        for name, value in attributes.items():
            pairs += b"\0" * (-len(pairs) % 8) + _text(name)
            pairs += b"\0" * (-len(pairs) % 4) + _text(value)
        body = len(pairs).to_bytes(4, "little") + b"\0\0\0\0" + pairs
        reply = self._reply(self._call(SERVICE, _PATH, _SECRETS, b"SearchItems", b"a{ss}", body), b"aoao")
        unlocked, locked = reply.paths(), reply.paths()
        if locked:
            raise UnusualError
        return unlocked

    def secret(self, item: bytes) -> bytes:
        """What an item keeps."""
        opened = self._path_of_session()
        reply = self._reply(self._call(SERVICE, item, _ITEM, b"GetSecret", b"o", _text(opened)), b"(oayays)")
        session, parameters, value = reply.text(), reply.array(), reply.array()
        if session != opened or parameters:
            raise UnusualError
        return value

    def _path_of_session(self) -> bytes:
        """What the session that was asked for is called."""
        if not self._session:
            self._reply(self._known, b"")
            plain = _text(b"plain") + b"\1s\0\0\0\0" + _text(b"")
            reply = self._reply(self._call(SERVICE, _PATH, _SECRETS, b"OpenSession", b"sv", plain), b"vo")
            if reply.signature() != b"s":
                raise UnusualError
            reply.text()
            reply.align(4)
            self._session = reply.text()
        return self._session

    def close(self) -> None:
        """Ends the connection."""
        self._socket.close()

    def _call(
        self, to: bytes, path: bytes, interface: bytes, member: bytes, signature: bytes = b"", body: bytes = b""
    ) -> int:
        """Puts a call among what is to be sent; its number."""
        self._calls += 1
        head = b""
        for code, kind, value in ((1, b"o", path), (2, b"s", interface), (3, b"s", member), (6, b"s", to)):
            head += b"\0" * (-len(head) % 8) + bytes((code, 1)) + kind + b"\0" + _text(value)
        if signature:
            head += b"\0" * (-len(head) % 8) + b"\x08\x01g\0" + bytes((len(signature),)) + signature + b"\0"
        # Little-endian, a call, which starts no service that is not there (0x2): the whole program may.
        lengths = [each.to_bytes(4, "little") for each in (len(body), self._calls, len(head))]
        self._to_send += b"l\1\2\1" + b"".join(lengths) + head + b"\0" * (-len(head) % 8) + body
        return self._calls

    def _reply(self, call: int, signature: bytes) -> _Reply:
        """The answer to a call, of these types."""
        if self._to_send:
            self._socket.sendall(self._to_send)
            self._to_send = b""
        if not self._greeted:
            while b"\r\n" not in self._received:
                self._receive()
            greeting, _, self._received = self._received.partition(b"\r\n")
            self._greeted = greeting.startswith(b"OK ")
            if not self._greeted:
                raise UnusualError
        while call not in self._replies:
            message = self._message()
            fields = _fields(message)
            if fields.get(5) in range(1, self._calls + 1):
                self._replies[fields[5]] = message, fields.get(8, b"")
        message, types = self._replies[call]
        if message.data[1] != 2 or types != signature:
            raise UnusualError
        return message

    def _message(self) -> _Reply:
        """The next message."""
        while len(self._received) < 16:
            self._receive()
        if self._received[:1] != b"l":
            raise UnusualError
        body, _, fields = (int.from_bytes(self._received[at : at + 4], "little") for at in (4, 8, 12))
        length = 16 + fields + -fields % 8 + body
        if length > _LONGEST:
            raise UnusualError
        while len(self._received) < length:
            self._receive()
        data, self._received = self._received[:length], self._received[length:]
        return _Reply(data)

    def _receive(self) -> None:
        left = self._ends - time.monotonic()
        if left <= 0 or len(self._received) > _LONGEST:
            raise UnusualError
        self._socket.settimeout(left)
        data = self._socket.recv(_LONGEST)
        if not data:
            raise UnusualError
        self._received += data


def secret(environ: Environ, item: bytes) -> bytes:
    """What an item of the keyring keeps; raises OSError or UnusualError."""
    if LIBRARY:
        service_name, _, account = item.rpartition(b" ")
        return _password(LIBRARY, service_name, account)
    service = SecretService(environ)
    try:
        return service.secret(item)
    finally:
        service.close()


def find(environ: Environ, attributes: dict[bytes, bytes], limit: float = LIMIT) -> tuple[bytes, bytes] | None:
    """The one item that has these attributes, and its secret; None where there is not one, or anything is unusual.

    Where the keyring is the system's own, what an item is called is its service and its account.
    """
    try:
        if LIBRARY:
            item = attributes[b"service"] + b" " + attributes[b"username"]
            return item, secret(environ, item)
        service = SecretService(environ, limit)
        try:
            (item,) = service.search(attributes)
            return item, service.secret(item)
        finally:
            service.close()
    except (OSError, ValueError, UnusualError):
        return None


def _password(library: str, service: bytes, account: bytes) -> bytes:
    """What the system's own keyring keeps, in time; raises UnusualError."""
    import _thread

    found: list[bytes | None] = []
    reading = _thread.allocate_lock()
    reading.acquire()

    def read() -> None:
        try:
            found.append(_library(library).password(service, account))
        except Exception:  # noqa: BLE001 - in a thread nobody would hear of it, and the whole program will say
            found.append(None)
        finally:
            reading.release()

    # A thread, since a library cannot be told how long to wait.
    _thread.start_new_thread(read, ())
    if not reading.acquire(timeout=LIMIT) or found[0] is None:
        raise UnusualError
    return found[0]


def _library(name: str) -> "Any":
    """That module: of stsctl, or beside this file where this runs by itself. It is as `host.hook_file` called it."""
    if __name__ != "__main__":
        return __import__(f"stsctl.{name}", fromlist=[name])
    folder, _, file = __file__.replace("\\", "/").rpartition("/")
    sys.path.append(folder)
    return __import__(file.removesuffix(".pyc").replace("hook", name, 1))


def _fields(message: _Reply) -> dict[int, bytes | int]:
    """What the head of a message says, by the number of each field; afterwards its body comes."""
    message.at = 12
    end = message.number() + 16
    found: dict[int, bytes | int] = {}
    while message.at < end:
        message.align(8)
        code, kind = message.take(1)[0], message.signature()
        if kind == b"u":
            found[code] = message.number()
        elif kind in (b"s", b"o"):
            found[code] = message.text()
        elif kind == b"g":
            found[code] = message.signature()
        else:
            raise UnusualError
    message.align(8)
    return found


def _text(value: bytes) -> bytes:
    return len(value).to_bytes(4, "little") + value + b"\0"


def _address(environ: Environ) -> bytes:
    """Where this user's message bus listens, as a socket takes it."""
    said = environ.get(b"DBUS_SESSION_BUS_ADDRESS")
    if not said:
        runtime = environ.get(b"XDG_RUNTIME_DIR") or b"/run/user/%d" % _user()
        return runtime + b"/bus"
    transport, _, options = said.partition(b";")[0].partition(b":")
    for option in options.split(b","):
        key, _, value = option.partition(b"=")
        if transport == b"unix" and key in (b"path", b"abstract") and b"%" not in value:
            return value if key == b"path" else b"\0" + value
    raise UnusualError


# Run by itself, or in front of the rest of stsctl.


def environment() -> Environ:
    """The variables, in bytes as `os.fsencode` makes them."""
    if sys.platform == "win32":
        found: dict[str, str] = posix.environ
        environ = {_bytes(name.upper()): _bytes(value) for name, value in found.items()}
    else:
        environ = posix.environ
    return environ


def serve(name: str) -> None:
    """Prints the answer for NAME and ends the process; does nothing where this is no plain hit."""
    try:
        line = answer(name, environment(), time.time())
        if line is not None and _write(line):
            _exit(0)
    except KeyboardInterrupt:
        _exit(130)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _write(line: bytes) -> bool:
    """Writes the answer to standard output; False where that takes nothing at all."""
    at = 0
    try:
        while at < len(line):
            at += posix.write(1, line[at:])
    except OSError:
        if at:
            _exit(1)
        return False
    return True


def main() -> None:
    """Answers for the name in argv and ends, or turns into the whole program."""
    if len(sys.argv) == 2:
        serve(sys.argv[1])
    # -P: what lies in the folder where an SDK runs is not part of stsctl.
    whole = [sys.executable, "-P", "-m", "stsctl", "credential-process", "--", *sys.argv[1:]]
    if sys.platform == "win32":
        # There `execv` ends this process at once, and nobody learns how the other one ends.
        import subprocess

        _exit(subprocess.call(whole))  # noqa: S603 - this interpreter, and the arguments as they came
    posix.execv(sys.executable, whole)


if __name__ == "__main__":
    main()
