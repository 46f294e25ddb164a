"""`stsctl init`, from a home as people have it to a role in their terminal."""

from __future__ import annotations

import re
import stat
from pathlib import Path

import pexpect
import pytest

from stsctl.formats import startup_file
from tests.program import READ_ONLY, Me
from tests.terminal.test_assume import me as person
from tests.terminal.test_assume import organisation, shell, terminals, type_line
from tests.unit.other_tools import texts

__all__ = ["organisation", "person", "shell", "terminals"]

BLOCK = "".join(f"{line}\n" for line in startup_file.block("bash"))
QUESTION = "Do it? [Y/n] "


@pytest.fixture
def me(person: Me) -> Me:
    """Somebody who has the AWS CLI's files, and dotfiles in a repository, and never saw stsctl."""
    person.config.unlink()
    person.aws_config(f"[profile reader]\nrole_arn = {READ_ONLY}\nsource_profile = keys\n")
    keys = f"{person.keys.access_key_id}\naws_secret_access_key = {person.keys.secret_access_key.reveal()}\n"
    (person.home / ".aws" / "credentials").write_text(f"[keys]\naws_access_key_id = {keys}")
    (person.home / "dotfiles").mkdir()
    (person.home / "dotfiles" / "bashrc").write_text("alias ll='ls -l'")
    (person.home / "dotfiles" / "bashrc").chmod(0o664)
    (person.home / ".bashrc").symlink_to("dotfiles/bashrc")
    person.environ["SHELL"] = "/bin/bash"
    return person


def files(home: Path) -> dict[Path, tuple[int, bytes]]:
    """What the home holds, but for what stsctl keeps to itself."""
    own = home / ".local"
    found = (path for path in home.rglob("*") if path.is_file() and not path.is_relative_to(own))
    return {path: (stat.S_IMODE(path.stat().st_mode), path.read_bytes()) for path in found}


def test_from_nothing_to_a_role(me: Me, shell: pexpect.spawn) -> None:
    """Each change is shown with its file, asked about, and made; then a role is chosen. Again, nothing is asked."""
    before = files(me.home)
    shell.sendline("stsctl init")
    changes = (
        (".config/stsctl/config.toml", 'store = "sealed-file"', QUESTION),
        ("dotfiles/bashrc", "shell-init bash", QUESTION),
        (".aws/config", "[profile reader-stsctl]", QUESTION.replace("Y/n", "y/N")),
    )
    for change in changes:
        for shown in change:
            shell.expect_exact(shown)
        shell.sendline("y")
    shell.expect_exact("Its name")
    shell.sendline("reader")
    shell.expect_exact("you are")
    shell.expect_exact("ready> ")
    assert "reader" in type_line(shell, "stsctl list")
    after = files(me.home)
    assert {path.name for path in after.keys() - before.keys()} == {"config.toml", "key"}
    bashrc = me.home / "dotfiles" / "bashrc"
    aws = me.home / ".aws" / "config"
    assert {path for path in before if after[path] != before[path]} == {bashrc, me.home / ".bashrc", aws}
    assert after[aws][1].startswith(before[aws][1])
    assert after[bashrc] == (0o664, f"alias ll='ls -l'\n\n{BLOCK}".encode())
    assert (me.home / ".bashrc").is_symlink()

    again = type_line(shell, "stsctl init")
    assert QUESTION not in again
    assert "This terminal has a session already" in again
    assert {path: content for path, content in files(me.home).items() if path in after} == after


def test_ctrl_c_leaves_what_was_agreed(me: Me, shell: pexpect.spawn) -> None:
    """What was done and what was not is said; nothing of the change in question is made."""
    bashrc = (me.home / ".bashrc").read_bytes()
    shell.sendline("stsctl init; echo status=$?")
    shell.expect_exact(QUESTION)
    shell.sendline("")
    shell.expect_exact("dotfiles/bashrc")
    shell.expect_exact(QUESTION)
    shell.sendintr()
    shell.expect_exact("Done:")
    shell.expect_exact("status=130")
    assert re.search(r"✓\W.*Keep .*\n.*–\W.*Have bash", shell.before)
    assert me.config.exists()
    assert (me.home / ".bashrc").read_bytes() == bashrc


def test_answers(me: Me, shell: pexpect.spawn) -> None:
    """Whatever is no answer is asked again; "n" leaves one change, "q" all of them, and says so."""
    before = files(me.home)
    shell.sendline("stsctl init; echo status=$?")
    for answer in ("perhaps", "n", "q"):
        shell.expect_exact(QUESTION)
        shell.sendline(answer)
    shell.expect_exact("Nothing was changed.")
    shell.expect_exact("status=0")
    assert files(me.home) == before


def test_with_nobody_there(me: Me) -> None:
    """Without a terminal it is an error that says so; --dry-run shows only, and --yes does what is safe."""
    before = files(me.home)
    done = me.run("init")
    assert (done.status, "there is no terminal" in done.err) == (4, True)
    shown = me.run("init", "--dry-run").err
    assert '+ store = "sealed-file"' in shown
    assert "shell-init bash" in shown
    assert files(me.home) == before
    (me.home / "dotfiles" / "bashrc").chmod(0o444)
    said = me.run("init", "--yes").err
    assert 'store = "sealed-file"' in me.config.read_text()
    assert "~/.bashrc → ~/dotfiles/bashrc is read-only" in said
    assert startup_file.block("bash")[1] in said
    changed = files(me.home)
    assert changed[me.home / "dotfiles" / "bashrc"] == (0o444, before[me.home / ".bashrc"][1])
    assert changed[me.home / ".aws" / "credentials"] == before[me.home / ".aws" / "credentials"]


def test_moving_in(me: Me) -> None:
    """What another tool has is taken over, roles get profiles for SDKs, all in one go; the next changes nothing."""
    theirs = me.aws_config(texts.GRANTED).read_bytes()
    me.configure(f'\n[role.mine]\nrole_arn = "{READ_ONLY}"\nfrom = "keys"\n')
    said = me.run("init", "--yes").err
    assert "Take over 2 roles and 2 sources from granted" in said
    after = files(me.home)
    assert b'[role."testing/DevRole"]' in after[me.config.parent / "emulator" / "added.toml"][1]
    _, aws = after[me.home / ".aws" / "config"]
    assert aws.startswith(theirs)
    assert b"[profile mine]" in aws
    again = me.run("init", "--yes").err
    assert "Nothing was changed." in again
    assert files(me.home) == after
    me.program("aws", "--profile", "mine", "sts", "get-caller-identity", PYTHONWARNINGS=None).out.index("ReadOnly")
