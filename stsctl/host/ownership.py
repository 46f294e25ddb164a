"""Whose files are: what others can change is nobody's word to go by."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from stsctl.errors import ConfigurationError
from stsctl.host import files, witness

_ROOT = 0


def check(path: Path) -> None:
    """Raises ConfigurationError where another user could have put `path` there, or can change it; FileError where it
    cannot be looked at. One that is missing is well.

    Root's files are everybody's to read, and root reads everybody's: in a container they are those that were mounted.
    """
    if os.name != "posix":
        return
    try:
        witness.saw_rights(path)
        found = [path.lstat()]
        if stat.S_ISLNK(found[0].st_mode):
            found.append(path.stat())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise files.problem("read", path, error) from error
    _check(path, found)


def check_found(path: Path, found: os.stat_result) -> None:
    """The same of what is open already, whatever has come to be called `path` since."""
    if os.name == "posix":
        _check(path, [found])


def _check(path: Path, found: list[os.stat_result]) -> None:
    me = os.geteuid()
    if me != _ROOT and any(each.st_uid not in (me, _ROOT) for each in found):
        raise ConfigurationError(
            f'"{path}" belongs to another user, who could have written anything into it',
            hint=f"move it away, or make it yours: sudo chown {me} {_quoted(path)}",
        )
    if _others_write(found[-1]):
        raise ConfigurationError(f'others can change "{path}"', hint=f"chmod go-w {_quoted(path)}")


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))


def _others_write(found: os.stat_result) -> bool:
    if found.st_mode & stat.S_IWOTH:
        return True
    return bool(found.st_mode & stat.S_IWGRP) and not _is_private(found.st_gid, found.st_uid)


def _is_private(group: int, owner: int) -> bool:
    """Whether a group is root's, or the owner's own, as with a umask of 002 (Debian's user private groups)."""
    import grp
    import pwd

    if group == _ROOT:
        return True
    try:
        name, listed = pwd.getpwuid(owner).pw_name, grp.getgrgid(group)
    except KeyError:
        return False
    return listed.gr_name == name and set(listed.gr_mem) <= {name}
