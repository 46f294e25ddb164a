"""Programs that stsctl turns into, and programs that it asks."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import NoReturn

from stsctl.errors import HelperError, StsctlError
from stsctl.host import core_dump

if sys.platform != "win32":
    import termios

_LEAVE = timedelta(seconds=0.5)
"""As long a program that was talked with has to end by itself."""


class CommandNotFoundError(StsctlError):
    """There is no such program; the status is a shell's (POSIX 2.8.2)."""

    status = 127


class CannotStartError(StsctlError):
    """There is such a program, but the system would not start it; the status is a shell's."""

    status = 126


def replace(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Becomes the program `argv[0]`, found by the PATH of `environ`: process, terminal, signals and status are its own.

    It only returns where the system cannot do that (Windows): the status of a child that ran instead. Raises
    CommandNotFoundError or CannotStartError.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    try:
        if os.name != "posix":
            return _spawn(argv, environ)
        core_dump.allow_again()
        with _default_signals():
            _exec(argv, environ)
    except (OSError, ValueError) as error:
        raise _problem(argv[0], error) from error


def run(argv: Sequence[str], *, environ: Mapping[str, str], timeout: timedelta) -> str:
    """What the program `argv[0]` writes to its stdout: perhaps a secret, which no error repeats.

    No shell is involved. Its stdin is empty, its stderr is stsctl's; it may use the terminal where stsctl may. After
    `timeout` it is killed with all that it started. Raises HelperError, CommandNotFoundError or CannotStartError, and
    KeyboardInterrupt when Ctrl-C ended it.
    """
    process = _start(argv, environ)
    with process, _terminal_lent_to(process.pid):
        try:
            output, _ = process.communicate(timeout=timeout.total_seconds())
        except subprocess.TimeoutExpired:
            _kill(process)
            raise HelperError(
                f'"{argv[0]}" gave no answer within {timeout.total_seconds():g} seconds', hint="try it by itself"
            ) from None  # the cause shows the arguments and what was written so far
        except BaseException:
            _kill(process)
            raise
    if process.returncode == -signal.SIGINT:
        raise KeyboardInterrupt
    if process.returncode != 0:
        raise HelperError(f'"{argv[0]}" failed with status {process.returncode}', hint="try it by itself")
    try:
        return output.decode()
    except UnicodeDecodeError:
        raise HelperError(f'"{argv[0]}" answered with something that is no text') from None  # the cause shows the bytes


@contextlib.contextmanager
def conversation(
    argv: Sequence[str], *, environ: Mapping[str, str], timeout: timedelta, heard: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """A program that is talked with through its stdin and stdout, and killed at the end if it is still there.

    What it says on stderr is nobody's, or stsctl's own where it is to be `heard`. It may use the terminal where stsctl
    may. After `timeout` it is killed with all that it started, and TimeoutError raised. Raises CommandNotFoundError or
    CannotStartError.
    """
    expired = threading.Event()
    process = _start(argv, environ, stdin=subprocess.PIPE, stderr=None if heard else subprocess.DEVNULL)

    def expire() -> None:
        expired.set()
        _kill(process)

    timer = threading.Timer(timeout.total_seconds(), expire)
    timer.daemon = True
    timer.start()
    try:
        with process, _terminal_lent_to(process.pid), _taken_leave_of(process):
            yield process
    except Exception:
        if not expired.is_set() and process.returncode != -signal.SIGINT:
            raise
    finally:
        timer.cancel()
    if expired.is_set():
        raise TimeoutError
    if process.returncode == -signal.SIGINT:
        raise KeyboardInterrupt


@contextlib.contextmanager
def _taken_leave_of(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """At the end a program is told so by the end of its stdin; one that does not go then is killed."""
    try:
        yield
    finally:
        assert process.stdin is not None
        with contextlib.suppress(OSError):  # what it did not read any more
            process.stdin.close()
        try:
            process.wait(_LEAVE.total_seconds())
        except BaseException as error:
            _kill(process)
            if not isinstance(error, subprocess.TimeoutExpired):
                raise


def start(argv: Sequence[str], environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """A program of this process's group, with an empty stdin and pipes for what it says.

    Raises CommandNotFoundError or CannotStartError.
    """
    return _start(argv, environ, stderr=subprocess.PIPE, own_group=False)


def _start(
    argv: Sequence[str],
    environ: Mapping[str, str],
    *,
    stdin: int = subprocess.DEVNULL,
    stderr: int | None = None,
    own_group: bool = True,
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 - a list of arguments, from the person's own configuration
            list(argv),
            env=dict(environ),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            process_group=0 if own_group and os.name == "posix" else None,
        )
    except (OSError, ValueError) as error:
        raise _problem(argv[0], error) from error


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Ends a helper and, where the system has groups, all that it started."""
    if sys.platform == "win32":
        process.kill()
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def _terminal_lent_to(group: int) -> Iterator[None]:
    """Meanwhile `group` has the terminal, if this process has it: any other group is stopped for reading from it."""
    if sys.platform == "win32":
        yield
        return
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        if os.tcgetpgrp(terminal) != os.getpgrp():
            yield
            return
        settings = termios.tcgetattr(terminal)
        _hand_over(terminal, group)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGCONT)  # it may have been stopped before it had the terminal
        try:
            yield
        finally:
            _hand_over(terminal, os.getpgrp())
            termios.tcsetattr(terminal, termios.TCSANOW, settings)  # a killed helper may have left the echo off
    finally:
        os.close(terminal)


def _hand_over(terminal: int, group: int) -> None:
    """Makes `group` the one that reads from the terminal; also from the background, where SIGTTOU would stop us."""
    if sys.platform == "win32":
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        with contextlib.suppress(OSError):
            os.tcsetpgrp(terminal, group)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _exec(argv: Sequence[str], environ: Mapping[str, str]) -> NoReturn:
    try:
        os.execvpe(argv[0], list(argv), dict(environ))  # noqa: S606 - the person's own command, and no shell
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
    # A script that does not say what runs it: execvp(3) and every shell give it to sh.
    path = shutil.which(argv[0], path=environ.get("PATH")) or argv[0]
    os.execve("/bin/sh", ["sh", path, *argv[1:]], dict(environ))  # noqa: S606 - as above


@contextlib.contextmanager
def _default_signals() -> Iterator[None]:
    """Python ignores these signals, and a program would inherit that: `yes | head` would not end quietly."""
    ignored = [getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ") if hasattr(signal, name)]
    before = [(number, signal.signal(number, signal.SIG_DFL)) for number in ignored]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _spawn(argv: Sequence[str], environ: Mapping[str, str]) -> int:
    program = shutil.which(argv[0], path=environ.get("PATH")) or argv[0]
    child = subprocess.Popen([program, *argv[1:]], env=dict(environ))  # noqa: S603 - the person's own command
    while True:
        with contextlib.suppress(KeyboardInterrupt):  # the console sends Ctrl-C to the child too, which decides
            return child.wait()


def _problem(program: str, error: OSError | ValueError) -> StsctlError:
    if isinstance(error, FileNotFoundError) or not program:
        return CommandNotFoundError(
            f'cannot start "{program}": there is no such program', hint="check its name, and the PATH"
        )
    reason = (error.strerror or "") if isinstance(error, OSError) else "its arguments cannot be passed on"
    return CannotStartError(f'cannot start "{program}": {reason.lower()}')
