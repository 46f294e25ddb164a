"""What to say to a person who has named no role."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from stsctl.errors import UsageError

if TYPE_CHECKING:
    from stsctl.cli.app import App


def how_to_begin(app: App) -> None:
    """Raises UsageError that says what to type: names to choose from, or how to get the first."""
    known = [name for name, _ in app.names()]
    if known:
        some = ", ".join(f'"{name}"' for name in known[:8])
        more = f" and {len(known) - 8} more" if len(known) > 8 else ""
        raise UsageError(f"which role? there are {some}{more}", hint=f"stsctl assume {quote(known[0])}")
    app.report.lines(
        [
            "Nothing is configured yet. To begin:",
            "  stsctl init                                looks at this machine, and sets it up with you",
            "  stsctl keys add work                       keeps your access keys in the keyring",
            "  stsctl assume ROLE_ARN --from work         gets the role's session (or see it all first: stsctl demo)",
        ]
    )
    raise UsageError("no role was named")
