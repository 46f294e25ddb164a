"""Real shells that evaluate what stsctl writes, and show the environment that a child then has."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import missing

_NOT_IN_DEBIAN = {"nu"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """A shell with its options, and the way in which a person has it read a text: `{}` stands for the command."""

    shell: str
    argv: tuple[str, ...]
    reads: str
    begin: str = ""

    def __str__(self) -> str:
        return f"{' '.join(self.argv)}: {self.begin}{self.reads}"

    def run(self, script: str, *, environ: Mapping[str, str], folder: Path) -> subprocess.CompletedProcess[bytes]:
        """What the shell makes of `script`, in `folder`."""
        program = shutil.which(self.argv[0])
        if program is None:
            if self.argv[0] in _NOT_IN_DEBIAN:
                pytest.skip(f"needs {self.argv[0]}")
            missing(self.argv[0])
        return subprocess.run(
            [str(program), *self.argv[1:], "-c", self.begin + script],
            env=dict(environ),
            cwd=folder,
            capture_output=True,
            timeout=120,
            check=False,
        )

    def environment_after(self, texts: Sequence[str], *, environ: Mapping[str, str], folder: Path) -> dict[str, str]:
        """The environment of a child of the shell that has read all of `texts`, one after the other."""
        lines = []
        for number, text in enumerate(texts):
            file = folder / f"text-{number}"
            file.write_text(text, newline="")
            lines.append(self.reads.format(f"cat text-{number}"))
        run = self.run(
            "\n".join([*lines, "^env -0" if self.shell == "nu" else "env -0"]), environ=environ, folder=folder
        )
        assert run.returncode == 0, run.stderr
        return dict(pair.split("=", 1) for pair in run.stdout.decode().split("\0")[:-1])


_STRICT = "set -eu\n"
_UNQUOTED = "eval $({})"
_POSIX = [
    Mode(shell="bash", argv=("bash", "--norc"), reads=_UNQUOTED, begin=_STRICT),
    Mode(shell="bash", argv=("bash", "--norc"), reads='eval "$({})"', begin=_STRICT),
    Mode(shell="bash", argv=("bash", "--norc"), reads="source <({})", begin=_STRICT),
    Mode(shell="bash", argv=("bash", "--norc", "-O", "nullglob", "-O", "dotglob"), reads=_UNQUOTED, begin=_STRICT),
    Mode(shell="bash", argv=("bash", "--norc", "-O", "failglob", "-O", "extglob"), reads=_UNQUOTED, begin=_STRICT),
    Mode(shell="bash", argv=("bash", "--norc", "--posix"), reads=_UNQUOTED, begin=f"{_STRICT}IFS=$'\\n\\t'\n"),
    Mode(shell="sh", argv=("dash",), reads=_UNQUOTED, begin=_STRICT),
    Mode(shell="sh", argv=("dash",), reads='eval "$({})"', begin=_STRICT),
    Mode(shell="zsh", argv=("zsh", "-f"), reads=_UNQUOTED, begin=_STRICT),
    Mode(shell="zsh", argv=("zsh", "-f"), reads='eval "$({})"', begin=_STRICT),
    Mode(shell="zsh", argv=("zsh", "-f", "-o", "extendedglob", "-o", "nullglob"), reads=_UNQUOTED, begin=_STRICT),
    Mode(shell="zsh", argv=("zsh", "--emulate", "sh", "-f"), reads=_UNQUOTED, begin=_STRICT),
]
_FISH = [
    Mode(shell="fish", argv=("fish", "--no-config"), reads=reads)
    for reads in ("eval ({})", "{} | source", "eval $({})", 'eval "$({})"')
]
_NU = [Mode(shell="nu", argv=("nu", "--no-config-file"), reads="^{} | from json | load-env")]
MODES = [*_POSIX, *_FISH, *_NU]
