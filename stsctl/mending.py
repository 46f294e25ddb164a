"""Everything that is wrong with some texts, where a reader stops at the first: that is left out, and read again."""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, TypeVar

from stsctl import tables, toml_text
from stsctl.dataclass import dataclass
from stsctl.errors import ConfigurationError
from stsctl.tables import Table, TableError
from stsctl.toml_lines import Path
from stsctl.toml_text import Reader

_T = TypeVar("_T")
_MOST = 200
"""So many problems nobody reads."""
_DECIDES = "type"
"""The key by which all others of a table are right or wrong."""


@dataclass(slots=True, kw_only=True)
class Mended:
    """Reads texts without what was found wrong in them; one that is no TOML is empty."""

    problems: list[ConfigurationError] = field(default_factory=list)
    lacking: set[str] = field(default_factory=set)
    """The names of the tables that had to be left out altogether."""
    _texts: dict[str, tuple[dict[str, Any], Mapping[Path, int]]] = field(default_factory=dict)
    _left_out: dict[tuple[str, Path], set[str]] = field(default_factory=lambda: defaultdict(set))

    @property
    def checked(self) -> bool:
        """Nothing is known of them beforehand."""
        return False

    def read(self, content: bytes, place: str) -> Table:
        """The outermost table of a text, as far as it is in order."""
        if place not in self._texts:
            try:
                values, lines = toml_text.parse(content, place)
            except ConfigurationError as error:
                self.problems.append(error)
                values, lines = {}, {}
            self._texts[place] = copy.deepcopy(values), lines
        values, lines = self._texts[place]
        return tables.outermost(values, lines, place)

    def load(self, load: Callable[[Reader], _T]) -> _T | None:
        """What `load` reads in spite of the problems, which are gathered; None where there is no going on."""
        while len(self.problems) < _MOST:
            try:
                return load(self)
            except TableError as error:
                if not self._is_echo(error):
                    self.problems.append(error)
                if not self._leave_out(error.place, error.path):
                    return None
            except ConfigurationError as error:
                self.problems.append(error)
                return None
        return None

    def _is_echo(self, error: TableError) -> bool:
        """Whether a problem names what was left out beside it, and so would not be there but for that."""
        table = error.path if (error.place, error.path) in self._left_out else error.path[:-1]
        left_out = self._left_out.get((error.place, table), ())
        return any(re.search(rf"\b{re.escape(key)}\b", error.message) for key in left_out)

    def _leave_out(self, place: str, path: Path) -> bool:
        """Reads on without a key or a table; False where there is no such one."""
        if len(path) > 1 and path[-1] == _DECIDES:
            path = path[:-1]
        inside: Any = self._texts[place][0] if place in self._texts else None
        for key in path[:-1]:
            inside = inside.get(key) if isinstance(inside, dict) else None
        if not path or not isinstance(inside, dict) or path[-1] not in inside:
            return False
        del inside[path[-1]]
        self._left_out[place, path[:-1]].add(path[-1])
        if len(path) == len(("role", "NAME")):
            self.lacking.add(path[1])
        return True
