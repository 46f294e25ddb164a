"""What somebody may have meant who typed a name that is not there."""

from __future__ import annotations

from collections.abc import Iterable


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the known names nearest to `name`; None where none is near."""
    import difflib

    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    return "did you mean " + " or ".join(f'"{one}"' for one in near) + "?" if near else None
