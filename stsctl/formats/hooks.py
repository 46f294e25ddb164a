"""Hooks: lines of `~/.aws/config` by which SDKs ask stsctl for a profile's credentials.

A hook is a comment that is stsctl's and the `credential_process` below it: in a section that a person wrote, or in one
of its own. Every other byte stays. What was made is read back before it is given out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from stsctl import ini, sso_profile
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError, UsageError
from stsctl.profile import KEY_ID, kind_of

Edit = Callable[[bytes], bytes]
"""A change to the bytes of the file."""

_PROCESS = "credential_process"
_BEFORE = (KEY_ID, "role_arn", "web_identity_token_file", *sso_profile.KEYS, "login_session", "include_profile")
"""What SDKs follow before they run a credential_process, or beside it."""
_OWN_KEYS = (_PROCESS, "region")
_BARE = re.compile(r"[A-Za-z0-9._@/+=:,-]+")
_SPECIAL = re.compile(r"""["'$`\\!%^&|<>#;\[\]]""")
"""Characters that a shell, or a reader of the file, takes for something else within double quotes or a header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A profile whose credentials SDKs get from stsctl, for which target, and by what `process`."""

    profile: str
    target: str
    process: str
    line: int


def process(program: tuple[str, ...], target: str) -> str:
    """The value of `credential_process` that runs `program` for a target; raises UsageError where that cannot be said.

    Some SDKs run it with a shell and some part it themselves (and Windows differs): what all read alike is quoted.
    """
    return " ".join((*(word if word.startswith("-") else _quoted(word) for word in program), _word(target)))


def written(config: bytes, *, place: str = "~/.aws/config") -> tuple[Hook, ...]:
    """The hooks, in their order."""
    return tuple(_hooks(ini.parse(config, place)))


def obstacle(
    profile: str,
    config: bytes,
    credentials: bytes,
    *,
    config_place: str = "~/.aws/config",
    credentials_place: str = "~/.aws/credentials",
) -> str | None:
    """Why SDKs that use `profile` would not come to a hook in it: the key that comes first. None where they would."""
    document = ini.parse(config, config_place)
    sections = (_section(document, profile), ini.parse(credentials, credentials_place).sections.get(profile))
    said = {key for section in sections if section is not None for key, entry in section.entries.items() if entry.value}
    if any(hook.profile == profile for hook in _hooks(document)):
        said.discard(_PROCESS)
    return next((key for key in (*_BEFORE, _PROCESS) if key in said), None)


def write(
    config: bytes, profile: str, target: str, process: str, *, region: str | None = None, place: str = "~/.aws/config"
) -> bytes:
    """The file with a hook in `profile`; a section that is made for it says the region too.

    Raises UsageError for a name that cannot stand in a header, ConfigurationError where lines around it are in the way.
    """
    own = own_section(profile, target, process, region=region)
    document = ini.parse(config, place)
    lines, ending = list(document.lines), line_ending(document)
    hook = [f"{line}{ending}" for line in own[1:3]]
    section = _section(document, profile)
    found = next((each for each in _hooks(document) if each.profile == profile), None)
    if found is not None:
        lines[found.line - 2 : found.line] = hook
    elif section is not None:
        _end_line(lines, section.last - 1, ending)
        lines[section.last : section.last] = hook
    else:
        _end_line(lines, len(lines) - 1, ending)
        lines += [ending] if lines else []
        lines += [f"{line}{ending}" for line in own]
    return _checked(document, "".join(lines), profile, {_PROCESS: process})


def own_section(profile: str, target: str, process: str, *, region: str | None) -> list[str]:
    """The lines of a section that is wholly stsctl's: header, marker, hook, and the region where there is one.

    Raises UsageError for a name that cannot stand in a header.
    """
    if not profile or profile == "DEFAULT" or profile != profile.strip() or _SPECIAL.search(profile):
        raise UsageError(f'"{profile}" cannot be the name of a profile that every SDK reads')
    name = f'"{profile}"' if " " in profile else profile
    header = "[default]" if profile == "default" else f"[profile {name}]"
    return [header, f"{ini.MARKER}: {target}", f"{_PROCESS} = {process}", *([f"region = {region}"] if region else [])]


