"""AWS's words for a request that policies do not allow, in the form that each service has for them.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from stsctl.emulator.protocol.refusal import Refusal
from stsctl.policy.evaluate import Decision, Effect, Layer
from stsctl.policy.request import Request

_LAYERS = {
    Layer.RCP: "resource control policy",
    Layer.SCP: "service control policy",
    Layer.RESOURCE: "resource-based policy",
    Layer.IDENTITY: "identity-based policy",
    Layer.BOUNDARY: "permissions boundary",
    Layer.SESSION: "session policy",
}
_CODES = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError"}
"""The services whose code is not AccessDenied (for JSON: AccessDeniedException)."""
_EC2 = "You are not authorized to perform this operation. "


def words(request: Request, decision: Decision) -> str:
    """What nearly every service says, with the kind of policies that decided."""
    resource = f'"{request.resource}"' if request.verb.startswith("s3:") else request.resource
    # SQS says its actions in small letters.
    action = request.verb if request.verb.startswith("sqs:") else request.action
    return (
        f"User: {request.principal.arn} is not authorized to perform: {action}"
        f" on resource: {resource} {_because(action, decision)}"
    )


def in_words_of(service: str, refusal: Refusal, encoded: str) -> Refusal:
    """A denial in a service's form, the service named as in signatures; EC2's has the encoded message in its text."""
    refusal.code = _CODES.get(service, refusal.code)
    refusal.query_code = refusal.code if service == "sqs" else None
    if service == "ec2":
        refusal.message = f"{_EC2}{refusal.message}. Encoded authorization failure message: {encoded}"
    else:
        refusal.encoded = encoded
    return refusal


def _because(action: str, decision: Decision) -> str:
    layer = decision.decided_by or Layer.IDENTITY
    name = _LAYERS[layer]
    if decision.effect is Effect.EXPLICITLY_DENIED:
        return f"with an explicit deny in {'an' if layer is Layer.IDENTITY else 'a'} {name}"
    return f"because no {name} allows the {action} action"
