"""Names that others choose: completed in a shell and sent off, they are words, and nothing that it evaluates."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.conftest import missing
from tests.program import BIN, READ_ONLY, Me

HOSTILE = ("$(touch pwned)", "`touch pwned`", "; touch pwned;", "'; touch pwned; '", "{touch,pwned} & *", "!!|~")
"""Substitutions, separators, ends of quotes, expansions, history: some for each shell."""

PROMPT = "ready-to-go> "
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], f"PS1='{PROMPT}'; bind 'set enable-bracketed-paste off'"),
    "zsh": (["zsh", "-f", "-i"], f"PS1='{PROMPT}'; autoload -Uz compinit; compinit -D -u"),
    "fish": (["fish", "--no-config", "-i"], f"function fish_prompt; echo '{PROMPT}'; end"),
}


def _with_names(me: Me, names: list[str]) -> None:
    text = "".join(f'[role.{json.dumps(name)}]\nrole_arn = "{READ_ONLY}"\nfrom = "work"\n' for name in names)
    me.configure_as_usual(more=text)


@pytest.mark.parametrize("shell", list(SHELLS))
def test_a_completed_name_is_a_word(me: Me, shell: str) -> None:
    """Each hostile name, completed in a real shell and sent off by Enter, arrives as the argument that it is."""
    pexpect = pytest.importorskip("pexpect")
    if shutil.which(shell) is None:
        missing(shell)
    names = [f"p{number:02}{text}" for number, text in enumerate(HOSTILE)]
    _with_names(me, names)
    stand_in = me.home / "bin" / "stsctl"
    stand_in.parent.mkdir()
    stand_in.write_text(
        f'#!/bin/sh\n[ -n "$_STSCTL_COMPLETE" ] && exec {BIN}/stsctl "$@"\nprintf "%s\\n" "$@" >> {me.home}/arguments\n'
    )
    stand_in.chmod(0o755)
    (me.home / "init").write_text(me.ok("shell-init", shell))
    argv, begin = SHELLS[shell]
    environ = me.environ | {"PATH": f"{stand_in.parent}:{me.environ['PATH']}", "TERM": "dumb"}
    child = pexpect.spawn(
        argv[0], argv[1:], env=environ, cwd=str(me.home), encoding="utf-8", timeout=60, dimensions=(40, 200)
    )
    arguments = me.home / "arguments"
    try:
        child.sendline(f"{begin}; . {me.home}/init; echo start''ed")
        child.expect("started")
        for number, _ in enumerate(names):
            child.send(f"stsctl plan p{number:02}\t")
            child.expect(f"p{number:02}.+")
            child.sendline("; echo do''ne")
            child.expect("done")
    finally:
        child.close(force=True)
    said = arguments.read_text().split("plan\n")[1:]
    assert [each.removesuffix("\n") for each in said] == names
    assert not (me.home / "pwned").exists()
