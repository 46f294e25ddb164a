"""Services in a trust policy: whether they can be brought to assume the role for somebody else's resource.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html#cross-service-confused-deputy-prevention
"""

from __future__ import annotations

from collections.abc import Iterator

from stsctl.access.finding import Finding, Fix, Rule
from stsctl.access.guard import holding
from stsctl.access.trust_statement import EVERYONE, TrustStatement
from stsctl.severity import Severity

DEPUTY = Rule(
    name="confused-deputy",
    severity=Severity.MEDIUM,
    summary="A service may assume the role on behalf of another account's resource",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html#cross-service-confused-deputy-prevention",
)
ANY_SERVICE = Rule(
    name="every-service",
    severity=Severity.HIGH,
    summary="Every service of AWS may assume the role",
    page="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-services",
)
RULES = (DEPUTY, ANY_SERVICE)

_SOURCES = ("aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceorgpaths")
NEED_NONE = {
    "ec2": "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-roles-for-amazon-ec2.html",
    "edgelambda": "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/lambda-edge-permissions.html",
    "lambda": "https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html",
    "pods.eks": "https://docs.aws.amazon.com/eks/latest/userguide/pod-id-association.html",
}
"""The services whose roles AWS's own pages trust without a condition: who may pass a role to an instance, a function or
a pod is of the role's account (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html)."""


def check(statement: TrustStatement) -> Iterator[Finding]:
    """What an Allow lets services do."""
    if "sts:AssumeRole" not in statement.ways:
        return
    guarded = any(guard.names_somebody for guard in holding(statement.guards, *_SOURCES)) or holding(
        statement.guards, "sts:externalid"
    )
    if guarded:
        return
    for named in statement.named:
        if named.sort != "Service":
            continue
        if named.name == EVERYONE:
            fix = statement.adding("StringEquals", "aws:SourceAccount", _own(statement))
            yield statement.finding(ANY_SERVICE, named.path, "every service of AWS is named", fix)
        elif _name(named.name) not in NEED_NONE:
            what = f"nothing keeps {named.name} from assuming the role for a resource of another account"
            yield statement.finding(DEPUTY, named.path, what, _fix(statement, named.name))


def _fix(statement: TrustStatement, service: str) -> Fix:
    """The condition that AWS's pages show for a service."""
    if _name(service) == "rolesanywhere":
        anchor = f"arn:aws:rolesanywhere:REGION:{_own(statement)}:trust-anchor/TRUST-ANCHOR-ID"
        return statement.adding("ArnEquals", "aws:SourceArn", anchor)
    return statement.adding("StringEquals", "aws:SourceAccount", _own(statement))


def _own(statement: TrustStatement) -> str:
    """The role's account, or the one that was said to be one's own."""
    role, own = statement.policy.role, statement.knowledge.own
    if role is not None:
        return role.account
    return min(own) if len(own) == 1 else "YOUR-ACCOUNT-ID"


def _name(principal: str) -> str:
    """A service's name without its domain, which differs between partitions."""
    return principal.lower().removesuffix(".cn").removesuffix(".amazonaws.com")
