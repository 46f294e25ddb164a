"""The hook where the keyring is the system's own, over stand-ins for the libraries of macOS and Windows.

They follow Apple's and Microsoft's documentation and the keyring package's source; nothing here ran on those systems.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from stsctl import hook, hook_macos, hook_windows
from stsctl.arn import Arn
from stsctl.cli.app import App
from stsctl.cli.credential_process import command
from stsctl.cli.report import Report
from stsctl.credentials import Credentials, Secret, Session
from stsctl.host import hook_file
from stsctl.stores.holdings import PlanHoldings
from stsctl.stores.index import KeysEntry
from stsctl.stores.interface import Item, Kind
from stsctl.stores.keyring import KeyringStore
from stsctl.target import Wanted
from tests.foreign_keyrings import (
    FOUND,
    LOCKED,
    NO_DIALOGUE,
    NOT_FOUND,
    Advapi,
    Frameworks,
    MacKeyring,
    WindowsKeyring,
)
from tests.program import as_root

ADMIN = "arn:aws:iam::222222222222:role/Admin"
LONG = "t" * 4_000
LIMIT = timedelta(seconds=60)


@pytest.fixture(autouse=True)
def _empty() -> Iterator[None]:
    yield
    Frameworks.passwords.clear()
    Advapi.credentials.clear()


def mac(frameworks: Frameworks, service: bytes = b"stsctl", account: bytes = b"session:a") -> bytes | None:
    """What is read of a keychain, after which nothing may be left of it."""
    found = hook_macos.password(service, account, frameworks)
    assert not frameworks.faults
    assert not frameworks.kept
    assert frameworks.may_ask
    return found


def windows(advapi: Advapi, target: bytes = b"stsctl session:a", user: bytes = b"session:a") -> bytes | None:
    """What is read of the Credential Manager, after which nothing may be left of it."""
    found = hook_windows.password(target, user, advapi)
    assert not advapi.faults
    assert not advapi.kept
    return found


def test_a_keychain_is_asked_for_one_password_without_a_dialogue() -> None:
    """The query names a generic password by service and account, and says twice that nobody is to be asked."""
    Frameworks.passwords["stsctl", "session:a"] = b"=kept"
    frameworks = Frameworks()
    assert mac(frameworks) == b"=kept"
    assert frameworks.asked == [
        {
            "kSecClass": "kSecClassGenericPassword",
            "kSecMatchLimit": "kSecMatchLimitOne",
            "kSecReturnData": "kCFBooleanTrue",
            "kSecUseAuthenticationUI": "kSecUseAuthenticationUIFail",
        }
    ]
    assert mac(Frameworks(), account=b"session:b") is None


@pytest.mark.parametrize("status", [NOT_FOUND, NO_DIALOGUE, LOCKED, -128, 1])
def test_a_keychain_that_is_locked_or_fails_gives_nothing(status: int) -> None:
    """Whatever status it is; a dialogue is allowed again afterwards, for the whole program."""
    Frameworks.passwords["stsctl", "session:a"] = b"=kept"
    assert mac(Frameworks(status)) is None


def test_dialogues_stay_as_they_were() -> None:
    """Where they were off before, they stay off."""
    frameworks = Frameworks()
    frameworks.may_ask = False
    assert hook_macos.password(b"stsctl", b"session:a", frameworks) is None
    assert not frameworks.may_ask


@pytest.mark.parametrize("kept", [b"", b"=\xff\xfe", "=é".encode(), b"=" + b"x" * (1 << 18)])
def test_what_stsctl_does_not_write_into_a_keychain_is_nothing(kept: bytes) -> None:
    """Nothing at all, no text, text that is not ASCII, and far too much of it."""
    Frameworks.passwords["stsctl", "session:a"] = kept
    assert mac(Frameworks()) is None


def test_a_keychain_that_answers_with_another_object_gives_nothing() -> None:
    """What is no data is not read as such."""
    Frameworks.passwords["stsctl", "session:a"] = b"=kept"
    assert mac(Frameworks(FOUND, not_data=True)) is None


@pytest.mark.parametrize("lacks", ["kSecUseAuthenticationUIFail", "kSecClass", "kCFTypeDictionaryKeyCallBacks"])
def test_a_system_that_lacks_something_gives_nothing(lacks: str) -> None:
    """A constant that another version of macOS does not have is no reason to ask otherwise."""
    Frameworks.passwords["stsctl", "session:a"] = b"=kept"
    assert mac(Frameworks(lacks=lacks)) is None


def test_a_name_that_is_no_utf_8_gives_nothing() -> None:
    """The other one's string is released all the same."""
    assert mac(Frameworks(), account=b"\xff") is None


