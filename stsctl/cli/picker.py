"""Picking names on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from stsctl.cli.facts import Facts
from stsctl.picking import Outcome, Picker
from stsctl.search import Search

if TYPE_CHECKING:
    from stsctl.cli.app import App
    from stsctl.listing import Listing


def pick(app: App, listing: Listing, *, several: bool = False) -> tuple[str, ...]:
    """The names that the person picks of these, at least one.

    Raises click.Abort where they leave without, PersonNeededError where the terminal cannot show them.
    """
    search = Search(listing.names, listing.texts, app.uses.worth(app.now()))
    facts = Facts(app, listing)
    picker = Picker(search, about=facts.about, details=facts.details, several=several)
    outcome = Outcome.OPEN
    with app.machine.screen() as shown:
        while outcome is Outcome.OPEN:
            # Nobody who types on waits for what takes a while to find out.
            for facts.whole in (False, True):
                lines = picker.lines(*shown.size)
                shown.draw([[(piece.text, piece.style.value, piece.at_cursor) for piece in line] for line in lines])
                if shown.waits():
                    break
            outcome = picker.press(shown.key())
    if outcome is Outcome.LEFT:
        raise click.Abort
    return picker.chosen
