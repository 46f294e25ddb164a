"""Which stores are right for a machine, and what is wrong with those that it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stsctl.configuration import SealKey, StoreName
from stsctl.dataclass import dataclass
from stsctl.doctor.finding import Finding
from stsctl.doctor.picture import Picture
from stsctl.severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What config.toml is to say on this machine: keys and values by their tables, and why."""

    tables: Mapping[str, Mapping[str, str]]
    why: str

    @property
    def is_default(self) -> bool:
        """Whether it holds with nothing written."""
        return self.tables == _KEYRING

    @property
    def lines(self) -> str:
        """As a sentence."""
        said = ", ".join(
            ", ".join(f'{key} = "{value}"' for key, value in values.items()) + f" under [{table}]"
            for table, values in self.tables.items()
        )
        note = "which is the default" if self.is_default else "where PATH is mounted" if PATH in said else ""
        return f"{said}, {note}" if note else said


KEY_PLACE, PATH = "~/.config/stsctl/key", "PATH"
"""Where the key of the sealed files is advised to be; in a container, wherever that has it from outside."""
_KEYRING = {"defaults": {"store": "keyring"}}
_SEALED_BY_KEYRING = {"defaults": {"store": "sealed-file"}, "sealed_file": {"key": "keyring"}}
_SEALED = {"defaults": {"store": "sealed-file"}, "sealed_file": {"key_file": KEY_PLACE}}
_MOUNTED = {"defaults": {"store": "sealed-file"}, "sealed_file": {"key_file": PATH}}
_KERNEL = {"defaults": {"session_store": "kernel", "store": "sealed-file"}, "sealed_file": {"key_file": KEY_PLACE}}


def advise(picture: Picture) -> Advice:
    """The one that fits: from what is known of the machine, whatever its configuration says."""
    place, keyring = picture.place, picture.keyring
    answers = keyring is not None and keyring.trouble is None
    if picture.platform == "darwin" and (answers or not place.over_ssh):
        return Advice(tables=_SEALED_BY_KEYRING, why="the keychain of macOS asks for leave for each item: this is one")
    if picture.platform == "win32":
        return Advice(tables=_SEALED_BY_KEYRING, why="the Windows Credential Manager takes short items: this is one")
    if place.in_container and not answers:
        why = "a container has no keyring, and shares the kernel's with others of the same user"
        return Advice(tables=_MOUNTED, why=why)
    if answers:
        return Advice(tables=_KEYRING, why="the keyring answers")
    if place.has_bus and not place.over_ssh:
        return Advice(tables=_KEYRING, why="this is a desktop: once it is unlocked, the keyring answers")
    has_keyring = place.has_bus or picture.platform == "darwin"
    where = "through SSH the keyring cannot be unlocked" if has_keyring else "without D-Bus there is no keyring"
    if place.has_kernel_keyring:
        return Advice(tables=_KERNEL, why=f"{where}; the kernel keeps sessions until they end")
    return Advice(tables=_SEALED, why=where)


def check(picture: Picture) -> Iterator[Finding]:
    """What is wrong with the stores that the settings name."""
    settings, keyring = picture.settings, picture.keyring
    if settings is None:
        return
    in_use, advice = {settings.store.value, settings.session_store.value}, advise(picture)
    if StoreName.SEALED_FILE in in_use and settings.seal_key.value is SealKey.KEYRING:
        in_use.add(StoreName.KEYRING)
    if keyring is not None and keyring.trouble is not None and StoreName.KEYRING in in_use:
        fix = keyring.trouble.fix if advice.is_default else f"{advice.lines}: {advice.why}"
        yield _found(Severity.HIGH, keyring.trouble.what, fix)
    if settings.session_store.value is StoreName.MEMORY:
        what = f"the store is memory ({settings.session_store.origin}): nothing outlives the command that got it"
        yield _found(Severity.LOW, what, advice.lines)
    if keyring is not None and keyring.kind == "macOS" and settings.session_store.value is StoreName.KEYRING:
        yield _found(Severity.LOW, "the keychain of macOS asks for leave at each new session", advice.lines)
    was_looked_at = keyring is not None
    if StoreName.KERNEL in in_use and was_looked_at and not picture.place.has_kernel_keyring:
        yield _found(Severity.HIGH, "the kernel's keyrings are not to be had here", advice.lines)
    elif StoreName.KERNEL in in_use and picture.place.in_container:
        what = "sessions are in the kernel's keyring, which other containers of the same user share"
        yield _found(Severity.MEDIUM, what, advice.lines)
    if settings.store.value is StoreName.KERNEL:
        fix = 'store = "sealed-file" and session_store = "kernel", under [defaults]'
        yield _found(Severity.LOW, f"long-term keys cannot be kept in the kernel ({settings.store.origin})", fix)
    if StoreName.PROCESS in in_use and not settings.store_process.value:
        fix = 'store_process = ["PROGRAM"] under [defaults]'
        yield _found(Severity.HIGH, 'no program is named for the store "process"', fix)


def _found(severity: Severity, what: str, fix: str | None) -> Finding:
    return Finding(check="store", severity=severity, what=what, fix=fix)
