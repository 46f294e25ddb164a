"""A saved answer of STS."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from stsctl.credentials import Secret
from stsctl.errors import ConfigurationError
from stsctl.host.files import FileError
from stsctl.request import Asker, AskerKind
from stsctl.sources.credentials_json import LONGEST
from stsctl.sources.saved_answer import SavedAnswer, read_file
from tests.unit.sources.server import NOW
from tests.unit.sources.test_credentials_json import NOON, ROLE, STS


def answer(content: str | None, *, late: timedelta = timedelta(0)) -> SavedAnswer:
    """An answer that ends at noon, an hour before its end or `late` by so much more."""
    return SavedAnswer(
        place="~/session.json",
        read=lambda: None if content is None else Secret(content),
        now=lambda: NOON - timedelta(hours=1) + late,
    )


def test_a_session_in_a_file() -> None:
    """Its keys ask, as temporary ones; the session says whose it is."""
    found = answer(json.dumps(STS | ROLE))
    assert found.asker() == Asker(kind=AskerKind.KEYS, id="ASIAEXAMPLE000000001", temporary=True)
    session = found.session()
    assert session is not None
    assert str(session.identity) == "arn:aws:sts::111111111111:assumed-role/Dev/alice"
    assert session.user_id == "AROAX:alice"
    assert found.credentials() == session.credentials


def test_no_file() -> None:
    """A file that is not there is nobody."""
    found = answer(None)
    assert (found.asker(), found.credentials()) == (None, None)


def test_a_session_that_has_ended() -> None:
    """What has ended is told before anything is sent."""
    with pytest.raises(ConfigurationError, match=r"~/session.json holds ended 5m ago"):
        answer(json.dumps(STS), late=timedelta(hours=1, minutes=5)).asker()


def test_what_is_no_answer() -> None:
    """What is none is told by its place, and not repeated."""
    with pytest.raises(ConfigurationError, match=r"what ~/session.json holds is no JSON object") as raised:
        answer("canary").asker()
    assert "canary" not in str(raised.value)


def test_reading_a_file(tmp_path: Path) -> None:
    """A private file is read in silence; one that others can read with a notice; a folder is an error."""
    path, said = tmp_path / "session.json", list[str]()
    assert read_file(path, said.append) is None
    path.write_text("canary")
    path.chmod(0o600)
    assert read_file(path, said.append) == Secret("canary")
    assert said == []
    path.chmod(0o640)
    read_file(path, said.append)
    assert said == [f'others on this machine can read the session in "{path}": chmod 600 "{path}"']
    with pytest.raises(FileError):
        read_file(tmp_path, said.append)


def test_reading_what_is_none(tmp_path: Path) -> None:
    """Of a file without end no more is read than an answer could have; bytes that are no text are told."""
    path = tmp_path / "session.json"
    path.write_bytes(b"\xff\xfe")
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="is no text"):
        read_file(path, lambda _: None)
    found = read_file(Path("/dev/zero"), lambda _: None)
    assert found is not None
    with pytest.raises(ConfigurationError, match="no answer of AWS's is so long"):
        SavedAnswer(place="it", read=lambda: found, now=lambda: NOW).asker()
    assert LONGEST < 400_001