def test_credentials_are_laid_out_as_windows_lays_them_out() -> None:
    """Source: CREDENTIALW in wincred.h, with pointers of 64 bits."""
    places = {name: getattr(hook_windows.Credential, name).offset for name in ("CredentialBlobSize", "CredentialBlob")}
    assert places == {"CredentialBlobSize": 32, "CredentialBlob": 40}
    assert hook_windows.Credential.UserName.offset == 72
    assert ctypes.sizeof(hook_windows.Credential) == 80


def test_a_credential_is_read_by_its_name_or_by_that_of_both() -> None:
    """The keyring package moves a credential when its service gets another user's."""
    backend = WindowsKeyring()
    backend.set_password("stsctl session:a", "session:a", "=kept")
    assert windows(Advapi()) == b"=kept"
    backend.set_password("stsctl session:a", "another", "=other")
    assert set(Advapi.credentials) == {"stsctl session:a", "session:a@stsctl session:a"}
    assert windows(Advapi()) == b"=kept"
    assert windows(Advapi(), b"stsctl session:b", b"session:b") is None


@pytest.mark.parametrize("blob", [b"", b"=", b"=\0k", "=é".encode("utf-16-le"), b"\x00\xd8=\0", b"\xff\xfe=\0"])
def test_what_stsctl_does_not_write_into_a_credential_is_nothing(blob: bytes) -> None:
    """Nothing at all, half a character, half a pair, text that is not ASCII, and a mark of the byte order."""
    Advapi.credentials["stsctl session:a"] = "session:a", blob
    assert windows(Advapi()) is None


def test_a_credential_that_is_longer_than_any_is_not_read() -> None:
    """Its size is not gone by, whatever it says."""
    Advapi.credentials["stsctl session:a"] = "session:a", "=kept".encode("utf-16-le")
    assert windows(Advapi(size=1 << 31)) is None
    assert windows(Advapi(size=2562)) is None


def divided() -> None:
    """Puts a long value in, as the whole program does."""
    store = KeyringStore(limit=LIMIT, backend=WindowsKeyring())
    store.put(Item(kind=Kind.SESSION, key="a", value=Secret(LONG)))
    assert len(Advapi.credentials) == 6


def test_a_long_value_is_put_together() -> None:
    """Of the parts that the head names."""
    divided()
    assert windows(Advapi()) == b"=" + LONG.encode()


@pytest.mark.parametrize("part", range(5))
def test_a_long_value_that_lacks_a_part_is_nothing(part: int) -> None:
    """Whichever part it is."""
    divided()
    del Advapi.credentials[f"stsctl session:a#a{part}"]
    assert windows(Advapi()) is None


@pytest.mark.parametrize(
    "head", ["*a 2", "*c 1 x", "* 1 x", "*a 0 x", "*a -1 x", "*a x x", "*a 99999999 x", "*a 1 x x", "*"]
)
def test_a_head_that_is_none_leads_to_no_parts(head: str) -> None:
    """Nobody asks for a hundred million parts."""
    Advapi.credentials["stsctl session:a"] = "session:a", head.encode("utf-16-le")
    advapi = Advapi()
    assert windows(advapi) is None
    assert advapi.calls.count("CredReadW") == 1


@pytest.mark.parametrize("read", [hook_macos.password, hook_windows.password])
def test_elsewhere_there_is_no_such_library(read: Callable[[bytes, bytes], bytes | None]) -> None:
    """A library that cannot be loaded is unusual, and no failure."""
    assert read(b"stsctl", b"session:a") is None


