"""The machine as the commands see it: the terminal, the shell that called, the programs that are run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from stsctl.cli.report import Report
from stsctl.configuration import PromptWith
from stsctl.errors import ConfigurationError, PersonNeededError
from stsctl.settings import Settings

if TYPE_CHECKING:
    from stsctl.host.browser import Browser
    from stsctl.host.crew import Crew, Ran
    from stsctl.host.dialogue import Dialogue
    from stsctl.host.screen import Screen
    from stsctl.host.session_leader import SessionLeader
    from stsctl.host.terminal import Terminal


class Machine:
    """What a command may do beside calling AWS and keeping sessions. Each part is loaded when it is needed.

    `for_helpers` is the environment of the programs that are asked for an answer.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        report: Report,
        settings: Settings,
        *,
        for_helpers: Callable[[], Mapping[str, str]],
    ) -> None:
        self._environ = environ
        self._for_helpers = for_helpers
        self._report = report
        self._settings = settings

    @cached_property
    def leader(self) -> SessionLeader | None:
        """Which terminal this is; None where there is none."""
        from stsctl.host import session_leader

        return session_leader.find()

    def calling_shell(self) -> str:
        """The shell that called."""
        from stsctl.host import shells

        return shells.calling(self._environ)

    def become(self, program: Sequence[str] | None, environ: Mapping[str, str]) -> int:
        """Turns into `program`, or into the person's own shell."""
        from stsctl.host import process, shells

        return process.replace(program or shells.subshell(self._environ), environ)

    def run(self, argv: Sequence[str]) -> str:
        """What a helper program prints; its time is that of a person, who may have to touch a key.

        Raises ConfigurationError where it cannot be started, HelperError where it does not answer.
        """
        from stsctl.host import process

        try:
            return process.run(argv, environ=self._for_helpers(), timeout=self._timeout)
        except (process.CommandNotFoundError, process.CannotStartError) as error:
            raise ConfigurationError(error.message, hint=error.hint) from error

    def browser(
        self,
        *,
        command: tuple[str, ...] = (),
        profile: str | None = None,
        container: str | None = None,
        color: str | None = None,
        icon: str | None = None,
    ) -> Browser:
        """The browser: by a command, in a profile or a container of its own, where that is said."""
        from stsctl.host.browser import Browser

        return Browser(
            environ=self._environ, command=command, profile=profile, container=container, color=color, icon=icon
        )

    def crew(self, jobs: int, said: Callable[[str, bool, str], None], done: Callable[[Ran], None]) -> Crew:
        """Programs that run beside each other."""
        from stsctl.host.crew import Crew

        return Crew(jobs, said, done)

    def screen(self, *, cursor: bool = True) -> AbstractContextManager[Screen]:
        """The terminal as a full screen, with a text `cursor` or without; raises PersonNeededError where it is none."""
        from stsctl.host import screen

        return screen.opened(self._environ, cursor=cursor)

    def ended_as_by_ctrl_c(self) -> AbstractContextManager[None]:
        """Meanwhile whatever asks this process to end interrupts it, so that it can tidy up."""
        from stsctl.host import ending

        return ending.as_by_ctrl_c()

    def can_ask(self) -> bool:
        """Whether somebody is at a terminal who may be asked."""
        from stsctl.host import terminal

        return self._settings.prompt.value and terminal.Terminal().available()

    def can_sign_in(self) -> bool:
        """Whether somebody is there who could sign in: at a terminal, or at a desktop with a browser."""
        from stsctl.host.browser import Browser

        return self._settings.prompt.value and (self.can_ask() or Browser(environ=self._environ).comes_back())

    def ask(self, prompt: str, *, hidden: bool, about: str | None = None, limit: timedelta | None = None) -> str:
        """What the person types, on the terminal or else on their desktop; raises PersonNeededError.

        `about` is what was said on stderr, and is shown with the question in a window, which may be all that they see.
        `limit` is for a question that takes longer to answer than others.
        """
        prompter = self._prompter()
        in_a_window = about is not None and prompter.is_window
        return self._ask(prompter, f"{about}\n{prompt}" if in_a_window else prompt, hidden=hidden, limit=limit)

    def ask_on_terminal(self, prompt: str, *, limit: timedelta | None = None) -> str:
        """What the person types on the terminal, and nowhere else: `prompt` is for no other eyes."""
        from stsctl.host import terminal

        return self._ask(terminal.Terminal(), prompt, hidden=False, limit=limit)

    def _ask(self, prompter: Terminal | Dialogue, prompt: str, *, hidden: bool, limit: timedelta | None = None) -> str:
        if not self._settings.prompt.value:
            raise PersonNeededError("nobody may be asked (--no-prompt)", hint="run it without --no-prompt")
        with self._report.quiet():
            return prompter.ask(prompt, hidden=hidden, timeout=limit or self._timeout)

    def _prompter(self) -> Terminal | Dialogue:
        """Where the person is asked."""
        from stsctl.host import dialogue, terminal

        way, at_terminal = self._settings.prompt_with.value, terminal.Terminal()
        if way is PromptWith.TERMINAL:
            return at_terminal
        if way is PromptWith.AUTO:
            on_desktop = dialogue.Dialogue(environ=self._for_helpers())
            return at_terminal if at_terminal.available() or not on_desktop.available() else on_desktop
        device = terminal.DEVICE if way is PromptWith.PINENTRY and at_terminal.available() else None
        return dialogue.Dialogue(environ=self._for_helpers(), programs=(way.value,), terminal=device)

    @property
    def _timeout(self) -> timedelta:
        return self._settings.prompt_timeout.value
