"""Amazon Resource Names: parsed, checked and written back; canonical or rejected.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
"""

from __future__ import annotations

import re

from stsctl.dataclass import dataclass
from stsctl.errors import UsageError

_PARTITION = re.compile(r"aws(-[a-z]+)*")
_ACCOUNT = re.compile(r"[0-9]{12}")
_ROLE = re.compile(r"role/([\x21-\x7e]+/)?[\w+=,.@-]{1,64}", re.ASCII)
_LONGEST = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Arn:
    """An ARN in its six parts; `str()` gives it back as AWS writes it."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"

    @classmethod
    def parse(cls, text: str) -> Arn:
        """The ARN that `text` spells; raises UsageError that says which part is wrong."""
        parts = text.split(":", 5)
        problem = _problem(text, parts)
        if problem:
            raise UsageError(
                f'"{text}" is no ARN: {problem}', hint="an ARN looks like arn:aws:iam::123456789012:role/Name"
            )
        return cls(partition=parts[1], service=parts[2], region=parts[3], account=parts[4], resource=parts[5])

    @classmethod
    def parse_role(cls, text: str) -> Arn:
        """The ARN of an IAM role that `text` spells; raises UsageError for any other."""
        arn = cls.parse(text)
        problem = ""
        if arn.service != "iam":
            problem = f'the service is "{arn.service}", a role\'s is "iam"'
        elif arn.region:
            problem = f'a role has no region, this one says "{arn.region}"'
        elif not _ACCOUNT.fullmatch(arn.account):
            problem = f'the account is "{arn.account}", it has 12 digits'
        elif not _ROLE.fullmatch(arn.resource):
            problem = f'"{arn.resource}" is no role, it should read role/Name'
        if problem:
            raise UsageError(
                f'"{text}" is no role ARN: {problem}', hint="a role ARN looks like arn:aws:iam::123456789012:role/Name"
            )
        return arn

    @property
    def resource_name(self) -> str:
        """What follows the last slash of the resource: a role's or a user's name without its path."""
        return self.resource.rsplit("/", 1)[-1]

    @property
    def session_role(self) -> str | None:
        """The role's name, where this is the ARN of an assumed-role session."""
        parts = self.resource.split("/")
        return parts[1] if self.service == "sts" and parts[0] == "assumed-role" and len(parts) == 3 else None

    @property
    def session_name(self) -> str | None:
        """The session's name, where this is the ARN of an assumed-role session."""
        return self.resource.split("/")[2] if self.session_role is not None else None


def _problem(text: str, parts: list[str]) -> str:
    """What is wrong with the parts of an ARN; empty when nothing is."""
    if parts[0] != "arn":
        return 'it does not start with "arn:"'
    if len(parts) != 6:
        return f"it has {len(parts)} of the 6 parts that colons divide"
    if len(text) > _LONGEST:
        return f"it is longer than {_LONGEST} characters"
    if not text.isascii() or not text.isprintable() or " " in text:
        return "it has characters that an ARN cannot have"
    _, partition, service, _, account, resource = parts
    if not _PARTITION.fullmatch(partition):
        return f'"{partition}" is no partition'
    if not service:
        return "the service is missing"
    if account and account != "aws" and not _ACCOUNT.fullmatch(account):
        return f'the account is "{account}", it has 12 digits'
    return "" if resource else "the resource is missing"
