"""The texts and numbers that STS takes: lengths, characters, counts.

What a person wrote is refused before it is sent, never mended. Sources: the STS API reference
(https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html); for tags,
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import timedelta

from stsctl.arn import Arn
from stsctl.dataclass import dataclass
from stsctl.errors import UsageError

POLICY_LENGTH = 2048
"""Characters of a session policy (and of the policy ARNs with it), by the documentation."""
POLICY_ARNS = 10
TAGS = 50
AUDIENCES = 10
PROVIDED_CONTEXTS = 5
CONTEXT_LENGTH = 2048
"""Characters of a context's assertion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    shortest: int
    longest: int
    pattern: re.Pattern[str]
    allowed: str


_NAME = re.compile(r"[\w+=,.@-]*", re.ASCII)

_FORMS = {
    "session_name": _Form(shortest=2, longest=64, pattern=_NAME, allowed="letters, digits and _+=,.@-"),
    "source_identity": _Form(shortest=2, longest=64, pattern=_NAME, allowed="letters, digits and _+=,.@-"),
    "federated_name": _Form(shortest=2, longest=32, pattern=_NAME, allowed="letters, digits and _+=,.@-"),
    "external_id": _Form(
        shortest=2,
        longest=1224,
        pattern=re.compile(r"[\w+=,.@:/-]*", re.ASCII),
        allowed="letters, digits and _+=,.@:/-",
    ),
    "mfa_serial": _Form(
        shortest=9,
        longest=256,
        pattern=re.compile(r"[\w+=/:,.@-]*", re.ASCII),
        allowed="letters, digits and _+=/:,.@-",
    ),
}

_URL = re.compile(r"https?://([\w.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?(/[\x21-\x7e]*)?", re.ASCII | re.IGNORECASE)
_TEMPLATE_FIELD = re.compile(r"\{([^{}]*)\}")
_TEMPLATE_FIELDS = ("user", "host")
_TAG_MARKS = frozenset("_.:/=+-@")


def problem_with(field: str, text: str) -> str | None:
    """What STS would say against `text` as `field`, one of the names above."""
    form = _FORMS[field]
    if not form.shortest <= len(text) <= form.longest:
        return f"has {len(text)} characters, it takes {form.shortest} to {form.longest}"
    if not form.pattern.fullmatch(text):
        return f"takes only {form.allowed}"
    return _SHOWS_NO_CODES if field == "mfa_serial" and is_security_key(text) else None


_SHOWS_NO_CODES = "is a security key, and STS takes only codes that a device shows: name a virtual device beside it"


def is_security_key(serial: str) -> bool:
    """Whether an MFA device is a security key or a passkey, which signs in to the console and shows no codes.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_fido_supported_configurations.html
    """
    return ":u2f/" in serial


def problem_with_template(text: str, field: str = "session_name") -> str | None:
    """What is wrong with a session's or a federated user's name that may hold `{user}` and `{host}`."""
    fields = _TEMPLATE_FIELD.findall(text)
    unknown = [name for name in fields if name not in _TEMPLATE_FIELDS]
    if unknown:
        return f'has the template field "{{{unknown[0]}}}", there are {{user}} and {{host}}'
    if not fields:
        return problem_with(field, text)
    # A field stands for at least one character; with two the shortest name is reached.
    return problem_with(field, _TEMPLATE_FIELD.sub("xx", text))


def problem_with_tags(tags: Sequence[tuple[str, str]], transitive: Iterable[str]) -> str | None:
    """What AWS has against session tags and the keys among them that are handed on."""
    if len(tags) > TAGS:
        return f"there are {len(tags)} tags, AWS takes {TAGS}"
    seen: set[str] = set()
    for key, value in tags:
        found = _problem_with_tag(key, value)
        if found:
            return found
        if key.lower() in seen:
            return f'tag key "{key}" is there twice (upper and lower case are the same to AWS)'
        seen.add(key.lower())
    missing = [key for key in transitive if key.lower() not in seen]
    return f'transitive key "{missing[0]}" is not among the tags' if missing else None


def _problem_with_tag(key: str, value: str) -> str | None:
    if not 1 <= len(key) <= 128:
        return f"a tag key has {len(key)} characters, AWS takes 1 to 128"
    if key.lower().startswith("aws:"):
        return f'tag key "{key}" starts with "aws:", which is AWS\'s own'
    if len(value) > 256:
        return f'the value of tag "{key}" has {len(value)} characters, AWS takes 256'
    if not all(_in_a_tag(character) for character in key + value):
        return f'tag "{key}" takes only letters, digits, spaces and _.:/=+-@'
    return None


def _in_a_tag(character: str) -> bool:
    return character in _TAG_MARKS or unicodedata.category(character)[0] in "LZN"


def problem_with_audiences(audiences: Sequence[str]) -> str | None:
    """What AWS has against those whom a web identity token is to be for (GetWebIdentityToken)."""
    if len(audiences) > AUDIENCES:
        return f"there are {len(audiences)} audiences, AWS takes {AUDIENCES}"
    if not all(1 <= len(each) <= 1000 for each in audiences):
        return "an audience has 1 to 1000 characters"
    return None


def problem_with_token_duration(length: timedelta) -> str | None:
    """What is wrong with how long a token of GetWebIdentityToken is to last: a minute to an hour."""
    return None if timedelta(minutes=1) <= length <= timedelta(hours=1) else "such a token lasts 1m to 1h"


def problem_with_policy_arns(arns: Sequence[str]) -> str | None:
    """What AWS has against the managed policies of a session."""
    if len(arns) > POLICY_ARNS:
        return f"there are {len(arns)} policy ARNs, AWS takes {POLICY_ARNS}"
    for text in arns:
        try:
            arn = Arn.parse(text)
        except UsageError as error:
            return error.message
        if arn.service != "iam" or not arn.resource.startswith("policy/"):
            return f'"{text}" is no ARN of a managed policy'
    return None


def problem_with_policy(text: str) -> str | None:
    """What AWS has against the length of a session policy."""
    return f"has {len(text)} characters, AWS takes {POLICY_LENGTH}" if len(text) > POLICY_LENGTH else None


def problem_with_url(text: str) -> str | None:
    """What is wrong with the URL of an endpoint: scheme, host, port and path, no name or password in it."""
    return None if _URL.fullmatch(text) else "is no URL of an endpoint"


def is_account_id(text: str) -> bool:
    """Whether `text` is the id of an account."""
    return re.fullmatch("[0-9]{12}", text, re.ASCII) is not None


def task_policy(text: str) -> Arn:
    """The policy of one of a root user's tasks, by its ARN or its name; raises UsageError for any other.

    Which there are is for AWS to say: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-user-privileged-task.html
    """
    arn = Arn.parse(text if text.startswith("arn:") else f"arn:aws:iam::aws:policy/root-task/{text}")
    if arn.service != "iam" or not re.fullmatch(r"policy/root-task/\w+", arn.resource, re.ASCII):
        raise UsageError(
            f'"{text}" is no policy of a root user\'s task', hint="one is called IAMAuditRootUserCredentials"
        )
    return arn


def problem_with_provided_contexts(provider_arns: Sequence[str]) -> str | None:
    """What AWS has against contexts by those providers."""
    if len(provider_arns) > PROVIDED_CONTEXTS:
        return f"there are {len(provider_arns)} provided contexts, AWS takes {PROVIDED_CONTEXTS}"
    for text in provider_arns:
        try:
            Arn.parse(text)
        except UsageError as error:
            return error.message
    return None
