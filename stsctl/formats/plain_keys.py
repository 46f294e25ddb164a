"""Long-term keys taken out of a profile of the AWS files: their two lines go, and every other byte stays."""

from __future__ import annotations

from stsctl import ini
from stsctl.credentials import Credentials
from stsctl.errors import ConfigurationError
from stsctl.profile import KEY_ID, SECRET_KEY, kind_of

_Said = dict[str, dict[str, object]]


def without(content: bytes, profile: str, keys: Credentials, *, place: str, of_config: bool) -> bytes:
    """The file without `keys` in the section of `profile`; `of_config` says which of the two files it is.

    Raises ConfigurationError where they are not there, or where the file would then be read otherwise than before.
    """
    document = ini.parse(content, place)
    section = next((each for each in document.sections.values() if _called(each.name, of_config) == profile), None)
    entries = [section.entries[key] for key in (KEY_ID, SECRET_KEY) if key in section.entries] if section else []
    secret = keys.secret_access_key.reveal()
    if section is None or [entry.value for entry in entries] != [keys.access_key_id, secret]:
        raise ConfigurationError(f'{place}: the profile "{profile}" has not the keys any more that it had')
    lines = {entry.line - 1 for entry in entries}
    if not all(section.line <= line < section.last for line in lines):
        line = min(lines) + 1
        raise ConfigurationError(
            f'{place}:{line}: the keys of "{profile}" are in [DEFAULT], and so in every profile',
            hint=f"move them to a section [{profile}] of their own",
        )
    after = ini.encode("".join(line for number, line in enumerate(document.lines) if number not in lines))
    kept = _said(document)
    for key in (KEY_ID, SECRET_KEY):
        del kept[section.name][key]
    if _said(ini.parse(after, place)) != kept:
        raise ConfigurationError(
            f'the keys of "{profile}" cannot be taken out without changing how the rest of {place} is read',
            hint="take the indentation off the headers and keys around them",
        )
    return after


def _called(header: str, of_config: bool) -> str | None:
    """The profile of a header; None where it is none of a profile's."""
    kind, name = kind_of(header) if of_config else ("profile", header)
    return name if kind == "profile" else None


def _said(document: ini.Document) -> _Said:
    return {
        name: {key: (entry.value, entry.nested) for key, entry in section.entries.items()}
        for name, section in document.sections.items()
    }
