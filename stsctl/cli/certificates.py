"""The certificate of a source, with its key from a file or on a token: what of it is read, and when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError
from stsctl.pkcs11_uri import SCHEME, Pkcs11Uri
from stsctl.source import Source

if TYPE_CHECKING:
    from stsctl.sources.roles_anywhere import RolesAnywhere
    from stsctl.sources.x509_certificate import SigningCertificate
    from stsctl.sources.x509_key import Sign


def roles_anywhere(
    source: Source, folder: Path, *, run: Callable[[Sequence[str]], str], ask: Callable[[str], Secret]
) -> RolesAnywhere:
    """The concrete source. Paths begin at `folder`; a passphrase is what a program prints that `run` runs, or asked."""
    from stsctl.sources import x509_certificate, x509_key, x509_pkcs11
    from stsctl.sources.roles_anywhere import RolesAnywhere

    said, whose = source.certificate, f'the private key of source "{source.name}"'
    assert said is not None
    process = said.passphrase_process

    def passphrase(what: str) -> Secret:
        return Secret(run(process).rstrip("\r\n")) if process else ask(f"{what} of {whose}: ")

    def certificate() -> SigningCertificate:
        chain = _content(source, folder / Path(said.chain_file).expanduser()) if said.chain_file else None
        content = _content(source, folder / Path(said.file).expanduser())
        return x509_certificate.read(content, chain, f'the certificate of source "{source.name}"')

    def open_key() -> Sign:
        if said.key.startswith(SCHEME):
            return x509_pkcs11.open_key(Pkcs11Uri.parse(said.key), whose, lambda: passphrase("PIN"))
        path = folder / Path(said.key).expanduser()
        return x509_key.open_key(path, whose, lambda: passphrase("passphrase"), tries=1 if process else 3)

    return RolesAnywhere(
        name=source.name,
        trust_anchor_arn=said.trust_anchor_arn,
        profile_arn=said.profile_arn,
        certificate=certificate,
        open_key=open_key,
    )


def is_locked(source: Source, folder: Path) -> bool:
    """Whether a person has to say the passphrase of its key, as far as the file or the URI tells."""
    from stsctl.sources import x509_key

    said = source.certificate
    assert said is not None
    if said.passphrase_process:
        return False
    if said.key.startswith(SCHEME):
        return Pkcs11Uri.parse(said.key).pin_source is None
    return x509_key.is_locked(folder / Path(said.key).expanduser())


def _content(source: Source, path: Path) -> bytes:
    from stsctl.host import files

    content = files.read(path)
    if content is None:
        raise ConfigurationError(f'{source.origin or source.name}: there is no file "{path}"')
    return content
