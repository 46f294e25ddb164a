"""`python -m stsctl`, and the `stsctl` command."""

from __future__ import annotations

from stsctl.cli import main

if __name__ == "__main__":
    main()
