"""Whether the line that was just typed needs a question, for the key that would run it: the answer is nearly always no.

The line comes on standard input, since arguments are for every user of the machine to see; behind a NUL come the
aliases of the shell.
"""

import os
import sys
from functools import cache

from stsctl import destructive

WARN = "STSCTL_WARN"
"""What is to be asked about in this shell; it is set together with the session's variables."""
_LONGEST = 1 << 20


@cache
def found() -> str | None:
    """The command on standard input that looks destructive, None where there is none or nobody wants to be asked."""
    patterns = destructive.of_variable(os.environ.get(WARN, ""))
    if not patterns or sys.stdin is None:
        return None
    line, _, aliases = sys.stdin.buffer.read(_LONGEST).decode(errors="replace").partition("\0")
    return destructive.found(line, patterns, aliases)


def serve() -> None:
    """Ends the process where there is nothing to ask; does nothing where the whole program has to."""
    if found() is None:
        os._exit(0)
