"""One password out of a macOS keychain, by the system's own libraries: what the hook reads there.

No dialogue comes of it: what would need one is the whole program's. Nothing here may import the rest of stsctl, for the
hook runs without it.

Sources: https://developer.apple.com/documentation/security/secitemcopymatching(_:_:) and
https://developer.apple.com/documentation/corefoundation (who creates or copies an object releases it)
"""

import ctypes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol
else:
    Protocol = object  # `typing` takes longer to load than the keychain to answer

_FRAMEWORK = "/System/Library/Frameworks/{0}.framework/{0}"
_LONGEST = 1 << 18
"""Bytes of a password: several times what any session takes."""
_UTF_8 = 0x08000100

_POINTER, _LENGTH, _STATUS, _BOOLEAN = ctypes.c_void_p, ctypes.c_long, ctypes.c_int32, ctypes.c_ubyte
SIGNATURES: "dict[str, tuple[Any, tuple[Any, ...]]]" = {
    "CFStringCreateWithBytes": (_POINTER, (_POINTER, ctypes.c_char_p, _LENGTH, ctypes.c_uint32, _BOOLEAN)),
    "CFDictionaryCreate": (_POINTER, (_POINTER, _POINTER, _POINTER, _LENGTH, _POINTER, _POINTER)),
    "CFGetTypeID": (ctypes.c_ulong, (_POINTER,)),
    "CFDataGetTypeID": (ctypes.c_ulong, ()),
    "CFDataGetLength": (_LENGTH, (_POINTER,)),
    "CFDataGetBytePtr": (_POINTER, (_POINTER,)),
    "CFRelease": (None, (_POINTER,)),
    "SecItemCopyMatching": (_STATUS, (_POINTER, _POINTER)),
    "SecKeychainGetUserInteractionAllowed": (_STATUS, (_POINTER,)),
    "SecKeychainSetUserInteractionAllowed": (_STATUS, (_BOOLEAN,)),
}
"""What each function gives and takes, as Apple's headers declare it."""


class Frameworks(Protocol):
    """CoreFoundation and Security; every method raises AttributeError for what they do not have."""

    def call(self, name: str, *arguments: object) -> int | None:
        """What a function gives; a pointer as a number, None for NULL."""

    def constant(self, name: str) -> int | None:
        """The object that a constant points to."""

    def address(self, name: str) -> int:
        """Where a structure is."""


class SystemFrameworks:
    """Those of this machine; raises OSError where there are none."""

    def __init__(self) -> None:
        self._of = {each: ctypes.CDLL(_FRAMEWORK.format(each)) for each in ("CoreFoundation", "Security")}

    def call(self, name: str, *arguments: object) -> int | None:
        """What a function gives; a pointer as a number, None for NULL."""
        function = self._library(name)[name]
        function.restype, function.argtypes = SIGNATURES[name]
        answer: int | None = function(*arguments)
        return answer

    def constant(self, name: str) -> int | None:
        """The object that a constant points to."""
        return ctypes.c_void_p.in_dll(self._library(name), name).value

    def address(self, name: str) -> int:
        """Where a structure is."""
        return ctypes.addressof(ctypes.c_char.in_dll(self._library(name), name))

    def _library(self, name: str) -> ctypes.CDLL:
        return self._of["Security" if name.startswith(("Sec", "kSec")) else "CoreFoundation"]


def password(service: bytes, account: bytes, frameworks: Frameworks | None = None) -> bytes | None:
    """A generic password as stsctl writes it; None where there is none, or anything is unusual."""
    try:
        keychain = frameworks or SystemFrameworks()
        allowed = _BOOLEAN()
        if keychain.call("SecKeychainGetUserInteractionAllowed", ctypes.addressof(allowed)):
            return None
        # A keychain that is a file (as "login" is) asks in spite of kSecUseAuthenticationUIFail. This holds for the
        # process, which may go on as the whole program: that may ask.
        if keychain.call("SecKeychainSetUserInteractionAllowed", 0):
            return None
        try:
            return _find(keychain, service, account)
        finally:
            keychain.call("SecKeychainSetUserInteractionAllowed", allowed.value)
    except (OSError, AttributeError, ValueError, ctypes.ArgumentError):
        return None


def _find(keychain: Frameworks, service: bytes, account: bytes) -> bytes | None:
    """The same, every object of it released."""
    created: list[int] = []
    try:
        for text in (service, account):
            word = keychain.call("CFStringCreateWithBytes", None, text, len(text), _UTF_8, 0)
            if not word:
                return None
            created.append(word)
        query = _query(keychain, *created)
        if not query:
            return None
        created.append(query)
        found = ctypes.c_void_p()
        if keychain.call("SecItemCopyMatching", query, ctypes.addressof(found)) or not found.value:
            return None
        created.append(found.value)
        return _bytes_of(keychain, found.value)
    finally:
        for each in created:
            keychain.call("CFRelease", each)


def _query(keychain: Frameworks, service: int, account: int) -> int | None:
    """What is asked for: one password, and no dialogue. None where the system lacks something of it."""
    asked = {
        "kSecClass": keychain.constant("kSecClassGenericPassword"),
        "kSecAttrService": service,
        "kSecAttrAccount": account,
        "kSecMatchLimit": keychain.constant("kSecMatchLimitOne"),
        "kSecReturnData": keychain.constant("kCFBooleanTrue"),
        "kSecUseAuthenticationUI": keychain.constant("kSecUseAuthenticationUIFail"),
    }
    keys = [keychain.constant(name) for name in asked]
    if not all((*keys, *asked.values())):
        return None
    array = ctypes.c_void_p * len(asked)
    keys_in_c, values_in_c = array(*keys), array(*asked.values())
    return keychain.call(
        "CFDictionaryCreate",
        None,
        ctypes.addressof(keys_in_c),
        ctypes.addressof(values_in_c),
        len(asked),
        keychain.address("kCFTypeDictionaryKeyCallBacks"),
        keychain.address("kCFTypeDictionaryValueCallBacks"),
    )


def _bytes_of(keychain: Frameworks, data: int) -> bytes | None:
    """What a CFData holds, if it can be a text of stsctl's, which are ASCII."""
    if keychain.call("CFGetTypeID", data) != keychain.call("CFDataGetTypeID"):
        return None
    length, start = keychain.call("CFDataGetLength", data), keychain.call("CFDataGetBytePtr", data)
    if not length or not start or not 0 < length <= _LONGEST:
        return None
    text = ctypes.string_at(start, length)
    return text if text.isascii() else None
