"""One change that is proposed to a person: what, why, which file, its text before and after."""

from __future__ import annotations

import difflib
from enum import Enum

from stsctl.dataclass import dataclass
from stsctl.other_tools.finding import KeptKeys


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
    before: bytes | None
    after: bytes

    def diff(self) -> tuple[str, ...]:
        """The lines that go and come, and none beside them: those are the person's own, and may hold a secret."""
        before, after = (_lines(text) for text in (self.before or b"", self.after))
        compared = difflib.unified_diff(before, after, n=0, lineterm="")
        return tuple(line for line in compared if not line.startswith(("---", "+++", "@@")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change, or why there is none to make.

    `about` tells it from others of its kind. Where it `is_so` already nobody is asked about it. `by_hand` is what the
    person types where stsctl does not do it, for the reason that is `why` then. What is not `safe` is never taken
    for agreed to: neither by --yes, nor by an Enter. `then` is what to type for it to count in this shell too. `kept`
    are keys that are kept by another `tool`.
    """

    kind: Kind
    about: str
    what: str
    why: str
    change: Change | None = None
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
