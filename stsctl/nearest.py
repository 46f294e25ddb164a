"""What somebody may have meant who typed a name that is not there."""

from __future__ import annotations

from collections.abc import Iterable


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the known names that begin with `name` or are near it; None where none is."""
    import difflib

    names = list(known)
    begun = sorted(one for one in names if name and one.lower().startswith(name.lower()))
    near = dict.fromkeys([*begun, *difflib.get_close_matches(name, names, n=3, cutoff=0.6)])
    return "did you mean " + " or ".join(f'"{one}"' for one in list(near)[:3]) + "?" if near else None
