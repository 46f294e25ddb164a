"""Files that others write, a team or whoever fills a folder: where they are, and how they are read with care."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from stsctl.errors import ConfigurationError
from stsctl.host import files, ownership, witness

PROJECT = ".stsctl.toml"
"""What the file of a project is called."""
MOST = 100
"""So many are read, and no more."""
LARGEST = 4 << 20
"""Bytes of one: a line for each of some tens of thousands of roles."""
_PATTERN = frozenset("*?[")
_READING = os.O_RDONLY | sum(getattr(os, each, 0) for each in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))


def project(home: Path) -> Path | None:
    """The project's file of the working folder: the nearest upwards, below `home` and on the same file system."""
    try:
        folder = os.getcwd()  # noqa: PTH109 - a text
        here, at_home = os.stat(folder), _stat(home)  # noqa: PTH116 - as above
        device = here.st_dev
        while here.st_dev == device and not (at_home and os.path.samestat(here, at_home)):
            if _is_there(place := os.path.join(folder, PROJECT)):  # noqa: PTH118 - as above
                return Path(place)
            folder, before = os.path.dirname(folder), folder  # noqa: PTH120 - as above
            if folder == before:
                return None
            here = os.stat(folder)  # noqa: PTH116 - as above
    except OSError:  # a folder that is gone, or nobody's to enter
        pass
    return None


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _is_there(place: str) -> bool:
    try:
        os.lstat(place)
    except OSError:
        return False
    return True


def matching(path: Path) -> list[Path]:
    """The files that a path means, whose last part may be a pattern; raises ConfigurationError, FileError.

    A file that a plain path means need not be there.
    """
    if _PATTERN & set(str(path.parent)):
        raise ConfigurationError(f'"{path}" is a pattern of folders', hint='write "*.toml" for the last part alone')
    if not _PATTERN & set(path.name):
        return [path]
    from fnmatch import fnmatchcase

    found = []
    try:
        witness.saw(path.parent, path.parent.stat())
        with os.scandir(path.parent) as entries:
            for entry in entries:
                if fnmatchcase(entry.name, path.name) and (entry.name[0] != "." or path.name[0] == "."):
                    found.append(path.parent / entry.name)
                    if len(found) > MOST:
                        raise ConfigurationError(f'"{path}" means more than {MOST} files', hint="name fewer")
    except (FileNotFoundError, NotADirectoryError):
        witness.saw(path.parent, None)
    except OSError as error:
        raise files.problem("read", path.parent, error) from error
    return sorted(found)


def real(path: Path) -> str:
    """Where a file really is: links are followed. It is written with slashes on every system."""
    return Path(os.path.realpath(path)).as_posix()


def read(path: Path, *, within: str | None = None) -> bytes | None:
    """The bytes of a plain file of bounded size that no other user can change; None where there is none.

    Raises ConfigurationError for one that is no such file, or where links lead out of the folder `within`; FileError.
    """
    goal = Path(real(path))
    if os.path.islink(goal):  # noqa: PTH114 - a name that is too long is for `open` to refuse
        raise ConfigurationError(f'"{path}" is a link that leads nowhere')
    if within is not None and not goal.is_relative_to(os.path.realpath(within)):
        raise ConfigurationError(f'"{path}" leads out of "{within}"')
    for each in dict.fromkeys((path.parent, path, goal.parent, goal)):
        ownership.check(each)
    try:
        # The links were followed: none has come since. Whoever opens a pipe waits for nobody.
        descriptor = os.open(goal, _READING)
    except (FileNotFoundError, NotADirectoryError):
        witness.saw(path, None)
        return None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise ConfigurationError(f'"{path}" is no plain file') from error
        raise files.problem("read", path, error) from error
    try:
        found = os.fstat(descriptor)
        witness.saw(path, found)
        ownership.check_found(path, found)
        if not stat.S_ISREG(found.st_mode):
            raise ConfigurationError(f'"{path}" is no plain file')
        return _bounded(descriptor, path)
    except OSError as error:
        raise files.problem("read", path, error) from error
    finally:
        os.close(descriptor)


def _bounded(descriptor: int, path: Path) -> bytes:
    """What can be read, unless that is too much; what the file is said to hold may be less than it does."""
    pieces, length = [], 0
    while piece := os.read(descriptor, 1 << 16):
        pieces.append(piece)
        length += len(piece)
        if length > LARGEST:
            raise ConfigurationError(f'"{path}" is larger than {LARGEST >> 20} MiB')
    return b"".join(pieces)
