"""Signing in at an OAuth authority: in a browser that comes back to this machine, or elsewhere, by a code to type.

Sources: RFC 8252 (native applications), RFC 7636 (PKCE), RFC 8628 (devices).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from stsctl import device_code
from stsctl.credentials import Secret
from stsctl.device_code import DeviceCode
from stsctl.host.redirect import Redirect
from stsctl.pkce import Pkce
from stsctl.sign_in import SignIn


class Flows(Protocol):
    """What an authority is asked, and how."""

    def page(self, *, redirect_uri: str, state: str, challenge: str) -> str:
        """Where a browser is sent to."""

    def redeem(self, code: Secret, *, redirect_uri: str, verifier: Secret) -> SignIn:
        """The sign-in for a code that a browser brought back; raises RefusedError, UnavailableError."""

    def start_device(self) -> DeviceCode:
        """A code for a person to type elsewhere; raises RefusedError, UnavailableError."""

    def poll(self, device: DeviceCode) -> SignIn:
        """The sign-in, when the person has typed the code; see `device_code.wait`."""


class SignInPrompt(Protocol):
    """How a person is asked to sign in."""

    @property
    def limit(self) -> timedelta:
        """How long they have for it."""

    def open(self, page: str) -> bool:
        """Shows a page that comes back to this machine in a browser; False where none is to be had."""

    def show(self, device: DeviceCode) -> None:
        """Shows a code, and the page to type it at."""

    def waiting(self) -> AbstractContextManager[object]:
        """The person is waited for meanwhile."""


def sign_in(
    flows: Flows,
    prompt: SignInPrompt,
    *,
    sleep: Callable[[float], None],
    now: Callable[[], datetime],
    port: int | None = None,
) -> SignIn:
    """A new sign-in; `port` is the one to come back to where the authority takes no other.

    Raises PersonNeededError, RefusedError, UnavailableError, and RedirectError where the port is taken.
    """
    with Redirect(port=port) as redirect:
        pkce = Pkce.new()
        if prompt.open(flows.page(redirect_uri=redirect.uri, state=redirect.state, challenge=pkce.challenge)):
            with prompt.waiting():
                code = Secret(redirect.wait(prompt.limit))
            return flows.redeem(code, redirect_uri=redirect.uri, verifier=pkce.verifier)
    device = flows.start_device()
    device = replace(device, ends_at=min(device.ends_at, now() + prompt.limit))
    prompt.show(device)
    with prompt.waiting():
        return device_code.wait(device, lambda: flows.poll(device), sleep=sleep, now=now)
