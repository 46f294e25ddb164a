"""A session's variables as a file for `docker run --env-file`, Compose, python-dotenv and node's `--env-file`.

They agree on one thing: `NAME=value`, without quotes, for a value that has no quotes, `$`, `#`, backslashes or line
ends and no blanks at its ends. docker keeps quotes as part of the value, the others take them off, so none are written.
"""

from __future__ import annotations

import re

from stsctl.errors import UsageError
from stsctl.formats.interface import Changes


class Dotenv:
    """Lines of `NAME=value`. What is cleared is left out: such a file can only set."""

    failure = ""

    def render(self, changes: Changes) -> str:
        """The lines; raises UsageError for a value that the readers would not agree on."""
        lines = []
        for name, value in changes.items():
            if value is None:
                continue
            text = value.reveal()
            if not text.isprintable() or text != text.strip() or re.search(r"""["'`$#\\]""", text):
                raise UsageError(
                    f"a dotenv file cannot hold the value of {name}: its readers disagree on some of the characters",
                    hint="use --format json",
                )
            lines.append(f"{name}={text}\n")
        return "".join(lines)
