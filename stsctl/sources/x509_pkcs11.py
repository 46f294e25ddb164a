"""A private key on a PKCS#11 token (a smart card, an HSM, a TPM), which signs without being read.

Source: https://docs.oasis-open.org/pkcs11/pkcs11-spec/v3.1/pkcs11-spec-v3.1.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError
from stsctl.host import files
from stsctl.pkcs11_uri import Pkcs11Uri
from stsctl.sources.x509_key import Sign

_EVERY_TOKEN = "p11-kit-proxy.so"  # noqa: S105 - a library, which leads to all that are set up on the machine


def open_key(uri: Pkcs11Uri, whose: str, pin: Callable[[], Secret]) -> Sign:
    """What signs with the one key that `uri` means. `pin` is asked once, for a token locks itself after a few.

    What is wrong with either is known when it signs: each signature has a session of its own, for a token that was left
    open would not be opened again. Raises ConfigurationError.
    """
    if find_spec("pkcs11") is None:
        raise ConfigurationError(
            f"{whose} is on a PKCS#11 token, and what speaks to those is not installed",
            hint="pip install 'stsctl[pkcs11]'",
        )
    import pkcs11

    with _translated(whose):
        token = _token(uri, whose)
        wants_pin = pkcs11.TokenFlag.LOGIN_REQUIRED in token.flags
    given = _pin(uri, whose, pin) if wants_pin else None

    def sign(content: bytes) -> bytes:
        with _translated(whose), token.open(user_pin=given.reveal() if given else None) as session:
            key = _key(session, uri, whose)
            if key.key_type is pkcs11.KeyType.RSA:
                return bytes(key.sign(content, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS))
            digest = hashlib.sha256(content).digest()
            return _der(bytes(key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA)))

    return sign


def _token(uri: Pkcs11Uri, whose: str) -> Any:
    import pkcs11

    found = [
        token
        for slot in pkcs11.lib(uri.module_path or _EVERY_TOKEN).get_slots(token_present=True)
        if uri.slot_id in (None, slot.slot_id)
        for token in [slot.get_token()]
        if uri.token in (None, token.label)
        and uri.manufacturer in (None, token.manufacturer_id)
        and uri.model in (None, token.model)
        and uri.serial in (None, token.serial.decode(errors="replace").strip())
    ]
    return _only(found, f"{whose}: the pkcs11: URI", "tokens", "token=NAME")


def _key(session: Any, uri: Pkcs11Uri, whose: str) -> Any:
    import pkcs11

    wanted: dict[Any, object] = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}
    wanted |= {} if uri.object is None else {pkcs11.Attribute.LABEL: uri.object}
    wanted |= {} if uri.id is None else {pkcs11.Attribute.ID: uri.id}
    found = list(session.get_objects(wanted))
    return _only(found, f"{whose}: the pkcs11: URI", "private keys", "object=NAME or id=%01")


def _only(found: list[Any], what: str, kind: str, more: str) -> Any:
    if len(found) == 1:
        return found[0]
    raise ConfigurationError(
        f"{what} fits {len(found) or 'none of the'} {kind}", hint=f"look with p11tool --list-all, and write {more}"
    )


def _pin(uri: Pkcs11Uri, whose: str, ask: Callable[[], Secret]) -> Secret:
    if uri.pin_source is None:
        return ask()
    content = files.read_private(Path(uri.pin_source).expanduser())
    if content is None:
        raise ConfigurationError(f'{whose}: there is no file "{uri.pin_source}"')
    try:
        return Secret(content.decode().rstrip("\r\n"))
    except UnicodeDecodeError:
        raise ConfigurationError(f'{whose}: what is in "{uri.pin_source}" is no PIN') from None


def _der(signature: bytes) -> bytes:
    """The two numbers of an EC signature, which tokens put side by side, as X.509 has them."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    half = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big"))


@contextmanager
def _translated(whose: str) -> Iterator[None]:
    """Turns what a token says into stsctl's words."""
    import pkcs11

    try:
        yield
    except (pkcs11.PinIncorrect, pkcs11.PinLenRange, pkcs11.PinInvalid):
        hint = "try it once more, and look before the last try: p11tool --list-tokens"
        raise ConfigurationError(f"{whose}: the token's PIN is another", hint=hint) from None
    except pkcs11.PinLocked:
        raise ConfigurationError(f"{whose}: the token has locked itself, after too many wrong PINs") from None
    except (pkcs11.PKCS11Error, RuntimeError, OSError) as error:
        # Of what a library that cannot be loaded says, the name of it is known anyway.
        raise ConfigurationError(
            f"{whose} cannot be used ({type(error).__name__})",
            hint="check module-path, and look: p11tool --list-tokens",
        ) from None
