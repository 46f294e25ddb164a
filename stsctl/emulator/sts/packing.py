"""PackedPolicySize: how much of the room for session policies and tags a request takes. An emulated estimate.

AWS does not publish how it packs. For tags there is one exact public measurement (nine tags of two and 250 characters
take 498 %), which the tags' rate below reproduces; for policies there is none, and their plain-text limit is taken.
"""

from __future__ import annotations

from stsctl.emulator.directory.principals import PolicyText, Tags
from stsctl.emulator.protocol.refusal import Refusal

_TAG_ROOM = 459
_POLICY_ROOM = 2048


def check(inline: PolicyText | None, arns: tuple[str, ...], tags: Tags) -> int | None:
    """The size in percent; None when there is nothing to pack. Raises Refusal above 100."""
    policies = (len(inline.text) if inline else 0) + sum(len(arn) for arn in arns)
    if not policies and not tags:
        return None
    tagged = sum(len(key) + len(value) + 2 for key, value in tags) / _TAG_ROOM
    size = max(1, round(100 * (tagged + policies / _POLICY_ROOM)))
    if size > 100:
        message = (
            f"Packed policy consumes {size}% of allotted space, please use smaller policy."
            if policies
            else f"Packed size of session tags consumes {size}% of allotted space."
        )
        raise Refusal("PackedPolicyTooLarge", message, 400)
    return size
