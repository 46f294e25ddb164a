"""A session as a profile of `~/.aws/credentials`: one section is written or taken out, line by line.

Every other byte stays: comments, order, line endings, a byte order mark. What was made is read back before it is given
out, so that an edit which would change how any other section is read is refused instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from stsctl import ini
from stsctl.credentials import Credentials
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError, UsageError
from stsctl.formats.interface import rfc3339
from stsctl.profile import kind_of

EXPIRATION = "expiration"
_OUR_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token", "region", EXPIRATION)

_TAKES_PRECEDENCE = ("credential_process", "role_arn", "login_session", "web_identity_token_file")
"""Keys (and every `sso_…`) of a profile for which SDKs look elsewhere before, or beside, its static keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsFiles:
    """The two files as they are; a missing one is empty. The places are their names in messages."""

    credentials: bytes = field(repr=False)
    config: bytes = field(repr=False)
    credentials_place: str = "~/.aws/credentials"
    config_place: str = "~/.aws/config"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A section that stsctl wrote: for which target, and until when it can be used (None: it does not say)."""

    profile: str
    target: str
    expires_at: datetime | None
    line: int


def check(files: AwsFiles, profile: str, *, force: bool = False) -> ini.Document:
    """The credentials file, read, where `profile` may be written into it: to be asked before anybody is.

    Raises UsageError for a name that AWS's tools would not all read alike, ConfigurationError for a section that stsctl
    did not write (unless `force`), and for a profile whose keys SDKs would pass over.
    """
    _check_name(profile)
    document = ini.parse(files.credentials, files.credentials_place)
    before = document.sections.get(profile)
    if before is not None and not force:
        _check_ours(document, before)
    _check_precedence(files, profile)
    return document


def write_section(
    files: AwsFiles,
    profile: str,
    credentials: Credentials,
    *,
    target: str,
    region: str | None = None,
    force: bool = False,
) -> bytes:
    """The credentials file with `profile` in it, as the section for `target`.

    Raises what `check` raises, and UsageError for values that do not fit into lines.
    """
    document = check(files, profile, force=force)
    values = {
        "aws_access_key_id": credentials.access_key_id,
        "aws_secret_access_key": credentials.secret_access_key.reveal(),
        "aws_session_token": credentials.session_token.reveal() if credentials.session_token else None,
        "region": region,
        EXPIRATION: rfc3339(credentials.expires_at) if credentials.expires_at else None,
    }
    return _with_section(document, profile, target, {key: value for key, value in values.items() if value is not None})


def remove_section(text: bytes, profile: str, *, place: str = "~/.aws/credentials") -> bytes:
    """The file without the section of `profile`; raises ConfigurationError where stsctl did not write one."""
    document = ini.parse(text, place)
    section = document.sections.get(profile)
    if section is None:
        raise ConfigurationError(f'{place} has no section "{profile}"', hint="stsctl profile list")
    _check_ours(document, section)
    start = section.line - 1
    # The empty line above was written with the section.
    if start > 0 and not document.lines[start - 1].strip("\r\n"):
        start -= 1
    content = ini.encode("".join((*document.lines[:start], *document.lines[section.last :])))
    _check_others(document, content, profile)
    return content


def written(text: bytes, *, place: str = "~/.aws/credentials") -> tuple[Written, ...]:
    """The sections that stsctl wrote, in their order."""
    document = ini.parse(text, place)
    return tuple(
        Written(
            profile=section.name,
            target=section.written_for,
            expires_at=_instant(section.entries.get(EXPIRATION)),
            line=section.line,
        )
        for section in document.sections.values()
        if section.written_for is not None
    )


def prune(text: bytes, now: datetime, *, place: str = "~/.aws/credentials") -> tuple[bytes, tuple[str, ...]]:
    """The file without those of stsctl's sections that are over, and their names."""
    over = tuple(
        one.profile for one in written(text, place=place) if one.expires_at is not None and one.expires_at <= now
    )
    for profile in over:
        text = remove_section(text, profile, place=place)
    return text, over


def caution(profile: str) -> str | None:
    """What to be told of a name that botocore reads, and not every SDK."""
    return f'profile "{profile}" has a space in its name, and some SDKs cannot read that' if " " in profile else None


