"""`stsctl list --watch`: the live table on the terminal, and what its keys do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from stsctl.cli import web_console
from stsctl.cli.lookout import Lookout, Notes
from stsctl.cli.options import Acting
from stsctl.errors import PersonNeededError, RefusedError, StsctlError, UsageError
from stsctl.formats import environment
from stsctl.formats.visible import visible
from stsctl.pieces import Style
from stsctl.watch_columns import remaining
from stsctl.watched import Row
from stsctl.watching import Table, Verb

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.host.screen import Screen

_SECOND = timedelta(seconds=1)


def watch(app: App) -> None:
    """Shows the table until the person has seen enough; raises UsageError where the terminal cannot show it."""
    lookout = Lookout(app)
    lookout.look()  # what is wrong with the files is said while there is no screen yet
    try:
        with app.machine.screen(cursor=False) as screen:
            _Watch(app, lookout, screen).run()
    except PersonNeededError as error:
        raise UsageError(error.message, hint="stsctl list") from error


class _Watch:
    """One person at one table."""

    def __init__(self, app: App, lookout: Lookout, screen: Screen) -> None:
        self._app = app
        self._lookout = lookout
        self._screen = screen
        self._table = Table(local=lambda at: at.astimezone())
        self._looked_at: datetime | None = None

    def run(self) -> None:
        """Until they leave."""
        while True:
            self._look()
            self._draw()
            now = self._now()
            action = self._table.press(self._screen.key(within=1 - now.microsecond / 1_000_000))
            match action and action.verb:
                case Verb.QUIT:
                    return
                case Verb.STOP:
                    self._screen.stop()
                case Verb.RENEW | Verb.DROP | Verb.CONSOLE if action and action.row:
                    begun, do = _DEEDS[action.verb]
                    self._do(f'{begun} "{action.row.name}" … (Ctrl-C gives up)', action.row, do)

    def _now(self) -> datetime:
        return self._lookout.app.now()

    def _look(self) -> None:
        """Looks at what is held, once a second and not at every key."""
        now = self._app.wall()
        if self._looked_at is not None and timedelta() <= now - self._looked_at < _SECOND / 2:
            return
        self._looked_at = now
        try:
            self._table.show(self._lookout.look())
        except StsctlError as error:
            self._table.fail(_said(error))

    def _draw(self) -> None:
        lines = self._table.lines(*self._screen.size, self._now())
        self._screen.draw(
            [[(visible(piece.text), piece.style.value, piece.at_cursor) for piece in line] for line in lines]
        )

    def _do(self, begun: str, row: Row, do: _Deed) -> None:
        """Does it without a person, or else with one, on the terminal as it was before."""
        self._table.say(begun, Style.DIM)
        self._draw()
        try:
            try:
                notes = Notes(self._app.environ)
                with self._screen.interruptible():
                    done = do(self._app.anew(notes).unattended(), row, Acting(may_sign_in=False))
                self._table.say("; ".join((done, *notes.texts)), Style.GOOD)
            except PersonNeededError:
                with self._screen.left():
                    self._table.say(do(self._app.anew(self._app.report), row, Acting()), Style.GOOD)
        except StsctlError as error:
            self._table.say(f'"{row.name}": {_said(error)}', Style.BAD)
        except (KeyboardInterrupt, click.Abort):
            self._table.say(f'"{row.name}": interrupted', Style.WARNING)
        else:
            if do is _drop:
                self._lookout.forget(row.key)
        self._looked_at = None


_Deed = Callable[["App", Row, Acting], str]


def _renew(app: App, row: Row, acting: Acting) -> str:
    assert row.wanted is not None
    obtained = app.obtain(row.wanted, Acting(refresh=True, may_sign_in=acting.may_sign_in))
    done = f'"{row.name}" is renewed: {remaining(obtained.session.expires_at, app.now())} left'
    exported = app.environ.get(environment.SESSION) == obtained.session.request_key
    return f"{done}; into this shell with: eval $(stsctl env)" if exported else done


def _drop(app: App, row: Row, _acting: Acting) -> str:
    app.forget({row.key})
    exported = app.environ.get(environment.SESSION) == row.key
    return f'"{row.name}" is dropped' + ("; out of this shell with: eval $(stsctl env --unset)" if exported else "")


def _console(app: App, row: Row, acting: Acting) -> str:
    assert row.wanted is not None
    web_console.check(app, row.wanted)
    obtained = app.use(row.wanted, acting)
    web_console.browser(app, obtained).open_unseen(web_console.address(app, obtained))
    return f"the console is open as {obtained.session.identity}"


_DEEDS: dict[Verb, tuple[str, _Deed]] = {
    Verb.RENEW: ("renewing", _renew),
    Verb.DROP: ("dropping", _drop),
    Verb.CONSOLE: ("opening the console as", _console),
}


def _said(error: StsctlError) -> str:
    """What happened and what to type, in a line."""
    said = error.message or (f"{error.operation} refused" if isinstance(error, RefusedError) else "")
    if isinstance(error, RefusedError) and error.code:
        said += f": {error.code}: {error.reason}"
    return f"{said} ({error.hint})" if error.hint else said
