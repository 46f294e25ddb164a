"""GetFederationToken: credentials for somebody outside, which can do no more than the user who got them.

Source: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
"""

from __future__ import annotations

from datetime import timedelta

from stsctl.emulator.authorization import tagging
from stsctl.emulator.authorization.authorization import Authorization
from stsctl.emulator.authorization.condition_keys import of_tags
from stsctl.emulator.directory.principals import IssuedSession, Kind
from stsctl.emulator.protocol.wire import Result
from stsctl.emulator.sts.call import Call
from stsctl.emulator.sts.issuing import Issuing, session_policies
from stsctl.emulator.sts.sessions import instant
from stsctl.emulator.world import identifiers

_HOUR = timedelta(hours=1)
_TWELVE_HOURS = timedelta(hours=12)


def get_federation_token(call: Call, issuing: Issuing, authorization: Authorization) -> Result:
    """The credentials of a federated user; raises Refusal. A root's end after an hour at most, without a word."""
    caller, name = call.caller, call.parameters["Name"]
    tags = tagging.read(dict(call.parameters), caller)
    asked = session_policies(call.parameters, tags.passed)
    arn = f"arn:{caller.partition}:sts::{caller.account}:federated-user/{name}"
    for action in ("sts:GetFederationToken", *(["sts:TagSession"] if tags.passed else [])):
        authorization.allow(call, action, arn, context=of_tags(tags.passed))
    length = timedelta(seconds=call.parameters.get("DurationSeconds", _TWELVE_HOURS.total_seconds()))
    if caller.kind is Kind.ROOT:
        length = min(length, _HOUR)
    session = IssuedSession(
        access_key_id=identifiers.access_key_id("ASIA", caller.account),
        kind=Kind.FEDERATED_USER,
        account=caller.account,
        principal=caller.user.name if caller.user else "",
        principal_id=caller.user_id,
        name=name,
        issued_at=instant(call.now),
        expires_at=instant(call.now) + length,
        tags=tags.passed,
        policies=issuing.policies(caller.account, asked),
    )
    return {
        "Credentials": issuing.credentials(session, call),
        "FederatedUser": {"FederatedUserId": f"{caller.account}:{name}", "Arn": arn},
        "PackedPolicySize": asked.packed or 0,
    }
