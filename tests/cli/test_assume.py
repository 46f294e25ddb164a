"""What a person does every day."""

from __future__ import annotations

from tests.program import Me


def test_assume_takes_every_hop_once_and_says_who_you_are(me: Me) -> None:
    """A chain of two roles with a code is three calls, and the answer on stderr is who you are."""
    done = me.run("assume", "prod-admin", "--mfa-token", me.code())
    assert done.status == 0, done
    assert done.out == ""
    assert "assumed-role/Admin/" in done.err
    assert me.calls() == ["GetSessionToken", "AssumeRole", "AssumeRole"]
