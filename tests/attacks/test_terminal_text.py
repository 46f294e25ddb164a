"""Words that others choose (names, files, a server's messages): no terminal obeys them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.program import READ_ONLY, STSCTL, Me
from tests.unit.sources.server import Server

STEERING = "\x1b]0;evil\x07\x1b[2J\x9b31mEVIL\u202e\u200b\x08\r"
"""What would rename the window, clear the screen, colour it, turn the direction of writing, and go back."""

OURS = re.compile(r"\x1b\[[0-9;]*[mK]|\x1b\[\?25[lh]|\x1b\[[0-9]*A")
"""What stsctl itself says to a terminal: colours, an empty line, the cursor hidden and shown and a line up."""


@pytest.fixture
def sts() -> Iterator[Server]:
    """What answers in the place of STS."""
    with Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.released.set()
        server.shutdown()


def _entity(text: str) -> str:
    """Text as XML 1.1 could have it; what XML 1.0 does not allow at all is left out, as a parser would end there."""
    return "".join(f"&#{ord(each)};" for each in text if each in "\r\n\t" or ord(each) >= 0x20)


def _shown_on_a_terminal(me: Me, *words: str, **variables: str) -> str:
    """Everything that `stsctl` writes to a real terminal."""
    pexpect = pytest.importorskip("pexpect")
    child = pexpect.spawn(
        str(STSCTL), list(words), env=me.environ | {"TERM": "xterm"} | variables, cwd=str(me.home), encoding="utf-8",
        timeout=100, dimensions=(60, 300),
    )  # fmt: skip
    child.expect(pexpect.EOF)
    child.close()
    return OURS.sub("", str(child.before))


def _is_plain(text: str) -> bool:
    return all(each.isprintable() or each in "\r\n\t" for each in text.replace("\r\n", "\n").replace("\r", ""))


def _hostile_files(me: Me) -> tuple[Path, Path]:
    """A policy and an AWS configuration full of it; the latter is where names may have anything."""
    profile = f"p{STEERING.rstrip(chr(13))}"
    me.aws_config(
        f"[profile {profile}]\nrole_arn = {READ_ONLY}\nsource_profile = {profile}x\nregion = {STEERING!s}\n"
        f"[profile plain]\nrole_arn = {READ_ONLY}\ncredential_source = {STEERING}\n"
    )
    statement = {"Sid": STEERING, "Effect": STEERING, "Action": STEERING, "Resource": "*", STEERING: STEERING}
    policy = me.home / "policy.json"
    policy.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}, ensure_ascii=False))
    escaped = me.home / "escaped.json"
    escaped.write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return policy, escaped


def test_names_and_files_are_shown_as_plain_text(me: Me) -> None:
    """Whatever a command says of them, on stdout and on stderr, alone or on a terminal."""
    policy, escaped = _hostile_files(me)
    commands = [
        ("list", "--names"), ("config", "show"), ("config", "show", "--json"), ("doctor",), ("doctor", "--json"),
        ("plan", f"p{STEERING}"), ("plan", "plain"), ("assume", f"p{STEERING}"), (STEERING,),
        ("exec", "read-only", "--", STEERING), ("policy", "check", str(policy)), ("policy", "check", str(escaped)),
        ("policy", "check", "--format", "sarif", str(escaped)), ("policy", "evaluate", str(escaped)),
        ("access", "trust", str(escaped)), ("sts", "decode", STEERING, "--as", "work"), ("sts", "key-info", STEERING),
        ("env", "read-only", "--shell", STEERING), ("plan", "read-only", "--tag", f"{STEERING}=1"),
    ]  # fmt: skip
    for words in commands:
        done = me.run(*words)
        assert _is_plain(done.out), (words, done.out)
        assert _is_plain(done.err), (words, done.err)
        assert done.status != 70, done
    for words in (commands[0], commands[5], commands[10], ("doctor",)):
        shown = _shown_on_a_terminal(me, *words)
        assert _is_plain(shown), (words, shown)
        assert "\x1b" not in shown


def test_a_servers_words_are_shown_as_plain_text(me: Me, sts: Server) -> None:
    """An error's code, its message and the request's id come from whoever answers; so does an identity."""
    said = _entity(STEERING)
    error = (
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{said}</Code><Message>x{said}y</Message></Error>"
        f"<RequestId>{said}</RequestId></ErrorResponse>"
    )
    identity = (
        "<GetCallerIdentityResponse><GetCallerIdentityResult>"
        f"<Arn>arn:aws:iam::111111111111:user/{said}</Arn><UserId>{said}</UserId><Account>{said}</Account>"
        "</GetCallerIdentityResult></GetCallerIdentityResponse>"
    )
    for body, status in ((error, 403), (error, 400), (identity, 200)):
        sts.tell(status, body)
        for words in (("assume", "read-only"), ("keys", "list", "--last-used"), ("explain", "--last")):
            done = me.run(*words, AWS_ENDPOINT_URL=sts.url)
            assert _is_plain(done.out + done.err), (words, done)
            assert done.status != 70, done
    sts.tell(403, error)
    shown = _shown_on_a_terminal(me, "assume", "read-only", AWS_ENDPOINT_URL=sts.url)
    assert "EVIL" in shown
    assert _is_plain(shown), shown
