"""Files that are private from birth and replaced whole."""

from __future__ import annotations

import contextlib
import errno
import os
from datetime import UTC, datetime
from pathlib import Path

from stsctl.errors import StsctlError
from stsctl.host import drafts, witness


class FileError(StsctlError):
    """A file of stsctl's own, or one that it was asked to change, cannot be read or written."""


def private_folder(path: Path) -> Path:
    """`path` as a folder that only its owner can enter, made where it is missing, with those that lead to it."""
    try:
        # Not by `parents=True`, which leaves the rights of those to the umask.
        for folder in (*reversed(path.parents), path):
            if not folder.is_dir():
                folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise problem("make the folder", path, error) from error
    return path


def read(path: Path) -> bytes | None:
    """The bytes of a file, None where there is none; raises FileError."""
    try:
        with path.open("rb") as file:
            witness.saw(path, os.fstat(file.fileno()))
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        witness.saw(path, None)
        return None
    except OSError as error:
        raise problem("read", path, error) from error


def changed_at(path: Path) -> datetime | None:
    """When a file was changed last, aware, in UTC; None where there is none."""
    try:
        found = path.stat()
        witness.saw(path, found)
        return datetime.fromtimestamp(found.st_mtime, UTC)
    except OSError:
        witness.saw(path, None)
        return None


def read_private(path: Path) -> bytes | None:
    """The bytes of a file that nobody else can read, None where there is none; raises FileError, for others' too.

    A file of somebody else's may be there for a group that this user is in, as those that are mounted into containers.
    """
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            witness.saw(path, found)
            others = 0o077 if os.name == "posix" and found.st_uid == os.geteuid() else 0o007
            if os.name == "posix" and found.st_mode & others:
                import shlex

                raise FileError(f'others can read "{path}"', hint=f"chmod 600 {shlex.quote(str(path))}")
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        witness.saw(path, None)
        return None
    except OSError as error:
        raise problem("read", path, error) from error


def replace(path: Path, content: bytes, *, mode: int = 0o600, lasting: bool = True) -> None:
    """Writes `content` to `path`: afterwards it holds the old or the new, whole, and only its owner can read it.

    A link in its place is replaced, and what it leads to stays as it is. `mode` may be another than the usual. What
    need not be `lasting` is not waited for: a machine that stops dead may lose it. Raises FileError.
    """
    private_folder(path.parent)
    draft = drafts.beside(path)
    try:
        _write_new(draft, content, mode, lasting=lasting)
        try:
            draft.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise
        if lasting:
            _settle(path.parent)
    except OSError as error:
        raise problem("write", path, error) from error
    drafts.sweep(path)


def create(path: Path, content: bytes) -> bool:
    """Writes `content` to a new file that only its owner can read, whole from the moment at which it is there.

    False, and nothing done, where there is one. Raises FileError.
    """
    private_folder(path.parent)
    draft = drafts.beside(path)
    try:
        _write_new(draft, content)
        try:
            _name(draft, path, content)
        finally:
            draft.unlink()
        _settle(path.parent)
    except FileExistsError:
        return False
    except OSError as error:
        raise problem("write", path, error) from error
    drafts.sweep(path)
    return True


_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


def _name(draft: Path, path: Path, content: bytes) -> None:
    """Gives what is in `draft` the name `path`, which must be free."""
    try:
        os.link(draft, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _write_new(path, content)  # its file system has no links, so it cannot be there all at once


def move(path: Path, goal: Path) -> None:
    """Gives a file another name in its folder; raises FileError."""
    try:
        path.rename(goal)
        _settle(goal.parent)
    except OSError as error:
        raise problem("rename", path, error) from error


def remove(path: Path) -> bool:
    """Removes a file; False where there was none."""
    try:
        path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise problem("remove", path, error) from error
    return True


def _write_new(path: Path, content: bytes, mode: int = 0o600, *, lasting: bool = True) -> None:
    """Writes a file that must not be there yet, private from birth; leaves none behind when that fails."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor
            if mode & 0o077 and os.name == "posix":
                os.fchmod(descriptor, mode)  # one that is not private is as it was, which the umask has no say in
            file.write(content)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise


def _settle(folder: Path) -> None:
    """Makes a rename in `folder` last through a crash, where the system can."""
    if os.name != "posix":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


_HINTS = {
    errno.ENOSPC: "the disk is full: free some space and try again",
    errno.EDQUOT: "your quota is used up: free some space and try again",
    errno.EROFS: "the file system is read-only: set XDG_STATE_HOME and XDG_CONFIG_HOME to folders you can write to",
    errno.EACCES: "check who owns it: ls -ld",
    errno.EPERM: "check who owns it: ls -ld",
}


def problem(verb: str, path: Path, error: OSError) -> FileError:
    """What the system refused, as `cannot write "path": disk full`, with what to do about it."""
    reason = (error.strerror or type(error).__name__).lower()
    return FileError(f'cannot {verb} "{path}": {reason}', hint=_HINTS.get(error.errno or 0))
