"""Pairs of keys in the sealed files of other tools, sealed here by another library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stsctl.credentials import Credentials, Secret
from stsctl.errors import StoreError
from stsctl.sources.kept_pair import pair_of_item
from stsctl.sources.sealed_pairs import SealedPairs, opened
from tests.other_keyrings import item, pair, sealed

KEYS = Credentials(access_key_id="AKIAIOSFODNN7EXAMPLE", secret_access_key=Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCY"))
PASSPHRASE = "correct horse battery"


def folder(path: Path, passphrase: str = PASSPHRASE) -> SealedPairs:
    """The files of a folder."""
    return SealedPairs(path, "theirs", lambda: Secret(passphrase))


def test_a_pair_is_read_by_its_name(tmp_path: Path) -> None:
    """A slash in a name is spelled otherwise in the file's."""
    (tmp_path / "acme%2Fwork").write_text(sealed(item("acme/work", pair(KEYS)), PASSPHRASE))
    assert folder(tmp_path).names() == ("acme/work",)
    assert folder(tmp_path).pair("acme/work") == KEYS
    assert folder(tmp_path / "nowhere").names() is None


def test_another_passphrase_and_a_changed_file_are_refused(tmp_path: Path) -> None:
    """Nothing of what is in there is told."""
    token = sealed(item("work", pair(KEYS)), PASSPHRASE)
    with pytest.raises(StoreError, match="not the passphrase"):
        opened(token.encode(), Secret("another passphrase"))
    header, rest = token.split(".", 1)
    changed = header[:-1] + ("A" if header[-1] != "A" else "B")
    for wrong in (f"{changed}.{rest}", token[:-3] + "AAA", token + ".x", "", "a.b.c.d.e", "\x00", "e30.b.c.d.e"):
        with pytest.raises(StoreError, match=r"not (sealed|the passphrase)") as caught:
            opened(wrong.encode(), Secret(PASSPHRASE))
        assert caught.value.__cause__ is None


@pytest.mark.parametrize("rounds", [0, -1, 10**9, "8192", None, True])
def test_rounds_without_end_are_refused(rounds: object) -> None:
    """The file says how often its passphrase is stirred, and is not believed everything."""
    import base64

    header = {"alg": "PBES2-HS256+A128KW", "enc": "A256GCM", "p2c": rounds, "p2s": "AAAA"}
    first = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=")
    with pytest.raises(StoreError):
        opened(first + b".AAAA.AAAA.AAAA.AAAA", Secret(PASSPHRASE))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"Data": 3}',
        '{"Data": "%%"}',
        '{"Data": "e30="}',
        item("x", pair(KEYS) | {"SessionToken": "temporary"}),
        item("x", pair(KEYS) | {"SecretAccessKey": None}),
        item("x", pair(KEYS) | {"SecretAccessKey": "a\nb"}),
        item("x", pair(KEYS) | {"AccessKeyID": "../../x"}),
        item("x", ["AKIA"]),
        item("x", "a" * 70000),
        "[" * 60000,
    ],
)
def test_what_is_no_pair_is_told_without_what_it_is(text: str) -> None:
    """Sessions and damaged items among it."""
    with pytest.raises(StoreError, match='what is filed under "work" is no pair of access keys') as caught:
        pair_of_item(text.encode(), "work")
    assert caught.value.__cause__ is None
