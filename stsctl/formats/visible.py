"""The text of others, made harmless for a terminal."""

from __future__ import annotations


def visible(text: str) -> str:
    """`text` with everything that a terminal would obey rather than show (escape codes, line ends, changes of writing
    direction, characters without a width) spelled out, as `\\x1b`.

    Role names, error messages and file contents come from other people; unescaped they could move the cursor, rename
    the window or hide what was said.
    """
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii") for letter in text
    )
