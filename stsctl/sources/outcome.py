"""How a call to AWS ends, whoever made it: with an answer, or with what AWS said against it, in stsctl's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime, timedelta
from typing import Any

from stsctl.dataclass import dataclass
from stsctl.duration import render_duration
from stsctl.errors import RefusedError, StsctlError, ThrottledError, UnavailableError
from stsctl.request import Endpoint

EMULATOR_HEADER = "x-stsctl-emulator"

_THROTTLED = {"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException", "SlowDown"}
_CLOCK = {"RequestExpired", "RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"}
_ANYWHERE = "Invalid signature"
"""All that IAM Roles Anywhere says of a request from another time."""
_LEAST_SKEW = timedelta(minutes=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call answered: the parsed body, and the id of the emulator that gave it (None: AWS's own)."""

    body: Mapping[str, Any] = field(repr=False)
    instance: str | None


NETWORK = "check the network, the proxy (HTTPS_PROXY) and the endpoint (AWS_ENDPOINT_URL_STS)"


def no_answer(operation: str) -> UnavailableError:
    """What answered, and is not AWS; nothing of it is shown."""
    return UnavailableError(f"what answered {operation} is not AWS (a proxy, a portal?)", hint=NETWORK)


def check_instance(endpoint: Endpoint, instance: str | None) -> None:
    """Never takes an emulator's answer for AWS's, nor for another emulator's."""
    if instance == endpoint.instance:
        return
    if instance is None:
        raise StsctlError(f'"{endpoint.url}" is not the emulator that this shell was set up for')
    if endpoint.instance is None:
        raise StsctlError(
            f'"{endpoint.url}" is an emulator, and this shell does not know it',
            hint="eval $(stsctl emulator env)",
        )
    raise StsctlError(
        f'"{endpoint.url}" is another emulator than the one this shell was set up for',
        hint="eval $(stsctl emulator env)",
    )


def refused(operation: str, response: Mapping[str, Any], now: datetime) -> StsctlError:
    """What AWS said against a call, in stsctl's words; `response` is as botocore parses it."""
    error, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
    code, reason = str(error.get("Code") or ""), str(error.get("Message") or "")
    status = metadata.get("HTTPStatusCode", 0)
    if status < 500 and status != 429 and not code:
        return no_answer(operation)
    if code in _THROTTLED or status == 429:
        return ThrottledError(f"AWS throttles {operation} ({code})", hint="try again in a minute")
    if status >= 500:
        what = " ".join(dict.fromkeys((str(status), code)))
        return UnavailableError(f"{operation} failed at AWS ({what})", hint="try again in a minute")
    message, hint = "", _HINTS.get(code)
    if code == "InvalidClientTokenId" and EMULATOR_HEADER in metadata.get("HTTPHeaders", {}):
        hint = "these keys are of another emulator: stsctl emulator keys alice | stsctl keys add work --stdin"
    about_clocks = code in _CLOCK or reason == _ANYWHERE
    skew = _skew(metadata.get("HTTPHeaders", {}).get("date"), now) if about_clocks else None
    if skew is not None:
        ahead = "ahead of" if skew > timedelta(0) else "behind"
        message = f"this machine's clock is {render_duration(abs(skew))} {ahead} AWS's"
        hint = "set the clock: sudo hwclock -s, or wsl --shutdown under WSL"
    refused = RefusedError(
        message,
        hint=hint,
        code=code,
        reason=reason,
        request_id=str(metadata.get("RequestId", "")),
        operation=operation,
    )
    refused.encoded = str(error.get("EncodedAuthorizationMessage", ""))
    return refused


_HINTS = {
    "InvalidClientTokenId": "AWS does not know these keys (deleted, inactive, or of another partition): "
    "stsctl keys list",
    "SignatureDoesNotMatch": 'the secret access key is wrong: run "stsctl keys add" again',
    "RegionDisabledException": "STS is not active in this region for that account: try --region us-east-1",
    "PackedPolicyTooLarge": "shorten the session policy, or pass fewer tags",
}


def _skew(date: str | None, now: datetime) -> timedelta | None:
    """How far this clock is ahead of the server's, where a refusal may be due to that (AWS allows five minutes)."""
    if not date:
        return None
    from email.utils import parsedate_to_datetime

    try:
        ahead = now - parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    return ahead if abs(ahead) >= _LEAST_SKEW else None
