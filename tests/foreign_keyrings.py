"""Stand-ins for what macOS and Windows keep passwords in: the functions that stsctl calls, and the keyring package.

Each call goes through a C function of the declared types, so that a pointer that is cut short, or text in place of a
number, shows here as it would there. What is not released, or twice, or after it was, is among the `faults`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any, ClassVar

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from stsctl import hook_macos, hook_windows

FOUND, NOT_FOUND, NO_DIALOGUE, LOCKED = 0, -25300, -25308, -25293


class Library:
    """Functions of Python's behind C types; each is a method of the same name."""

    def __init__(self, signatures: Mapping[str, tuple[Any, tuple[Any, ...]]]) -> None:
        self.faults: list[str] = []
        self.calls: list[str] = []
        self._functions = {
            name: ctypes.CFUNCTYPE(gives, *takes)(getattr(self, name)) for name, (gives, takes) in signatures.items()
        }

    def call(self, name: str, *arguments: object) -> int | None:
        """Calls one."""
        self.calls.append(name)
        answer: int | None = self._functions[name](*arguments)
        return answer


class Frameworks(Library):
    """CoreFoundation's objects with their counts, and a keychain. `status` is what a search is answered with."""

    passwords: ClassVar[dict[tuple[str, str], bytes]] = {}
    _DATA_TYPE = (1 << 40) + 1

    def __init__(self, status: int = FOUND, *, lacks: str = "", not_data: bool = False) -> None:
        super().__init__(hook_macos.SIGNATURES)
        self.status = status
        self.lacks = lacks
        self.not_data = not_data
        self.may_ask = True
        self.asked: list[Mapping[str, object]] = []
        self.objects: dict[int, list[Any]] = {}
        self.constants: dict[int, str] = {}

    def constant(self, name: str) -> int | None:
        """The object that a constant points to: far up, where a pointer needs all its bits."""
        if name == self.lacks:
            raise AttributeError(name)
        place = (1 << 41) + 16 * len(self.constants)
        self.constants[place] = name
        return place

    def address(self, name: str) -> int:
        """Where a structure is."""
        place = self.constant(name)
        assert place
        return place

    def _made(self, value: object) -> int:
        place = (1 << 40) + 0x100 * (len(self.objects) + 1)
        self.objects[place] = [value, 1]
        return place

    def CFStringCreateWithBytes(self, _: None, text: bytes, length: int, encoding: int, external: int) -> int | None:  # noqa: N802 - as Apple calls it
        """A string; NULL for what is no UTF-8."""
        assert (encoding, external) == (0x08000100, 0)
        try:
            return self._made(text[:length].decode())
        except ValueError:
            return None

    def CFDictionaryCreate(self, _: None, keys: int, values: int, count: int, of_keys: int, of_values: int) -> int:  # noqa: N802
        """A dictionary, which retains what is in it."""
        assert self.constants[of_keys] == "kCFTypeDictionaryKeyCallBacks"
        assert self.constants[of_values] == "kCFTypeDictionaryValueCallBacks"
        array = ctypes.c_void_p * count
        pairs = dict(zip(array.from_address(keys), array.from_address(values), strict=True))
        for each in pairs.values():
            if each in self.objects:
                self.objects[each][1] += 1
        return self._made(pairs)

    def CFGetTypeID(self, place: int) -> int:  # noqa: N802
        """What kind of object it is."""
        return self._DATA_TYPE if isinstance(self._value(place), ctypes.Array) and not self.not_data else 7

    def CFDataGetTypeID(self) -> int:  # noqa: N802
        """What kind data is."""
        return self._DATA_TYPE

    def CFDataGetLength(self, place: int) -> int:  # noqa: N802
        """How many bytes there are."""
        return len(self._value(place))

    def CFDataGetBytePtr(self, place: int) -> int | None:  # noqa: N802
        """Where they are."""
        return ctypes.addressof(self._value(place)) or None

    def CFRelease(self, place: int) -> None:  # noqa: N802
        """One owner less."""
        if place not in self.objects or self.objects[place][1] < 1:
            self.faults.append(f"released too often: {place}")
            return
        self.objects[place][1] -= 1
        value, owners = self.objects[place]
        if not owners and isinstance(value, dict):
            for each in value.values():
                if each in self.objects:
                    self.CFRelease(each)

    def SecKeychainGetUserInteractionAllowed(self, place: int) -> int:  # noqa: N802
        """Whether there may be a dialogue."""
        ctypes.c_ubyte.from_address(place).value = self.may_ask
        return 0

    def SecKeychainSetUserInteractionAllowed(self, allowed: int) -> int:  # noqa: N802
        """Says so."""
        self.may_ask = bool(allowed)
        return 0

    def SecItemCopyMatching(self, query: int, place: int) -> int:  # noqa: N802
        """A search."""
        said = {self.constants[key]: self._said(value) for key, value in self._value(query).items()}
        self.asked.append(said)
        if self.may_ask:
            self.faults.append("a dialogue could have appeared")
        data = self.passwords.get((str(said.pop("kSecAttrService")), str(said.pop("kSecAttrAccount"))))
        if self.status or data is None:
            ctypes.c_void_p.from_address(place).value = (1 << 40) + 1  # nobody's
            return self.status or NOT_FOUND
        buffer = (ctypes.c_char * len(data)).from_buffer_copy(data)
        ctypes.c_void_p.from_address(place).value = self._made(buffer)
        return FOUND

    def _said(self, place: int) -> object:
        return self.constants[place] if place in self.constants else self._value(place)

    def _value(self, place: int) -> Any:
        value, owners = self.objects[place]
        if owners < 1:
            self.faults.append(f"used after it was released: {place}")
        return value

    @property
    def kept(self) -> list[object]:
        """What nobody released."""
        return [value for value, owners in self.objects.values() if owners]


