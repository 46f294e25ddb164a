"""Questions to the person on their desktop, for where there is no terminal.

The question is on a command line at most, so that it names no secret; what is typed comes through a pipe.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import ClassVar

from stsctl.dataclass import dataclass
from stsctl.errors import PersonNeededError
from stsctl.host import ending, process, programs
from stsctl.host.pinentry import NotShownError, Pinentry

_PINENTRIES = (
    "pinentry",  # whichever the system or its owner chose
    "pinentry-mac",
    "pinentry-gnome3",
    "pinentry-qt",
    "pinentry-qt5",
    "pinentry-gtk-2",
    "pinentry-fltk",
)
_INSTALL = "run it in a terminal, or install one of pinentry, zenity and kdialog"

_Ask = Callable[[str, bool, timedelta], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """A window with a question and a field, by the first program that can show it.

    `programs` are the kinds of programs to look for; `terminal` is a device that a pinentry may use instead.
    """

    is_window: ClassVar[bool] = True
    environ: Mapping[str, str]
    programs: tuple[str, ...] = ("pinentry", "zenity", "kdialog", "osascript")
    terminal: str | None = None

    def available(self) -> bool:
        """Whether there is a desktop to ask on, as far as is known beforehand; behind SSH the Mac's is none."""
        if sys.platform == "darwin" and not self.environ.get("SSH_CONNECTION"):
            return True
        return any(self.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))

    def ask(self, prompt: str, *, hidden: bool, timeout: timedelta) -> str:
        """What the person types; `hidden` keeps it from being shown, and a pinentry never shows it.

        Raises PersonNeededError where there is no desktop, no program that shows the question, or no answer.
        """
        question = prompt.strip().removesuffix(":")
        if not self.available() and self.terminal is None:
            raise PersonNeededError("nobody can be asked: there is no desktop", hint="run it in a terminal")
        for ask in self._programs():
            try:
                with _ended_with_us():
                    answer = ask(question, hidden, timeout)
            except (NotShownError, process.CommandNotFoundError, process.CannotStartError):
                continue
            except TimeoutError:
                seconds = f"{timeout.total_seconds():g}"
                raise PersonNeededError(f"nobody answered within {seconds} seconds", asked=True) from None
            if answer is None:
                raise PersonNeededError("the question was not answered", asked=True)
            return answer
        tried = ", ".join(self.programs)
        raise PersonNeededError(f"nobody can be asked: the question could not be shown ({tried})", hint=_INSTALL)

    def _programs(self) -> Iterator[_Ask]:
        for kind in self.programs:
            for name in _PINENTRIES if kind == "pinentry" else (kind,):
                path = programs.find(name, self.environ)
                if path is not None:
                    yield self._pinentry(path) if kind == "pinentry" else self._entry(_ENTRIES[kind], path)

    def _pinentry(self, path: str) -> _Ask:
        pinentry = Pinentry(path=path, terminal=self.terminal)
        environ = programs.environment(self.environ)
        return lambda question, _hidden, timeout: pinentry.ask(question, environ=environ, timeout=timeout)

    def _entry(self, words: Callable[[str, bool, int], list[str]], path: str) -> _Ask:
        def ask(question: str, hidden: bool, timeout: timedelta) -> str | None:
            # It ends by itself soon after the time is over, should nobody be left to end it.
            argv = [path, *words(question, hidden, int(timeout.total_seconds()) + 2)]
            environ = programs.environment(self.environ)
            with process.conversation(argv, environ=environ, timeout=timeout) as window:
                typed, _ = window.communicate()
            if window.returncode not in _ANSWERED | _DECLINED:
                raise NotShownError
            return typed.decode(errors="replace").removesuffix("\n") if window.returncode in _ANSWERED else None

        return ask


_ANSWERED = {0}
_DECLINED = {1, 5}
"""Of zenity, kdialog and osascript, which all end with 1 when the person would not; zenity ends with 5 in time."""


def _zenity(question: str, hidden: bool, seconds: int) -> list[str]:
    # Its texts are C strings, with a mark before the letter that is underlined.
    text = question.replace("\\", "\\\\").replace("_", "__")
    words = ["--entry", "--title=stsctl", f"--text={text}:", f"--timeout={seconds}"]
    return [*words, "--hide-text"] if hidden else words


def _kdialog(question: str, hidden: bool, _seconds: int) -> list[str]:
    # Qt takes for HTML what looks like it.
    text = question.replace("<", "\u2039").replace(">", "\u203a")
    return ["--title", "stsctl", "--password" if hidden else "--inputbox", f"{text}:"]


def _osascript(question: str, hidden: bool, seconds: int) -> list[str]:
    asked = f'display dialog (item 1 of argv) with title "stsctl" default answer "" giving up after {seconds}'
    script = (
        "on run argv",
        f"set shown to {asked}{' with hidden answer' if hidden else ''}",
        "if gave up of shown then error number -128",
        "text returned of shown",
        "end run",
    )
    return [*(word for line in script for word in ("-e", line)), "--", f"{question}:"]


_ENTRIES: Mapping[str, Callable[[str, bool, int], list[str]]] = {
    "zenity": _zenity,
    "kdialog": _kdialog,
    "osascript": _osascript,
}


@contextlib.contextmanager
def _ended_with_us() -> Iterator[None]:
    """No question is left on the screen by whatever asks this process to end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with ending.as_by_ctrl_c():
        yield
