"""docs/assume.svg: a picture of a real terminal (tmux) in which stsctl really runs, against the emulator and a keyring.

`python -m tools.picture` makes it anew. It needs tmux and gnome-keyring.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from stsctl.cli.emulator import BUILT_IN_CONFIG
from stsctl.emulator import control
from stsctl.emulator.running import Running
from stsctl.formats import environment
from tests.secret_service import SecretService

PICTURE = Path(__file__).parent.parent / "docs" / "assume.svg"
_WIDTH, _HEIGHT = 116, 40
_SHELL = "env PS1='$ ' bash --norc --noprofile"

# Rich's own template fetches its font from the network; the font here is whichever the reader has.
_TEMPLATE = """\
<svg class="{unique_id}" viewBox="0 0 {width} {height}" xml:space="preserve" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
    font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
    font-size: {char_height}px;
    line-height: {line_height}px;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


class Terminal:
    """A real terminal, with a shell in it."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._socket = str(folder / "tmux")
        self._environ = dict(environ)
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(_WIDTH), "-y", str(_HEIGHT), _SHELL)
        self.wait(r"\$$")

    def type(self, text: str) -> None:
        """Types a line."""
        self._tmux("send-keys", "-l", text)
        self._tmux("send-keys", "Enter")

    def wait(self, pattern: str) -> None:
        """Waits until what is shown ends with a match of `pattern`."""
        end = time.monotonic() + 60
        while not re.search(pattern, self._tmux("capture-pane", "-p").rstrip("\n")):
            if time.monotonic() > end:
                raise TimeoutError(self._tmux("capture-pane", "-p"))
            time.sleep(0.1)

    def shown(self) -> str:
        """What it shows, with its colours."""
        return self._tmux("capture-pane", "-e", "-p").rstrip("\n")

    def end(self) -> None:
        """Ends it."""
        self._tmux("kill-server")

    def _tmux(self, *words: str) -> str:
        run = subprocess.run(
            ["tmux", "-u", "-S", self._socket, *words], env=self._environ, check=True, capture_output=True, text=True
        )
        return run.stdout


@contextmanager
def _alices_terminal(folder: Path) -> Iterator[tuple[Terminal, Running]]:
    """A terminal that knows the emulator, with alice's keys in its keyring."""
    running = control.start(folder / "emulator")
    try:
        with SecretService.start(folder / "keyring") as service:
            alice = control.principal(running, "alice")
            environ = {
                "HOME": str(folder),
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "LANG": "C.UTF-8",
                "TERM": "xterm-256color",
                "LOGNAME": "alice",
                **service.environment,
            }
            environ = environment.child(environ, environment.emulator(running.url, running.instance, None, {}))
            config = BUILT_IN_CONFIG.format(mfa_serial=alice.mfa_serial)
            (folder / ".config" / "stsctl").mkdir(parents=True)
            (folder / ".config" / "stsctl" / "config.toml").write_text(config[config.index("[role.hub]") :])
            pair = environment.pair(alice.credentials)
            subprocess.run(["stsctl", "keys", "add", "work", "--stdin"], env=environ, input=pair, text=True, check=True)
            terminal = Terminal(folder, environ)
            try:
                yield terminal, running
            finally:
                terminal.end()
    finally:
        control.stop(folder / "emulator", running)


def main() -> None:
    """Makes the picture."""
    with tempfile.TemporaryDirectory(prefix="picture-") as name, _alices_terminal(Path(name)) as (terminal, running):
        terminal.type("stsctl assume prod-admin")
        terminal.wait("MFA code.*: ?$")
        terminal.type(control.code(running, "alice"))
        terminal.wait(r"COMMAND[^$]*\n\$$")
        terminal.type("stsctl list")
        terminal.wait(r"keyring[^$]*\n\$$")
        terminal.type("stsctl exec prod-admin -- aws sts get-caller-identity")
        terminal.wait(r"\}\n\$$")
        shown = terminal.shown()
    console = Console(record=True, width=_WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(shown.removesuffix("$").rstrip("\n")))
    PICTURE.parent.mkdir(exist_ok=True)
    svg = console.export_svg(title="stsctl", theme=DIMMED_MONOKAI, code_format=_TEMPLATE, unique_id="stsctl")
    PICTURE.write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