def test_a_library_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole program has more patience; one that fails in a way of its own is unusual, too."""

    def stand_still(*_: object) -> bytes:
        time.sleep(2)
        return b""

    monkeypatch.setattr(hook, "LIBRARY", "hook_macos")
    monkeypatch.setattr(hook, "LIMIT", 0.1)
    monkeypatch.setattr(hook_macos, "password", stand_still)
    began = time.monotonic()
    with pytest.raises(hook.UnusualError):
        hook.secret({}, b"stsctl session:a")
    assert time.monotonic() - began < 1.5
    monkeypatch.setattr(hook, "LIMIT", 30)
    monkeypatch.setattr(hook_macos, "password", lambda *_: 1 / 0)
    with pytest.raises(hook.UnusualError):
        hook.secret({}, b"stsctl session:a")


class System:
    """One of the two systems, as far as the hook and the store meet in it."""

    def __init__(self, name: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        backend = {"darwin": MacKeyring, "win32": WindowsKeyring}[name]
        monkeypatch.setattr(hook, "LIBRARY", {"darwin": "hook_macos", "win32": "hook_windows"}[name])
        monkeypatch.setattr(hook_macos, "SystemFrameworks", Frameworks)
        monkeypatch.setattr(hook_windows, "SystemAdvapi", Advapi)
        monkeypatch.setattr("stsctl.stores.keyring.sys", SimpleNamespace(platform=name))
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", f"tests.foreign_keyrings.{backend.__name__}")
        config = home / ".config" / "stsctl"
        config.mkdir(parents=True)
        (config / "added.toml").write_text('[source.work]\ntype = "keys"\n')
        (config / "config.toml").write_text(f'[role.admin]\nrole_arn = "{ADMIN}"\nfrom = "work"\n')
        self.began = datetime.now(UTC).replace(microsecond=0)
        self.environ = {"HOME": str(home), "USER": "me", "PATH": "/usr/bin:/bin"}
        self.environ["PYTHON_KEYRING_BACKEND"] = os.environ["PYTHON_KEYRING_BACKEND"]

    def obtain(self, token: str) -> None:
        """Holds a session, as though it had just been obtained."""
        app = App(self.environ, Report(self.environ, debug=False))
        key_id, now = "AKIA" + "A" * 16, self.began
        account = "111111111111"
        app.keys_index.put_keys(
            KeysEntry(
                name="work",
                access_key_id=key_id,
                identity=f"arn:aws:iam::{account}:user/me",
                account_id=account,
                added_at=now,
                store="keyring",
            )
        )
        wanted = Wanted(name="admin")
        plan = app.plan(app.target(wanted))
        session = Session(
            credentials=Credentials(
                access_key_id="ASIA" + "B" * 16,
                secret_access_key=Secret("secret/1+"),
                session_token=Secret(token),
                expires_at=now + timedelta(hours=1),
            ),
            request_key=plan.request_key,
            obtained_at=now,
            identity=Arn.parse(ADMIN.replace("iam", "sts").replace("role/", "assumed-role/") + "/me"),
            account_id="222222222222",
        )
        PlanHoldings(app.held, plan, wanted, None).hold(session, plan, len(plan.steps) - 1)

    def whole(self, capsys: pytest.CaptureFixture[str]) -> str:
        """What the whole program answers."""
        time.sleep(0.03)  # what was changed a moment ago leaves no record
        app = App(self.environ, Report(self.environ, debug=False))
        command.main(["admin"], parent=as_root(app), standalone_mode=False)
        return capsys.readouterr().out

    def hook(self) -> str | None:
        """What the hook answers."""
        environ = {name.encode(): value.encode() for name, value in self.environ.items()}
        line = hook.answer("admin", environ, time.time())
        return None if line is None else line.decode()


@pytest.mark.parametrize("name", ["darwin", "win32"])
def test_the_hook_gives_what_the_whole_program_gave(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The record leads to service and account; another session there, or none, is a miss."""
    system = System(name, home, monkeypatch)
    system.obtain(LONG)
    assert system.hook() is None
    line = system.whole(capsys)
    assert LONG in line
    assert system.hook() == line
    parts = [each for each in Advapi.credentials if "#" in each]
    assert bool(parts) == (name == "win32")
    system.obtain(LONG.upper())
    assert system.hook() is None
    assert system.whole(capsys) == line.replace(LONG, LONG.upper()) == system.hook()
    Frameworks.passwords.clear()
    Advapi.credentials.clear()
    assert system.hook() is None