def _with_section(document: ini.Document, profile: str, target: str, values: Mapping[str, str]) -> bytes:
    lines, before = list(document.lines), document.sections.get(profile)
    ending = _ending(lines if before is None else lines[before.line - 1 : before.line])
    if not all(text and text.isprintable() and text == text.strip() for text in (target, *values.values())):
        raise UsageError(f'what is to be written for "{target}" does not fit into lines of a file')
    body = (f"[{profile}]", f"{ini.MARKER}: {target}", *(f"{key} = {value}" for key, value in values.items()))
    section = [line + ending for line in body]
    if before is not None:
        lines[before.line - 1 : before.last] = section
    else:
        if lines and not lines[-1].endswith(("\n", "\r")):
            lines[-1] += ending
        separator = [ending] if lines else []
        lines += [*separator, *section]
    content = ini.encode("".join(lines))
    _check_others(document, content, profile)
    entries = ini.parse(content, document.place).sections[profile].entries
    if any(key not in entries or entries[key].value != value for key, value in values.items()):
        raise _unsafe(document, profile)
    return content


def _ending(lines: list[str]) -> str:
    """The line ending in use where a section is put."""
    match = next((match for line in reversed(lines) if (match := re.search(r"(\r\n|\r|\n)$", line))), None)
    return match[0] if match else "\n"


def _check_name(profile: str) -> None:
    """Names with these characters are read by one tool so and by another otherwise, or break the line."""
    if (
        not profile
        or profile == "DEFAULT"
        or profile != profile.strip()
        or not profile.isprintable()
        or re.search(r"""[\[\]#;"'\\]""", profile)
    ):
        raise UsageError(
            f'"{profile}" cannot be the name of a profile that every SDK reads',
            hint="give it another one: --profile NAME, of letters, digits, - and _",
        )


def _check_ours(document: ini.Document, section: ini.Section) -> None:
    place = f"{document.place}:{section.line}"
    if not section.managed:
        raise ConfigurationError(
            f'{place}: stsctl did not write section "{section.name}"',
            hint="give another name, or --force to replace it",
        )
    # What `[DEFAULT]` lends to every section stands on a line outside of it.
    own = [entry for entry in section.entries.values() if section.line < entry.line <= section.last]
    theirs = [entry.name for entry in own if entry.name not in _OUR_KEYS or "\n" in entry.value]
    if theirs:
        raise ConfigurationError(
            f'{place}: somebody added "{theirs[0]}" to what stsctl wrote',
            hint="move it into ~/.aws/config, or give --force to lose it",
        )


def _check_precedence(files: AwsFiles, profile: str) -> None:
    """Refuses a profile in which SDKs would not find the keys, or find two ways in and take the wrong one."""
    config = ini.parse(files.config, files.config_place)
    for section in config.sections.values():
        if kind_of(section.name) != ("profile", profile):
            continue
        for entry in section.entries.values():
            if entry.name in _TAKES_PRECEDENCE or entry.name.startswith("sso_"):
                raise ConfigurationError(
                    f'{files.config_place}:{entry.line}: profile "{profile}" has {entry.name},'
                    " and SDKs would take the wrong one of the two",
                    hint=f"write it under another name: --profile {profile}-session",
                )


def _check_others(before: ini.Document, content: bytes, profile: str) -> None:
    """A new line can become part of an indented value, or an indented header part of a new value: never silently."""
    after = ini.parse(content, before.place)
    told = [
        {
            name: {key: (entry.value, entry.nested) for key, entry in section.entries.items()}
            for name, section in document.sections.items()
            if name != profile
        }
        for document in (before, after)
    ]
    if told[0] != told[1]:
        raise _unsafe(before, profile)


def _unsafe(document: ini.Document, profile: str) -> ConfigurationError:
    return ConfigurationError(
        f'section "{profile}" cannot be changed without changing how the rest of {document.place} is read',
        hint="take the indentation off the headers and keys around it",
    )


def _instant(entry: ini.Entry | None) -> datetime | None:
    if entry is None:
        return None
    try:
        instant = datetime.fromisoformat(entry.value)
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None
