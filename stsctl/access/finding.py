"""Findings: what in a document is wider than it looks, where, how much that weighs, and the smallest change."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from stsctl.policy.json_text import Path
from stsctl.severity import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is looked for: its name, how much it weighs unless a finding says otherwise, and where AWS says so."""

    name: str
    severity: Severity
    summary: str
    page: str


class Change(Enum):
    """What is done with a fix's text."""

    ADD = "add to Condition"
    REPLACE = "replace with"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """The smallest change: what to do at `path`, and the text to paste (or to take out).

    ADD gives members for the statement's Condition, whether that is there yet or not; REPLACE gives a value, or where
    it is `member`s, as many as stand in the place of one.
    """

    change: Change
    path: Path
    text: str
    member: bool = False

    def __str__(self) -> str:
        return f"{self.change.value}: {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found; `line` and `column` count from 1, `statement` from 0."""

    rule: Rule
    severity: Severity
    statement: int
    path: Path
    line: int
    column: int
    what: str
    fix: Fix | None