def remove(config: bytes, profile: str, *, place: str = "~/.aws/config") -> bytes:
    """The file without the hook of `profile`, and without its section where stsctl made that and nothing was added.

    Raises ConfigurationError where it has none.
    """
    document = ini.parse(config, place)
    found = next((each for each in _hooks(document) if each.profile == profile), None)
    section = _section(document, profile)
    if found is None or section is None:
        raise ConfigurationError(f'{place} has no hook in a profile "{profile}"', hint="stsctl profile list")
    start, end = found.line - 2, found.line
    if section.managed and not section.entries.keys() - set(_OWN_KEYS):
        start, end = section.line - 1, section.last
        if start > 0 and not document.lines[start - 1].strip("\r\n"):
            start -= 1
    return _checked(document, "".join((*document.lines[:start], *document.lines[end:])), profile, {})


def _hooks(document: ini.Document) -> Iterator[Hook]:
    for section in document.sections.values():
        kind, profile = kind_of(section.name)
        entry = section.entries.get(_PROCESS)
        if kind != "profile" or entry is None or not section.line < entry.line <= section.last:
            continue
        marker, _, target = document.lines[entry.line - 2].strip().partition(": ")
        if marker == ini.MARKER:
            yield Hook(profile=profile, target=target, process=entry.value, line=entry.line)


def _section(document: ini.Document, profile: str) -> ini.Section | None:
    return next((each for each in document.sections.values() if kind_of(each.name) == ("profile", profile)), None)


def _checked(before: ini.Document, text: str, profile: str, told: Mapping[str, str]) -> bytes:
    """`text` as bytes; raises ConfigurationError where anything but the hook would be read otherwise than before."""
    content = ini.encode(text)
    after = ini.parse(content, before.place)
    section = _section(after, profile)
    said = {key: section.entries[key].value for key in told if key in section.entries} if section else {}
    if said != told or _rest(before, profile) != _rest(after, profile):
        raise ConfigurationError(
            f'a hook in profile "{profile}" would change how the rest of {before.place} is read',
            hint="take the indentation off the headers and keys around it",
        )
    return content


def _rest(document: ini.Document, profile: str) -> dict[str, object]:
    """What the file says besides a profile's hook."""
    rest: dict[str, object] = {}
    for name, section in document.sections.items():
        own = kind_of(name) == ("profile", profile)
        hidden = (_OWN_KEYS if section.managed else (_PROCESS,)) if own else ()
        entries = {key: (entry.value, entry.nested) for key, entry in section.entries.items() if key not in hidden}
        if entries or not own:
            rest[name] = entries
    return rest


def _end_line(lines: list[str], at: int, ending: str) -> None:
    if lines and not lines[at].endswith(("\n", "\r")):
        lines[at] += ending


def line_ending(document: ini.Document) -> str:
    """The line ending of the file."""
    last = next((line for line in reversed(document.lines) if line.endswith(("\n", "\r"))), "\n")
    return "\r\n" if last.endswith("\r\n") else last[-1]


def _quoted(word: str) -> str:
    if _SPECIAL.search(word.replace("\\", "/")) or not word.isprintable():
        raise UsageError(
            f'"{word}" has a character that shells and SDKs do not read alike', hint="install it elsewhere"
        )
    return f'"{word}"'


def _word(name: str) -> str:
    if _BARE.fullmatch(name):
        return name
    if _SPECIAL.search(name) or not name.isprintable() or name != name.strip():
        raise UsageError(
            f'"{name}" has a character that shells and SDKs do not read alike', hint="give the role a plainer name"
        )
    return f'"{name}"'
