"""The programs that docs/stores.md shows, as they are shown: on the real `pass`, and on a stand-in for `vault`.

The stand-in does what HashiCorp documents of the few commands that the script uses, and no server is behind it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from stsctl.credentials import Secret
from stsctl.errors import StoreError
from stsctl.stores.interface import Item, Kind
from stsctl.stores.process import ProcessStore
from tests.conftest import missing
from tests.traced import ROOT

DOCUMENT = (ROOT / "docs" / "stores.md").read_text(encoding="utf-8")

VAULT = """
import os, sys
from pathlib import Path
mount, fields, words = None, {}, []
for word in sys.argv[1:]:
    name, _, value = word.partition("=")
    if word.startswith("-"):
        fields[name] = value
    else:
        words.append(word)
if os.environ.get("VAULT_TOKEN") != "t":
    sys.exit(print("Error making API request.\\n\\nCode: 403. Errors:\\n\\n* permission denied", file=sys.stderr) or 2)
assert fields.pop("-mount") == "secret"
command = words[1:3] if words[1] == "metadata" else words[1:2]
path, *rest = words[len(command) + 1:]
place = Path(os.environ["VAULT_FOLDER"]) / path
def there(what):
    if not place.exists():
        sys.exit(print(f"No value found at secret/{what}/{path}", file=sys.stderr) or 2)
match command:
    case ["metadata", "get"]:
        there("metadata")
        print("== Metadata ==")
    case ["metadata", "delete"]:
        place.unlink(missing_ok=True)
        print(f"Success! Data deleted (if it existed) at: secret/metadata/{path}")
    case ["put"]:
        assert rest == ["value=-"]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(sys.stdin.read())
        print("== Secret Path ==")
    case ["get"]:
        there("data")
        assert fields == {"-field": "value"}
        print(place.read_text(), end="")
"""


def script(name: str, folder: Path) -> Path:
    """The program that the document shows under that name."""
    (text,) = re.findall(rf"as `{name}`.*?```sh\n(.*?)```", DOCUMENT, flags=re.DOTALL)[:1]
    path = folder / name
    path.write_text(text)
    path.chmod(0o700)
    return path


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose name is short enough for gpg-agent's socket."""
    folder = Path(tempfile.mkdtemp(prefix="st-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def password_store(short: Path) -> Iterator[ProcessStore]:
    """The store that `pass` keeps, with a key of gpg's own."""
    if not shutil.which("pass") or not shutil.which("gpg"):
        missing("pass and gpg")
    environ = {"PATH": os.environ["PATH"], "HOME": str(short), "GNUPGHOME": str(short / "gnupg")}
    (short / "gnupg").mkdir(mode=0o700)
    new_key = ["gpg", "--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "tester", "default", "default"]
    for argv in (new_key, ["pass", "init", "tester"]):
        subprocess.run(argv, env=environ, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
    yield ProcessStore([str(script("stsctl-pass", short))], environ=environ)
    subprocess.run(["gpgconf", "--kill", "all"], env=environ, check=True, timeout=60)


@pytest.fixture
def vault(tmp_path: Path) -> ProcessStore:
    """The store in the stand-in's folder."""
    program = tmp_path / "vault"
    program.write_text(f"#!{sys.executable} -IS\n{VAULT}")
    program.chmod(0o700)
    environ = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "VAULT_FOLDER": str(tmp_path / "kv"), "USER": "tester"}
    return ProcessStore([str(script("stsctl-vault", tmp_path))], environ=environ | {"VAULT_TOKEN": "t"})


def check(store: ProcessStore, capfd: pytest.CaptureFixture[str]) -> None:
    """What is put is got, replaced and gone; nothing is said aloud, whether there is something or not."""
    values = ("one", 'two\nlines, a NUL \0, ünïcødé and "quotes"', "x" * 65536)
    for key in ("work", "identity-center https://example.com/start ../.. -x"):
        assert store.get(Kind.TOKEN, key) is None
        assert store.delete(Kind.TOKEN, key) is False
        for value in values:
            store.put(Item(kind=Kind.TOKEN, key=key, value=Secret(value)))
            assert store.get(Kind.TOKEN, key) == Secret(value)
        assert store.get(Kind.KEYS, key) is None
        assert store.delete(Kind.TOKEN, key) is True
        assert store.get(Kind.TOKEN, key) is None
    assert capfd.readouterr() == ("", "")


def test_pass_keeps_it(password_store: ProcessStore, short: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The real `pass` with a real gpg: whole values, in files that tell nothing of them."""
    check(password_store, capfd)
    password_store.put(Item(kind=Kind.KEYS, key="work", value=Secret("canary value")))
    (file,) = (short / ".password-store").rglob("*.gpg")
    assert file.relative_to(short / ".password-store").as_posix() == "stsctl/keys/work.gpg"
    assert b"canary" not in file.read_bytes()


def test_pass_without_its_key_is_an_error(
    password_store: ProcessStore, short: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What gpg says is shown, and nothing is lost or taken for absent."""
    password_store.put(Item(kind=Kind.KEYS, key="work", value=Secret("canary value")))
    keys = short / "gnupg" / "private-keys-v1.d"
    keys.rename(short / "aside")
    subprocess.run(["gpgconf", "--kill", "all"], env={**os.environ, "GNUPGHOME": str(short / "gnupg")}, check=True)
    with pytest.raises(StoreError, match="failed to get"):
        password_store.get(Kind.KEYS, "work")
    assert "decryption failed" in capfd.readouterr().err
    shutil.rmtree(keys, ignore_errors=True)
    (short / "aside").rename(keys)
    assert password_store.get(Kind.KEYS, "work") == Secret("canary value")


def test_vault_keeps_it(vault: ProcessStore, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """By the commands that Vault's documentation gives, each person below their own name."""
    check(vault, capfd)
    vault.put(Item(kind=Kind.KEYS, key="work", value=Secret("canary value")))
    assert (tmp_path / "kv/users/tester/stsctl/keys/work").read_text() == "=canary value\n"


def test_vault_that_refuses_is_an_error(vault: ProcessStore, capfd: pytest.CaptureFixture[str]) -> None:
    """A token that may not is told from a path with nothing at it, although Vault's status is the same."""
    refused = ProcessStore(vault._argv, environ={**vault._environ, "VAULT_TOKEN": "ended"})
    for act in (
        lambda: refused.get(Kind.KEYS, "work"),
        lambda: refused.delete(Kind.KEYS, "work"),
        lambda: refused.put(Item(kind=Kind.KEYS, key="work", value=Secret("v"))),
    ):
        with pytest.raises(StoreError, match="failed to"):
            act()
    assert capfd.readouterr().err.count("permission denied") == 3
