"""A shell's start-up file with one block of stsctl's, between two markers. Every other byte stays."""

from __future__ import annotations

import re

from stsctl.errors import ConfigurationError

BEGIN, END = "# >>> stsctl >>>", "# <<< stsctl <<<"

_BLOCK = re.compile(rb"^# >>> stsctl >>>[ \t]*\r?\n(?P<inside>.*?)^# <<< stsctl <<<[ \t]*(?:\r?\n|\Z)", re.M | re.S)
_MARKER = re.compile(rb"^# (?:>>> stsctl >>>|<<< stsctl <<<)[ \t]*\r?$", re.M)
_CALLS = re.compile(rb"^[^#\n]*\b(?:stsctl\S*[ \t]+shell-init\b|stsctl\.nu\b)", re.M)

_CALL = {
    "bash": 'eval "$(stsctl shell-init bash)"',
    "zsh": 'eval "$(stsctl shell-init zsh)"',
    "fish": "stsctl shell-init fish | source",
    "powershell": "stsctl shell-init powershell | Out-String | Invoke-Expression",
}
_WHERE_IT_IS = {
    "bash": "if command -v stsctl >/dev/null; then {}; fi",
    "zsh": "if command -v stsctl >/dev/null; then {}; fi",
    "fish": "if command -q stsctl; {}; end",
    "powershell": "if (Get-Command stsctl -CommandType Application -ErrorAction Ignore) {{ {} }}",
}

SHELLS = tuple(_CALL)
"""The shells whose start-up files can take such a block."""
BY_HAND = {
    "nu": ("stsctl shell-init nu | save -f ~/.stsctl.nu", "source ~/.stsctl.nu"),
    "powershell": (f"Add-Content $PROFILE '{_CALL['powershell']}'",),
}
"""What people type for a shell that reads no text that a program prints, and where nobody else knows its file."""


def call(shell: str) -> str:
    """What has a shell read what stsctl prints for it."""
    return _CALL[shell]


def block(shell: str) -> tuple[str, ...]:
    """Its lines: they do nothing where stsctl is not installed any more."""
    return (BEGIN, _WHERE_IT_IS[shell].format(_CALL[shell]), END)


def calls(content: bytes) -> bool:
    """Whether a line that is no comment has the shell read what stsctl prints for it."""
    return bool(_CALLS.search(_BLOCK.sub(b"", content)))


def with_block(content: bytes, shell: str, *, place: str) -> bytes:
    """The file with a block that calls stsctl: in the place of one that does not, or else at its end.

    Its lines end as shells read them on every system, whatever those around them end with. Raises ConfigurationError
    where the markers are there, and no block between them.
    """
    ours = "".join(f"{line}\n" for line in block(shell)).encode()
    found = list(_BLOCK.finditer(content))
    if len(_MARKER.findall(content)) != 2 * len(found) or len(found) > 1:
        raise ConfigurationError(f"{place}: the markers of stsctl's block are not one pair", hint="take them out")
    if found:
        if re.search(rf"^[^#\n]*\bstsctl shell-init {shell}\b".encode(), found[0]["inside"], re.M):
            return content  # With flags, maybe, that the person added.
        return content[: found[0].start()] + ours + content[found[0].end() :]
    if not content:
        return ours
    # After an empty line, for the last one of the person's may go on in the next.
    return content + (b"\n" if content.endswith(b"\n") else b"\n\n") + ours
