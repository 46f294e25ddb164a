"""One change that is proposed to a person: what, why, which file, its text before and after."""

from __future__ import annotations

import difflib
import re
from dataclasses import field
from enum import Enum

from stsctl.dataclass import dataclass
from stsctl.formats.visible import key_id
from stsctl.other_tools.finding import KeptKeys

_SECRET = re.compile(r"(?i)^(.\s*aws_(?:secret_access_key|session_token|security_token)\s*[=:]\s*).*$")
_ID = re.compile(r"(?i)^(.\s*aws_access_key_id\s*[=:]\s*)(.*)$")


class Kind(Enum):
    """What a change is for, which says what else is done with it."""

    STORE = "store"
    KEYS = "keys"
    KEPT_KEYS = "kept keys"
    IMPORT = "import"
    SHELL = "shell"
    HOOKS = "hooks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A file as it is (None: there is none) and as it would be; `place` is its `path` as people write it."""

    path: str
    place: str
    before: bytes | None = field(repr=False)
    after: bytes = field(repr=False)

    def diff(self) -> tuple[str, ...]:
        """The lines that go and come, without secrets; none beside them, which are the person's own."""
        before, after = (_lines(text) for text in (self.before or b"", self.after))
        compared = difflib.unified_diff(before, after, n=0, lineterm="")
        changed = (line for line in compared if not line.startswith(("---", "+++", "@@")))
        return tuple(_ID.sub(_only_an_id, _SECRET.sub(r"\1***", line)) for line in changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change, or why there is none to make.

    `about` tells it from others of its kind. Where it `is_so` already nobody is asked about it. `by_hand` is what the
    person types where stsctl does not do it, for the reason that is `why` then. What is not `safe` is never taken
    for agreed to: neither by --yes, nor by an Enter. `then` is what to type next. `kept` are keys that are kept by
    another `tool`.
    """

    kind: Kind
    about: str
    what: str
    why: str
    changes: tuple[Change, ...] = ()
    is_so: bool = False
    by_hand: tuple[str, ...] = ()
    safe: bool = True
    then: str = ""
    tool: str = ""
    kept: KeptKeys | None = None

    @property
    def key(self) -> tuple[Kind, str]:
        """What tells it from every other."""
        return self.kind, self.about

    @property
    def is_open(self) -> bool:
        """Whether the person is to be asked."""
        return not self.is_so and not self.by_hand


def _lines(text: bytes) -> list[str]:
    return text.decode(errors="replace").splitlines()


def _only_an_id(line: re.Match[str]) -> str:
    return f"{line[1]}{key_id(line[2])}"
