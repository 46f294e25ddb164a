"""Revoking the sessions of a role: the inline policy that denies everything to those that are older than an instant.

It is the policy, by the name, that AWS's console writes ("Revoke active sessions").

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

POLICY_NAME = "AWSRevokeOlderSessions"

_KEY = "aws:TokenIssueTime"
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)


def policy(before: datetime) -> str:
    """The policy as JSON: no session that was issued before that instant may do anything.

    Sessions are issued at whole seconds, so what is left of the instant's own second counts too.
    """
    before = (before + timedelta(seconds=1) - timedelta(microseconds=1)).replace(microsecond=0)
    statement = {
        "Effect": "Deny",
        "Action": ["*"],
        "Resource": ["*"],
        "Condition": {"DateLessThan": {_KEY: f"{before.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def revoked_before(text: str) -> datetime | None:
    """The instant in a policy that revokes; None for another policy."""
    try:
        statements = json.loads(text)["Statement"]
        (statement,) = statements if isinstance(statements, list) else [statements]
        instant = statement["Condition"]["DateLessThan"][_KEY]
        (instant,) = instant if isinstance(instant, list) else [instant]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if statement.get("Effect") != "Deny" or not isinstance(instant, str) or not _INSTANT.fullmatch(instant):
        return None
    try:
        return datetime.fromisoformat(instant)
    except ValueError:
        return None
