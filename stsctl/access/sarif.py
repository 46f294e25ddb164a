"""Findings as SARIF 2.1.0, which code hosts and editors show beside the lines.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from stsctl.access.finding import Finding, Rule
from stsctl.severity import Severity

_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}


def log(rules: Sequence[Rule], found: Iterable[tuple[str, str | None, Finding]], *, version: str) -> dict[str, object]:
    """The log of one run: each finding with the file it is in (a URI) and the role it is about."""
    place = {rule.name: number for number, rule in enumerate(rules)}
    driver = {
        "name": "stsctl",
        "version": version,
        "informationUri": "https://pypi.org/project/stsctl/",
        "rules": [_rule(rule) for rule in rules],
    }
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(file, role, finding, place) for file, role, finding in found],
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.name,
        "shortDescription": {"text": rule.summary},
        "helpUri": rule.page,
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["security"], "security-severity": _SCORES[rule.severity]},
    }


def _result(file: str, role: str | None, finding: Finding, place: dict[str, int]) -> dict[str, object]:
    location: dict[str, object] = {
        "physicalLocation": {
            "artifactLocation": {"uri": file},
            "region": {"startLine": finding.line, "startColumn": finding.column},
        }
    }
    if role is not None:
        location["logicalLocations"] = [{"fullyQualifiedName": role, "kind": "resource"}]
    said = finding.what if finding.fix is None else f"{finding.what}. {finding.fix}"
    return {
        "ruleId": finding.rule.name,
        "ruleIndex": place[finding.rule.name],
        "level": _LEVELS[finding.severity],
        "message": {"text": said},
        "locations": [location],
        "properties": {"security-severity": _SCORES[finding.severity]},
    }
