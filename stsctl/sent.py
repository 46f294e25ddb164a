"""What a call sends, as labels and texts for people; no secret is among them."""

from __future__ import annotations

from stsctl.request import SessionRequest


def sent(request: SessionRequest) -> tuple[tuple[str, str], ...]:
    """What a request says, in the order in which people look for it; what it does not say is left out."""
    every = (
        ("session name", request.session_name),
        ("MFA device", request.mfa_serial),
        ("external id", request.external_id),
        ("source identity", request.source_identity),
        ("tags", ", ".join(f"{key}={text}" for key, text in request.tags)),
        ("transitive", ", ".join(request.transitive_tag_keys)),
        ("session policy", request.policy),
        ("policy ARNs", ", ".join(request.policy_arns)),
        ("contexts", ", ".join(context.provider_arn for context in request.provided_contexts)),
    )
    return tuple((label, text) for label, text in every if text)
