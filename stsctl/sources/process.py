"""Credentials from another tool's credential_process.

Source: https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from stsctl.credentials import Credentials, Secret
from stsctl.errors import ConfigurationError
from stsctl.request import Asker


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """What a program prints as `credential_process` JSON. `run` gives its output; it is run once."""

    name: str
    run: Callable[[], Secret]
    _found: list[Credentials] = field(default_factory=list)

    def asker(self) -> Asker | None:
        """The access key id that the program gives; see `Source`."""
        return Asker.of_keys(self.credentials().access_key_id)

    def credentials(self) -> Credentials:
        """The credentials; raises ConfigurationError for an answer that is none."""
        if not self._found:
            self._found.append(parse_answer(self.run(), self.name))
        return self._found[0]


def parse_answer(answer: Secret, name: str) -> Credentials:
    """The credentials in a `credential_process` answer; what it says is never part of the error."""
    try:
        fields = json.loads(answer.reveal())
        if fields["Version"] != 1:
            raise ValueError("version")
        ends = fields.get("Expiration")
        token = fields.get("SessionToken")
        expires_at = datetime.fromisoformat(ends) if ends else None
        if expires_at is not None and expires_at.tzinfo is None:
            raise ValueError("expiration")
        return Credentials(
            access_key_id=_text(fields["AccessKeyId"]),
            secret_access_key=Secret(_text(fields["SecretAccessKey"])),
            session_token=Secret(_text(token)) if token else None,
            expires_at=expires_at,
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ConfigurationError(
            f'the credential_process of "{name}" did not answer in the form that AWS describes',
            hint="run it by hand: it should print one JSON object with Version 1",
        ) from None


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or not value.isprintable():
        raise ValueError("no text")
    return value
