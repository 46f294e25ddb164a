"""One password out of the Windows Credential Manager, by the system's own library: what the hook reads there.

Nothing here may import the rest of stsctl, for the hook runs without it. Long values are in parts (`stores.parts`).

Sources: https://learn.microsoft.com/en-us/windows/win32/api/wincred/nf-wincred-credreadw, what the same page says of
CREDENTIALW, and `WinVaultKeyring` of the keyring package, for what credentials are called
"""

import ctypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol
else:
    Protocol = object  # `typing` takes longer to load than the Credential Manager to answer

_GENERIC = 1
_LONGEST = 5 * 512
"""Bytes of a credential (CRED_MAX_CREDENTIAL_BLOB_SIZE)."""
_MOST_PARTS = 256
_FROM_SYSTEM32 = 0x800
"""LOAD_LIBRARY_SEARCH_SYSTEM32: no library that lies elsewhere and is called the same."""


class Credential(ctypes.Structure):
    """CREDENTIALW."""

    _fields_ = (
        ("Flags", ctypes.c_uint32),
        ("Type", ctypes.c_uint32),
        ("TargetName", ctypes.c_wchar_p),
        ("Comment", ctypes.c_wchar_p),
        ("LastWritten", ctypes.c_uint32 * 2),
        ("CredentialBlobSize", ctypes.c_uint32),
        ("CredentialBlob", ctypes.c_void_p),
        ("Persist", ctypes.c_uint32),
        ("AttributeCount", ctypes.c_uint32),
        ("Attributes", ctypes.c_void_p),
        ("TargetAlias", ctypes.c_wchar_p),
        ("UserName", ctypes.c_wchar_p),
    )


SIGNATURES: "dict[str, tuple[Any, tuple[Any, ...]]]" = {
    "CredReadW": (ctypes.c_int, (ctypes.c_wchar_p, ctypes.c_uint32, ctypes.c_uint32, ctypes.c_void_p)),
    "CredFree": (None, (ctypes.c_void_p,)),
}
"""What each function gives and takes, as wincred.h declares it."""


class Advapi(Protocol):
    """The library that keeps credentials; raises AttributeError for what it does not have."""

    def call(self, name: str, *arguments: object) -> int | None:
        """What a function gives."""


class SystemAdvapi:
    """That of this machine; raises AttributeError where there is none."""

    def __init__(self) -> None:
        # `WinDLL` by this name alone, which other systems do not have: so it is type-checked there, too.
        self._library: ctypes.CDLL = getattr(ctypes, "WinDLL")("advapi32.dll", winmode=_FROM_SYSTEM32)  # noqa: B009

    def call(self, name: str, *arguments: object) -> int | None:
        """What a function gives."""
        function = self._library[name]
        function.restype, function.argtypes = SIGNATURES[name]
        answer: int | None = function(*arguments)
        return answer


def password(service: bytes, account: bytes, advapi: Advapi | None = None) -> bytes | None:
    """A password as stsctl writes it, its parts united; None where there is none, or anything is unusual."""
    try:
        vault, target, user = advapi or SystemAdvapi(), service.decode(), account.decode()
        text = _text(vault, target, user)
        if text is None or not text.startswith("*"):
            return None if text is None else text.encode("ascii")
        place, count, _digest = text[1:].split(" ")  # what it digests to, the digest of the answer says as well
        if place not in ("a", "b") or not 0 < int(count) <= _MOST_PARTS:
            return None
        parts = [_text(vault, f"{target}#{place}{at}", f"{user}#{place}{at}") for at in range(int(count))]
        return None if None in parts else "".join(each or "" for each in parts).encode("ascii")
    except (OSError, AttributeError, ValueError, ctypes.ArgumentError):
        return None


def _text(vault: Advapi, target: str, user: str) -> str | None:
    """One credential, under its plain name, or under that to which it moves when another user's takes the plain one."""
    found = _read(vault, target, user)
    return found if found is not None else _read(vault, f"{user}@{target}", user)


def _read(vault: Advapi, target: str, user: str) -> str | None:
    """What a credential of this name and user keeps; None where there is none. Raises ValueError for no text."""
    found = ctypes.POINTER(Credential)()
    if not vault.call("CredReadW", target, _GENERIC, 0, ctypes.addressof(found)):
        return None
    try:
        said = found.contents
        size, start = said.CredentialBlobSize, said.CredentialBlob
        if said.UserName != user or not start or not 0 < size <= _LONGEST:
            return None
        return ctypes.string_at(start, size).decode("utf-16-le")
    finally:
        vault.call("CredFree", ctypes.cast(found, ctypes.c_void_p))
