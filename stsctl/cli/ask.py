"""Asking a person for the code that their MFA device shows: once, wherever they can be reached."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from shlex import quote

from stsctl.cli.report import Report
from stsctl.dataclass import dataclass
from stsctl.errors import PersonNeededError, StsctlError
from stsctl.formats.visible import visible
from stsctl.one_time_code import ATTEMPTS, Question

_CODE = re.compile(r"[0-9]{6}")
_STEP = 30
"""Seconds for which a device shows one code (RFC 6238, AWS's devices)."""


@dataclass(slots=True, kw_only=True)
class MfaPrompt:
    """Gets a code: from the command line, from `mfa_process`, or from the terminal, in that order.

    `run` runs a program and gives what it prints; `ask` puts a question to the person, None where nobody is asked.
    """

    report: Report
    run: Callable[[tuple[str, ...]], str]
    ask: Callable[[str], str] | None
    given: str | None = None

    def __call__(self, question: Question) -> str:
        """The code; raises PersonNeededError where there is none to be had."""
        if self.given is not None:
            return self._given(question)
        if not question.process:
            return self._from_person(question)
        try:
            return self._from_process(question)
        except StsctlError as error:
            self.report.notice(f"mfa_process: {error.message}")
            try:
                return self._from_person(question)
            except PersonNeededError as nobody:
                # The program was asked, and would answer the others no better.
                nobody.asked = True
                raise

    def _given(self, question: Question) -> str:
        if question.complaint:
            raise PersonNeededError(question.complaint, hint="run it again with the next code")
        code = _tidy(self.given or "")
        if not _CODE.fullmatch(code):
            raise PersonNeededError("an MFA code has six digits", hint="--mfa-token 123456")
        return code

    def _from_process(self, question: Question) -> str:
        if question.complaint:
            # The same code would come again until the device's next step.
            with self.report.waiting("waiting for the next MFA code"):
                time.sleep(_STEP - time.time() % _STEP + 0.5)
        code = _tidy(self.run(question.process))
        if not _CODE.fullmatch(code):
            raise PersonNeededError(f'"{question.process[0]}" did not print a code of six digits', asked=True)
        return code

    def _from_person(self, question: Question) -> str:
        if self.ask is None:
            raise PersonNeededError(
                f'an MFA code is needed for "{question.name}", and nobody may be asked (--no-prompt)',
                hint=f"stsctl assume {quote(question.name)}",
            )
        complaint = question.complaint
        device = visible(question.serial.rpartition(":")[2])
        for _ in range(ATTEMPTS):
            before = f"{complaint}\n" if complaint else ""
            try:
                code = _tidy(self.ask(f'{before}MFA code of {device} for "{visible(question.name)}": '))
            except PersonNeededError as error:
                raise PersonNeededError(
                    f'an MFA code is needed for "{question.name}": {error.message}',
                    hint=f"stsctl assume {quote(question.name)}",
                    asked=error.asked,
                ) from error
            if _CODE.fullmatch(code):
                return code
            complaint = "an MFA code has six digits"
        raise PersonNeededError("no MFA code was given", hint=f"stsctl assume {quote(question.name)}", asked=True)


def _tidy(text: str) -> str:
    """Without the blanks that some devices show in the middle of a code."""
    return "".join(text.split())
