"""`stsctl doctor`: what it says of a real home, and the status it ends with."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from tests.program import HUB, READ_ONLY, WORK, Me


def findings(me: Me, *words: str, **options: Any) -> list[dict[str, str]]:
    """What `stsctl doctor --json` finds."""
    done = me.run("doctor", "--json", *words, **options)
    assert done.status in (0, 8), done
    found: list[dict[str, str]] = json.loads(done.out)["findings"]
    return found


def checks(me: Me, *words: str, **options: Any) -> set[str]:
    """The checks that find something."""
    return {found["check"] for found in findings(me, *words, **options)}


KEYS = "[{}]\naws_access_key_id = AKIAEXAMPLEEXAMPLE00\naws_secret_access_key = c4n4ryc4n4ry\n"


def test_a_home_in_order_has_findings_of_no_weight(me: Me) -> None:
    """Keys in the environment are worth a word; the status is 0, and the facts say what a bug report needs."""
    done = me.run("doctor")
    assert done.status == 0, done
    assert done.out.startswith("stsctl ")
    assert "store                        sealed-file (~/.config/stsctl/config.toml:3)" in done.out
    assert "AWS_SECRET_ACCESS_KEY" in done.out
    assert {found["severity"] for found in findings(me)} == {"low"}
    done = me.run("doctor", "--fail-on", "low")
    assert (done.status, "of severity low or graver" in done.err) == (8, True), done


def test_findings_have_their_place_and_their_fix(me: Me) -> None:
    """A file that others can read, and long-term keys in it; once mended, nothing is left."""
    path = me.home / ".aws" / "credentials"
    path.parent.mkdir()
    path.write_text(KEYS.format("work2"))
    path.chmod(0o644)
    old = time.time() - 100 * 86400
    os.utime(path, (old, old))
    done = me.run("doctor")
    assert done.status == 8, done
    assert (
        "others can read ~/.aws/credentials (mode 644), where secrets are\n         → chmod 600 ~/.aws/credentials"
        in done.out
    )
    assert '~/.aws/credentials:2: profile "work2" has long-term keys in plain text' in done.out
    assert "in a file that was last changed 100 days ago" in done.out
    assert "c4n4ry" not in done.out + done.err
    assert me.program("sh", "-c", "chmod 600 ~/.aws/credentials; echo > ~/.aws/credentials").status == 0
    assert {"permissions", "static keys"} & checks(me) == set()


def test_nothing_that_tells_who_it_is_is_printed(me: Me) -> None:
    """Neither the home folder, nor an account, nor an access key: it can be pasted into a bug report."""
    me.aws_config(f"[profile x]\nrole_arn = arn:aws:iam::{WORK}:role/X\ncredential_process = {me.home}/gone\n")
    for words in (("doctor", "prod-admin"), ("doctor", "--json", "prod-admin")):
        out = me.run(*words).out
        assert "~/gone" in out
        for told in (str(me.home), WORK, me.keys.access_key_id, me.keys.secret_access_key.reveal()):
            assert told not in out


def test_a_file_that_cannot_be_read_is_one_finding_among_others(me: Me) -> None:
    """The doctor goes on where other commands stop: with a broken profile file, configuration, variable."""
    assert "certificates" in checks(me, AWS_CA_BUNDLE="~nobody-is-called-so/x")
    me.aws_config("[profile x]\nregion\n")
    assert "~/.aws/config:2" in next(each["what"] for each in findings(me) if each["check"] == "configuration")
    me.config.write_text("[role.x]\nrole_arn = 1\n")
    assert len([each for each in findings(me) if each["check"] == "configuration"]) >= 2
    wrong = findings(me, STSCTL_STORE="nowhere", AWS_SECURITY_TOKEN="old")
    assert any("STSCTL_STORE" in each["what"] for each in wrong)
    assert any("AWS_SECURITY_TOKEN" in each["what"] for each in wrong)
    me.aws_config("")
    me.config.write_bytes(b"\xff\xfe")
    assert "configuration" in checks(me, "prod-admin")


def test_hooks_that_are_never_reached(me: Me) -> None:
    """A profile with keys of its own never runs its hook; without them the hook is in order."""
    me.aws_config("[profile read-only]\ncredential_process = stsctl credential-process read-only\n")
    assert "hooks" not in checks(me)
    (me.home / ".aws" / "credentials").write_text(KEYS.format("read-only"))
    (me.home / ".aws" / "credentials").chmod(0o600)
    (found,) = [each for each in findings(me) if each["check"] == "hooks"]
    assert (found["severity"], "SDKs never run" in found["what"]) == ("high", True)


def test_hooks_that_went_stale_are_found_and_mended(me: Me) -> None:
    """A hook that is gone, or of another version, is found with its place; credential-process mends the latter."""
    me.ok("profile", "hook", "read-only")
    (file,) = (me.home / ".local" / "share" / "stsctl").glob("hook-*.pyc")
    fresh = file.read_bytes()
    assert _stale(me) == []
    file.write_bytes(b"\0" * 16 + fresh[16:])
    assert _stale(me) == ["stsctl profile hook read-only"]
    me.ok("credential-process", "read-only")
    assert file.read_bytes() == fresh
    file.unlink()
    me.ok("credential-process", "read-only")
    assert _stale(me) == ["stsctl profile hook read-only"]
    me.ok("profile", "hook", "read-only")
    assert file.read_bytes() == fresh
    assert _stale(me) == []


def _stale(me: Me) -> list[str]:
    """The fixes of what is found of hooks."""
    found = json.loads(me.run("doctor", "--json", "--fail-on", "never").out)["findings"]
    return [each["fix"] for each in found if each["check"] == "hooks"]


def test_the_way_to_a_name(me: Me) -> None:
    """What the plan says against it, what its source lacks, and that it is who one is already."""
    assert 'the way to "read-only"' not in checks(me, "read-only")
    (found,) = [each for each in findings(me, "nobody") if each["check"].startswith("the way")]
    assert 'there is no role, source or AWS profile "nobody"' in found["what"]
    gone = {"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}
    (found,) = [each for each in findings(me, "read-only", **gone) if each["check"].startswith("the way")]
    assert "AWS_ACCESS_KEY_ID is not set here" in found["what"]
    more = f'[role.long2]\nrole_arn = "{READ_ONLY}"\nfrom = "hub"\nduration = "4h"\n'
    more += f'[role.a]\nrole_arn = "{HUB}"\nfrom = "b"\n[role.b]\nrole_arn = "{HUB}"\nfrom = "a"\n'
    me.configure_as_usual(more=more)
    told = {name: " ".join(each["what"] for each in findings(me, name)) for name in ("long2", "a")}
    assert "does not last as long as its configuration says" in told["long2"]
    assert "the roles go round: a → b → a" in told["a"]
    key = f'[role.key]\nrole_arn = "{HUB}"\nfrom = "work"\nmfa_serial = "arn:aws:iam::{WORK}:u2f/user/x/y"\n'
    saved = '[source.saved]\ntype = "file"\npath = "~/saved.json"\n'
    me.configure_as_usual(more=saved)
    ended = {"AccessKeyId": "ASIAEXAMPLEEXAMPLE00", "SecretAccessKey": "x", "SessionToken": "y"}
    ended["Expiration"] = "2020-01-01T00:00:00Z"
    (me.home / "saved.json").write_text(json.dumps({"Credentials": ended}))
    assert any("ended" in each["what"] for each in findings(me, "saved"))
    me.configure_as_usual(more=key)
    assert any("is a security key" in each["what"] for each in findings(me, "key"))
    me.configure_as_usual()
    done = me.run("exec", "read-only", "--", "stsctl", "doctor", "read-only", "--json")
    assert "are a session of" in done.out
    assert "the AWS variables here are those of the session" in done.out


class _Clock(BaseHTTPRequestHandler):
    """Says a date that is off, or none."""

    said: str | None = None

    def do_GET(self) -> None:
        """Answers without anything but a date."""
        self.send_response_only(302)
        if self.said:
            self.send_header("Date", self.said)
        self.send_header("Location", "http://sts.example.com/")
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Says nothing."""


@pytest.fixture
def clock() -> Iterator[str]:
    """The address of a server whose clock is off."""
    server = HTTPServer(("127.0.0.1", 0), _Clock)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("said", "finds"),
    [
        ("Thu, 01 Jan 2015 00:00:00 GMT", "seconds ahead of AWS's: AWS refuses what is signed now"),
        ("soon", "AWS's answer says no time"),
        (None, "AWS's answer says no time"),
    ],
)
def test_the_clock_is_compared_where_that_is_asked_for(me: Me, clock: str, said: str | None, finds: str) -> None:
    """By the date in an answer to a request that nobody signed; without --online nobody is asked."""
    _Clock.said = said
    there = {"AWS_ENDPOINT_URL": clock, "STSCTL_EMULATOR": None}
    assert any(finds in found["what"] for found in findings(me, "--online", **there))
    assert not any(finds in found["what"] for found in findings(me, **there))


def test_the_emulators_clock_is_as_good(me: Me) -> None:
    """In a shell of the emulator it is its clock that counts."""
    done = me.run("doctor", "--online", "--json")
    facts = json.loads(done.out)["facts"]
    assert abs(int(facts["clock"].split()[0])) <= 2, done
