"""The text of others, made harmless for a terminal."""

from __future__ import annotations

import re

_KEY_ID = re.compile(r"[A-Z0-9]{16,32}")


def visible(text: str) -> str:
    """`text` with everything that a terminal would obey rather than show (escape codes, line ends, changes of writing
    direction, characters without a width) spelled out, as `\\x1b`.

    Role names, error messages and file contents come from other people; unescaped they could move the cursor, rename
    the window or hide what was said.
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )


def key_id(text: str) -> str:
    """An access key id, where it looks like one: who swapped the pair in a file has written the secret in its place."""
    return text if _KEY_ID.fullmatch(text) else f"(an id of {len(text)} characters)"
