"""Policies on their way into moto: what AWS would refuse to save is refused, in the words of the service that has it.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html ("Invalid principal
in policy"), and each operation's page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stsctl.emulator.directory.directory import Directory
from stsctl.emulator.protocol.refusal import Refusal
from stsctl.emulator.services.services import Operation
from stsctl.policy.document import Document, Kind, PolicyError, parse
from stsctl.policy.wildcard import glob

_DOCUMENTS = {
    ("iam", "CreatePolicy"): ("PolicyDocument", Kind.IDENTITY),
    ("iam", "CreatePolicyVersion"): ("PolicyDocument", Kind.IDENTITY),
    ("iam", "CreateRole"): ("AssumeRolePolicyDocument", Kind.TRUST),
    ("iam", "PutGroupPolicy"): ("PolicyDocument", Kind.IDENTITY),
    ("iam", "PutRolePolicy"): ("PolicyDocument", Kind.IDENTITY),
    ("iam", "PutUserPolicy"): ("PolicyDocument", Kind.IDENTITY),
    ("iam", "UpdateAssumeRolePolicy"): ("PolicyDocument", Kind.TRUST),
    ("kms", "CreateKey"): ("Policy", Kind.RESOURCE),
    ("kms", "PutKeyPolicy"): ("Policy", Kind.RESOURCE),
    ("s3", "PutBucketPolicy"): ("Policy", Kind.RESOURCE),
    ("secretsmanager", "PutResourcePolicy"): ("ResourcePolicy", Kind.RESOURCE),
    ("sns", "CreateTopic"): ("Attributes.Policy", Kind.RESOURCE),
    ("sqs", "CreateQueue"): ("Attributes.Policy", Kind.RESOURCE),
    ("sqs", "SetQueueAttributes"): ("Attributes.Policy", Kind.RESOURCE),
}
"""Where each operation carries a policy, and of what kind."""
_SYNTAX = {
    "iam": ("MalformedPolicyDocument", "Syntax error in policy: {problem}"),
    "kms": ("MalformedPolicyDocumentException", "Policy is not valid: {problem}"),
    "s3": ("MalformedPolicy", "{problem}"),
    "secretsmanager": ("MalformedPolicyDocumentException", "This resource policy is not valid: {problem}"),
    "sns": ("InvalidParameter", "Invalid parameter: Policy Error: {problem}"),
    "sqs": ("InvalidAttributeValue", "Invalid value for the parameter Policy."),
}
"""What each service says to a text that is no policy; `problem` is ours, with line and column."""
_PRINCIPAL = {
    "iam": ("MalformedPolicyDocument", 'Invalid principal in policy: "AWS":"{name}"'),
    "kms": (
        "MalformedPolicyDocumentException",
        "Policy contains a statement with one or more invalid principals.",
    ),
    "s3": ("MalformedPolicy", "Invalid principal in policy"),
    "secretsmanager": (
        "MalformedPolicyDocumentException",
        "This resource policy contains an unsupported principal.",
    ),
    "sns": ("InvalidParameter", "Invalid parameter: Policy Error: PrincipalNotFound"),
    "sqs": ("InvalidAttributeValue", "Invalid value for the parameter Policy."),
}
"""What each service says to a principal that does not exist."""
_NAMED = re.compile(r"arn:[^:]+:iam::([0-9]{12}):(user|role)/(?:.*/)?([^/]+)", re.ASCII)
_UNIQUE_ID = re.compile(r"A(?:IDA|ROA)[A-Z0-9]+", re.ASCII)


class SavedPolicies:
    """Looks at the policy that an operation would save."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def check(self, operation: Operation) -> None:
        """Raises Refusal for a policy that AWS would refuse to save."""
        found = _carried(operation)
        if found is None:
            return
        text, kind = found
        try:
            document = parse(text, kind)
        except PolicyError as error:
            raise _refusal(_SYNTAX, operation, problem=str(error.problems[0])) from error
        for name in _principals(document):
            if not self._exists(name):
                raise _refusal(_PRINCIPAL, operation, name=name)
        if operation.service == "s3":
            _check_bucket(document, operation.parameters.get("Bucket", ""))

    def _exists(self, name: str) -> bool:
        """Whether a user or role is there; of accounts that are not in this emulator nobody knows."""
        if _UNIQUE_ID.fullmatch(name):
            return any(self._has_id(account, name) for account in self._directory.accounts)
        named = _NAMED.fullmatch(name)
        if named is None or named[1] not in self._directory.accounts:
            return True
        find = self._directory.user if named[2] == "user" else self._directory.role
        found = find(named[1], named[3])
        return found is not None and found.arn == name

    def _has_id(self, account: str, unique_id: str) -> bool:
        users = list(self._directory.backend(account).users.values())
        return self._directory.role_with_id(account, unique_id) is not None or any(
            user.id == unique_id for user in users
        )


def _carried(operation: Operation) -> tuple[str, Kind] | None:
    """The policy that an operation carries, and its kind."""
    given = operation.parameters
    if (operation.service, operation.name) == ("sns", "SetTopicAttributes"):
        text = given.get("AttributeValue") if given.get("AttributeName") == "Policy" else None
        return (text, Kind.RESOURCE) if text else None
    place = _DOCUMENTS.get((operation.service, operation.name))
    if place is None:
        return None
    value: Any = given
    for step in place[0].split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    # An attribute that is set to nothing is taken away; elsewhere a document has to be there.
    return (value, place[1]) if isinstance(value, str) and (value or operation.service == "iam") else None


def _principals(document: Document) -> Iterator[str]:
    for statement in document.statements:
        for sort, names in statement.principals.entries if statement.principals else ():
            if sort == "AWS":
                yield from names


def _check_bucket(document: Document, bucket: str) -> None:
    """A bucket's policy is about the bucket."""
    for statement in document.statements:
        for pattern in statement.resources.patterns if statement.resources else ():
            named = pattern.split(":", 5)[-1].partition("/")[0]
            if not glob(named)(bucket):
                raise Refusal("MalformedPolicy", "Policy has invalid resource", 400)


def _refusal(table: Mapping[str, tuple[str, str]], operation: Operation, **parts: str) -> Refusal:
    code, message = table[operation.service]
    refusal = Refusal(code, message.format(**parts), 400, because=" ".join(parts.values()))
    refusal.query_code = code if operation.service == "sqs" else None
    return refusal
