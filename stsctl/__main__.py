"""`python -m stsctl`, and the `stsctl` command: what the hook can answer, without the rest; everything else with it."""

import gc
import sys


def main() -> None:
    """Runs stsctl and ends the process with its status."""
    if len(sys.argv) == 3 and sys.argv[1] == "credential-process" and not sys.argv[2].startswith("-"):
        from stsctl import hook

        hook.serve(sys.argv[2])
    elif sys.argv[1:2] == ["prompt"] and sys.platform == "linux":
        from stsctl import prompt

        prompt.serve(sys.argv[2:])
    elif sys.argv[1:2] == ["shell-init"]:
        from stsctl import shell_init

        shell_init.serve(sys.argv[2:])
    elif sys.argv[1:] == ["guard"]:
        from stsctl import guard

        guard.serve()
    # Hardly anything is garbage in a short run: looking for it over and again takes a tenth.
    gc.set_threshold(100_000)
    from stsctl.cli import main as whole

    whole()


if __name__ == "__main__":
    main()
