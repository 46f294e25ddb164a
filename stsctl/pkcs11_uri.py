"""`pkcs11:` URIs: which key on which token is meant, and how it is reached.

Source: RFC 7512.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from stsctl.dataclass import dataclass
from stsctl.errors import UsageError
from stsctl.nearest import suggestion

SCHEME = "pkcs11:"
_OF_TOKEN = ("token", "manufacturer", "serial", "model", "slot-id")
_OF_KEY = ("object", "id", "type")
_OF_WAY = ("module-path", "pin-source")
_ESCAPED = re.compile(r"([A-Za-z0-9\-._~:\[\]@!$'()*+,=/]|%[0-9A-Fa-f]{2})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pkcs11Uri:
    """A key, by what is said of it and of its token. Whatever is None may be anything.

    `module_path` is the library that speaks to the token, `pin_source` the file with its PIN.
    """

    token: str | None = None
    manufacturer: str | None = None
    serial: str | None = None
    model: str | None = None
    slot_id: int | None = None
    object: str | None = None
    id: bytes | None = None
    module_path: str | None = None
    pin_source: str | None = None

    @classmethod
    def parse(cls, text: str) -> Pkcs11Uri:
        """The key that `text` means; raises UsageError, which does not repeat it: there may be a PIN in it."""
        if not text.startswith(SCHEME):
            raise UsageError("it is no pkcs11: URI", hint="write it as pkcs11:token=NAME;object=NAME")
        path, _, query = text.removeprefix(SCHEME).partition("?")
        said = _attributes(path, ";", (*_OF_TOKEN, *_OF_KEY)) | _attributes(query, "&", _OF_WAY)
        kind = said.pop("type", b"private")
        if kind != b"private":
            raise UsageError("the pkcs11: URI is not that of a private key", hint="write type=private, or leave it out")
        texts = {name: _text(name, value) for name, value in said.items() if name != "id"}
        slot, pin_source = texts.get("slot-id"), texts.get("pin-source")
        if slot is not None and not re.fullmatch(r"[0-9]{1,18}", slot, re.ASCII):
            raise UsageError("slot-id in the pkcs11: URI is no number")
        if pin_source is not None and pin_source.startswith("|"):
            raise UsageError(
                "pin-source in the pkcs11: URI is a program", hint="name it as passphrase_process of the source"
            )
        return cls(
            token=texts.get("token"),
            manufacturer=texts.get("manufacturer"),
            serial=texts.get("serial"),
            model=texts.get("model"),
            slot_id=None if slot is None else int(slot),
            object=texts.get("object"),
            id=said.get("id"),
            module_path=texts.get("module-path"),
            pin_source=None if pin_source is None else pin_source.removeprefix("file:"),
        )


def _attributes(text: str, separator: str, known: tuple[str, ...]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in filter(None, text.split(separator)):
        name, equals, value = part.partition("=")
        if name == "pin-value":
            raise UsageError(
                "a PIN in the pkcs11: URI would be seen by whoever reads the configuration",
                hint="put it into a file of its own: ?pin-source=/path, or name a passphrase_process",
            )
        if not equals or name not in known:
            hint = suggestion(name, known) or f"known are {', '.join(known)}"
            raise UsageError(f'"{name[:40]}" is no attribute of a pkcs11: URI', hint=hint)
        if name in found:
            raise UsageError(f"the pkcs11: URI has {name} twice")
        if not _ESCAPED.fullmatch(value):
            raise UsageError(f"{name} in the pkcs11: URI has characters that are not escaped", hint="a space is %20")
        found[name] = unquote_to_bytes(value)
    return found


def _text(name: str, value: bytes) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = ""
    if not text or not text.isprintable():
        raise UsageError(f"{name} in the pkcs11: URI is no text")
    return text
