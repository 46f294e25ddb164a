"""The hook's records: what holds, what does not, and what is no record."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stsctl import hook

NOW = 1_700_000_000
ENVIRON = {b"HOME": b"/home/me", b"SOME": b"thing"}
LINE = b'{"Key":"s3cret","Token":"t0ken"}'


def record(folder: Path, **other: bytes) -> bytes:
    """A record that holds; `other` are lines that are otherwise, by what they are."""
    file = folder / "file"
    file.touch()
    lines = {
        "during": b"%d %d" % (NOW, NOW + 1),
        "host": os.uname().nodename.encode(),
        "variables": hook.digest_of_variables([b"MISSING", b"SOME"], ENVIRON) + b" MISSING SOME",
        "file": hook.stamp_at(os.fsencode(file)) + b" " + os.fsencode(file),
        "rights": hook.rights_at(os.fsencode(folder)) + b" " + os.fsencode(folder),
        "item": b"/the/item",
        "answer": hook.digest(LINE),
        "text": b'{"Key":"',
        "secret": b"1 6",
    } | other
    said = [name.encode() + b" " + value for name, value in lines.items()]
    return b"\n".join([hook.VERSION, *said, b'text ","Token":"', b"secret 8 5", b'text "}'])


def test_a_record_that_holds_gives_the_answer(tmp_path: Path) -> None:
    """The line is put together of the record and the item, and of no other item."""
    found = hook.hit(record(tmp_path), ENVIRON, NOW)
    assert found is not None
    assert found.item == b"/the/item"
    assert found.answer(b"=s3cret t0ken") == LINE + b"\n"
    assert found.answer(b"=secret t0ken") is None
    assert found.answer(b"") is None


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("during", b"%d %d" % (NOW - 1, NOW)),
        ("during", b"%d %d" % (NOW + 1, NOW + 2)),
        ("host", b"another"),
        ("variables", b"0" * 16 + b" MISSING SOME"),
        ("file", b"- /"),
        ("file", b"1,2,3,4 /nowhere"),
        ("rights", b"- /"),
        ("rights", b"0,0,40777 /nowhere"),
    ],
)
def test_whatever_is_otherwise_is_no_hit(what: str, said: bytes, tmp_path: Path) -> None:
    """Each line of a record is compared."""
    assert hook.hit(record(tmp_path, **{what: said}), ENVIRON, NOW) is None


def test_a_variable_that_is_empty_differs_from_one_that_is_not_set(tmp_path: Path) -> None:
    """So does any other value."""
    for more in ({b"MISSING": b""}, {b"SOME": b""}, {b"SOME": b"other"}):
        assert hook.hit(record(tmp_path), ENVIRON | more, NOW) is None
    assert hook.hit(record(tmp_path), {b"HOME": b"/home/me"}, NOW) is None


def test_a_record_that_lacks_a_line_is_none(tmp_path: Path) -> None:
    """What a killed writer, or an older version, left out is not passed over."""
    lines = record(tmp_path).split(b"\n")
    for kind in ("during", "host", "variables", "file", "rights", "item", "answer", "secret"):
        kept = [line for line in lines if not line.startswith(kind.encode())]
        assert hook.hit(b"\n".join(kept), ENVIRON, NOW) is None, kind


def test_a_record_of_another_version_is_none(tmp_path: Path) -> None:
    """Another form has another first line."""
    assert hook.hit(record(tmp_path).replace(hook.VERSION, b"stsctl hit 2"), ENVIRON, NOW) is None


def place_of(record: bytes, environ: dict[bytes, bytes], *, mode: int = 0o600) -> Path:
    """The file of a record for "admin"."""
    folder = hook.folder(environ)
    assert folder is not None
    path = Path(os.fsdecode(folder + hook.record_name("admin")))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(record)
    path.chmod(mode)
    return path


def test_only_a_private_file_is_a_record(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that others can read, a link to nowhere, a folder and a pipe are not read."""
    environ = {b"HOME": os.fsencode(home)}
    monkeypatch.setattr(hook, "secret", lambda _environ, _item: b"=s3cret t0ken")
    variables = {"variables": hook.digest_of_variables([b"SOME"], environ) + b" SOME"}
    path = place_of(record(home, **variables), environ)
    assert hook.answer("admin", environ, NOW) == LINE + b"\n"
    assert hook.answer("another", environ, NOW) is None
    path.chmod(0o640)
    assert hook.answer("admin", environ, NOW) is None
    path.unlink()
    os.mkfifo(path, 0o600)
    assert hook.answer("admin", environ, NOW) is None
    path.unlink()
    path.mkdir()
    assert hook.answer("admin", environ, NOW) is None


@given(st.binary(max_size=400), st.booleans())
def test_noise_is_no_record(noise: bytes, begins_well: bool) -> None:
    """Any bytes are a miss, or an error that `answer` takes for one."""
    try:
        found = hook.hit((hook.VERSION + b"\n" if begins_well else b"") + noise, ENVIRON, NOW)
    except (ValueError, OSError, hook.UnusualError):
        return
    assert found is None


@pytest.mark.parametrize("name", ["", "x" * 125, "é" * 70])
def test_names_that_are_too_long_have_no_record(name: str, home: Path) -> None:
    """They are the whole program's."""
    assert hook.answer(name, {b"HOME": os.fsencode(home)}, NOW) is None


def test_without_a_home_there_is_no_hit() -> None:
    """Where HOME does not say where the records are, nobody looks for them elsewhere."""
    assert hook.answer("admin", {}, NOW) is None
    assert hook.answer("admin", {b"HOME": b"relative"}, NOW) is None


def test_it_loads_nothing_but_modules_in_c() -> None:
    """What it imports is built into Python or a shared library: nothing is compiled, and nothing else is read."""
    program = (
        "import sys; before = set(sys.modules); sys.path.insert(0, sys.argv[1]); import hook; "
        "print(*sorted(set(sys.modules) - before))"
    )
    folder = Path(hook.__file__).parent
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, str(folder)], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) <= {"hook", "_socket"}
