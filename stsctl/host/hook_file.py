"""The hook's byte code: in a folder of stsctl's own, where ~/.aws/config finds it, for the interpreter that runs now.

A byte code file that is run by its name is never compared with its source, and another version of Python refuses it.
So its name says which interpreter it is for, and whoever finds it out of date writes it anew.
Source: https://peps.python.org/pep-0552/ (a file that is known by its source's hash and is not checked)
"""

from __future__ import annotations

import importlib.util
import marshal
import sys
from collections.abc import Sequence
from pathlib import Path

from stsctl import hook
from stsctl.host import files

_UNCHECKED = (1).to_bytes(4, "little")


def path_in(folder: Path) -> Path:
    """Where the hook of this interpreter, in this installation, is or would be."""
    installation = hook.digest(sys.executable.encode()).decode()[:8]
    return folder / f"hook-{sys.implementation.cache_tag}-{installation}.pyc"


def command_in(folder: Path) -> tuple[str, ...]:
    """What runs it: this interpreter, which looks at no variables, no folder of packages (-I, -S) and no locale."""
    return sys.executable, "-I", "-S", "-Xutf8", str(path_in(folder))


def is_current(folder: Path) -> bool:
    """Whether it is there, and of this version of stsctl and of Python."""
    heads = {path: _head(source) for path, source in _sources(folder).items()}
    return all((files.read(path) or b"")[: len(head)] == head for path, head in heads.items())


def is_stale(words: Sequence[str]) -> bool:
    """Whether a command that runs a hook finds none any more, or one that is not for this stsctl and this Python.

    What is another interpreter's is left to that.
    """
    interpreter, path = words[0], Path(next((word for word in words[1:] if word.endswith(".pyc")), ""))
    if interpreter != sys.executable:
        return not path.exists()
    return path != path_in(path.parent) or not is_current(path.parent)


def install(folder: Path) -> None:
    """Writes it, unless it is there and current; raises FileError."""
    if is_current(folder):
        return
    for path, source in _sources(folder).items():
        code = compile(source, "<the hook of stsctl>", "exec", dont_inherit=True, optimize=2)
        files.replace(path, _head(source) + marshal.dumps(code))


def mend(folder: Path) -> None:
    """Writes it anew where somebody installed it and stsctl or Python is another by now; raises FileError."""
    if path_in(folder).exists():
        install(folder)


def _sources(folder: Path) -> dict[Path, bytes]:
    """What it is made of, the hook last: macOS and Windows have a file for their own keyring beside it."""
    source, place = Path(hook.__file__), path_in(folder)
    found = {}
    if hook.LIBRARY:
        beside = place.with_name(place.name.replace("hook", hook.LIBRARY, 1))
        found[beside] = source.with_name(f"{hook.LIBRARY}.py").read_bytes()
    return found | {place: source.read_bytes()}


def _head(source: bytes) -> bytes:
    return importlib.util.MAGIC_NUMBER + _UNCHECKED + importlib.util.source_hash(source)