@pytest.mark.parametrize("library", ["hook_macos", "hook_windows"])
def test_byte_code_is_made_of_both_files(library: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where either is missing, or of another version, both are made anew; each is a module by itself."""
    monkeypatch.setattr(hook, "LIBRARY", library)
    folder = tmp_path / "data"
    hook_file.install(folder)
    place = hook_file.path_in(folder)
    beside = place.with_name(place.name.replace("hook", library, 1))
    assert {each.name for each in folder.iterdir()} == {place.name, beside.name}
    program = "import sys; sys.path.append(sys.argv[1]); print(__import__(sys.argv[2]).password(b'a', b'b'))"
    words = [sys.executable, "-I", "-S", "-c", program, str(folder), beside.stem]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout == "None\n"
    assert hook_file.is_current(folder)
    for spoil in (beside.unlink, lambda: beside.write_bytes(b"other")):
        spoil()
        assert not hook_file.is_current(folder)
        hook_file.mend(folder)
        assert hook_file.is_current(folder)


def test_the_hook_by_itself_loads_the_file_beside_it(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Byte code alone, without stsctl's folder or any package, answers with what the file beside it reads."""
    system = System("darwin", home, monkeypatch)
    system.obtain("short")
    line = system.whole(capsys)
    (kept,) = [each for each in Frameworks.passwords.values() if b"short" in each]
    data = home / "data"
    hook_file.install(data)
    place = hook_file.path_in(data)
    beside = place.with_name(place.name.replace("hook", "hook_macos", 1))
    stand_in = compile(f"def password(*_):\n    return {kept!r}\n", "stand-in", "exec")
    beside.write_bytes(beside.read_bytes()[:16] + marshal.dumps(stand_in))
    records = home / "Library" / "Application Support" / "stsctl" / "hits"
    records.parent.mkdir(parents=True)
    (home / ".local" / "state" / "stsctl" / "hits").rename(records)
    program = (
        "import marshal, sys; sys.platform = 'darwin'; path = sys.argv.pop(1); "
        "exec(marshal.loads(open(path, 'rb').read()[16:]), {'__name__': '__main__', '__file__': path})"
    )
    words = [sys.executable, "-I", "-S", "-Xutf8", "-c", program, str(place), "admin"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=system.environ)
    assert (done.stdout, done.stderr) == (line, "")
    beside.unlink()
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=system.environ)
    assert done.stdout == ""
    assert "there are no keys" in done.stderr  # it is the whole program that says so


WINDOWS = """
import marshal, posix, sys, types
nt = types.ModuleType("nt")
for name in ("O_RDONLY", "_exit", "close", "lstat", "open", "read", "stat", "stat_result", "write"):
    setattr(nt, name, getattr(posix, name))
nt.fstat = lambda file: posix.stat_result((*(found := posix.fstat(file))[:4], 0, 0, *found[6:10]))
nt.O_BINARY = nt.O_NOINHERIT = 0
nt.environ = {"LocalAppData": "C:\\\\Local", "Some": "thing"}
other = types.ModuleType("subprocess")
other.call = lambda words: print(*words[1:]) or sys.stdout.flush() or 7
sys.modules |= {"nt": nt, "subprocess": other}
sys.platform = "win32"
path = sys.argv.pop(1)
exec(marshal.loads(open(path, "rb").read()[16:]), {"__name__": "__main__", "__file__": path})
"""
"""The hook with what the `nt` module has of the `posix` module, and nothing else of it."""


def test_the_hook_by_itself_needs_nothing_that_windows_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No user ids, no `uname`, no `exec`: a hit is answered, and on a miss the whole program's status is the hook's."""
    monkeypatch.setattr(hook, "LIBRARY", "hook_windows")
    hook_file.install(tmp_path)
    place = hook_file.path_in(tmp_path)
    beside = place.with_name(place.name.replace("hook", "hook_windows", 1))
    given = "def password(service, account):\n    return b'=s3cret' if (service, account) == (b'a b', b'c') else None\n"
    beside.write_bytes(beside.read_bytes()[:16] + marshal.dumps(compile(given, "stand-in", "exec")))
    line, environ = b'{"Key":"s3cret"}', {b"LOCALAPPDATA": b"C:\\Local", b"SOME": b"thing"}
    said = [
        hook.VERSION,
        b"during 0 99999999999",
        b"host " + socket.gethostname().encode(),
        b"variables " + hook.digest_of_variables([b"LOCALAPPDATA", b"SOME"], environ) + b" LOCALAPPDATA SOME",
        b"file - C:\\nowhere",
        b"item a b c",
        b"answer " + hook.digest(line),
        b'text {"Key":"',
        b"secret 1 6",
        b'text "}',
    ]
    # Here that is a folder of this name, below the current one.
    record = tmp_path / "C:\\Local" / "stsctl" / "hits" / "aws" / hook.record_name("admin").decode()
    record.parent.mkdir(parents=True)
    record.write_bytes(b"\n".join(said))
    words = [sys.executable, "-I", "-S", "-Xutf8", "-c", WINDOWS, str(place)]
    for name, status, printed in (
        ("admin", 0, line.decode() + "\n"),
        ("other", 7, "-P -m stsctl credential-process -- other\n"),
    ):
        done = subprocess.run([*words, name], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (status, printed, "")
