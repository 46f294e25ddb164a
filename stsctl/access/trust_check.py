"""What in a trust policy is wider than it looks: every check, on every statement.

A document that AWS would refuse is not looked at any further: what is wrong with it is all that can be said.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from stsctl.access import trust_conditions, trust_principals, trust_providers, trust_services
from stsctl.access.finding import Finding, Rule
from stsctl.access.trust_policy import TrustPolicy
from stsctl.access.trust_statement import Knowledge, statements
from stsctl.policy import grammar
from stsctl.policy.kind import Kind
from stsctl.policy.remark import Remark
from stsctl.severity import Severity

NOT_VALID = Rule(
    name="not-valid",
    severity=Severity.HIGH,
    summary="AWS would refuse to save the document",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html",
)
NOT_PRINCIPAL = Rule(
    name="not-principal",
    severity=Severity.CRITICAL,
    summary="Everybody is let in but those who are listed",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html",
)
RULES = (
    NOT_VALID,
    NOT_PRINCIPAL,
    *trust_principals.RULES,
    *trust_services.RULES,
    *trust_providers.RULES,
    *trust_conditions.RULES,
)
"""Everything that is looked for."""


_MADE_BY_AWS = ("role/aws-service-role/", "role/aws-reserved/")
"""The roles whose trust policies AWS writes, and nobody else may change: service-linked ones, and Identity Center's."""


def check(policy: TrustPolicy, *, own: frozenset[str], now: datetime) -> list[Finding]:
    """The findings about a trust policy, the heaviest first; `own` are accounts of one's own besides the role's."""
    if policy.role is not None and policy.role.resource.startswith(_MADE_BY_AWS):
        return []
    remarks = grammar.check(policy.value, Kind.TRUST)
    if remarks:
        return _sorted(_refused(policy, remark) for remark in remarks)
    account = {policy.role.account} if policy.role else set()
    return _sorted(_found(policy, Knowledge(own=own | account, now=now)))


def _found(policy: TrustPolicy, knowledge: Knowledge) -> Iterator[Finding]:
    for statement in statements(policy, knowledge):
        yield from trust_conditions.check(statement)
        if not statement.compiled.denies:
            yield from trust_principals.check(statement)
            yield from trust_services.check(statement)
            yield from trust_providers.check(statement)


def _refused(policy: TrustPolicy, remark: Remark) -> Finding:
    line, column = policy.find(remark.path, remark.at_key)
    rule = NOT_PRINCIPAL if _allows_others(policy, remark) else NOT_VALID
    number = next((step for step in remark.path if isinstance(step, int)), 0)
    return Finding(
        rule=rule,
        severity=rule.severity,
        statement=number,
        path=remark.path,
        line=line,
        column=column,
        what=remark.reason,
        fix=None,
    )


def _allows_others(policy: TrustPolicy, remark: Remark) -> bool:
    """Whether a remark is about the NotPrincipal of an Allow."""
    if remark.path[-1:] != ("NotPrincipal",):
        return False
    value = policy.value
    for step in remark.path[:-1]:
        value = value[step]  # type: ignore[index]  # a path of this very document
    return isinstance(value, dict) and value.get("Effect") == "Allow"


def _sorted(findings: Iterator[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda each: (each.severity.rank, each.line, each.column))
