"""Somebody who types what a page says into bash."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pexpect

from stsctl import totp
from stsctl.credentials import Secret
from stsctl.emulator import control
from stsctl.emulator.running import Running
from tests.conftest import missing
from tests.crowd import until
from tests.scripts import visitor
from tests.scripts.pages import Step

PERSON = "username=dora username=frank principal=111111111111:bob decision=allow"
"""Who that is, on a provider's pages."""


class Room(Protocol):
    """Where they sit."""

    home: Path
    port: int
    environ: dict[str, str]

    def keys(self, name: str) -> tuple[str, str]:
        """The keys that somebody calls so."""

    def organisation(self) -> Running:
        """The emulator that the page has come to."""


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


_PROMPT = r"\[status ([0-9]+)\]\$ "


class Reader:
    """Somebody who types what a recipe says into bash, and answers what is asked."""

    def __init__(self, place: Room) -> None:
        self._place = place
        self._line = ""
        self._seed = ""
        self._step = 0
        self._terminal = pexpect.spawn(
            "bash",
            ["--norc", "--noprofile"],
            env=place.environ,
            cwd=str(place.home),
            encoding="utf-8",
            timeout=40,
            dimensions=(80, 300),
        )
        self._terminal.expect(_PROMPT)

    def types(self, step: Step) -> None:
        """Types a line, answers its questions, and compares."""
        self._line = step.line
        self._terminal.sendline(step.line)
        shown = ""
        while found := self._terminal.expect([_PROMPT, *self._answers()]):
            shown += str(self._terminal.before) + str(self._terminal.after)
            answer = list(self._answers().values())[found - 1](shown)
            if answer:
                self._terminal.sendline(answer)
        shown = (shown + str(self._terminal.before)).partition("\n")[2]  # without the line itself
        shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
        status = int(self._terminal.match[1])
        assert step.may_end_with(status), f"{step.line} (status {status}): {shown}"
        assert step.is_kept_by(shown), f"{step.line}\npromised: {step.promised}\nshown: {shown}"

    def _answers(self) -> dict[str, Callable[[str], str]]:
        """What is asked, and what is answered, given all that was shown."""
        return {
            r"Access key id: ": lambda _: self._place.keys(self._line.split()[-1])[0],
            r"Secret access key \(not shown\): ": lambda _: self._place.keys(self._line.split()[-1])[1],
            r'MFA code of [^\r\n]* for "[^\r\n]*": ': lambda _: control.code(self._place.organisation(), "alice"),
            r"The code that the device shows: ": self._first_code,
            r"The next code that it shows[^\r\n]*: ": self._next_code,
            r"\[y/N\] ": lambda _: "y",
            r"https?://\S+user_code=\S+": self._with_a_phone,
            r"in the browser that opens": self._at_a_browser,
        }

    def _with_a_phone(self, shown: str) -> str:
        """Opens the address that is shown in a browser that is not this machine's; nothing is typed."""
        visitor.visit(shown[shown.rindex("http") :], visitor.words(PERSON))
        return ""

    def _at_a_browser(self, _: str) -> str:
        """Signs in in the Chromium that opens; nothing is typed on the terminal."""
        try:
            from playwright.sync_api import sync_playwright
        except ImportError:
            missing("playwright")
        with sync_playwright() as playwright:
            until(lambda: _listens(self._place.port), "the browser to open")
            page = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{self._place.port}").contexts[0].pages[0]
            page.get_by_role("button", name="frank").click(timeout=30_000)
            page.get_by_role("button", name="Continue to AWS").click(no_wait_after=True)
        return ""

    def _first_code(self, shown: str) -> str:
        """What a device shows: an app has read its key from the terminal, or somebody left it in a file."""
        if (file := self._place.home / "seed").exists():
            self._seed = file.read_text()
        if found := re.search(r"type the key into it:\s+([A-Z2-7 ]+)\r", shown):
            self._seed = found[1].replace(" ", "")
        self._step = totp.step_at(datetime.now(UTC))
        return totp.code_at(Secret(self._seed), self._step)

    def _next_code(self, _: str) -> str:
        return totp.code_at(Secret(self._seed), self._step + 1)

    def close(self) -> None:
        """Closes the terminal."""
        self._terminal.close(force=True)
