"""Every store there is, opened by name: in a test, and in the processes that a test starts."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from stsctl.credentials import Secret
from stsctl.stores.interface import Store
from stsctl.stores.keyring import KeyringStore
from stsctl.stores.memory import MemoryStore
from stsctl.stores.process import ProcessStore
from stsctl.stores.seal import Seal, parse_key
from stsctl.stores.sealed_file import SealedFileStore
from stsctl.stores.sealing_key import (
    KeyFile,
    KeyProcess,
    KeyringKey,
    Passphrase,
    SealingKey,
    Stretching,
    create_key_file,
)
from tests.kernel_keyring import open_kernel

LIMIT = timedelta(seconds=60)

LASTING = (
    "keyring",
    "short keyring",
    "kernel",
    "process",
    "sealed by key file",
    "sealed by key process",
    "sealed by keyring",
)
"""The stores that another process can open too."""

NAMES = ("memory", *LASTING, "sealed by passphrase")


class ShortKeyring(KeyringBackend):
    """A keyring in a folder that takes what the Windows Credential Manager takes: 1,280 characters, case ignored."""

    priority = 0

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        folder.mkdir(exist_ok=True)

    def get_password(self, service: str, username: str) -> str | None:
        """The text, None where there is none."""
        try:
            return self._path(service, username).read_text(encoding="utf-16")
        except FileNotFoundError:
            return None

    def set_password(self, service: str, username: str, password: str) -> None:
        """Refuses what Windows refuses."""
        if len(password.encode("utf-16-le")) > 2560 or len(username) > 513 or not password:
            raise ValueError("the stub received bad data")
        draft = self.folder / f"draft {os.getpid()}"
        draft.write_text(password, encoding="utf-16")
        draft.replace(self._path(service, username))

    def delete_password(self, service: str, username: str) -> None:
        """Removes the text."""
        try:
            self._path(service, username).unlink()
        except FileNotFoundError:
            raise PasswordDeleteError("not found") from None

    def names(self) -> list[str]:
        """What is there, in the spelling of file names."""
        return sorted(path.name for path in self.folder.iterdir())

    def _path(self, service: str, username: str) -> Path:
        assert "/" not in f"{service}{username}"
        assert "\0" not in username
        return self.folder / f"{service} {username}".lower()


_IN_FILES = """
set -eu
at=$FOLDER/$2
case $1 in
    get) cat "$at" 2>/dev/null || exit 66 ;;
    put) mkdir -p "${at%/*}"; cat > "$at.$$"; mv "$at.$$" "$at" ;;
    delete) rm "$at" 2>/dev/null || exit 66 ;;
esac
"""
"""A program that keeps values in files."""


def kernel_service(folder: Path) -> str:
    """What the keys of one test are called."""
    return f"stsctl test {folder}"


def open_store(name: str, folder: Path) -> Store:
    """The store with that name; `folder` is its own, and the environment says where the keyring is."""
    if name == "memory":
        return MemoryStore()
    if name == "keyring":
        return KeyringStore(limit=LIMIT, service=f"stsctl test {folder}")
    if name == "kernel":
        return open_kernel(kernel_service(folder))
    if name == "process":
        return ProcessStore(["/bin/sh", "-c", _IN_FILES, "sh"], environ={**os.environ, "FOLDER": str(folder)})
    if name == "short keyring":
        return KeyringStore(limit=LIMIT, backend=ShortKeyring(folder), longest=1000)
    if name == "sealed by passphrase":
        return _passphrase_store(folder / "sealed")
    return SealedFileStore(folder / "sealed", _sealing_key(name, folder))


def _sealing_key(name: str, folder: Path) -> SealingKey:
    key_file = folder / "key"
    if name == "sealed by key file":
        if not key_file.exists():
            create_key_file(key_file)
        return KeyFile(path=key_file)
    if name == "sealed by key process":
        code = "import base64; print(base64.b64encode(bytes(range(32))).decode())"
        return KeyProcess(argv=(sys.executable, "-I", "-S", "-c", code), environ=os.environ)
    return KeyringKey(store=open_store("keyring", folder))


def _passphrase_store(folder: Path) -> SealedFileStore:
    """A store whose passphrase was set at the least cost there may be, to spare the tests' time."""
    key = Passphrase(ask=lambda _prompt: Secret("correct horse"))
    stretching = Stretching(salt="00" * 16, n=2**14)
    header = folder / "header.json"
    if not header.exists():
        key_bytes = parse_key(key.find(stretching))
        assert key_bytes is not None
        folder.mkdir()
        fields = {"salt": stretching.salt, "n": stretching.n}
        text = {"version": 1, "key": "passphrase", "key_id": Seal(key_bytes).id.hex(), "stretching": fields}
        header.write_text(json.dumps(text))
    return SealedFileStore(folder, key)
