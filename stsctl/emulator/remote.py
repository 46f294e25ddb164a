"""Asking a running emulator, and telling it what to do, over its control plane."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from stsctl.credentials import Secret
from stsctl.emulator.running import PREFIX, TOKEN_HEADER, Running
from stsctl.emulator.workloads.surroundings import Surroundings
from stsctl.errors import RefusedError, StsctlError, UnavailableError, UsageError

_ANSWER_LIMIT = timedelta(seconds=10)


class EmulatorError(StsctlError):
    """An emulator that did not start, or does not do what it should."""


class NotTrustedError(RefusedError):
    """A role does not let a service assume it; `because` says, in lines, which statement fails."""

    def __init__(self, reason: str, *, code: str, because: tuple[str, ...]) -> None:
        super().__init__("", code=code, reason=reason, operation="sts:AssumeRole")
        self.because = because


def ask(running: Running, what: str, **arguments: str) -> dict[str, Any]:
    """What the control plane answers; raises UsageError for what is not there, and EmulatorError."""
    return _exchange(running, "GET", what, arguments)


def move_clock(running: Running, by: timedelta | None) -> timedelta:
    """Moves the emulator's clock, or puts it back (None); gives how far it is ahead of the machine's then."""
    arguments = {} if by is None else {"by": str(by.total_seconds())}
    return timedelta(seconds=_exchange(running, "POST", "clock", arguments)["clock_ahead"])


def reset(running: Running) -> None:
    """Puts the emulator back to its seed; its instance is another one from here on."""
    _exchange(running, "POST", "reset", {})


def fail(
    running: Running, action: str, fault: str, *, times: int | None = None, lasts: timedelta | None = None
) -> None:
    """Makes the next calls of `action`, which may have wildcards, fail: "throttle", "slow" or "unavailable"."""
    arguments = {"action": action, "fault": fault}
    arguments |= {} if times is None else {"times": str(times)}
    arguments |= {} if lasts is None else {"seconds": str(lasts.total_seconds())}
    _exchange(running, "POST", "fail", arguments)


def mend(running: Running, action: str | None) -> None:
    """Takes back the faults of `action`, or all of them."""
    _exchange(running, "POST", "mend", {} if action is None else {"action": action})


def faults(running: Running) -> list[dict[str, Any]]:
    """The faults that are still to come: `action`, `fault`, `left` (None: all calls), `seconds`."""
    found: list[dict[str, Any]] = ask(running, "faults")["faults"]
    return found


def certificate(running: Running, name: str, trust_anchor: str | None) -> dict[str, Any]:
    """A certificate called `name`: `certificate` and `private_key` as PEM, `trust_anchor_arn`, `profiles`.

    It is of the CA of a trust anchor, which has to be named where there are several. Raises UsageError.
    """
    arguments = {"name": name} | ({"trust_anchor": trust_anchor} if trust_anchor else {})
    return ask(running, "certificate", **arguments)


def place(running: Running, what: str, **arguments: str) -> Surroundings:
    """The place of a workload of the seed (`workload`: its `name`), or of one that begins (`run`).

    Raises UsageError for what is not there, and NotTrustedError.
    """
    content = _exchange(running, "POST", what, arguments)
    return Surroundings(
        arn=content["arn"], variables={name: Secret(value) for name, value in content["variables"].items()}
    )


def _exchange(running: Running, method: str, what: str, arguments: dict[str, str]) -> dict[str, Any]:
    """One request to the control plane; the way there is loopback, so no proxy is asked."""
    from urllib.error import HTTPError
    from urllib.request import ProxyHandler, Request, build_opener

    url = f"{running.url}{PREFIX}{what}" + (f"?{urlencode(arguments, quote_via=quote)}" if arguments else "")
    headers = {TOKEN_HEADER: running.control_token.reveal()}
    request = Request(url, headers=headers, method=method)  # noqa: S310 - http, on this machine
    try:
        with build_opener(ProxyHandler({})).open(request, timeout=_ANSWER_LIMIT.total_seconds()) as answer:
            content: dict[str, Any] = json.load(answer)
            return content
    except HTTPError as error:
        with error:
            raise _refused(error.code, error.read()) from error
    except (OSError, ValueError) as error:
        raise UnavailableError("the emulator does not answer", hint="stsctl emulator status") from error


def _refused(code: int, body: bytes) -> StsctlError:
    try:
        facts = json.loads(body)
        message = str(facts["error"])
        if "because" in facts:
            return NotTrustedError(message, code=facts["code"], because=tuple(facts["because"]))
    except (ValueError, KeyError, TypeError):
        message = f"the emulator answered {code}"
    return UsageError(message) if code == 404 else EmulatorError(message)