class Advapi(Library):
    """The Credential Manager: user and bytes by target."""

    credentials: ClassVar[dict[str, tuple[str, bytes]]] = {}

    def __init__(self, size: int | None = None) -> None:
        super().__init__(hook_windows.SIGNATURES)
        self.size = size
        self.given: dict[int, tuple[object, ...]] = {}

    def CredReadW(self, target: str, kind: int, flags: int, place: int) -> int:  # noqa: N802 - as Microsoft calls it
        """Gives a copy of a credential away."""
        assert (kind, flags) == (1, 0)
        if target not in self.credentials:
            return 0
        user, blob = self.credentials[target]
        buffer = ctypes.create_string_buffer(blob, len(blob))
        said = hook_windows.Credential(
            Type=kind,
            TargetName=target,
            CredentialBlobSize=len(blob) if self.size is None else self.size,
            CredentialBlob=ctypes.addressof(buffer) if blob else None,
            UserName=user,
        )
        self.given[ctypes.addressof(said)] = said, buffer
        ctypes.c_void_p.from_address(place).value = ctypes.addressof(said)
        return 1

    def CredFree(self, place: int) -> None:  # noqa: N802
        """Takes it back."""
        if self.given.pop(place, None) is None:
            self.faults.append(f"freed what was not given: {place}")

    @property
    def kept(self) -> list[object]:
        """What nobody freed."""
        return list(self.given)


class MacKeyring(KeyringBackend):
    """The keyring package on macOS, writing where the stand-in reads."""

    priority = 0

    def get_password(self, service: str, username: str) -> str | None:
        """A password."""
        found = Frameworks.passwords.get((service, username))
        return None if found is None else found.decode()

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keeps one."""
        Frameworks.passwords[service, username] = password.encode()

    def delete_password(self, service: str, username: str) -> None:
        """Forgets one."""
        if Frameworks.passwords.pop((service, username), None) is None:
            raise PasswordDeleteError


class WindowsKeyring(KeyringBackend):
    """The same on Windows: a second user of a service moves the first to a name of both."""

    priority = 0

    def get_password(self, service: str, username: str) -> str | None:
        """A password."""
        target = self._target(service, username)
        return None if target is None else Advapi.credentials[target][1].decode("utf-16-le")

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keeps one."""
        was = Advapi.credentials.get(service)
        if was is not None:
            Advapi.credentials[f"{was[0]}@{service}"] = was
        blob = password.encode("utf-16-le")
        assert len(blob) <= 2560
        Advapi.credentials[service] = username, blob

    def delete_password(self, service: str, username: str) -> None:
        """Forgets one."""
        target = self._target(service, username)
        if target is None:
            raise PasswordDeleteError
        for each in (service, f"{username}@{service}"):
            if Advapi.credentials.get(each, ("", b""))[0] == username:
                del Advapi.credentials[each]

    def _target(self, service: str, username: str) -> str | None:
        targets = (service, f"{username}@{service}")
        return next((each for each in targets if Advapi.credentials.get(each, ("", b""))[0] == username), None)


MacKeyring.__module__ = "keyring.backends.macOS"
WindowsKeyring.__module__ = "keyring.backends.Windows"
